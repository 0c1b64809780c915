//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pinseal/versions"
)

// maxLinks is how many links a path may go through.
const maxLinks = 40

// checkSocketDir wants a directory in which nobody else can put a socket, and that
// nobody else can put another in the place of: on the way there each directory and link
// is ours or root's, and others write at most where they cannot replace what is ours, or
// below a directory that nobody else can enter.
func checkSocketDir(dir string) error {
	at, rest := "/", strings.Split(filepath.Clean(dir), "/")
	shut := false
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at, shut = filepath.Dir(at), false
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return hint(&versions.NotFoundError{What: "directory", Name: dir}, "mkdir -m 700 "+quoteShell(dir))
		case err != nil:
			return errors.New(reasonOf(err))
		case !oursOrRoots(info):
			return otherPlace("%q on the way to it is another user's, who could put another socket there", next)
		case info.Mode().Type() == fs.ModeSymlink:
			target, err := os.Readlink(next)
			if links++; err != nil || links > maxLinks {
				return fmt.Errorf("the link %q leads nowhere", next)
			}
			if filepath.IsAbs(target) {
				at, shut = "/", false
			}
			rest = append(strings.Split(target, "/"), rest...)
			continue
		case !info.IsDir():
			return errors.New("its directory is none")
		case !shut && info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
			return hint(fmt.Errorf("others can write to %q, and put another socket there", next), "chmod go-w "+quoteShell(next), "--socket DIR/pinseal.sock      in another place")
		}
		at, shut = next, shut || info.Mode().Perm()&0o011 == 0
	}
	info, err := os.Stat(at)
	if err == nil && !shut && info.Mode().Perm()&0o022 != 0 {
		return otherPlace("others can write to its directory %q, and put a socket there before us", at)
	}
	return err
}

// otherPlace says what is wrong with a directory, and what to do.
func otherPlace(format, dir string) error {
	return hint(fmt.Errorf(format, dir), "mkdir -m 700 DIR      and --socket DIR/pinseal.sock")
}
