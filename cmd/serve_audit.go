package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// auditFile is a file that lines are appended to. Who rotates it renames it and sends
// SIGHUP.
type auditFile struct {
	path string
	stop func()

	mu   sync.Mutex
	file *os.File
	torn bool // the last line is not whole
}

// stderrAudit is stderr, which is not ours to close.
type stderrAudit struct{ io.Writer }

// Close implements [io.Closer].
func (stderrAudit) Close() error { return nil }

// openAudit opens where the audit goes: stderr, or a file.
func (c *cli) openAudit(ctx context.Context, file string) (io.WriteCloser, error) {
	if file == "" {
		return stderrAudit{c.Stderr}, nil
	}
	a := &auditFile{path: c.path(file)}
	if err := a.open(); err != nil {
		return nil, fmt.Errorf("audit %q: %w", file, err)
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-hangup:
				if err := a.open(); err != nil {
					c.warn("audit %q: %s: nothing is told until it can be written", file, err)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	a.stop = func() {
		signal.Stop(hangup)
		cancel()
		<-ended
	}
	return a, nil
}

// open opens the file by its name. When that fails, no line can be written.
func (a *auditFile) open() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file != nil {
		a.file.Close()
		a.file, a.torn = nil, false
	}
	if info, err := os.Lstat(a.path); err == nil && info.Mode()&(fs.ModeSymlink|fs.ModeDir) != 0 {
		return errors.New("is a link or a directory")
	}
	f, err := os.OpenFile(a.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return errors.New(reasonOf(err))
	}
	a.file = f
	return nil
}

// Write implements [io.Writer]: one line, whole. A part of one, which a full disk
// leaves, gets a line of its own.
func (a *auditFile) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return 0, errors.New("the file is not open")
	}
	if a.torn {
		if _, err := a.file.Write([]byte("\n")); err != nil {
			return 0, errors.New(reasonOf(err))
		}
		a.torn = false
	}
	n, err := a.file.Write(line)
	if err != nil {
		a.torn = n > 0
		return n, errors.New(reasonOf(err))
	}
	return n, nil
}

// Close implements [io.Closer].
func (a *auditFile) Close() error {
	a.stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}
