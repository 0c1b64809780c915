package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// batch is one long-lived `git cat-file --batch`: the second reader, for
// SHA-256 repositories, promised objects and whatever our own does not know.
// What it says is hashed again like everything else.
type batch struct {
	repo *Repo
	turn chan struct{} // holds a token while in use, so that waiting obeys a context

	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *tail
	stop   context.CancelFunc
}

// read asks for one object. A missing one is ErrMissing; the content is not yet
// verified.
func (b *batch) read(ctx context.Context, h Hash, max int64) (ObjectType, []byte, error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return 0, nil, context.Cause(ctx)
	}
	if b.cmd == nil {
		if err := b.start(); err != nil {
			return 0, nil, err
		}
	}
	// A read cannot be interrupted, so a cancelled caller ends the process; the
	// next one starts another.
	unhook := context.AfterFunc(ctx, b.stop)
	typ, data, err := b.ask(h, max)
	unhook()
	big, isBig := errors.AsType[*TooLargeError](err)
	if err == nil || errors.Is(err, ErrMissing) || isBig && big.skipped {
		return typ, data, err
	}
	died := b.end()
	if ctx.Err() != nil {
		return 0, nil, context.Cause(ctx)
	}
	if !isBig {
		// Before 2.44 git dies when a promised object cannot be fetched.
		if strings.Contains(died, "could not fetch") || strings.Contains(died, "promisor") {
			return 0, nil, missing(h)
		}
		err = &GitError{Args: []string{"cat-file", "--batch"}, Stderr: strings.TrimSpace(died + "\n" + err.Error()), Code: -1}
	}
	return 0, nil, err
}

// maxSkip is what is read and dropped of an object over the caller's limit;
// for a larger one it is cheaper to end the process.
const maxSkip = 8 << 20

func skip(r io.Reader, n int64) bool {
	_, err := io.CopyN(io.Discard, r, n)
	return err == nil
}

// start runs the process. It outlives the call, so it has a context of its own.
func (b *batch) start() error {
	ctx, stop := context.WithCancel(context.Background())
	cmd, stderr, err := b.repo.command(ctx, "cat-file", "--batch")
	if err != nil {
		stop()
		return err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		stop()
		return err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return fmt.Errorf("git cat-file: %w", err)
	}
	b.cmd, b.in, b.out, b.stderr, b.stop = cmd, in, bufio.NewReaderSize(out, 64<<10), stderr, stop
	return nil
}

// ask does one round: "ID LF" out, "ID TYPE SIZE LF CONTENT LF" or "ID missing LF" in.
func (b *batch) ask(h Hash, max int64) (ObjectType, []byte, error) {
	if _, err := io.WriteString(b.in, string(h)+"\n"); err != nil {
		return 0, nil, errors.New("process ended")
	}
	line, err := b.out.ReadSlice('\n')
	if err != nil {
		return 0, nil, errors.New("process ended")
	}
	f := strings.Split(strings.TrimSuffix(string(line), "\n"), " ")
	if len(f) == 2 && f[0] == string(h) && f[1] == "missing" {
		return 0, nil, missing(h)
	}
	if len(f) != 3 || f[0] != string(h) || parseType(f[1]) == 0 {
		return 0, nil, errors.New("unexpected answer")
	}
	size, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || size < 0 {
		return 0, nil, errors.New("unexpected answer")
	}
	if size > max {
		err := &TooLargeError{Name: string(h), Size: size, Max: max}
		if size <= maxSkip {
			err.skipped = skip(b.out, size+1)
		}
		return 0, nil, err
	}
	data, err := readSized(io.LimitReader(b.out, size), size)
	if err != nil {
		return 0, nil, errors.New("process ended")
	}
	if c, err := b.out.ReadByte(); err != nil || c != '\n' {
		return 0, nil, errors.New("unexpected answer")
	}
	return parseType(f[1]), data, nil
}

// end stops the process and returns what it said on stderr. The caller has the turn.
func (b *batch) end() string {
	if b.cmd == nil {
		return ""
	}
	b.in.Close()
	b.stop()
	// Wait's error is that we killed it, or what stderr says.
	_ = b.cmd.Wait()
	b.cmd = nil
	return b.stderr.String()
}

// close ends the process if there is one, after the call that uses it.
func (b *batch) close() {
	b.turn <- struct{}{}
	b.end()
	<-b.turn
}
