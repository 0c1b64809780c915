//go:build unix

package repo

import (
	"os"

	"golang.org/x/sys/unix"
)

// LockFile waits for the exclusive lock of a file, which it creates. The lock
// ends with the process, however it ends. Call unlock once.
func LockFile(path string) (unlock func(), err error) { return lockFile(path, unix.LOCK_EX) }

// tryLock is LockFile that does not wait: errTaken.
func tryLock(path string) (unlock func(), err error) {
	unlock, err = lockFile(path, unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		err = errTaken
	}
	return unlock, err
}

func lockFile(path string, how int) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
