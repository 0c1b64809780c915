//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pinseal/versions"
)

// listenSocket makes a unix socket that nobody else can put another in the place of.
// One that a server of ours left behind is replaced; one that is alive, and whatever
// else has the name, is refused. remove takes it away, if it is still the one.
func listenSocket(path string, mode fs.FileMode) (l net.Listener, remove func(), err error) {
	if max := len(unix.RawSockaddrUnix{}.Path) - 1; len(path) > max {
		return nil, nil, usage(nil, "the path has more than %d bytes, which no socket can", max)
	}
	unlock, err := lockSocketDir(filepath.Dir(path))
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	if err := clearSocket(path); err != nil {
		return nil, nil, err
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		var call *os.SyscallError
		if errors.As(err, &call) {
			err = call.Err
		}
		return nil, nil, err
	}
	socket.SetUnlinkOnClose(false)
	made, err := os.Lstat(path)
	if err == nil {
		err = os.Chmod(path, mode)
	}
	remove = func() {
		if now, err := os.Lstat(path); err == nil && made != nil && os.SameFile(made, now) {
			os.Remove(path)
		}
	}
	if err != nil {
		socket.Close()
		remove()
		return nil, nil, err
	}
	return socket, remove, nil
}

// lockSocketDir wants a directory in which nobody else can replace what is ours, and
// keeps other servers from looking at it at the same time.
func lockSocketDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint(&versions.NotFoundError{What: "directory", Name: dir}, "mkdir -m 700 "+quoteShell(dir))
	}
	if err != nil {
		return nil, errors.New(reasonOf(err))
	}
	info, err := f.Stat()
	if err == nil {
		err = safeDir(info)
	}
	if err == nil && unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		err = fmt.Errorf("another server begins in that directory: %w", versions.ErrConflict)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func safeDir(info fs.FileInfo) error {
	owner := info.Sys().(*syscall.Stat_t).Uid
	switch {
	case !info.IsDir():
		return errors.New("its directory is none")
	case owner != 0 && int(owner) != os.Getuid():
		return hint(errors.New("its directory is another user's, who could put another socket there"), "mkdir -m 700 DIR      and --socket DIR/pinseal.sock")
	case info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
		return hint(errors.New("others can write to its directory, and put another socket there"), "mkdir -m 700 DIR      and --socket DIR/pinseal.sock")
	}
	return nil
}

// clearSocket removes a socket of ours that no server is behind.
func clearSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return errors.New(reasonOf(err))
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("there is a file of that name, which is no socket: %w", versions.ErrConflict)
	case int(info.Sys().(*syscall.Stat_t).Uid) != os.Getuid():
		return fmt.Errorf("there is a socket of another user: %w", versions.ErrConflict)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("a server is there already: %w", versions.ErrConflict)
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("there is a socket, and nobody can tell whether a server is behind it: %w", versions.ErrConflict)
	}
	return os.Remove(path)
}
