package child

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// errNoProgram reports an empty argv.
var errNoProgram = errors.New("no program given")

// Run starts the program argv[0], found as the package doc says, with the
// arguments argv and exactly the environment env, and waits for it. While it
// does, it catches the signals of this process and sends them on as the
// package doc says; two at once both do.
//
// A stream that is an *os.File is the program's own; another is copied; nil
// is the null device. The writers are used from other goroutines, until Run
// returns. stdout and stderr may be the same writer, which is then never used
// by two goroutines at once.
//
// code is the program's exit code, 128+N if signal N ended it. If err is not
// nil, code is its Code: the program did not start ([*NotFoundError],
// [*NotExecutableError], [*TooLargeError], [*Error]), or a writer failed and
// output was lost ([*Error]).
//
// When ctx ends, the program gets SIGTERM (its group, without a terminal); on
// Windows it is killed. Run still waits for it.
func Run(ctx context.Context, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (code int, err error) {
	code, err = run(ctx, argv, env, stdin, stdout, stderr)
	if err != nil {
		return Code(err), err
	}
	return code, nil
}

func run(ctx context.Context, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if len(argv) == 0 {
		return 0, &Error{"starting the program", errNoProgram}
	}
	if err := ctx.Err(); err != nil {
		return 0, &Error{"starting the program", err}
	}
	file, err := lookPath(argv[0], env)
	if err != nil {
		return 0, err
	}
	// A nil Env would be the process's own.
	cmd := &exec.Cmd{Path: file, Args: argv, Env: append([]string{}, env...)}
	term := findTerminal(stdin, stdout, stderr)
	setGroup(cmd, term)
	pipes, err := connect(cmd, stdin, stdout, stderr)
	if err != nil {
		return 0, &Error{"making a pipe", err}
	}

	// Caught before the start: a signal that comes in between waits in the
	// channel. Every signal of the set fits in it once.
	signals := make(chan os.Signal, 32)
	notify(signals, term)
	defer signal.Stop(signals)

	if err := cmd.Start(); err != nil {
		pipes.closeAll()
		return 0, startError(argv, env, err)
	}
	pipes.start()

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := forward(ctx, cmd, term, signals, ended); err != nil {
		return 0, &Error{"waiting for the program", err}
	}
	pipes.drain(ctx, signals)
	if err := pipes.wait(); err != nil {
		return 0, &Error{"copying the program's output", err}
	}
	return exitCode(cmd.ProcessState), nil
}

// forward sends signals on until the program has ended and been reaped.
func forward(ctx context.Context, cmd *exec.Cmd, term *os.File, signals <-chan os.Signal, ended <-chan error) error {
	done := ctx.Done()
	for {
		select {
		case sig := <-signals:
			send(cmd, term, sig)
		case <-done:
			done = nil
			stop(cmd, term)
		case err := <-ended:
			if cmd.ProcessState == nil {
				return err
			}
			return nil // any other error is only its exit code
		}
	}
}
