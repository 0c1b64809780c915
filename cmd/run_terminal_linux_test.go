package cmd_test

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

// screen is a pseudo-terminal with a process that leads its session.
type screen struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	out    *bufio.Reader
	cmd    *exec.Cmd
}

func atScreen(t *testing.T, dir string, env []string, argv ...string) *screen {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	n := 0
	if err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err == nil {
		n, err = unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	}
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { slave.Close() })
	s := &screen{t: t, master: master, slave: slave, out: bufio.NewReader(master), cmd: exec.Command(argv[0], argv[1:]...)}
	s.cmd.Dir, s.cmd.Env = dir, env
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	return s
}

// until reads what is on the screen up to a text.
func (s *screen) until(want string) string {
	s.t.Helper()
	var seen strings.Builder
	for !strings.Contains(seen.String(), want) {
		b, err := s.out.ReadByte()
		if err != nil {
			s.t.Fatalf("screen %q, %v, want %q", seen.String(), err, want)
		}
		seen.WriteByte(b)
	}
	return seen.String()
}

func (s *screen) types(keys string) {
	s.t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) ends(want int) {
	s.t.Helper()
	_ = s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != want {
		s.t.Errorf("%v, want exit code %d", s.cmd.ProcessState, want)
	}
}

// ^C at a terminal reaches the program once, and it alone decides what comes of
// it: no SIGTERM from us, and its exit code is ours.
func TestRunAtTerminal(t *testing.T) {
	dir, env := shop(t)
	script := `trap 'echo "got INT"; n=$((n+1)); test $n = 3 && exit 41' INT; trap 'echo "got TERM"' TERM
n=0; echo ready; while :; do read line && echo "line $line"; done`
	s := atScreen(t, dir, env, "pinseal", "run", "--", "sh", "-c", script)
	s.until("ready")
	for i := range 3 {
		s.types("\x03")
		if seen := s.until("got INT"); strings.Contains(seen, "TERM") {
			t.Fatalf("the program got SIGTERM too: %q", seen)
		}
		if i < 2 {
			s.types(fmt.Sprintf("still here %d\n", i))
			if seen := s.until(fmt.Sprintf("line still here %d", i)); strings.Contains(seen, "got") {
				t.Fatalf("^C came more than once: %q", seen)
			}
		}
	}
	s.ends(41)
}

// A program that dies of ^C: 130, as from a shell.
func TestRunDiesOfInterrupt(t *testing.T) {
	dir, env := shop(t)
	s := atScreen(t, dir, env, "pinseal", "run", "--", "sh", "-c", "echo ready; exec cat")
	s.until("ready")
	s.types("\x03")
	s.ends(130)
}

// ^C at a hidden prompt ends the command, and the terminal echoes again.
func TestInterruptAtPrompt(t *testing.T) {
	dir, env := shop(t)
	s := atScreen(t, dir, env, "pinseal", "set", "API_KEY")
	s.until("hidden): ")
	for { // until the prompt has turned the echo off
		mode, err := unix.IoctlGetTermios(int(s.slave.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if mode.Lflag&unix.ECHO == 0 {
			break
		}
	}
	s.types("\x03")
	s.ends(130)
	mode, err := unix.IoctlGetTermios(int(s.slave.Fd()), unix.TCGETS)
	if err != nil || mode.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal does not echo any more: %v", err)
	}
}
