package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts turns SIGINT and SIGTERM into the end of a context, until they are
// released to somebody else: a program that is run gets its signals itself, and
// the command must neither end it twice nor swallow what was meant for it.
type interrupts struct {
	once   sync.Once // catch, or release without it
	ctx    context.Context
	cancel context.CancelCauseFunc
	caught chan os.Signal
	over   chan struct{} // closed by release
	done   chan struct{} // closed when watch has ended
}

// interrupted is the cause of a context that a signal ended.
type interrupted struct{ signal os.Signal }

func (e *interrupted) Error() string { return fmt.Sprintf("interrupted by signal %s", e.signal) }

// code is what a shell reports for a program that the signal ended.
func (e *interrupted) code() int {
	if number, ok := e.signal.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return 130
}

func newInterrupts(ctx context.Context) *interrupts {
	i := &interrupts{caught: make(chan os.Signal, 1), over: make(chan struct{}), done: make(chan struct{})}
	i.ctx, i.cancel = context.WithCancelCause(ctx)
	return i
}

// catch begins; until then signals do what they do by default. Again it does
// nothing.
func (i *interrupts) catch() {
	i.once.Do(func() {
		for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			// Catching what nohup or a shell's & had us ignore would undo that,
			// here and in every program that is run.
			if !signal.Ignored(sig) {
				signal.Notify(i.caught, sig)
			}
		}
		go i.watch()
	})
}

func (i *interrupts) watch() {
	defer close(i.done)
	select {
	case sig := <-i.caught:
		i.cancel(&interrupted{sig})
		signal.Stop(i.caught) // the next one ends a command that hangs
	case <-i.over:
	}
}

// release gives the signals back: from now on they do what they do by default,
// or what the next to catch them does. The context lives on, unless a signal
// came before; none is lost in between. Call it once.
func (i *interrupts) release() {
	i.once.Do(func() { close(i.done) }) // nothing was caught, and nothing will be
	signal.Stop(i.caught)               // after this nothing is sent to the channel any more
	close(i.over)
	<-i.done
	select {
	case sig := <-i.caught:
		i.cancel(&interrupted{sig})
	default:
	}
}

// orDone is read, unless done is closed before it returns: then it gives up with
// context.Canceled. Nobody can interrupt a read of a terminal or a pipe, so that
// read is left behind.
func orDone(done <-chan struct{}, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	ended := make(chan result, 1)
	go func() {
		data, err := read()
		ended <- result{data, err}
	}()
	select {
	case r := <-ended:
		return r.data, r.err
	case <-done:
		return nil, context.Canceled
	}
}
