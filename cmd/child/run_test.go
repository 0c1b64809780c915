//go:build unix

package child

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRunExitCode(t *testing.T) {
	for _, want := range []int{0, 1, 7, 125, 255} {
		code, err := Run(context.Background(), role("exit", strconv.Itoa(want)), nil, nil, nil, nil)
		if code != want || err != nil {
			t.Errorf("exit %d: %d, %v", want, code, err)
		}
	}
	for _, sig := range []syscall.Signal{unix.SIGKILL, unix.SIGTERM, unix.SIGINT, unix.SIGHUP} {
		code, err := Run(context.Background(), role("die", strconv.Itoa(int(sig))), nil, nil, nil, nil)
		if code != 128+int(sig) || err != nil {
			t.Errorf("%v: %d, %v, want %d", sig, code, err, 128+int(sig))
		}
	}
}

func TestRunStreams(t *testing.T) {
	var out, errOut bytes.Buffer
	text := strings.Repeat("0123456789abcdef", 1<<14)
	if code, err := Run(context.Background(), role("cat"), nil, strings.NewReader(text), &out, nil); code != 0 || err != nil || out.String() != text {
		t.Errorf("cat: %d, %v, %d bytes of %d", code, err, out.Len(), len(text))
	}
	out.Reset()
	if code, err := Run(context.Background(), role("both"), nil, nil, &out, &errOut); code != 0 || err != nil || out.String() != "out" || errOut.String() != "err" {
		t.Errorf("two writers: %d, %v, %q, %q", code, err, &out, &errOut)
	}
	out.Reset()
	if code, err := Run(context.Background(), role("both"), nil, nil, &out, &out); code != 0 || err != nil || out.String() != "outerr" {
		t.Errorf("one writer: %d, %v, %q", code, err, &out)
	}
	out.Reset()
	if code, err := Run(context.Background(), role("late"), nil, nil, &out, nil); code != 3 || err != nil || out.String() != "late" {
		t.Errorf("output after the end: %d, %v, %q", code, err, &out)
	}
}

// A file is the program's own: no pipe, no goroutine, the same offset.
func TestRunPassesFiles(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("before "); err != nil {
		t.Fatal(err)
	}
	var none *os.File
	if code, err := Run(context.Background(), role("both"), nil, none, f, f); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if _, err := f.WriteString(" after"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(f.Name()); err != nil || string(got) != "before outerr after" {
		t.Errorf("%q, %v", got, err)
	}
}

// A stdin that never ends does not keep Run.
func TestRunEndlessStdin(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	if code, err := Run(context.Background(), role("exit", "5"), nil, r, nil, nil); code != 5 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestRunBrokenWriter(t *testing.T) {
	code, err := Run(context.Background(), role("flood"), nil, nil, brokenWriter{}, nil)
	if code != CodeFailed || !errors.Is(err, errBroken) {
		t.Errorf("%d, %v", code, err)
	}
}

func TestRunEnvironment(t *testing.T) {
	t.Setenv("FROM_PARENT", "1")
	for _, env := range [][]string{nil, {}, {"A=1", "B=x y\nz=", "C="}} {
		var out bytes.Buffer
		code, err := Run(context.Background(), role("show", "an arg", ""), env, nil, &out, nil)
		if code != 0 || err != nil {
			t.Fatal(code, err)
		}
		got := strings.Split(out.String(), "\x00")[1:]
		if want := append([]string{"an arg", ""}, env...); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRunContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	type result struct {
		code int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		code, err := Run(ctx, role("signals"), nil, nil, w, nil)
		w.Close()
		done <- result{code, err}
	}()
	lines := bufio.NewScanner(r)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), fmt.Sprintf("ready %d own ", os.Getpid())) {
		t.Fatalf("first line %q", lines.Text())
	}
	cancel()
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	if got := <-done; got.code != 7 || got.err != nil || !slices.Contains(rest, "SIGTERM") {
		t.Errorf("%+v after %q", got, rest)
	}
	if code, err := Run(ctx, role("exit", "0"), nil, nil, nil, nil); code != CodeFailed || !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %d, %v", code, err)
	}
}

// Who inherited the output keeps Run only until it is told to stop.
func TestRunAbandonsHeirs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, w, err := os.Pipe() // the heir ends when w is closed
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ready := &readyWriter{ready: make(chan struct{})}
	go func() { <-ready.ready; cancel() }()
	code, err := Run(ctx, role("heir"), nil, r, ready, nil)
	// The program may still have been there to get SIGTERM.
	if err != nil || code != 3 && code != 128+int(unix.SIGTERM) {
		t.Errorf("%d, %v", code, err)
	}
}

type readyWriter struct {
	ready chan struct{}
	done  bool
}

func (w *readyWriter) Write(p []byte) (int, error) {
	if !w.done {
		w.done = true
		close(w.ready)
	}
	return len(p), nil
}

func TestRunLeavesNoGoroutine(t *testing.T) {
	once := func() {
		var out bytes.Buffer
		if _, err := Run(context.Background(), role("cat"), nil, strings.NewReader("x"), &out, &out); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), []string{"no-such-program"}, nil, strings.NewReader("x"), &out, nil); err == nil {
			t.Fatal("no error")
		}
	}
	once() // os/signal keeps one of its own from the first use on
	before, files := runtime.NumGoroutine(), openFiles(t)
	for range 10 {
		once()
	}
	// A goroutine that has closed its channel may need a moment to go.
	for i := 0; runtime.NumGoroutine() > before && i < 1e6; i++ {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	}
	if after := openFiles(t); after > files {
		t.Errorf("%d descriptors before, %d after", files, after)
	}
}

// openFiles counts descriptors where the system shows them.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func TestSignalsReachTheGroup(t *testing.T) {
	j := start(t, nil, role("supervise", role("pair")...)...)
	first := []string{j.line(), j.line()}
	slices.Sort(first)
	if !strings.HasPrefix(first[0], "ready ") || !strings.HasSuffix(first[0], " own") || !strings.HasSuffix(first[1], " shared") {
		t.Fatalf("first lines %q", first)
	}
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH, unix.SIGTERM} {
		j.signal(sig)
		want := []string{unix.SignalName(sig), "second " + unix.SignalName(sig)}
		if sig != unix.SIGTERM && ends(sig) { // and what is stopped is woken
			want = append(want, "SIGCONT", "second SIGCONT")
		}
		var got []string
		for len(got) < len(want) {
			line := j.line()
			if sig == unix.SIGTERM && strings.HasSuffix(line, "SIGCONT") {
				continue // before the end or never
			}
			got = append(got, line)
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Fatalf("%v: lines %q, want %q", sig, got, want)
		}
	}
	j.exits(7)
}

func TestStopAndContinueWithoutTerminal(t *testing.T) {
	j := start(t, nil, role("supervise", role("signals")...)...)
	j.expect(fmt.Sprintf("ready %d own", j.cmd.Process.Pid))
	for range 3 {
		j.signal(unix.SIGTSTP)
		j.expect("SIGTSTP")
		waitStopped(t, j.cmd.Process.Pid)
		j.signal(unix.SIGCONT)
		j.expect("SIGCONT")
	}
	j.signal(unix.SIGTERM)
	j.expectEnd("SIGTERM")
	j.exits(7)
}

// waitStopped waits until a child of the test has stopped.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(pid, &status, unix.WUNTRACED, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || !status.Stopped() {
			t.Fatalf("status %v, %v, want stopped", status, err)
		}
		return
	}
}

// What nohup ignores stays ignored.
func TestIgnoredStaysIgnored(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh is not installed")
	}
	argv := append([]string{sh, "-c", `trap "" HUP; exec "$@"`, "sh"}, role("supervise", role("signals")...)...)
	j := start(t, nil, argv...)
	j.expect(fmt.Sprintf("ready %d own", j.cmd.Process.Pid))
	j.signal(unix.SIGHUP)
	j.signal(unix.SIGUSR1)
	j.expect("SIGUSR1")
	j.signal(unix.SIGTERM)
	j.expectEnd("SIGTERM")
	j.exits(7)
}
