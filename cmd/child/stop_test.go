//go:build unix

package child

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// said is a writer that tells when it was first written to.
type said struct {
	mu    sync.Mutex
	text  bytes.Buffer
	first chan struct{}
}

func (w *said) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.text.Len() == 0 {
		close(w.first)
	}
	return w.text.Write(p)
}

func (w *said) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// Who outlives a program that was told to end does not keep Wait, and can go on to
// write, or is given up.
func TestStopLeavesHeirs(t *testing.T) {
	for _, abandon := range []bool{false, true} {
		r, w, err := os.Pipe() // the heir ends when w is closed
		if err != nil {
			t.Fatal(err)
		}
		out := &said{first: make(chan struct{})}
		p, err := Start(role("stays"), nil, r, out, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		<-out.first
		p.Stop()
		code, err := p.Wait(t.Context())
		if code != 128+int(unix.SIGTERM) || err != nil {
			t.Errorf("%d, %v", code, err)
		}
		<-p.Ended()
		select {
		case <-p.Copied():
			t.Error("nobody outlives the program")
		default:
		}
		want := "ready\n"
		if abandon {
			p.Abandon()
		} else {
			want += "late"
		}
		w.Close()
		<-p.Copied()
		if got := out.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What can be known before a start is: the rest is the system's to refuse.
func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := "PATH=/bin:/usr/bin"
	for _, tt := range []struct {
		argv, env []string
		code      int
	}{
		{nil, nil, CodeFailed},
		{[]string{"sh"}, []string{path}, 0},
		{[]string{"sh"}, []string{"PATH=/nowhere"}, CodeNotFound},
		{[]string{file}, nil, CodeNotExecutable},
	} {
		if err := Check(tt.argv, tt.env); Code(err) != tt.code {
			t.Errorf("%q: %v, want %d", tt.argv, err, tt.code)
		}
	}
	// Never more than the system itself refuses, and all of it but a few bytes.
	for size := 120 << 10; size <= 8<<20; size += 1500 + size/4 {
		for _, one := range []int{size, 60 << 10} {
			env := []string{path}
			for left := size; left > 0; left -= one {
				env = append(env, fmt.Sprintf("A%d=%s", left, strings.Repeat("x", min(left, one))))
			}
			_, err := Run(t.Context(), []string{"true"}, env, nil, nil, nil)
			var known, large *TooLargeError
			errors.As(Check([]string{"true"}, env), &known)
			errors.As(err, &large)
			if known != nil && large == nil || runtime.GOOS == "linux" && known == nil && large != nil {
				t.Errorf("%d bytes in parts of %d: %v, and the start: %v", size, one, known, large)
			}
		}
	}
}

// What may be a value is not shown; a file that is there is no value.
func TestNoProgram(t *testing.T) {
	const canary = "CANARYtyped"
	odd := filepath.Join(t.TempDir(), "my program")
	if err := os.WriteFile(odd, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 5000)
	for program, code := range map[string]int{
		"KEY=" + canary: CodeNotFound, "echo " + canary: CodeNotFound, "KEY=https://x/" + canary: CodeNotFound,
		"KEY=/" + long + canary: CodeNotExecutable,
	} {
		_, err := Find(program, []string{"PATH=/bin"})
		if err == nil || strings.Contains(err.Error(), canary) || Code(err) != code {
			t.Errorf("%v, code %d", err, Code(err))
		}
	}
	if _, err := Find(odd, nil); err == nil || !strings.Contains(err.Error(), "my program") {
		t.Errorf("%v, want the name", err)
	}
}
