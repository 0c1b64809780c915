package mask

import (
	"errors"
	"fmt"
	"io"
)

// errClosed reports a Write after Close.
var errClosed = errors.New("write to a mask that is closed")

// piece is how much is looked at in one go, in bytes, besides what is held.
const piece = 32 << 10

// Writer hands on what is written to it, with [Text] in place of values. It is
// for one goroutine at a time, and prints as "[mask]".
type Writer struct {
	s *stream
}

// stream is a Writer. What is undecided is held: the longest end of the text
// so far that a needle begins with, and is longer than.
type stream struct {
	t *table
	w io.Writer

	held    []byte
	covered int    // so many of held stand behind a mask that is already written
	out     []byte // for w
	err     error  // the first failure, or errClosed
}

// Write hands p on, as far as it can be no beginning of a value. It does not
// keep p. An error of the writer behind, or its short write ([io.ErrShortWrite]),
// is returned, with n 0 whatever got through, and again by every later call:
// what was held is lost.
func (w *Writer) Write(p []byte) (n int, err error) { return w.s.write(p) }

// Close hands on what was held, and does not close the writer behind. Again it
// does nothing. Nothing can be written afterwards.
func (w *Writer) Close() error { return w.s.close() }

// Format implements [fmt.Formatter] for every verb.
func (w Writer) Format(f fmt.State, _ rune) { io.WriteString(f, maskText) }

// String returns "[mask]".
func (w Writer) String() string { return maskText }

func (s *stream) write(p []byte) (int, error) {
	for rest := p; len(rest) > 0 && s.err == nil; {
		next := rest[:min(len(rest), piece)]
		rest = rest[len(next):]
		data := next
		if len(s.held) > 0 {
			s.held = append(s.held, next...)
			data = s.held
		}
		from := s.scan(data, false)
		s.held = append(s.held[:0], data[from:]...)
		s.err = s.flush()
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(p), nil
}

func (s *stream) close() error {
	if s.err == nil {
		s.scan(s.held, true)
		s.held = nil
		if s.err = s.flush(); s.err == nil {
			s.err = errClosed
		}
	}
	if s.err == errClosed {
		return nil
	}
	return s.err
}

// scan puts into out what is decided of data, and returns where the rest
// begins; with end, all is decided.
func (s *stream) scan(data []byte, end bool) (rest int) {
	covered, i := s.covered, 0 // data[:covered] is dealt with
	for ; ; i++ {
		if i = s.t.candidate(data, i); i == len(data) {
			break
		}
		length, more := s.t.at(data[i:])
		if length > 0 {
			// Where two values overlap there is one mask for both.
			if i >= covered {
				s.out = append(append(s.out, data[covered:i]...), Text...)
			}
			covered = max(covered, i+length)
		}
		if more && !end {
			break
		}
	}
	if covered < i {
		s.out = append(s.out, data[covered:i]...)
	}
	s.covered = max(0, covered-i)
	return i
}

// flush writes out.
func (s *stream) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	n, err := s.w.Write(s.out)
	if err == nil && n < len(s.out) {
		err = io.ErrShortWrite
	}
	s.out = s.out[:0]
	return err
}
