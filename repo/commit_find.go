package repo

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
)

// maxBeside bounds the commits that others may make on top of one of ours before
// CommitPaths has found it.
const maxBeside = 100

// findCommit looks for the first commit after before, on the way to HEAD, that has
// the files so. Others may have committed on top of it by now. "" is none.
func (r *Repo) findCommit(ctx context.Context, before Hash, want []wanted) (made Hash, err error) {
	at, _, err := r.Head(ctx)
	if errors.Is(err, ErrNoCommits) {
		return "", nil
	}
	for range maxBeside {
		if err != nil || at == before {
			return made, err
		}
		c, err := r.Commit(ctx, at)
		if err != nil {
			return "", err
		}
		if has, err := r.holds(ctx, at, want); err != nil {
			return "", err
		} else if has {
			made = at
		}
		if len(c.Parents) == 0 {
			if before != "" {
				return "", nil // HEAD is somewhere else now
			}
			return made, nil
		}
		at = c.Parents[0]
	}
	return "", nil
}

// holds reports whether a commit has all files as they are wanted.
func (r *Repo) holds(ctx context.Context, commit Hash, want []wanted) (bool, error) {
	for _, w := range want {
		data, err := r.at(ctx, commit, w.path)
		absent := errors.Is(err, fs.ErrNotExist)
		if err != nil && !absent {
			return false, err
		}
		if absent != (w.data == nil) || !bytes.Equal(data, w.data) {
			return false, nil
		}
	}
	return true, nil
}

// at reads a file of a commit.
func (r *Repo) at(ctx context.Context, commit Hash, path string) ([]byte, error) {
	tree, err := r.FS(ctx, commit, "")
	if err != nil {
		return nil, err
	}
	return tree.ReadFile(path)
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
