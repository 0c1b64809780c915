package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// maxOdd bounds the paths that an error names.
const maxOdd = 10

// undoTime bounds the taking back of a commit, which nothing else ends.
const undoTime = 10 * time.Second

// AlteredError says that git made a commit which is not what was asked for, and that
// it was taken back: HEAD is at the commit before, and the index has the paths that
// were asked for as that one has them. What a hook staged besides is staged still.
type AlteredError struct {
	Commit Hash     // which nothing refers to now but reflogs
	Paths  []string // that were not as asked for, or not asked for; at most ten

	// Hooked are files that a hook changed after git had read them: what the commit had
	// in their place, by path, nil for nothing. The work tree may have the same.
	Hooked map[string][]byte
	ByHook bool // a hook did it, and not somebody who wrote to the files meanwhile
}

func (e *AlteredError) Error() string {
	if e.ByHook {
		return fmt.Sprintf("a hook changed what is committed: %q", e.Paths)
	}
	return fmt.Sprintf("changed while it was committed: %q", e.Paths)
}

// StandsError says that HEAD has, or may have, a commit that is not what was asked
// for, and that it is not for us to take back.
type StandsError struct {
	Commit Hash     // "" when it is not known
	Paths  []string // that are not as asked for, at most ten
	Reason string
}

func (e *StandsError) Error() string {
	what := "a commit"
	if e.Commit != "" {
		what = "commit " + string(e.Commit)
	}
	if len(e.Paths) > 0 {
		return fmt.Sprintf("%s stands and is not what was asked for, see %q: %s", what, e.Paths, e.Reason)
	}
	return fmt.Sprintf("%s may stand that is not what was asked for: %s", what, e.Reason)
}

// rewind takes back a commit that HEAD is at.
func (r *Repo) rewind(ctx context.Context, c *Commit, want []wanted, odd []string) error {
	ctx, cancel := context.WithTimeout(ctx, undoTime)
	defer cancel()
	e := &AlteredError{Commit: c.Hash, Paths: odd, Hooked: map[string][]byte{}}
	stands := func(err error) error { return &StandsError{Commit: c.Hash, Paths: odd, Reason: err.Error()} }
	paths := make([]string, len(want))
	for i, w := range want {
		paths[i] = w.path
	}
	if err := r.blame(ctx, e, want, paths); err != nil {
		return stands(err)
	}
	parent := Hash("")
	if len(c.Parents) > 0 {
		parent = c.Parents[0]
	}
	args := []string{"update-ref", "-m", "pinseal: not what was asked for", "HEAD", string(parent), string(c.Hash)}
	if parent == "" {
		args = append(args[:3:3], "-d", "HEAD", string(c.Hash))
	}
	if _, err := r.git(ctx, nil, args...); err != nil {
		return stands(err)
	}
	if err := r.reindex(ctx, paths, parent); err != nil {
		return &StandsError{Paths: odd, Reason: "it was taken back, and the index was not: " + err.Error()}
	}
	return e
}

// blame finds out who changed what was asked for. Git has put into the index what it
// read of the files, before any hook ran.
func (r *Repo) blame(ctx context.Context, e *AlteredError, want []wanted, paths []string) error {
	indexed, err := r.indexed(ctx, paths)
	if err != nil {
		return err
	}
	for _, p := range e.Paths {
		e.ByHook = e.ByHook || !slices.Contains(paths, p)
	}
	for _, w := range want {
		is, there, err := r.entryAt(ctx, e.Commit, w.path)
		if err != nil {
			return err
		}
		if is.Hash == w.id && (!there || is.Mode == ModeFile) || indexed[w.path] != w.id {
			continue
		}
		e.ByHook = true
		data, err := r.at(ctx, e.Commit, w.path)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			e.Hooked[w.path] = data
		}
	}
	return nil
}

// at reads a file of a commit.
func (r *Repo) at(ctx context.Context, commit Hash, path string) ([]byte, error) {
	tree, err := r.FS(ctx, commit, "")
	if err != nil {
		return nil, err
	}
	return tree.ReadFile(path)
}
