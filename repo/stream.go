package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// stream runs git and has read take its stdout as it comes. read says whether it
// wanted all of it; if not, git is ended, and how it ended is no error.
func (r *Repo) stream(ctx context.Context, args []string, read func(*bufio.Reader) (more bool, err error)) error {
	return r.streamFrom(ctx, nil, args, read)
}

// streamFrom is stream of a git that is given stdin.
func (r *Repo) streamFrom(ctx context.Context, stdin io.Reader, args []string, read func(*bufio.Reader) (more bool, err error)) error {
	_, err := r.streamBoth(ctx, stdin, args, read)
	return err
}

// streamBoth is streamFrom with the cleaned stderr, also of a child that succeeded.
func (r *Repo) streamBoth(ctx context.Context, stdin io.Reader, args []string, read func(*bufio.Reader) (more bool, err error)) (said string, err error) {
	own, stop := context.WithCancel(ctx)
	defer stop()
	cmd, stderr, err := r.command(own, args...)
	if err != nil {
		return "", err
	}
	cmd.Stdin = stdin
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w", verb(args), err)
	}
	more, err := read(bufio.NewReaderSize(out, 64<<10))
	// A git that went away says itself why.
	cut := errors.Is(err, io.ErrUnexpectedEOF)
	if !more || err != nil && !cut {
		stop()
	}
	ended := cmd.Wait() // also when stopped, to reap it
	if more && (err == nil || cut) {
		if failed := wrapGit(ctx, args, stderr, ended); failed != nil {
			return "", failed
		}
	}
	return stderr.String(), err
}

// logItem reads up to a NUL and keeps the first max bytes; long says that there
// were more. io.EOF only when nothing is left.
func logItem(in *bufio.Reader, max int) (item string, long bool, err error) {
	var b []byte
	for any := false; ; any = true {
		part, err := in.ReadSlice(0)
		text, ended := bytes.CutSuffix(part, []byte{0})
		room := max - len(b)
		long = long || len(text) > room
		b = append(b, text[:min(room, len(text))]...)
		switch {
		case ended:
			return string(b), long, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (any || len(part) > 0):
			return "", false, io.ErrUnexpectedEOF
		default:
			return "", false, err
		}
	}
}

// nextItem is logItem where one must follow.
func nextItem(in *bufio.Reader, max int) (item string, long bool, err error) {
	item, long, err = logItem(in, max)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return item, long, err
}
