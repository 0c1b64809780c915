package cmd

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"pinseal/repo"
)

// warnPlaintext says when a file that holds values in plain text lies where git
// would commit it, or has. With names it is a directory, and files of those names in
// it hold them. Outside of repositories there is nothing to say.
func (c *cli) warnPlaintext(ctx context.Context, file string, names ...string) {
	resolved, err := filepath.EvalSymlinks(c.path(file))
	if err != nil {
		return
	}
	dir, remove, slash := resolved, "rm -r", "/"
	if len(names) == 0 {
		if info, err := os.Stat(resolved); err != nil || !info.Mode().IsRegular() {
			return // a pipe keeps nothing
		}
		dir, remove, slash = filepath.Dir(resolved), "rm", ""
	}
	r, err := repo.Open(ctx, dir, repo.Options{Env: c.Environ, Offline: true})
	if err != nil {
		return
	}
	defer r.Close()
	rel, ok := inWorkTree(r, resolved)
	if !ok {
		return
	}
	files := []string{rel}
	if len(names) > 0 {
		files = nil
		for _, name := range names {
			files = append(files, path.Join(rel, name))
		}
	}
	if i := slices.IndexFunc(files, func(file string) bool { return inHead(ctx, r, file) }); i >= 0 {
		tracked := "it"
		if len(names) > 0 {
			tracked = strconv.Quote(files[i])
		}
		c.warn("%q holds the values in plain text, and git tracks %s: whoever can clone has them\n  try:  %s     and rotate what has been pushed",
			rel, tracked, c.gitForIn(r.Top(), remove+" --cached", rel))
		return
	}
	ignored, err := r.Ignored(ctx, files)
	if err == nil && len(ignored) == len(files) {
		return
	}
	c.warn("%q holds the values in plain text, and git does not ignore it\n  try:  %s %s\n        echo %s >> %s", rel, remove, quoteShell(c.fromHere(r.Top(), rel)),
		quoteShell("/"+rel+slash), quoteShell(c.fromHere(r.Top(), ".gitignore")))
}

// inWorkTree is the slash path of a file from the top of the work tree, if it lies
// there. Links in its name have been followed.
func inWorkTree(r *repo.Repo, resolved string) (rel string, ok bool) {
	if r.Bare() {
		return "", false
	}
	top, err := filepath.EvalSymlinks(r.Top())
	if err != nil {
		return "", false
	}
	rel, err = filepath.Rel(top, resolved)
	return filepath.ToSlash(rel), err == nil && filepath.IsLocal(rel)
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
