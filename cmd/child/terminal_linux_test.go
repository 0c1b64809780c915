package child

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a new pseudo-terminal.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// supervisors are the ways of a supervisor to treat a stdout that is no terminal.
var supervisors = []string{"supervise", "masked"}

// atTerminal starts a shell that leads the terminal's session and runs the
// supervisor as its foreground job. Its stdout is a pipe.
func atTerminal(t *testing.T, kind string, program ...string) (master *os.File, j *job, supervisor int) {
	t.Helper()
	master, slave := openTerminal(t)
	j = start(t, func(cmd *exec.Cmd) {
		cmd.Stdin = slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	}, role("shell", role(kind, program...)...)...)
	slave.Close()
	var group string
	if _, err := fmt.Sscanf(j.line(), "ready %d %s", &supervisor, &group); err != nil || group != "shared" {
		t.Fatalf("first line: %v, group %s, want shared", err, group)
	}
	return master, j, supervisor
}

func typeKey(t *testing.T, master *os.File, key byte) {
	t.Helper()
	if _, err := master.Write([]byte{key}); err != nil {
		t.Fatal(err)
	}
}

func TestTerminalInterruptsOnce(t *testing.T) {
	for _, kind := range supervisors {
		master, j, supervisor := atTerminal(t, kind, role("signals")...)
		for range 20 {
			typeKey(t, master, 0x03)
			j.expect("SIGINT")
			typeKey(t, master, 0x1c)
			j.expect("SIGQUIT")
			// Sent on after whatever else the supervisor had to send, so a second
			// SIGINT or SIGQUIT would come first.
			if err := unix.Kill(supervisor, unix.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			j.expect("SIGUSR1")
		}
		if err := unix.Kill(supervisor, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		j.expectEnd("SIGTERM")
		j.exits(7)
	}
}

func TestTerminalStops(t *testing.T) {
	for _, kind := range supervisors {
		master, j, supervisor := atTerminal(t, kind, "env", "STOPPABLE=1", os.Args[0], "role=signals")
		for range 3 {
			typeKey(t, master, 0x1a)
			got := map[string]bool{j.line(): true, j.line(): true}
			if !got["stopped SIGTSTP"] || !got["SIGCONT"] {
				t.Fatalf("lines %v, want the job stopped and the program continued", got)
			}
		}
		if err := unix.Kill(supervisor, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		j.expectEnd("SIGTERM")
		j.exits(7)
	}
}

// At a terminal whose foreground we are not, nobody else sends SIGINT.
func TestInterruptFromElsewhere(t *testing.T) {
	_, slave := openTerminal(t)
	j := start(t, func(cmd *exec.Cmd) { cmd.Stdin = slave }, role("supervise", role("signals")...)...)
	j.expect(fmt.Sprintf("ready %d shared", j.cmd.Process.Pid))
	j.signal(unix.SIGINT)
	got := map[string]bool{j.line(): true, j.line(): true} // Go delivers in any order
	if !got["SIGINT"] || !got["SIGCONT"] {
		t.Fatalf("lines %v", got)
	}
	j.signal(unix.SIGTERM)
	j.expectEnd("SIGTERM")
	j.exits(7)
}

// The program has the terminal itself: it can read a line from it.
func TestTerminalIsInteractive(t *testing.T) {
	master, slave := openTerminal(t)
	j := start(t, func(cmd *exec.Cmd) {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	}, role("supervise", "sh", "-c", `test -t 0 && test -t 1 && test -t 2 && echo ready; read line </dev/tty; echo "got $line"; exit 4`)...)
	screen := bufio.NewReader(master)
	line, err := screen.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "ready" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := master.WriteString("hello\n"); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(line, "got hello") {
		if line, err = screen.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	j.exits(4)
}
