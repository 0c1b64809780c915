//go:build unix

package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// listen keeps the default action of a signal away while a test sends it.
func listen(t *testing.T, sig os.Signal) chan os.Signal {
	t.Helper()
	heard := make(chan os.Signal, 8)
	signal.Notify(heard, sig)
	t.Cleanup(func() { signal.Stop(heard) })
	return heard
}

func kill(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
}

func TestInterruptEndsContext(t *testing.T) {
	heard := listen(t, syscall.SIGTERM)
	i := newInterrupts(t.Context())
	i.catch()
	kill(t, syscall.SIGTERM)
	<-i.ctx.Done()
	var by *interrupted
	if !errors.As(context.Cause(i.ctx), &by) || by.code() != 143 {
		t.Errorf("cause %v, want SIGTERM, code 143", context.Cause(i.ctx))
	}
	<-heard
	i.release()
}

func TestReleasedSignalsAreNotOurs(t *testing.T) {
	heard := listen(t, syscall.SIGTERM)
	i := newInterrupts(t.Context())
	i.catch()
	i.release()
	kill(t, syscall.SIGTERM)
	<-heard
	if err := i.ctx.Err(); err != nil {
		t.Errorf("context ended by a signal that was released: %v", err)
	}
}

// However a signal and the release fall together, exactly one side has it.
func TestNoSignalIsLostAtRelease(t *testing.T) {
	heard := listen(t, syscall.SIGTERM)
	for range 200 {
		i := newInterrupts(t.Context())
		i.catch()
		go func() { _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) }() // cannot fail: it is our own process
		select {                                                       // by chance before or after
		case <-heard:
			i.release()
			if i.ctx.Err() == nil {
				t.Fatal("a signal that came before the release is lost")
			}
		default:
			i.release()
			<-heard
		}
	}
}

func TestOrDone(t *testing.T) {
	done := make(chan struct{})
	data, err := orDone(done, func() ([]byte, error) { return []byte("x"), nil })
	if string(data) != "x" || err != nil {
		t.Errorf("orDone = %q, %v", data, err)
	}
	close(done)
	block := make(chan struct{})
	defer close(block)
	if _, err := orDone(done, func() ([]byte, error) { <-block; return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("orDone of a read that blocks = %v, want Canceled", err)
	}
	if _, err := orDone(nil, func() ([]byte, error) { return nil, os.ErrClosed }); !errors.Is(err, os.ErrClosed) {
		t.Errorf("orDone without done = %v", err)
	}
}
