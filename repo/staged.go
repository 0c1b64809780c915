package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Staged lists what the index holds that HEAD does not, in git's order: what a
// commit would change now. Before the first commit HEAD holds nothing. In a hook
// the index is the one that git made for the commit. A submodule is listed when
// its commit is another, and has no blobs; a rename is a file deleted and one
// added. Left out are unmerged files, which cannot be committed, and those that
// git add -N only announced. Bare repositories have none. One process once there
// is a commit.
func (r *Repo) Staged(ctx context.Context) ([]FileChange, error) {
	if r.Bare() {
		return nil, nil
	}
	changes, err := r.staged(ctx, "HEAD")
	if gitCode(err) >= 0 {
		// Only a branch without commits, and nothing worse, is nothing.
		_, _, head := r.Head(ctx)
		if head == nil {
			return nil, err
		}
		if !errors.Is(head, ErrNoCommits) {
			return nil, head
		}
		changes, err = r.staged(ctx, string(r.emptyTree()))
	}
	return changes, err
}

func (r *Repo) staged(ctx context.Context, against string) (changes []FileChange, err error) {
	err = r.diffIndex(ctx, against, "", func(e indexEntry) {
		if e.Status != 'U' {
			changes = append(changes, e.FileChange)
		}
	})
	return changes, err
}

// emptyTree is the id of a tree without entries. Git knows it without having it.
func (r *Repo) emptyTree() Hash {
	id, _ := hashObject(r.loc.format, TreeObject, nil)
	return id
}

// indexEntry is what the index has against a tree. Status is 'U' for a path that
// is unmerged.
type indexEntry struct {
	FileChange
	mode string // as git writes it, of the index's side
	id   Hash   // of the index's side, a submodule's commit included
}

// diffIndex compares the index with a tree at or below dir, a slash path from the
// top ("" is all), and hands each path that differs to add, once and in git's
// order. What a sparse index folds is unfolded.
func (r *Repo) diffIndex(ctx context.Context, tree, dir string, add func(indexEntry)) error {
	args := []string{"--literal-pathspecs", "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-relative",
		"--ignore-submodules=none", "--ita-invisible-in-index", tree, "--"}
	if dir != "" {
		args = append(args, dir)
	}
	last := ""
	return r.stream(ctx, args, func(in *bufio.Reader) (more bool, err error) {
		for {
			e, err := parseIndexEntry(in)
			if errors.Is(err, io.EOF) {
				return true, nil
			}
			if err != nil {
				return true, fmt.Errorf("git diff-index: %w", err)
			}
			if e.Path != last {
				add(e)
			}
			last = e.Path
		}
	})
}

// parseIndexEntry reads ":MODE MODE OLD NEW STATUS", NUL, path, NUL; io.EOF when
// nothing is left.
func parseIndexEntry(in *bufio.Reader) (e indexEntry, err error) {
	raw, long, err := logItem(in, maxLogText)
	if err != nil {
		return e, err
	}
	path, longPath, err := nextItem(in, maxLogItem)
	if err != nil {
		return e, err
	}
	f := strings.Split(raw, " ")
	if long || longPath || path == "" || len(f) != 5 || strings.Count(raw, ":") != 1 || raw[0] != ':' {
		return e, errors.New("malformed entry")
	}
	e.FileChange, err = parseRaw(raw, path)
	e.mode, e.id = f[1], Hash(f[3])
	return e, err
}
