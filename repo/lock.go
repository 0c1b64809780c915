package repo

import (
	"context"
	"errors"
	"time"
)

// lockPause is between two tries for a lock.
const lockPause = 5 * time.Millisecond

var errTaken = errors.New("locked by another process")

// LockFileFor is [LockFile] until ctx ends: then it is ErrLocked.
func LockFileFor(ctx context.Context, path string) (unlock func(), err error) {
	for {
		unlock, err := tryLock(path)
		if !errors.Is(err, errTaken) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ErrLocked
		case <-time.After(lockPause):
		}
	}
}
