//go:build windows

package repo

import (
	"os"

	"golang.org/x/sys/windows"
)

// LockFile waits for the exclusive lock of a file, which it creates. The lock
// ends with the process, however it ends. Call unlock once.
func LockFile(path string) (unlock func(), err error) {
	return lockFile(path, windows.LOCKFILE_EXCLUSIVE_LOCK)
}

// tryLock is LockFile that does not wait: errTaken.
func tryLock(path string) (unlock func(), err error) {
	unlock, err = lockFile(path, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY)
	if err == windows.ERROR_LOCK_VIOLATION {
		err = errTaken
	}
	return unlock, err
}

func lockFile(path string, how uint32) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, new(windows.Overlapped))
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
