package child

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
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
// by two goroutines at once, and gets what is written in its order: see
// [SameStream].
//
// code is the program's exit code, 128+N if signal N ended it. If err is not
// nil, code is its Code: the program did not start ([*NotFoundError],
// [*NotExecutableError], [*TooLargeError], [*Error]), or a writer failed and
// output was lost ([*Error]).
//
// When ctx ends, the program gets SIGTERM (its group, without a terminal); on
// Windows it is killed. Run still waits for it.
func Run(ctx context.Context, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (code int, err error) {
	if err := ctx.Err(); err != nil {
		return CodeFailed, &Error{"starting the program", err}
	}
	p, err := Start(argv, env, stdin, stdout, stderr)
	if err != nil {
		return Code(err), err
	}
	return p.Wait(ctx)
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
