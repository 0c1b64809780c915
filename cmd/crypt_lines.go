package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// linesAtOnce is how many bytes of lines are read, and about how many written, in one
// piece.
const linesAtOnce = 64 << 10

// eachLine hands each line of stdin to do, without the LF that ends it, and prints as a
// line what do appends to out. line is good until do returns. It returns how many lines
// there were. An error names its line, never the text, and ends it: the lines before are
// printed. Memory is bounded by the longest line, of which max bytes are the limit; what
// says what a line is. What is done is printed before more is waited for.
func (c *cli) eachLine(what string, max int, do func(out, line []byte) ([]byte, error)) (lines int, err error) {
	var out []byte // whole lines, so that none is torn whatever ends us
	var failed error
	print := func() error {
		if len(out) > 0 && failed == nil {
			failed = c.writeStdout(out)
		}
		out = out[:0]
		return failed
	}
	in := lineReader{r: bufio.NewReaderSize(&stoppable{c, print}, linesAtOnce), max: max}
	for {
		line, err := in.next()
		var more []byte
		switch {
		case errors.Is(err, io.EOF):
			return lines, print()
		case errors.Is(err, errLongLine):
			err = usage(nil, "%s is larger than %d bytes, which is the limit", what, max)
		case err != nil:
			if print() != nil {
				return lines, failed
			}
			return lines, stdinError(err)
		default:
			more, err = do(out, line)
		}
		if err != nil {
			if print() != nil {
				return lines, failed
			}
			return lines, fmt.Errorf("line %d: %w; written before it: %s", lines+1, err, count(lines, "line"))
		}
		lines++
		if out = append(more, '\n'); len(out) >= linesAtOnce {
			if print() != nil {
				return lines, failed
			}
		}
	}
}

// refuseTyping is for a command that takes lines: at a terminal they would be shown as
// they are typed.
func (c *cli) refuseTyping(again string) error {
	if !c.StdinTTY {
		return nil
	}
	return usage([]string{again + " < FILE"}, "lines come from a file or a pipe, not from a terminal")
}

// stoppable is stdin, until the command is to end. before is called before each read,
// which may wait.
type stoppable struct {
	*cli
	before func() error
}

// Read implements [io.Reader]. After context.Canceled p is not to be used: the read may
// still go on.
func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.before(); err != nil {
		return 0, err
	}
	data, err := orDone(s.done, func() ([]byte, error) {
		n, err := s.Stdin.Read(p)
		return p[:n], err
	})
	return len(data), err
}

var errLongLine = errors.New("line too long")

// lineReader reads lines of at most max bytes.
type lineReader struct {
	r    *bufio.Reader
	max  int
	long []byte // a line that is longer than r holds
}

// next returns the next line without its LF, good until the next call. The last one need
// not have one. Errors: io.EOF, errLongLine, those of reading.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= l.max {
			l.long = append(l.long, line...)
			line, err = l.r.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	ended := len(line) > 0 && line[len(line)-1] == '\n'
	switch {
	case ended:
		line = line[:len(line)-1]
	case len(line) > l.max: // where the rest of it was not read
	case err != nil && !(errors.Is(err, io.EOF) && len(line) > 0):
		return nil, err
	}
	if len(line) > l.max {
		return nil, errLongLine
	}
	return line, nil
}
