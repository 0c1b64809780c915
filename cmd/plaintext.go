package cmd

import (
	"context"
	"os"
	"path"
	"path/filepath"

	"pinseal/repo"
)

// warnPlaintext says when a file that holds values in plain text lies where git
// would commit it, or has. Outside of repositories there is nothing to say.
func (c *cli) warnPlaintext(ctx context.Context, file string) {
	resolved, err := filepath.EvalSymlinks(c.path(file))
	if err != nil {
		return
	}
	if info, err := os.Stat(resolved); err != nil || !info.Mode().IsRegular() {
		return // a pipe keeps nothing
	}
	r, err := repo.Open(ctx, filepath.Dir(resolved), repo.Options{Env: c.Environ, Offline: true})
	if err != nil {
		return
	}
	defer r.Close()
	if r.Bare() {
		return
	}
	top, err := filepath.EvalSymlinks(r.Top())
	if err != nil {
		return
	}
	rel, err := filepath.Rel(top, resolved)
	if err != nil || !filepath.IsLocal(rel) {
		return
	}
	rel = filepath.ToSlash(rel)
	if inHead(ctx, r, rel) {
		c.warn("%q holds the values in plain text, and git tracks it: whoever can clone has them\n  try:  %s     and rotate what has been pushed", rel, c.gitForIn(r.Top(), "rm --cached", rel))
		return
	}
	ignored, err := r.Ignored(ctx, []string{rel})
	if err == nil && len(ignored) > 0 {
		return
	}
	c.warn("%q holds the values in plain text, and git does not ignore it\n  try:  rm %s\n        echo %s >> %s", rel, quoteShell(file), quoteShell("/"+rel), quoteShell(c.fromHere(r.Top(), ".gitignore")))
}

func inHead(ctx context.Context, r *repo.Repo, rel string) bool {
	commit, _, err := r.Head(ctx)
	if err != nil {
		return false
	}
	tree, err := r.FS(ctx, commit, path.Dir(rel))
	if err != nil {
		return false
	}
	_, err = tree.Stat(path.Base(rel))
	return err == nil
}
