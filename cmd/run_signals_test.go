//go:build unix

package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shop makes a repository with one secret in a home of its own, and returns its
// directory and the environment for commands in it.
func shop(t *testing.T) (dir string, env []string) {
	t.Helper()
	top := t.TempDir()
	vars, err := makeHome(filepath.Join(top, "home"))
	if err != nil {
		t.Fatal(err)
	}
	env = append(vars, "PATH="+os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0")
	dir = filepath.Join(top, "shop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"git init -q", "pinseal init shop", "pinseal set API_KEY"} {
		words := strings.Fields(line)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir, cmd.Env, cmd.Stdin = dir, env, strings.NewReader("CANARYsignal")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	return dir, env
}

// session is a process with a pipe on either side.
type session struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err *strings.Builder
}

func startIn(t *testing.T, dir string, env []string, argv ...string) *session {
	t.Helper()
	s := &session{t: t, cmd: exec.Command(argv[0], argv[1:]...), err: &strings.Builder{}}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, env, s.err
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // away from the terminal of who runs the tests
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			s.in.Close()
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	return s
}

func (s *session) expect(want string) {
	s.t.Helper()
	line, err := s.out.ReadString('\n')
	if err != nil || strings.TrimSuffix(line, "\n") != want {
		s.t.Fatalf("line %q, %v, want %q; stderr: %s", line, err, want, s.err)
	}
}

func (s *session) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// ends waits for the end, with nothing more on stdout and nothing on stderr.
func (s *session) ends(want int) {
	s.t.Helper()
	rest, err := io.ReadAll(s.out)
	if err != nil || len(rest) > 0 {
		s.t.Errorf("more output: %q, %v", rest, err)
	}
	_ = s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != want {
		s.t.Errorf("%v, want exit code %d", s.cmd.ProcessState, want)
	}
	if s.err.Len() > 0 {
		s.t.Errorf("stderr: %s", s.err)
	}
}

func TestRunPassesSignals(t *testing.T) {
	dir, env := shop(t)
	for sig, name := range map[syscall.Signal]string{
		syscall.SIGINT: "INT", syscall.SIGTERM: "TERM", syscall.SIGHUP: "HUP", syscall.SIGQUIT: "QUIT", syscall.SIGUSR1: "USR1",
	} {
		for _, verb := range []string{"run", "exec"} {
			t.Run(verb+" "+name, func(t *testing.T) {
				t.Parallel()
				// Handled, so the exit code is the program's own choice. wait returns
				// for the trap; cat holds on to the test's pipe.
				script := fmt.Sprintf(`trap 'echo "got %s"; exit 41' %s; exec 3<&0; cat <&3 >/dev/null & echo ready; wait; exit 1`, name, name)
				s := startIn(t, dir, env, "pinseal", verb, "--", "sh", "-c", script)
				s.expect("ready")
				s.signal(sig)
				s.expect("got " + name)
				s.in.Close()
				s.ends(41)
			})
		}
	}
}

func TestRunEndsAsTheProgramDid(t *testing.T) {
	dir, env := shop(t)
	for _, test := range []struct {
		script string
		want   int
	}{
		{"exit 0", 0}, {"exit 7", 7}, {"exit 255", 255}, {"kill -TERM $$", 143}, {"kill -KILL $$", 137}, {`test "$API_KEY" = CANARYsignal`, 0},
	} {
		s := startIn(t, dir, env, "pinseal", "run", "--", "sh", "-c", test.script)
		s.ends(test.want)
	}
	// Not handled: the program dies of what was sent to us.
	s := startIn(t, dir, env, "pinseal", "run", "--", "sh", "-c", "echo ready; read line; exit 1")
	s.expect("ready")
	s.signal(syscall.SIGTERM)
	s.ends(143)
}

// What nohup, or a shell's &, has us ignore, the program ignores. (Go's runtime
// keeps that for these two signals only.)
func TestRunKeepsIgnoredSignals(t *testing.T) {
	dir, env := shop(t)
	s := startIn(t, dir, env, "sh", "-c", `trap '' INT HUP; exec pinseal run -- sh -c 'kill -INT $$; kill -HUP $$; echo alive; read line; exit 5'`)
	s.expect("alive")
	s.signal(syscall.SIGINT)
	s.signal(syscall.SIGHUP)
	s.in.Close()
	s.ends(5)
}
