package repo

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// allocLimit is the most that git takes at once for one object, or the list of them,
// in a repository that was made here: a few kilobytes can unpack to any size.
const allocLimit = "16m"

// Init makes an empty repository of pinseal's own in dir, which must exist and be
// empty, and opens it. What the environment says about other repositories does not
// count for it, nor do templates and hooks. format is "sha1" or "sha256".
//
// It is for what comes from strangers: git takes at most 16 MiB for one object of
// theirs. And git is told where it is: were it damaged, as by who tidies up a temporary
// directory, git would look for another in the directories above, which may be
// anybody's.
func Init(ctx context.Context, dir, format string, o Options) (*Repo, error) {
	o.Env = slices.DeleteFunc(slices.Clone(o.Env), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return isLocation(k) || slices.Contains([]string{"GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
			"GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT", "GIT_TEMPLATE_DIR", "GIT_ALLOC_LIMIT"}, k)
	})
	o.Env = append(o.Env, "GIT_ALLOC_LIMIT="+allocLimit)
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	// Git runs where a repository is; before there is one, that is the directory.
	bare := &Repo{opts: o, env: scrub(o), loc: location{top: dir}}
	if _, err := bare.git(ctx, nil, "-c", "init.defaultRefFormat=files", "init", "-q", "--template=", "--object-format="+format, dir); err != nil {
		return nil, err
	}
	r, err := Open(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	git := filepath.Join(dir, ".git")
	if r.loc.args == nil {
		r.loc.args = []string{"--git-dir=" + git, "--work-tree=" + dir}
	}
	// On the command line it also beats what the environment says of hooks.
	r.loc.args = append(r.loc.args, "-c", "core.hooksPath="+filepath.Join(git, "hooks"))
	return r, nil
}
