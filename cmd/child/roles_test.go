//go:build unix

package child

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary plays every other process too: "role=NAME" as its first
// argument picks one. It cannot be an environment variable, for the tests set
// the whole environment.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, ok := strings.CutPrefix(os.Args[1], "role="); ok {
			// Not os.Exit, which waits a second under the race detector. A
			// race is still written to stderr, where no test expects it.
			syscall.Exit(play(role, os.Args[2:]))
		}
	}
	// Who runs the tests at a terminal has one that would be found.
	if terminal, err := os.Open("/dev/tty"); err == nil {
		_ = unix.IoctlSetInt(int(terminal.Fd()), unix.TIOCNOTTY, 0)
		terminal.Close()
	}
	os.Exit(m.Run())
}

func play(role string, args []string) int {
	switch role {
	case "supervise":
		return supervise(args, os.Stdout, os.Stderr)
	case "masked":
		return masked(args)
	case "sees":
		return sees()
	case "shell":
		return shell(args)
	case "exec":
		err := Exec(args, os.Environ())
		fmt.Fprintln(os.Stderr, err)
		return Code(err)
	case "exit":
		return number(args[0])
	case "die":
		check(syscall.Kill(os.Getpid(), syscall.Signal(number(args[0]))))
		time.Sleep(time.Hour) // a select of nothing is a deadlock to the runtime, which would end it with code 2
	case "show": // arguments, then the environment
		fmt.Printf("%d\x00%s", os.Getpid(), strings.Join(append(args, os.Environ()...), "\x00"))
	case "cat":
		_, err := io.Copy(os.Stdout, os.Stdin)
		check(err)
	case "both":
		fmt.Fprint(os.Stdout, "out")
		fmt.Fprint(os.Stderr, "err")
	case "flood":
		for {
			if _, err := os.Stdout.WriteString("flood\n"); err != nil {
				return 1
			}
		}
	case "signals":
		return reportSignals("")
	case "pair": // two processes of one group
		grandchild := exec.Command(os.Args[0], "role=signals-second")
		grandchild.Stdout = os.Stdout
		check(grandchild.Start())
		reportSignals("")
		checkEnded7(grandchild.Wait())
		return 7
	case "signals-second":
		return reportSignals("second ")
	case "late": // leaves somebody behind who writes after we have ended
		r, w, err := os.Pipe()
		check(err)
		heir := exec.Command(os.Args[0], "role=after-eof")
		heir.Stdin, heir.Stdout = r, os.Stdout
		check(heir.Start())
		kept = w
		return 3
	case "after-eof":
		_, err := io.Copy(io.Discard, os.Stdin)
		check(err)
		fmt.Print("late")
	case "heir": // leaves somebody behind who keeps our stdout open
		heir := exec.Command(os.Args[0], "role=ready-until-eof")
		heir.Stdin, heir.Stdout = os.Stdin, os.Stdout
		heir.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		check(heir.Start())
		return 3
	case "stays": // with somebody beside who is not told to end, and writes at last
		heir := exec.Command(os.Args[0], "role=after-eof")
		heir.Stdin, heir.Stdout = os.Stdin, os.Stdout
		heir.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		check(heir.Start())
		fmt.Println("ready")
		time.Sleep(time.Hour) // a select of nothing is a deadlock to the runtime, which would end it with code 2
	case "ready-until-eof":
		fmt.Println("ready")
		_, err := io.Copy(io.Discard, os.Stdin)
		check(err)
	default:
		panic("no such role: " + role)
	}
	return 0
}

// kept is held open until the process ends.
var kept *os.File

// supervise is what the run command does. A child left behind is exit 99.
func supervise(args []string, stdout, stderr io.Writer) int {
	code, err := Run(context.Background(), args, os.Environ(), os.Stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		fmt.Fprintln(os.Stderr, "a child is left:", pid, err)
		return 99
	}
	return code
}

// shell runs args as the foreground job of the terminal that is its stdin,
// and wakes the job when it stops.
func shell(args []string) int {
	job := exec.Command(args[0], args[1:]...)
	job.Stdin, job.Stdout, job.Stderr = os.Stdin, os.Stdout, os.Stderr
	job.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0}
	check(job.Start())
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(job.Process.Pid, &status, unix.WUNTRACED, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			panic(err)
		case status.Stopped():
			fmt.Println("stopped", unix.SignalName(status.StopSignal()))
			check(unix.Kill(-job.Process.Pid, unix.SIGCONT))
		case status.Signaled():
			return 128 + int(status.Signal())
		case status.Exited():
			return status.ExitStatus()
		}
	}
}

// reportSignals writes a line for each signal it gets, after one that says
// "ready", the pid of its parent, whether it shares its parent's group, and its
// own pid, which job.line takes off. SIGTERM is exit 7.
func reportSignals(prefix string) int {
	signals := make(chan os.Signal, 64)
	catch := []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH, unix.SIGCONT}
	if prefix == "" && os.Getenv("STOPPABLE") == "" {
		catch = append(catch, unix.SIGTSTP)
	}
	for _, sig := range catch {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	group := "own"
	if g, err := unix.Getpgid(os.Getppid()); err == nil && g == unix.Getpgrp() {
		group = "shared"
	}
	fmt.Printf("%sready %d %s pid %d\n", prefix, os.Getppid(), group, os.Getpid())
	for sig := range signals {
		fmt.Println(prefix + unix.SignalName(sig.(syscall.Signal)))
		if sig == unix.SIGTERM {
			return 7
		}
	}
	return 0
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// checkEnded7 is check for the wait for a process that ends with 7.
func checkEnded7(err error) {
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 7 {
		panic(err)
	}
}

func role(name string, args ...string) []string {
	return append([]string{os.Args[0], "role=" + name}, args...)
}

// job is a process of a test with a line reader on its stdout.
type job struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Reader
	pids  []int // those that have said they are ready, to clean up after a failure
}

// start runs argv with a pipe as stdout; setup may change the rest.
func start(t *testing.T, setup func(*exec.Cmd), argv ...string) *job {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Only so that a line that never comes fails here and cleans up.
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	// A file, so that Wait waits for this one process only.
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = stderr
	if setup != nil {
		setup(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	stderr.Close()
	j := &job{t: t, cmd: cmd, lines: bufio.NewReader(r)}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			for _, pid := range j.pids {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		r.Close()
		if text, err := os.ReadFile(stderr.Name()); err != nil || len(text) > 0 {
			t.Errorf("stderr: %s %v", text, err)
		}
	})
	return j
}

func (j *job) line() string {
	j.t.Helper()
	line, err := j.lines.ReadString('\n')
	if err != nil {
		j.t.Fatalf("reading a line: %v", err)
	}
	line = strings.TrimSuffix(line, "\n")
	if text, pid, ok := strings.Cut(line, " pid "); ok {
		j.pids = append(j.pids, number(pid))
		return text
	}
	return line
}

func (j *job) expect(want string) {
	j.t.Helper()
	if got := j.line(); got != want {
		j.t.Fatalf("line %q, want %q", got, want)
	}
}

// expectEnd is expect for a signal that SIGCONT is sent with: which one a program is
// told of first is the system's.
func (j *job) expectEnd(want string) {
	j.t.Helper()
	got := j.line()
	if got == "SIGCONT" {
		got = j.line()
	}
	if got != want {
		j.t.Fatalf("line %q, want %q", got, want)
	}
}

func (j *job) signal(sig syscall.Signal) {
	j.t.Helper()
	if err := j.cmd.Process.Signal(sig); err != nil {
		j.t.Fatal(err)
	}
}

func (j *job) exits(want int) {
	j.t.Helper()
	_ = j.cmd.Wait()
	if got := j.cmd.ProcessState.ExitCode(); got != want {
		j.t.Fatalf("%v, want exit code %d", j.cmd.ProcessState, want)
	}
}
