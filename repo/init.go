package repo

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// Init makes an empty repository of pinseal's own in dir, which must exist and be
// empty, and opens it. What the environment says about other repositories does not
// count for it, nor do templates and hooks. format is "sha1" or "sha256".
func Init(ctx context.Context, dir, format string, o Options) (*Repo, error) {
	o.Env = slices.DeleteFunc(slices.Clone(o.Env), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return isLocation(k) || k == "GIT_CEILING_DIRECTORIES" || k == "GIT_DISCOVERY_ACROSS_FILESYSTEM" || k == "GIT_DEFAULT_HASH" || k == "GIT_TEMPLATE_DIR"
	})
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	// Git runs where a repository is; before there is one, that is the directory.
	bare := &Repo{opts: o, env: scrub(o), loc: location{top: dir}}
	if _, err := bare.git(ctx, nil, "init", "-q", "--template=", "--object-format="+format, dir); err != nil {
		return nil, err
	}
	none := filepath.Join(dir, ".git", "hooks")
	if _, err := bare.git(ctx, nil, "config", "core.hooksPath", none); err != nil {
		return nil, err
	}
	return Open(ctx, dir, o)
}
