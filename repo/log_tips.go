package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ChangesOf is [Repo.Changes] of several tips: what any of them reaches.
func (r *Repo) ChangesOf(ctx context.Context, tips []Hash, dir string) iter.Seq2[Change, error] {
	return r.logTips(ctx, dir, nil, tips, nil)
}

// FileChanges is ChangesOf of one file. A commit is yielded as soon as git has
// printed it, and not with the next one: who stops at the first commit of a file
// does not wait for git to look at all those before it.
func (r *Repo) FileChanges(ctx context.Context, tips []Hash, file string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		args := []string{"--literal-pathspecs", "-c", "log.follow=false", "-c", "log.showRoot=true", "log",
			"--raw", "-z", "--no-abbrev", "--no-renames", "--diff-merges=combined",
			"--no-show-signature", "--no-notes", "--no-color", "--encoding=UTF-8", "--format=%H%x00%ct%x00%an%x00%s"}
		err := r.wantsAll(tips)
		if err == nil && (!fs.ValidPath(file) || file == ".") {
			err = &fs.PathError{Op: "log", Path: file, Err: fs.ErrInvalid}
		}
		if err != nil || len(tips) == 0 {
			if err != nil {
				yield(Change{}, err)
			}
			return
		}
		for _, h := range tips {
			args = append(args, string(h))
		}
		left := false
		err = r.stream(ctx, append(args, "--", file), func(in *bufio.Reader) (more bool, err error) {
			return parseFile(in, func(c Change) bool {
				if ctx.Err() != nil {
					return false
				}
				left = !yield(c, nil)
				return !left
			})
		})
		if err == nil && ctx.Err() != nil {
			err = fmt.Errorf("git log: %w", context.Cause(ctx))
		}
		if err != nil && !left {
			yield(Change{}, err)
		}
	}
}

// parseFile is parseLog where a commit has one file.
func parseFile(in *bufio.Reader, yield func(Change) bool) (more bool, err error) {
	var c Change // not yielded yet
	for {
		item, _, err := logItem(in, maxLogItem)
		if errors.Is(err, io.EOF) {
			return c.Commit == "" || yield(c), nil
		}
		if err != nil {
			return true, err
		}
		raw := strings.TrimPrefix(item, "\n")
		switch {
		case item == "": // stands before the files of a merge
		case strings.HasPrefix(raw, ":"):
			path, _, err := logItem(in, maxLogItem)
			if err != nil {
				return true, err
			}
			if c.Commit == "" {
				continue // below a directory of the file's name
			}
			f, err := parseRaw(raw, path)
			if err != nil {
				return true, err
			}
			c.Files = []FileChange{f}
			if !yield(c) {
				return false, nil
			}
			c = Change{}
		default:
			if c.Commit != "" && !yield(c) {
				return false, nil
			}
			if c, err = logHead(in, item); err != nil {
				return true, err
			}
		}
	}
}

func (r *Repo) wantsAll(commits []Hash) error {
	for _, h := range commits {
		if err := r.wants(h); err != nil {
			return err
		}
	}
	return nil
}

// ChangesBetween is [Repo.EveryChange] of what tips reach and none of known does.
// A merge comes when it differs from any of its parents.
func (r *Repo) ChangesBetween(ctx context.Context, known, tips []Hash, dir string) iter.Seq2[Change, error] {
	return r.logTips(ctx, dir, []string{"--full-history"}, tips, known)
}

func (r *Repo) logTips(ctx context.Context, dir string, args []string, tips, known []Hash) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		if len(tips) == 0 {
			return // git would take HEAD
		}
		if err := r.wantsAll(slices.Concat(tips, known)); err != nil {
			yield(Change{}, err)
			return
		}
		for _, h := range tips {
			args = append(args, string(h))
		}
		for _, h := range known {
			args = append(args, "^"+string(h))
		}
		r.log(ctx, dir, args...)(yield)
	}
}

// Cut returns the commits at which a shallow clone's history is cut off: git takes
// them for roots, with all their files as added. It is empty in any other clone.
func (r *Repo) Cut() (map[Hash]bool, error) {
	data, err := os.ReadFile(filepath.Join(r.loc.commonDir, "shallow"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	cut := map[Hash]bool{}
	for line := range bytes.Lines(data) {
		h, err := ParseHash(string(bytes.TrimRight(line, "\r\n")))
		if err != nil {
			return nil, &CorruptError{Name: "shallow", Reason: err.Error()}
		}
		cut[h] = true
	}
	return cut, nil
}
