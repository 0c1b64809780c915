//go:build unix

package cmd_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// watchShop is a shop whose pins a running program follows.
type watchShop struct {
	t   *testing.T
	dir string
	env []string
}

// newWatchShop has API_KEY and OTHER in pin 1 of dev.
func newWatchShop(t *testing.T) *watchShop {
	t.Helper()
	slow(t)
	dir, env := shop(t)
	w := &watchShop{t, dir, env}
	w.set("API_KEY", "CANARYone")
	w.set("OTHER", "CANARYother")
	w.publish("--first")
	return w
}

func (w *watchShop) pinseal(stdin string, args ...string) {
	w.t.Helper()
	cmd := exec.Command("pinseal", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = w.dir, w.env, strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("pinseal %q: %v\n%s", args, err, out)
	}
}

func (w *watchShop) set(name, value string) {
	w.t.Helper()
	w.pinseal(value, "set", name, "--allow-empty")
}

func (w *watchShop) publish(args ...string) {
	w.t.Helper()
	for _, line := range []string{"git add -A", "git commit -q --allow-empty -m more"} {
		words := strings.Fields(line)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir, cmd.Env = w.dir, w.env
		if out, err := cmd.CombinedOutput(); err != nil {
			w.t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	w.pinseal("", append([]string{"publish", "dev"}, args...)...)
}

// watch runs a script with the newest pin. What it and pinseal print comes in order.
func (w *watchShop) watch(script string, flags ...string) *session {
	w.t.Helper()
	argv := append([]string{"sh", "-c", `exec pinseal run "$@" 2>&1`, "sh"}, flags...)
	return startIn(w.t, w.dir, w.env, append(argv, "--", "sh", "-c", script)...)
}

// followed says what it has, and ends with code when it is told to the n-th time.
func followed(n, code int) string {
	// What reads is started while TERM is ignored: it never has a moment to die of it.
	return fmt.Sprintf(`n=0; trap '' TERM; exec 3<&0; cat <&3 >/dev/null 2>&1 &
trap 'n=$((n+1)); echo "term $n"; test $n = %d && exit %d' TERM
echo "have ${API_KEY#CANARY} pid $$"; while kill -0 $! 2>/dev/null; do wait $!; done; exit 3`, n, code)
}

// line returns the next line of the program.
func (s *session) line() string {
	s.t.Helper()
	line, err := s.out.ReadString('\n')
	if err != nil {
		s.t.Fatalf("line %q, %v; stderr: %s", line, err, s.err)
	}
	return strings.TrimSuffix(line, "\n")
}

func gone(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("%s: %v, want it to be gone", dir, err)
	}
}

func dirNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir(os.DirFS(dir), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// have returns the process that has a value.
func (s *session) have(value string) (pid int) {
	s.t.Helper()
	line := s.line()
	if _, err := fmt.Sscanf(line, "have "+value+" pid %d", &pid); err != nil {
		s.t.Fatalf("line %q, want it to have %s", line, value)
	}
	return pid
}

func TestRunWatch(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	s := w.watch(followed(1, 7), "--watch", "--only", "API_KEY")
	first := s.have("one")

	w.set("API_KEY", "CANARYtwo")
	w.publish()
	s.expect("pin 1 -> 2: restarting")
	s.expect("term 1")
	second := s.have("two")
	if syscall.Kill(first, 0) == nil {
		t.Error("the first program is still there")
	}

	// Nothing of it is the program's.
	w.set("OTHER", "CANARYanother")
	w.publish()
	s.expect("pin 2 -> 3: nothing changes for the program")

	// It misses what the program needs.
	w.pinseal("", "mv", "API_KEY", "API_KEY_NEXT")
	w.publish()
	s.expect(`warning: pin 4 cannot be used, and the program goes on with pin 3: no secret "API_KEY" in pin 4 of dev`)
	w.pinseal("", "mv", "API_KEY_NEXT", "API_KEY")
	w.publish()
	s.expect("pin 3 -> 5: nothing changes for the program")
	if err := syscall.Kill(second, 0); err != nil {
		t.Errorf("the program that went on: %v", err)
	}

	s.signal(syscall.SIGTERM)
	s.expect("term 1")
	s.ends(7)
}

// Two names that are one variable, a signal in the middle of a restart, an end of the
// program's own.
func TestRunWatchEnds(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	s := w.watch(followed(2, 9), "--watch")
	alone := w.watch(followed(1, 0), "--watch", "--only", "OTHER")
	s.have("one")
	own := alone.have("")

	w.set("API.KEY", "CANARYthree")
	w.pinseal("", "mv", "API_KEY", "API-KEY")
	w.publish()
	s.expect(`warning: pin 2 cannot be used, and the program goes on with pin 1: secrets "API-KEY" and "API.KEY" are both variable "API_KEY"`)
	alone.expect("pin 1 -> 2: nothing changes for the program")
	if err := syscall.Kill(own, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	alone.ends(137)

	w.pinseal("", "rm", "API.KEY", "-y")
	w.publish()
	s.expect("pin 1 -> 3: restarting")
	s.expect("term 1")
	s.signal(syscall.SIGTERM)
	s.expect("term 2")
	s.ends(9)
}

// A program that is about to end at a SIGTERM is not started again for a pin that comes
// meanwhile.
func TestRunWatchTerminated(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	s := w.watch(followed(2, 9), "--watch")
	other := w.watch(followed(1, 0), "--watch")
	s.have("one")
	other.have("one")
	s.signal(syscall.SIGTERM)
	s.expect("term 1")
	for i, value := range []string{"two", "three"} { // when the second is seen, so was the first
		w.set("API_KEY", "CANARY"+value)
		w.publish()
		other.expect(fmt.Sprintf("pin %d -> %d: restarting", i+1, i+2))
		other.expect("term 1")
		other.have(value)
	}
	s.signal(syscall.SIGTERM)
	s.expect("term 2")
	s.ends(9)
	other.signal(syscall.SIGTERM)
	other.expect("term 1")
	other.ends(0)
}

// The files are new with each program, and the old ones go.
func TestRunWatchFiles(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	base := t.TempDir()
	script := `echo "$API_KEY_FILE"; printf 'has %s\n' "$(cat "$API_KEY_FILE" | cut -c 7-)"; exec cat`
	s := w.watch(script, "--watch", "--files-dir", base)
	old := s.line()
	s.expect("has one")
	w.set("API_KEY", "CANARYtwo")
	w.publish()
	s.expect("pin 1 -> 2: restarting")
	if now := s.line(); now == old {
		t.Error("the files are not new")
	}
	s.expect("has two")
	gone(t, old)
	s.in.Close()
	s.ends(0)
	if names := dirNames(t, base); len(names) > 0 {
		t.Errorf("left: %q", names)
	}
}

// What was a value before is masked after, too.
func TestRunWatchMasks(t *testing.T) {
	t.Parallel()
	w := newWatchShop(t)
	old := w.dir + "/old"
	s := w.watch(`test -e `+old+` || printf %s "$API_KEY" >`+old+`; echo "$API_KEY $(cat `+old+`) ${API_KEY#CANARY}"; exec cat`, "--watch", "-q")
	s.expect("[secret] [secret] one")
	w.set("API_KEY", "CANARYtwo")
	w.publish()
	s.expect("[secret] [secret] two")
	s.in.Close()
	s.ends(0)
}
