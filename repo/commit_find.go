package repo

import (
	"context"
	"errors"
	"io/fs"
)

// maxBeside bounds the commits that others may make around one of ours before
// CommitPaths has found it.
const maxBeside = 100

// outcome looks for what became of a commit on the way from before to HEAD, where
// others may have committed too: made is one that is exactly what is wanted. done is
// whether git says that it made one. No commit, and none that git speaks of, is no
// error.
func (r *Repo) outcome(ctx context.Context, before Hash, want []wanted, said *summary, done bool) (made Hash, err error) {
	chain, err := r.since(ctx, before)
	if err != nil {
		if done {
			err = &StandsError{Reason: err.Error()}
		}
		return "", err
	}
	var ours, theirs *Commit
	var odd []string
	for i := len(chain) - 1; i >= 0; i-- {
		c := chain[i]
		differs, touched, err := r.compare(ctx, c, before, want)
		switch {
		case err != nil:
			return "", &StandsError{Commit: c.Hash, Reason: err.Error()}
		case touched && len(differs) == 0:
			return c.Hash, nil
		case done && said.names(c.Hash):
			ours, odd = c, differs
		case touched:
			theirs = c
		}
	}
	switch {
	case ours != nil && chain[0] == ours:
		return "", r.rewind(ctx, ours, want, odd)
	case ours != nil:
		return "", &StandsError{Commit: ours.Hash, Paths: odd, Reason: "HEAD has moved on"}
	case theirs != nil:
		return "", &StandsError{Commit: theirs.Hash, Reason: "it changes the same files"}
	case done:
		return "", &StandsError{Reason: "the commit that git made is not on the way to HEAD"}
	}
	return "", nil
}

// since lists the commits from HEAD down to before, which is not among them, newest
// first.
func (r *Repo) since(ctx context.Context, before Hash) (chain []*Commit, err error) {
	at, _, err := r.Head(ctx)
	if errors.Is(err, ErrNoCommits) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for range maxBeside {
		if at == before {
			return chain, nil
		}
		c, err := r.Commit(ctx, at)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
		if len(c.Parents) == 0 {
			break
		}
		at = c.Parents[0]
	}
	if before == "" && len(chain) < maxBeside {
		return chain, nil
	}
	return nil, nil // HEAD is somewhere else now
}

// compare holds a commit against what is wanted on top of before: the paths that
// are not so, or should not be in it, and whether it changes any of the wanted.
func (r *Repo) compare(ctx context.Context, c *Commit, before Hash, want []wanted) (odd []string, touched bool, err error) {
	parent := Hash("")
	if len(c.Parents) > 0 {
		parent = c.Parents[0]
	}
	mine := map[string]bool{}
	for _, w := range want {
		mine[w.path] = true
		is, there, err := r.entryAt(ctx, c.Hash, w.path)
		if err != nil {
			return nil, false, err
		}
		was, had, err := r.entryAt(ctx, parent, w.path)
		if err != nil {
			return nil, false, err
		}
		first, atFirst, err := r.entryAt(ctx, before, w.path)
		if err != nil {
			return nil, false, err
		}
		touched = touched || is != was || there != had
		if there != (w.id != "") || there && (is.Hash != w.id || is.Mode != ModeFile) || first != was || atFirst != had || len(c.Parents) > 1 {
			odd = append(odd, w.path)
		}
	}
	more, err := r.changed(ctx, parent, c.Hash, len(want)+maxOdd)
	for _, p := range more {
		if !mine[p] {
			odd = append(odd, p)
		}
	}
	return odd[:min(len(odd), maxOdd)], touched, err
}

// entryAt is what a commit, "" none, has at a path.
func (r *Repo) entryAt(ctx context.Context, commit Hash, path string) (e TreeEntry, there bool, err error) {
	if commit == "" {
		return e, false, nil
	}
	tree, err := r.FS(ctx, commit, "")
	if err == nil {
		e, err = tree.Entry(path)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*OddEntryError)) { // a file in place of a directory
		return TreeEntry{}, false, nil
	}
	return e, err == nil, err
}

// literal makes pathspecs of paths from the top. The option that makes all of them
// literal would reach the hooks, and change what they ask of git.
func literal(paths []string) []string {
	specs := make([]string, len(paths))
	for i, p := range paths {
		specs[i] = ":(top,literal)" + p
	}
	return specs
}
