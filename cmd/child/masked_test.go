//go:build unix

package child

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"pinseal/cmd/mask"
)

// secret is what the role "masked" masks.
const secret = "CANARYmasked"

// masked is supervise with a mask before each stream that is no terminal.
func masked(args []string) int {
	m, err := mask.New([][]byte{[]byte(secret)})
	check(err)
	var masks []*mask.Writer
	through := func(f *os.File) io.Writer {
		if term.IsTerminal(int(f.Fd())) {
			return f
		}
		masks = append(masks, m.Writer(f))
		return masks[len(masks)-1]
	}
	stdout := through(os.Stdout)
	stderr := stdout
	if !SameStream(os.Stdout, os.Stderr) {
		stderr = through(os.Stderr)
	}
	code := supervise(args, stdout, stderr)
	for _, w := range masks {
		if err := w.Close(); err != nil && !errors.Is(err, unix.EPIPE) {
			panic(err)
		}
	}
	return code
}

// sees says on stderr and then on stdout which of its streams are terminals, and
// the secret; and on stderr the size of the terminal that is its stdin, again
// with each SIGWINCH until SIGTERM, which is exit 7. Without such a terminal it
// ends with 0.
func sees() int {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, unix.SIGWINCH, unix.SIGTERM, unix.SIGUSR1)
	var kinds string
	for fd := range 3 {
		kinds += fmt.Sprintf("%d:%t ", fd, term.IsTerminal(fd))
	}
	fmt.Fprintf(os.Stderr, "%s%s\n", kinds, secret)
	fmt.Fprintf(os.Stdout, "%s%s\n", kinds, secret)
	if !term.IsTerminal(0) {
		return 0
	}
	for {
		width, height, err := term.GetSize(0)
		check(err)
		fmt.Fprintf(os.Stderr, "size %dx%d parent %d\n", width, height, os.Getppid())
		switch <-signals {
		case unix.SIGTERM:
			return 7
		case unix.SIGUSR1:
			fmt.Fprintln(os.Stderr, "SIGUSR1")
		}
	}
}

// What is written to one file through both streams keeps its order, and a value
// is masked that was written in parts through both.
func TestMaskedStreamsKeepOrder(t *testing.T) {
	script := `i=0; while test $i -lt 200; do echo out $i; echo err $i >&2; i=$((i+1)); done
printf "CANA"; printf "RYmas" >&2; printf "ked "; printf "CANARY" >&2`
	var want strings.Builder
	for i := range 200 {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	want.WriteString("[secret] CANARY")

	argv := role("masked", "sh", "-c", script)
	cmd := exec.Command(argv[0], argv[1:]...)
	out, err := cmd.CombinedOutput() // a pipe
	if err != nil || string(out) != want.String() {
		t.Errorf("a pipe: %v, %d bytes, want %d", err, len(out), want.Len())
	}
	path := filepath.Join(t.TempDir(), "log")
	var files [2]*os.File // opened twice
	for i := range files {
		if files[i], err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			t.Fatal(err)
		}
		defer files[i].Close()
	}
	cmd = exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = files[0], files[1]
	err = cmd.Run()
	if text, rerr := os.ReadFile(path); err != nil || rerr != nil || string(text) != want.String() {
		t.Errorf("a file: %v, %v, %d bytes, want %d", err, rerr, len(text), want.Len())
	}
}

func TestSameStream(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	_, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	fd, err := unix.Dup(int(w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	again := os.NewFile(uintptr(fd), "again")
	defer again.Close()
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	var b bytes.Buffer
	var none *os.File
	for i, tt := range []struct {
		a, b io.Writer
		want bool
	}{
		{w, w, true}, {w, again, true}, {w, other, false}, {&b, &b, true}, {&b, w, false}, {&b, &bytes.Buffer{}, false},
		{nil, nil, false}, {none, w, false}, {closed, w, false}, {w, closed, false}, {uncomparable{}, uncomparable{}, false},
	} {
		if got := SameStream(tt.a, tt.b); got != tt.want {
			t.Errorf("row %d: %t, want %t", i, got, tt.want)
		}
	}
}

type uncomparable struct {
	io.Writer
	_ []int
}

// A stdout that nobody reads ends the program, as it would without us, and us
// with its exit code and without a word.
func TestMaskedBrokenPipe(t *testing.T) {
	for script, want := range map[string]int{
		"while :; do echo flood; done":                            128 + int(unix.SIGPIPE),
		"trap '' PIPE; while echo flood; do :; done 2>&-; exit 9": 9,
	} {
		argv := role("masked", "sh", "-c", script)
		cmd := exec.Command(argv[0], argv[1:]...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(stdout, make([]byte, 5)); err != nil {
			t.Error(err)
		}
		stdout.Close()
		if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != want || stderr.Len() > 0 {
			t.Errorf("%s: %v, stderr %q, want %d", script, cmd.ProcessState, &stderr, want)
		}
	}
}

func TestMaskedExitCode(t *testing.T) {
	for script, want := range map[string]int{"exit 3": 3, "kill -TERM $$": 143, "kill -KILL $$": 137, "echo CANARYmaske; exit 0": 0} {
		argv := role("masked", "sh", "-c", script)
		cmd := exec.Command(argv[0], argv[1:]...)
		if _ = cmd.Run(); cmd.ProcessState.ExitCode() != want {
			t.Errorf("%s: %v, want %d", script, cmd.ProcessState, want)
		}
	}
}
