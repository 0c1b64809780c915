package cmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

// sameLine is a reader of one line, again and again.
type sameLine struct {
	line string
	at   int
	left int // lines
}

func (r *sameLine) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.left == 0 {
			return n, io.EOF
		}
		copied := copy(p[n:], r.line[r.at:])
		n += copied
		if r.at += copied; r.at == len(r.line) {
			r.at, r.left = 0, r.left-1
		}
	}
	return n, nil
}

// Neither the memory nor what is allocated grows with the number of lines.
func TestLinesMemory(t *testing.T) {
	s := newKeyShop(t)
	payload := s.encrypt(strings.Repeat("v", 64), "--at", "pin:1") + "\n"
	s.run(0, "", "key", "rotate", "K")
	s.commit()
	tests := []struct {
		line string
		args []string
	}{
		{strings.Repeat("v", 64) + "\n", []string{"encrypt", "--lines"}},
		{payload, []string{"decrypt", "--lines"}},
		{payload, []string{"rewrap"}},
	}
	for _, test := range tests {
		allocated := func(lines int) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if code, talk := s.crypt(t.Context(), &sameLine{line: test.line, left: lines}, io.Discard, append(test.args, "-k", "K")...); code != 0 {
				t.Fatalf("%v: exit code %d: %s", test.args, code, talk)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		few, many := allocated(100), allocated(50_000)
		// What is left is a few words for each piece of stdin.
		if many > few+2<<20 {
			t.Errorf("%v: %d bytes allocated for 100 lines, %d for 50,000", test.args, few, many)
		}
	}
}

// brokenWriter takes some bytes and no more.
type brokenWriter struct{ left int }

var errBroken = errors.New("broken pipe")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left < len(p) {
		return w.left, errBroken
	}
	w.left -= len(p)
	return len(p), nil
}

// endless ends the context that it is given once a number of lines has been read.
type endless struct {
	sameLine
	stop  context.CancelFunc
	never chan struct{}
}

func (r *endless) Read(p []byte) (int, error) {
	if r.left == 0 {
		r.stop()
		<-r.never
		return 0, io.EOF
	}
	return r.sameLine.Read(p[:min(len(p), len(r.line))])
}

func TestLinesEnd(t *testing.T) {
	s := newKeyShop(t)
	// Nobody reads any more: it does not go on to the end of stdin.
	in := &sameLine{line: "v\n", left: 1 << 40}
	if code, _ := s.crypt(t.Context(), in, &brokenWriter{1 << 20}, "encrypt", "-k", "K", "--lines"); code != 1 {
		t.Errorf("exit code %d", code)
	}
	// A signal, while stdin waits: what was read is printed in whole lines.
	ctx, stop := context.WithCancel(t.Context())
	waits := &endless{sameLine{line: "v\n", left: 3}, stop, make(chan struct{})}
	defer close(waits.never)
	var out bytes.Buffer
	if code, _ := s.crypt(ctx, waits, &out, "encrypt", "-k", "K", "--lines"); code != 130 || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("exit code %d, printed %q", code, &out)
	}
	ctx, stop = context.WithCancel(t.Context())
	waits = &endless{sameLine{line: "v\n", left: 1}, stop, waits.never}
	out.Reset()
	if code, _ := s.crypt(ctx, waits, &out, "encrypt", "-k", "K"); code != 130 || out.Len() > 0 {
		t.Errorf("exit code %d, printed %q", code, &out)
	}
}
