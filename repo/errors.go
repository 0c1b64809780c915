package repo

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Sentinels to branch on with errors.Is. The text of an error is for people
// and may change; these do not.
var (
	// ErrMissing says that an object is not in the object store: a corrupt or
	// shallow store, or a promised object that could not be had. It never
	// matches fs.ErrNotExist, which says that an existing tree has no such path:
	// a broken store must not read as "no such file".
	ErrMissing = errors.New("object is missing")

	// ErrNoCommits is returned by Head while the branch is unborn.
	ErrNoCommits = errors.New("no commits yet")

	// ErrMoved says that a ref, here or on a remote, is not where the caller
	// expected it to be. Nothing was changed; read it again and redo.
	ErrMoved = errors.New("ref has moved")

	// ErrChanged says that a file is not what an [Edit] was made from.
	ErrChanged = errors.New("changed meanwhile")

	// ErrLocked says that another process held the ref's lock for two seconds.
	// Nothing was changed.
	ErrLocked = errors.New("ref is locked")

	// ErrOffline is returned by what needs a remote under Options.Offline.
	ErrOffline = errors.New("offline")
)

// NotRepoError says that a directory is in no git repository.
type NotRepoError struct {
	Dir string // as given to Open
}

func (e *NotRepoError) Error() string { return fmt.Sprintf("%q is not in a git repository", e.Dir) }

// UnknownRevError says that a revision names no commit.
type UnknownRevError struct {
	Rev string // as given to Resolve
}

func (e *UnknownRevError) Error() string { return fmt.Sprintf("unknown revision %q", e.Rev) }

// CorruptError says that stored bytes are not what their name or format
// promises: an object whose content does not hash to its id, a malformed tree,
// an empty ref file, a truncated pack.
type CorruptError struct {
	Name   string // what is corrupt: an object id, a ref name, a file name
	Reason string // why, without any of the content
}

func (e *CorruptError) Error() string { return fmt.Sprintf("%q is corrupt: %s", e.Name, e.Reason) }

// TooLargeError says that an object or file is over the caller's limit. It was
// not read.
type TooLargeError struct {
	Name string // object id or path
	Size int64  // bytes; 0 when only "more than Max" is known
	Max  int64  // bytes

	skipped bool // the stream it came from can still be used
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%q is larger than the limit of %d bytes", e.Name, e.Max)
}

// OddEntryError says that a path meets something that is neither a plain
// directory nor, as its last component, a plain file.
type OddEntryError struct {
	Path string // slash path of the odd component, from the root of the tree
	Kind string // "symlink", "submodule", "executable", "file" (where a directory was meant), "directory", "changed", …
}

func (e *OddEntryError) Error() string { return fmt.Sprintf("path %q is odd: %s", e.Path, e.Kind) }

// GitError is a git command that failed. Of several lines of git's each is a
// line of the message, after "  git: ".
type GitError struct {
	Args   []string // without "git" and the repository's location; URLs lose their user part
	Stderr string   // last 4 KiB, control characters stripped, URLs without user part
	Code   int      // exit code; -1 when killed
	Signal string   // what killed it, such as "killed" or "broken pipe"; "" when it exited
}

func (e *GitError) Error() string {
	name := "git"
	for _, a := range e.Args {
		if !strings.HasPrefix(a, "-") && !strings.Contains(a, "=") {
			name = "git " + a
			break
		}
	}
	// Much of what git says is the remote's: a line of it must not pass for one
	// of whoever prints the error.
	said := make([]string, 0, 1)
	for line := range strings.Lines(e.Stderr) {
		if line = strings.TrimRightFunc(line, unicode.IsSpace); line != "" {
			said = append(said, line)
		}
	}
	if len(said) == 1 {
		return fmt.Sprintf("%s: %s", name, said[0])
	}
	end := fmt.Sprintf("%s: exit code %d", name, e.Code)
	if e.Signal != "" {
		end = fmt.Sprintf("%s: ended by a signal (%s)", name, e.Signal)
	}
	return strings.Join(append([]string{end}, said...), "\n  git: ")
}

// is reports whether an error of type T is in err's chain.
func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
