package child

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// Process is a program that [Start] has started. Wait for it.
type Process struct {
	cmd      *exec.Cmd
	terminal *os.File
	opened   bool // the terminal, by us
	pipes    *pipes
	signals  chan os.Signal
	ended    chan error
	reaped   chan struct{} // closed when the program has ended
	stopping context.Context
	stop     context.CancelFunc
}

// Start starts a program as [Run] does, and returns while it runs. Signals of this
// process are caught before the program starts, and sent on by Wait: none is lost in
// between. The errors are those of Run for a program that did not start; then nothing
// is caught.
func Start(argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (*Process, error) {
	return StartIf(func() error { return nil }, argv, env, stdin, stdout, stderr)
}

// StartIf is [Start] that asks still, when signals are caught and before the program
// starts. Its error means that the program does not start, and is returned as it is:
// what came before is still's to know, and what comes after is the program's.
func StartIf(still func() error, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (*Process, error) {
	if len(argv) == 0 {
		return nil, &Error{"starting the program", errNoProgram}
	}
	file, err := lookPath(argv[0], env)
	if err != nil {
		return nil, err
	}
	// A nil Env would be the process's own.
	p := &Process{cmd: &exec.Cmd{Path: file, Args: argv, Env: append([]string{}, env...)}}
	p.terminal, p.opened = findTerminal(stdin, stdout, stderr)
	setGroup(p.cmd, p.terminal)
	if p.pipes, err = connect(p.cmd, stdin, stdout, stderr); err != nil {
		p.closeTerminal()
		return nil, &Error{"making a pipe", err}
	}
	// Every signal of the set fits in the channel once.
	p.signals = make(chan os.Signal, 32)
	notify(p.signals, p.terminal)
	if err = still(); err == nil {
		if err = p.cmd.Start(); err != nil {
			err = startError(argv, env, err)
		}
	}
	if err != nil {
		signal.Stop(p.signals)
		p.pipes.closeAll()
		p.closeTerminal()
		return nil, err
	}
	p.pipes.start()
	p.stopping, p.stop = context.WithCancel(context.Background())
	p.ended, p.reaped = make(chan error, 1), make(chan struct{})
	go func() {
		err := p.cmd.Wait()
		close(p.reaped)
		p.ended <- err
	}()
	return p, nil
}

func (p *Process) closeTerminal() {
	if p.opened {
		p.terminal.Close()
	}
}

// Stop has the program asked to end: SIGTERM for it, or for its group without a
// terminal; on Windows it is killed. It does not wait, and may be called at any time,
// more than once, from any goroutine.
func (p *Process) Stop() { p.stop() }

// Ended is closed when the program has ended, though its output may go on.
func (p *Process) Ended() <-chan struct{} { return p.reaped }

// Copied is closed when nothing is copied to a writer any more. After a Stop that may
// be later than Wait returns.
func (p *Process) Copied() <-chan struct{} { return p.pipes.copied }

// Abandon gives up what those who outlive the program still write, and returns when
// the writers are not used any more.
func (p *Process) Abandon() {
	p.pipes.abandon()
	<-p.pipes.copied
}

// Wait waits for the program and sends signals on meanwhile. What it returns is what
// [Run] returns. After a Stop those who outlive the program are waited for no longer
// than a moment: what they write later is copied all the same, see Copied. When ctx
// ends, the program is stopped, and they are given up. Call it once.
func (p *Process) Wait(ctx context.Context) (code int, err error) {
	defer p.closeTerminal()
	defer signal.Stop(p.signals)
	defer p.stop()
	defer context.AfterFunc(ctx, p.stop)()
	err = forward(p.stopping, p.cmd, p.terminal, p.signals, p.ended)
	if err != nil {
		err = &Error{"waiting for the program", err}
		return Code(err), err
	}
	p.pipes.drain(ctx, p.stopping, p.signals)
	if err := p.pipes.failure(); err != nil {
		err = &Error{"copying the program's output", err}
		return Code(err), err
	}
	return exitCode(p.cmd.ProcessState), nil
}
