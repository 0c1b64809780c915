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
	if err := checkSocketDir(filepath.Dir(path)); err != nil {
		return nil, nil, err
	}
	unlock, err := lockSocket(path + ".lock")
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

// lockSocket keeps other servers from looking at the socket at the same time. Nobody
// else can hold the file, which is gone again after unlock.
func lockSocket(path string) (unlock func(), err error) {
	taken := fmt.Errorf("another server begins there: %w", versions.ErrConflict)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|openAtOnce|openNoLink, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%q: %s", path, reasonOf(err))
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		f.Close()
		return nil, taken
	}
	// Who had the lock before may have removed the file since it was opened.
	mine, err := f.Stat()
	named, gone := os.Lstat(path)
	if err != nil || gone != nil || !os.SameFile(mine, named) {
		f.Close()
		return nil, taken
	}
	return func() {
		os.Remove(path)
		f.Close()
	}, nil
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
