package child

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// beside starts argv with a controlling terminal that is none of its streams.
func beside(t *testing.T, argv ...string) (s *screen, out *bufio.Reader) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s = onScreen(t, func(cmd *exec.Cmd) {
		cmd.Args = append([]string{"sh", "-c", `exec </dev/null 2>&1; exec "$@"`, "sh"}, argv...)
		cmd.Path = "/bin/sh"
		cmd.Stdout = w
	}, "sh")
	w.Close()
	return s, bufio.NewReader(r)
}

func read(t *testing.T, out *bufio.Reader) string {
	t.Helper()
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// readEnd is read of a signal that SIGCONT is sent with, which may come first.
func readEnd(t *testing.T, out *bufio.Reader) string {
	t.Helper()
	line := read(t, out)
	if line == "SIGCONT" {
		line = read(t, out)
	}
	return line
}

// A program none of whose streams is a terminal can ask at the controlling one, and
// gets ^C once.
func TestControllingTerminal(t *testing.T) {
	s, out := beside(t, role("supervise", "sh", "-c", `echo ask; read line </dev/tty; echo "got $line"; exit 4`)...)
	if got := read(t, out); got != "ask" {
		t.Fatalf("%q", got)
	}
	s.types("hello\n")
	if got := read(t, out); got != "got hello" {
		t.Fatalf("%q", got)
	}
	if _ = s.cmd.Wait(); s.cmd.ProcessState.ExitCode() != 4 {
		t.Errorf("%v, want 4", s.cmd.ProcessState)
	}

	s, out = beside(t, role("supervise", role("signals")...)...)
	var supervisor, pid int
	if _, err := fmt.Sscanf(read(t, out), "ready %d shared pid %d", &supervisor, &pid); err != nil {
		t.Fatal(err)
	}
	s.types("\x03")
	if got := read(t, out); got != "SIGINT" {
		t.Fatalf("%q", got)
	}
	if err := unix.Kill(supervisor, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := readEnd(t, out); got != "SIGTERM" {
		t.Fatalf("%q: ^C came twice", got)
	}
	if _ = s.cmd.Wait(); s.cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("%v, want 7", s.cmd.ProcessState)
	}
}

// One that is not ours, as for a job in the background, is left alone.
func TestControllingTerminalOfOthers(t *testing.T) {
	_, out := beside(t, append([]string{"sh", "-c", `set -m; "$@" & wait`, "sh"}, role("supervise", role("signals")...)...)...)
	var supervisor, pid int
	if _, err := fmt.Sscanf(read(t, out), "ready %d own pid %d", &supervisor, &pid); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(supervisor, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := readEnd(t, out); got != "SIGTERM" {
		t.Fatalf("%q", got)
	}
}

// A program that is stopped ends when it is told to.
func TestStoppedProgramEnds(t *testing.T) {
	for _, sig := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT} {
		j := start(t, nil, role("supervise", "sh", "-c", "ulimit -c 0; echo stops pid $$; (kill -STOP $$); exit 1")...)
		j.line()
		pid := j.pids[len(j.pids)-1]
		stopped(t, pid)
		j.signal(sig)
		j.exits(128 + int(sig))
	}
}
