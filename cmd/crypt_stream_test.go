package cmd

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// asked is a stdin that gives a line at a time, and wants the one before to be answered.
type asked struct {
	t     *testing.T
	lines []string
	given int
	out   *bytes.Buffer
}

func (a *asked) Read(p []byte) (int, error) {
	if got := strings.Count(a.out.String(), "\n"); got != a.given {
		a.t.Errorf("after %d lines, and before more is waited for, %d are printed", a.given, got)
	}
	if a.given == len(a.lines) {
		return 0, io.EOF
	}
	a.given++
	return copy(p, a.lines[a.given-1]+"\n"), nil
}

// What came in is answered before more is waited for: whoever is at the other end of two
// pipes would wait for ever.
func TestLinesAnswered(t *testing.T) {
	s := newKeyShop(t)
	payload := s.encrypt("CANARYv")
	for _, args := range [][]string{{"encrypt", "--lines"}, {"decrypt", "--lines"}, {"rewrap"}} {
		var out bytes.Buffer
		in := &asked{t: t, lines: []string{payload, payload, payload}, out: &out}
		if code, talk := s.crypt(t.Context(), in, &out, append(args, "-k", "K")...); code != 0 || in.given != 3 {
			t.Errorf("%v: exit code %d after %d lines, said %q", args, code, in.given, talk)
		}
	}
}
