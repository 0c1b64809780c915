package repo

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestLockFileFor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	unlock, err := LockFileFor(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := LockFileFor(over, file); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	next := make(chan error)
	go func() {
		unlock, err := LockFileFor(context.Background(), file)
		if err == nil {
			unlock()
		}
		next <- err
	}()
	unlock()
	if err := <-next; err != nil {
		t.Error(err)
	}
	if _, err := LockFileFor(context.Background(), filepath.Join(file, "x")); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
}
