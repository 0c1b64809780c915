package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Files lists the files of the work tree that are tracked, or not and not
// ignored, at or below under, a slash path from the top ("" is all): slash paths
// from the top, each once. Links are among them, submodules and repositories
// inside this one are not. A tracked file may be gone; what a sparse checkout
// leaves out is only listed where it is there all the same. A path that holds
// nothing is no error. Bare repositories have none. One process.
//
// Errors: beside those of git *UnlistedError, which comes with the files that
// could be listed.
func (r *Repo) Files(ctx context.Context, under string) ([]string, error) {
	if r.Bare() {
		return nil, nil
	}
	args := []string{"--literal-pathspecs", "ls-files", "-z", "-t", "-s", "--cached", "--others", "--exclude-standard", "--"}
	if under != "" && under != "." {
		if !fs.ValidPath(under) {
			return nil, &fs.PathError{Op: "ls-files", Path: under, Err: fs.ErrInvalid}
		}
		args = append(args, under)
	}
	var files []string
	said, err := r.streamBoth(ctx, nil, args, func(in *bufio.Reader) (more bool, err error) {
		last := ""
		for {
			item, long, err := logItem(in, maxLogItem)
			if errors.Is(err, io.EOF) {
				return true, nil
			}
			if err == nil && long {
				err = errors.New("a path is too long")
			}
			var f listedFile
			if err == nil {
				f, err = parseListed(item)
			}
			if err != nil {
				return true, fmt.Errorf("git ls-files: %w", err)
			}
			// The sides of an unmerged path follow each other.
			if f.path != last && f.file && (!f.skipped || r.there(f.path)) {
				files = append(files, f.path)
			}
			last = f.path
		}
	})
	if dirs := unlisted(said); err == nil && len(dirs) > 0 {
		err = &UnlistedError{Dirs: dirs}
	}
	return files, err
}

// UnlistedError says that directories of the work tree could not be read: what git
// does not track there is not known.
type UnlistedError struct {
	Dirs []string // slash paths from the top, cleaned; of very many the last
}

func (e *UnlistedError) Error() string {
	return fmt.Sprintf("a directory of the work tree could not be read: %q", e.Dirs[0])
}

// unlisted takes the directories that git could not read out of its warnings.
func unlisted(said string) (dirs []string) {
	for line := range strings.Lines(said) {
		_, rest, ok := strings.Cut(line, "could not open directory '")
		if !ok {
			continue
		}
		if end := strings.LastIndex(rest, "': "); end >= 0 {
			rest = rest[:end]
		}
		dirs = append(dirs, strings.TrimRight(rest, "/\n"))
	}
	return dirs
}

// there reports whether anything is at a path of the work tree.
func (r *Repo) there(path string) bool {
	_, err := os.Lstat(filepath.Join(r.loc.top, filepath.FromSlash(path)))
	return err == nil
}

// listedFile is one line of ls-files.
type listedFile struct {
	path    string
	file    bool // neither a submodule nor another repository
	skipped bool // git does not look at the work tree for it
}

// parseListed reads "? PATH", or "TAG MODE ID STAGE TAB PATH" of what is tracked.
func parseListed(item string) (f listedFile, err error) {
	odd := errors.New("malformed line")
	tag, rest, ok := strings.Cut(item, " ")
	if !ok || len(tag) != 1 {
		return f, odd
	}
	if tag == "?" {
		f.path, f.file = rest, !strings.HasSuffix(rest, "/")
	} else {
		head, path, ok := strings.Cut(rest, "\t")
		mode, _, spaced := strings.Cut(head, " ")
		if !ok || !spaced {
			return f, odd
		}
		f.path, f.file, f.skipped = path, mode != submodule, tag == "S" || tag == "s"
	}
	if f.path == "" {
		return f, odd
	}
	return f, nil
}
