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
	"sync/atomic"
	"syscall"
)

// auditStream is stderr or stdout, which is not ours to close.
type auditStream struct {
	io.Writer
	stop func()
}

// Close implements [io.Closer].
func (a *auditStream) Close() error {
	a.stop()
	return nil
}

// auditFile is a file that lines are appended to. Who rotates it renames it and sends
// SIGHUP. A disk that stalls holds the lines, and neither SIGHUP nor the end.
type auditFile struct {
	path   string
	stop   func()
	file   atomic.Pointer[os.File] // nil when no line can be written
	closed atomic.Bool

	mu   sync.Mutex // of Write alone
	last *os.File   // that was written to
	torn bool       // its last line is not whole
}

// openAudit opens where the audit goes: stderr, stdout for "-", or a file. SIGHUP opens
// a file anew and is nothing to the others.
func (c *cli) openAudit(ctx context.Context, file string) (io.WriteCloser, error) {
	if file == "" || file == "-" {
		a := &auditStream{c.Stderr, func() {}}
		if file == "-" {
			a.Writer = c.Stdout
		}
		// Ignored, it is so for the programs that are started too; and who serves from a
		// terminal that is closed is done.
		if !signal.Ignored(syscall.SIGHUP) && !c.StderrTTY {
			a.stop = onHangup(ctx, func() {})
		}
		return a, nil
	}
	a := &auditFile{path: c.path(file)}
	if err := a.open(); err != nil {
		return nil, fmt.Errorf("audit %q: %w", file, err)
	}
	a.stop = onHangup(ctx, func() {
		if err := a.open(); err != nil {
			c.warn("audit %q: %s: nothing is told until it can be written", file, err)
		}
	})
	return a, nil
}

// onHangup does something at each SIGHUP, which ends nothing, until stop is called.
func onHangup(ctx context.Context, do func()) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // while the server ends too
	go func() {
		for {
			select {
			case <-hangup:
				do()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangup)
		cancel()
	}
}

// open opens the file by its name. When that fails, no line can be written.
func (a *auditFile) open() error {
	f, err := openPlain(a.path)
	if old := a.file.Swap(f); old != nil {
		old.Close()
	}
	if a.closed.Load() {
		a.end()
	}
	return err
}

// openPlain opens what takes lines at once: a pipe does not when nobody reads it, and a
// link may lead to what is somebody else's.
func openPlain(path string) (*os.File, error) {
	odd := errors.New("is neither a file nor a device such as /dev/null")
	takes := func(mode fs.FileMode) bool {
		return mode.IsRegular() || mode.Type() == fs.ModeDevice|fs.ModeCharDevice
	}
	if info, err := os.Lstat(path); err == nil && !takes(info.Mode()) {
		return nil, odd
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|openAtOnce|openNoLink, 0o600)
	if err != nil {
		return nil, errors.New(reasonOf(err))
	}
	if info, err := f.Stat(); err != nil || !takes(info.Mode()) {
		f.Close()
		return nil, odd
	}
	return f, nil
}

// Write implements [io.Writer]: one line, whole. A part of one, which a full disk
// leaves, gets a line of its own.
func (a *auditFile) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		f := a.file.Load()
		if f == nil {
			return 0, errors.New("the file is not open")
		}
		n, err := a.write(f, line)
		if errors.Is(err, os.ErrClosed) && n == 0 && a.file.Load() != f {
			continue // it was opened anew meanwhile
		}
		if err != nil {
			err = errors.New(reasonOf(err))
		}
		return n, err
	}
}

func (a *auditFile) write(f *os.File, line []byte) (int, error) {
	if a.torn && a.last == f {
		if _, err := f.Write([]byte("\n")); err != nil {
			return 0, err
		}
	}
	n, err := f.Write(line)
	a.last, a.torn = f, err != nil && n > 0
	return n, err
}

// Close implements [io.Closer]. It does not wait for a line that is being written.
func (a *auditFile) Close() error {
	a.stop()
	a.closed.Store(true)
	return a.end()
}

func (a *auditFile) end() error {
	if f := a.file.Swap(nil); f != nil {
		return f.Close()
	}
	return nil
}
