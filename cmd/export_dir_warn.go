package cmd

import (
	"context"
	"path"
	"path/filepath"
	"slices"

	"pinseal/repo"
)

// warnPlaintextDir is warnPlaintext for a directory with a file per secret: it says
// when git would commit one of them, or has.
func (c *cli) warnPlaintextDir(ctx context.Context, dir string, pairs []plainPair) {
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil || len(pairs) == 0 {
		return
	}
	r, err := repo.Open(ctx, resolved, repo.Options{Env: c.Environ, Offline: true})
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
	var shown []string
	for _, p := range pairs {
		shown = append(shown, path.Join(rel, p.name))
	}
	if i := slices.IndexFunc(shown, func(file string) bool { return inHead(ctx, r, file) }); i >= 0 {
		c.warn("%q holds values in plain text, and git tracks %q: whoever can clone has them\n  try:  %s     and rotate what has been pushed",
			rel, shown[i], c.gitForIn(r.Top(), "rm -r --cached", rel))
		return
	}
	ignored, err := r.Ignored(ctx, shown)
	if err == nil && len(ignored) == len(shown) {
		return
	}
	c.warn("%q holds values in plain text, and git does not ignore it\n  try:  rm -r %s\n        echo %s >> %s", rel, quoteShell(c.fromHere(r.Top(), rel)),
		quoteShell(path.Join("/", rel)+"/"), quoteShell(c.fromHere(r.Top(), ".gitignore")))
}
