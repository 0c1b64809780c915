package cmd

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"pinseal/repo"
)

// asideOf is where a hook is set aside.
func asideOf(file string) string {
	return filepath.Join(filepath.Dir(file), asideDir, filepath.Base(file))
}

// moveAside sets a hook aside. Its directory is there.
func moveAside(file string) fileStep {
	aside := asideOf(file)
	return fileStep{func() error { return moveFree(file, aside) }, func() error { return moveFree(aside, file) }}
}

// moveBack brings a hook back to where nothing is now.
func moveBack(file string) fileStep {
	s := moveAside(file)
	return fileStep{s.undo, s.do}
}

// putBack brings a hook back over a file of ours that was read before.
func putBack(file string, old []byte) fileStep {
	return fileStep{func() error {
		if err := stillIs(file, old); err != nil {
			return err
		}
		return moveHook(asideOf(file), file)
	}, func() error {
		return errors.Join(moveHook(file, asideOf(file)), swapFile(file, old, 0o777))
	}}
}

// moveFree is moveHook to a name that is free.
func moveFree(from, to string) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%q is there: %w", to, repo.ErrChanged), err)
	}
	return moveHook(from, to)
}

// moveHook renames a hook into the directory of those set aside, or out of it. A
// link by a relative path is made anew, to lead where it led.
func moveHook(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil { // no link
		return os.Rename(from, to)
	}
	moved := linkFrom(target, filepath.Base(filepath.Dir(to)) == asideDir)
	if moved == target {
		return os.Rename(from, to)
	}
	temp := to + ".tmp-" + rand.Text()[:8]
	if err := os.Symlink(moved, temp); err != nil {
		return err
	}
	if err := os.Rename(temp, to); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return os.Remove(from)
}

// linkFrom is the target of a link that was moved aside, or back. One to another
// hook stays as it is: that hook is set aside too.
func linkFrom(target string, aside bool) string {
	switch {
	case filepath.IsAbs(target) || slices.Contains(hookNames, target):
		return target
	case aside:
		return "../" + target
	}
	return strings.TrimPrefix(target, "../")
}

// looksBeside finds what scripts do to find files beside themselves: they would not
// be there when the script is set aside.
var looksBeside = regexp.MustCompile(`dirname|__dir__|__file__|__FILE__|BASH_SOURCE|FindBin|import\.meta|\$\{0%|\b0:[aAhP]|\$\{?0\}?"?[./_-]+\w`)

// cannotMove says why a hook of somebody else cannot be set aside, "" when it can.
func (f hookFile) cannotMove() string {
	if target, err := os.Readlink(f.path); err == nil && !filepath.IsAbs(target) {
		to := filepath.Join(filepath.Dir(f.path), target)
		name := filepath.Base(target)
		if filepath.Dir(to) == filepath.Dir(f.path) && slices.Contains(hookNames, name) {
			if other := hookFileIn(filepath.Dir(f.path), name); target != name || other.is != strangerHook || callsHook(other.data, name) {
				return "is a link to another hook"
			}
		}
	}
	if looksBeside.Match(f.data) {
		return "looks for files beside itself"
	}
	return ""
}
