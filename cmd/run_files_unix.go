//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// makePrivateFiles makes a directory below one in memory, or below under, and removes
// what runs that were killed left beside it.
func (c *cli) makePrivateFiles(under string) (*privateFiles, error) {
	if under != "" {
		f, err := newPrivateFiles(c.path(under))
		if err != nil {
			return nil, usage(nil, "--files-dir: %s", reasonOf(err))
		}
		return f, nil
	}
	for _, dir := range []string{c.Getenv("XDG_RUNTIME_DIR"), "/dev/shm", "/run/user/" + strconv.Itoa(os.Getuid())} {
		if !filepath.IsAbs(dir) || !inMemory(dir) {
			continue
		}
		if f, err := newPrivateFiles(dir); err == nil {
			return f, nil
		}
	}
	return nil, hint(errors.New("--files wants a directory in memory (tmpfs) that you can write to, and there is none: not $XDG_RUNTIME_DIR, /dev/shm or /run/user/UID"),
		"pinseal run -- CMD                       gives variables, and no files",
		"pinseal run --files-dir DIR -- CMD       if you know where that is written to")
}

func newPrivateFiles(base string) (*privateFiles, error) {
	if err := checkBase(base); err != nil {
		return nil, err
	}
	sweep(base)
	for {
		dir, err := os.MkdirTemp(base, filesPrefix)
		if err != nil {
			return nil, err
		}
		// Before it is locked, another run may take it for one that was left.
		f, err := lockFiles(dir, unix.LOCK_EX)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, errors.Join(err, os.Remove(dir))
		case f.stands():
			return f, nil
		default:
			f.lock.Close()
		}
	}
}

// checkBase refuses a directory in which others could put something in the place of
// ours.
func checkBase(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return errors.New("is no directory")
	case !ok || st.Uid != 0 && int(st.Uid) != os.Getuid():
		return errors.New("belongs to somebody else")
	case info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
		return errors.New("can be written to by others")
	}
	return nil
}

// lockFiles opens a directory of ours and locks it. No program that is started has
// the lock.
func lockFiles(dir string, how int) (*privateFiles, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := &privateFiles{dir, os.NewFile(uintptr(fd), dir)}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && (int(st.Uid) != os.Getuid() || st.Mode&0o077 != 0) {
		err = fmt.Errorf("%q is not a directory of ours", dir)
	}
	for err == nil {
		if err = unix.Flock(fd, how); !errors.Is(err, unix.EINTR) {
			break
		}
		err = nil
	}
	if err != nil {
		f.lock.Close()
		return nil, err
	}
	return f, nil
}

// stands reports whether the directory that is locked is the one of that name.
func (f *privateFiles) stands() bool {
	locked, err := f.lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.dir)
	return err == nil && os.SameFile(locked, named)
}

// remove removes the directory with all that is in it, and then the lock. The program
// may have taken the right to write to it away.
func (f *privateFiles) remove() error {
	return errors.Join(f.lock.Chmod(0o700), os.RemoveAll(f.dir), f.lock.Close())
}

// sweep removes the directories of ours whose makers are gone: nobody holds the lock.
// What cannot be removed stays for the next.
func sweep(base string) {
	found, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, entry := range found {
		if !strings.HasPrefix(entry.Name(), filesPrefix) {
			continue
		}
		f, err := lockFiles(filepath.Join(base, entry.Name()), unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			continue // somebody else's, or in use
		}
		if f.stands() {
			_ = f.remove()
			continue
		}
		f.lock.Close()
	}
}
