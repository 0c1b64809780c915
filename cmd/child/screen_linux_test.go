package child

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// screen is a terminal with a process that leads its session.
type screen struct {
	t      *testing.T
	master *os.File
	out    *bufio.Reader
	cmd    *exec.Cmd
}

// onScreen starts argv at a terminal of 80 by 24; setup may change the streams.
func onScreen(t *testing.T, setup func(*exec.Cmd), argv ...string) *screen {
	t.Helper()
	master, slave := openTerminal(t)
	if err := pty.Setsize(master, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if setup != nil {
		setup(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	// Only so that a line that never comes fails: the terminal goes with its leader.
	guard := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		guard.Stop()
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return &screen{t: t, master: master, out: bufio.NewReader(master), cmd: cmd}
}

// until reads lines up to one that begins so, and returns what follows in it.
func (s *screen) until(prefix string) string {
	s.t.Helper()
	var seen []string
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatalf("screen %q, %v, want %q", seen, err, prefix)
		}
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return rest
		}
		seen = append(seen, line)
	}
}

func (s *screen) types(keys string) {
	s.t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) line() string {
	s.t.Helper()
	return s.until("")
}

// stopped waits until a process that is no child of ours has stopped.
func stopped(t *testing.T, pid int) {
	t.Helper()
	for range 1_000_000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if _, state, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(state, "T ") {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("process %d does not stop", pid)
}

// The program has the terminal: all three streams, its size, and each change of
// it once. Nothing is masked on it.
func TestScreen(t *testing.T) {
	s := onScreen(t, nil, role("masked", role("sees")...)...)
	if got := []string{s.line(), s.line()}; got[0] != "0:true 1:true 2:true "+secret || got[1] != got[0] {
		t.Fatalf("%q", got)
	}
	var parent int
	width, height := 80, 24
	for range 20 {
		if _, err := fmt.Sscanf(s.line(), fmt.Sprintf("size %dx%d parent %%d", width, height), &parent); err != nil {
			t.Fatal(err)
		}
		width++
		height += 2
		if err := pty.Setsize(s.master, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
			t.Fatal(err)
		}
	}
	// Sent on after whatever else the supervisor had to send.
	s.until("size ")
	if err := unix.Kill(parent, unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if got := s.line(); got != "SIGUSR1" {
		t.Fatalf("%q: a change of the size came twice", got)
	}
	s.until("size ")
	if err := unix.Kill(parent, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != 7 {
		t.Errorf("%v, want 7", s.cmd.ProcessState)
	}
}

// A stdout that is a pipe is masked; the terminal beside it is the program's own.
func TestMaskedBesideScreen(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := onScreen(t, func(cmd *exec.Cmd) { cmd.Stdout = w }, role("masked", role("sees")...)...)
	w.Close()
	piped, err := bufio.NewReader(r).ReadString('\n')
	if err != nil || piped != "0:true 1:false 2:true [secret]\n" {
		t.Errorf("stdout %q, %v", piped, err)
	}
	if got := s.line(); got != "0:true 1:false 2:true "+secret {
		t.Errorf("stderr %q", got)
	}
	var parent int
	if _, err := fmt.Sscanf(s.line(), "size 80x24 parent %d", &parent); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(parent, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != 7 {
		t.Errorf("%v, want 7", s.cmd.ProcessState)
	}
}

// The job of a real shell: ^Z stops both, fg and bg go on, ^C comes once, and
// the shell gets the exit code.
func TestJobOfShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, redirect := range []string{"", " | (trap '' INT; exec cat)"} {
		s := onScreen(t, func(cmd *exec.Cmd) {
			cmd.Env = []string{"PS1=", "PATH=" + os.Getenv("PATH"), "STOPPABLE=1", "TERM=dumb"}
		},
			bash, "--norc", "--noprofile", "--noediting", "-i")
		s.types("stty -echo; set -o pipefail; echo now quiet\n")
		s.until("now quiet")
		s.types(strings.Join(role("masked", role("signals")...), " ") + redirect + "; echo code $?\n")
		var supervisor, pid int
		if _, err := fmt.Sscanf(s.until("ready "), "%d shared pid %d", &supervisor, &pid); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.types("\x1a")
			if got := s.until("code "); got != "148" {
				t.Fatalf("the shell says %s for a job that was stopped", got)
			}
			stopped(t, supervisor)
			stopped(t, pid)
			s.types("fg; echo code $?\n")
			s.until("SIGCONT")
		}
		s.types("\x03")
		s.until("SIGINT")
		if err := unix.Kill(supervisor, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		got := s.line()
		if got == "SIGCONT" { // which comes with it, before or after
			got = s.line()
		}
		if got != "SIGTERM" {
			t.Fatalf("%q: ^C came twice", got)
		}
		if got := s.until("code "); got != "7" {
			t.Errorf("code %s, want 7", got)
		}
		s.types("exit 0\n")
		if err := s.cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}
