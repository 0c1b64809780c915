package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"pinseal/repo"
)

// hooked is what a repository has of hooks, read once.
type hooked struct {
	*cli
	ctx      context.Context
	repo     *repo.Repo
	git      repo.GitVersion
	settings *repo.Config
	dir      repo.HooksDir // where git looks now
	config   []byte        // the repository's own configuration file
	ours     hookConfig    // what of it we set
	tool     *hookTool     // what rules the hooks here; nil for nothing
}

// lookAtHooks opens the repository. Close it.
func (c *cli) lookAtHooks(ctx context.Context) (_ *hooked, err error) {
	r, err := c.openRepo(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if r.Bare() {
		return nil, usage([]string{"pinseal verify --pre-receive      in the pre-receive hook of a server"}, "a bare repository has no commits to check before they are made")
	}
	h := &hooked{cli: c, ctx: ctx, repo: r}
	if h.git, err = r.GitVersion(ctx); err != nil {
		return nil, err
	}
	if h.settings, err = r.Config(ctx); err != nil {
		return nil, err
	}
	if h.dir, err = r.HooksDir(ctx); err != nil {
		return nil, err
	}
	if h.config, err = r.LocalConfig(); err != nil {
		return nil, err
	}
	h.ours = readHookConfig(h.config).ours
	h.tool, err = findHookTool(r.Top())
	return h, err
}

// Close releases what is held. Do not use it afterwards.
func (h *hooked) Close() { h.repo.Close() }

// What is in the place of a hook.
const (
	noHook       = iota
	ourHook      // as some install wrote it
	changedHook  // ours once, or of a version that is not known here
	strangerHook // a file of somebody else
	oddHook      // no file, or one that cannot be read
)

// hookFile is the place of one hook in a directory.
type hookFile struct {
	path  string
	is    int
	stub  stub // of ourHook
	data  []byte
	mode  fs.FileMode
	aside bool // a hook was set aside
}

// forgotten is the hook that was set aside and that nothing calls any more, "" for
// none.
func (f hookFile) forgotten() string {
	if f.aside && !(f.is == ourHook && f.stub.chained) {
		return asideOf(f.path)
	}
	return ""
}

// hookFileIn looks at one hook. A link is a stranger's, wherever it leads.
func hookFileIn(dir, hook string) hookFile {
	f := hookFile{path: filepath.Join(dir, hook)}
	if _, err := os.Lstat(asideOf(f.path)); err == nil {
		f.aside = true
	}
	info, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f
	case err != nil || info.IsDir():
		f.is = oddHook
		return f
	}
	f.is = strangerHook
	if live, err := os.Stat(f.path); err == nil {
		f.mode = live.Mode()
	}
	if f.mode.IsRegular() {
		f.data, _ = readHead(f.path) // what cannot be read is not ours
	}
	if s, ok := readStub(hook, f.data); ok && info.Mode().IsRegular() {
		f.is, f.stub = ourHook, s
	} else if isStubLike(f.data) {
		f.is = changedHook
	}
	return f
}

// isExecutable reports whether git runs a file of that mode.
func isExecutable(mode fs.FileMode) bool { return runtime.GOOS == "windows" || mode&0o111 != 0 }

// ownsFiles reports whether git runs a hook file of ours.
func (h *hooked) ownsFiles() bool {
	return slices.ContainsFunc(hookNames, func(hook string) bool { return hookFileIn(h.dir.Path, hook).is == ourHook })
}

// dirs are the directories that may hold hooks of ours: the one that git uses,
// and the repository's own, which core.hooksPath may have taken out of use since.
func (h *hooked) dirs() []string {
	own := filepath.Join(h.repo.CommonDir(), "hooks")
	if real, err := filepath.EvalSymlinks(own); err == nil {
		own = real // as git names it
	}
	if own == h.dir.Path {
		return []string{own}
	}
	return []string{h.dir.Path, own}
}

// sharedDir says why the hooks that git runs here may be those of other
// repositories too, "" when they are not.
func (h *hooked) sharedDir() (string, error) {
	if s := h.dir.Scope; s != "" && s != "local" && s != "worktree" {
		return "core.hooksPath is not of this repository but set in the " + s + " configuration", nil
	}
	own, err := h.isOwn(h.dir.Path)
	if own || err != nil {
		return "", err
	}
	return "the directory of the hooks is not in this repository", nil
}

// mayChange reports whether the hooks in one of the directories are this
// repository's alone.
func (h *hooked) mayChange(dir string) (bool, error) {
	if dir != h.dir.Path {
		return h.isOwn(dir)
	}
	why, err := h.sharedDir()
	return why == "" && err == nil, err
}

// isOwn reports whether a directory, or what it is a link to, is in the repository
// or a work tree of it, and not in another repository there.
func (h *hooked) isOwn(dir string) (bool, error) {
	if in, err := isBelow(h.repo.CommonDir(), dir); in || err != nil {
		return in, err
	}
	tops, err := h.repo.WorkTrees(h.ctx)
	if err != nil {
		return false, err
	}
	for _, top := range tops {
		if in, err := isInWorkTree(top, dir); err != nil || in {
			return in && !isNested(top, dir), err
		}
	}
	return false, nil
}

// isNested reports whether a directory below top is that of another repository,
// or below one.
func isNested(top, dir string) bool {
	for dir, top = resolved(dir), resolved(top); dir != top && filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || filepath.Base(dir) == ".git" {
			return true
		}
	}
	return false
}

// shown names a file for people, from the top of the work tree where it is below.
func (h *hooked) shown(file string) string {
	if rel, err := filepath.Rel(h.repo.Top(), file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return file
}

// inTop is a file of the work tree.
func (h *hooked) inTop(file string) string {
	return filepath.Join(h.repo.Top(), filepath.FromSlash(file))
}
