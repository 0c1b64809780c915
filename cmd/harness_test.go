package cmd_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// leaky is a command that lets its stdin out: on "stdout", on "stderr", or into
// the files that are named; "not" gives nothing away. It ends with code 7.
func leaky() {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	for _, to := range os.Args[1:] {
		switch to {
		case "stdout":
			_, err = os.Stdout.Write(data)
		case "stderr":
			_, err = os.Stderr.Write(data)
		case "not":
		default:
			err = os.WriteFile(to, data, 0o600)
		}
		if err != nil {
			panic(err)
		}
	}
	os.Exit(7)
}

// recorder stands in for testing.T, so that a failing script can be expected.
type recorder struct {
	text   strings.Builder
	failed bool
}

func (r *recorder) Skip(args ...any) { r.text.WriteString("SKIP " + fmt.Sprint(args...)) }
func (r *recorder) Parallel()        {}
func (r *recorder) Log(args ...any)  { fmt.Fprintln(&r.text, args...) }
func (r *recorder) Fatal(args ...any) {
	fmt.Fprintln(&r.text, args...)
	r.FailNow()
}

func (r *recorder) FailNow() {
	r.failed = true
	panic(r) // ends the script; run recovers it
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *recorder) run(f func(*recorder)) {
	defer func() {
		if v := recover(); v != nil && v != any(r) {
			panic(v)
		}
	}()
	f(r)
}

// The harness must catch what it is there for, or every script proves nothing.
func TestHarness(t *testing.T) {
	const value = "\n-- in/v --\nCANARYtest1\n"
	repo := "exec git init -q r\nstdin in/v\n"
	tests := []struct {
		name, script string
		want         string // in the failure; "" for none
	}{
		{"quiet", "stdin in/v\nrc 7 leaky not" + value, ""},
		{"stdout", "stdin in/v\nrc 7 leaky stdout" + value, "LEAK"},
		{"stderr", "stdin in/v\nrc 7 leaky stderr" + value, "LEAK"},
		{"exec", "stdin in/v\n! exec leaky stdout" + value, "LEAK"},
		{"bare", "stdin in/v\n! leaky stderr" + value, "LEAK"},
		{"background", "stdin in/v\n! exec leaky stdout &\nwait" + value, "LEAK"},
		{"reveal", "stdin in/v\nreveal rc 7 leaky stdout\nstdout CANARYtest1" + value, ""},
		{"after reveal", "stdin in/v\nreveal rc 7 leaky stdout\nstdin in/v\nrc 7 leaky stdout" + value, "LEAK"},
		{"a comment is no reveal", "# CANARYtest1\nstdin in/v\nrc 7 leaky not" + value, ""},
		{"file", "stdin in/v\nrc 7 leaky f" + value, "file f "},
		{"home", "stdin in/v\nrc 7 leaky home/f" + value, "file home/f "},
		{"temporary", "stdin in/v\nrc 7 leaky .tmp/f" + value, "file .tmp/f "},
		{"out", "mkdir out\nstdin in/v\nrc 7 leaky out/f" + value, ""},
		{"in of another directory", "mkdir a/in\nstdin in/v\nrc 7 leaky a/in/f" + value, "file a/in/f "},
		{"own file", "stdin v\nrc 7 leaky not\n-- v --\nCANARYtest1\n", ""},
		{"own file, changed", "cp in/v f\n-- f --\nold\n-- in/v --\nCANARYtest1\n", "file f "},
		{"name of a file", "stdin in/v\nrc 7 leaky not\nmkdir CANARYtest1" + value, "the name of a file"},
		{"git file", repo + "rc 7 leaky r/.git/f" + value, "git object"},
		{"git object", repo + "rc 7 leaky r/f\nexec git -C r add f\nrm r/f" + value, "git object"},
		{"git pack", repo + "rc 7 leaky r/f\nexec git -C r add f\nexec git -C r commit -qm m\nexec git -C r gc -q\nexec git -C r rm -q f" + value, "git object"},
		{"hex", "exec echo 43414e415259746573743142" + value, "in hex"},
		{"base64", "exec echo eENBTkFSWXRlc3QxeA==" + value, "in base64"},
		{"base64, unaligned", "exec echo eHhDQU5BUll0ZXN0MQ" + value, "in base64"},
		{"CANARIES", "exec echo pass phrase\n-- CANARIES --\npass phrase\n", "LEAK"},
		{"short canary", "\n-- CANARIES --\npass\n", "too short"},
		{"no canary", "stdin v\nrc 7 leaky not\n-- v --\nvalue\n", "none is a canary"},
		{"wrong code", "rc 0 leaky not", "exit code 7"},
		{"code 0 instead of another", "rc 1 git version", "exit code 0"},
		{"no such command", "rc 1 no-such-command", "did not run"},
		{"crash", "! exec leaky /no/such/directory", "CRASH: panic"},
		{"nofile", "nofile f*\n-- f1 --\n", "there is "},
		{"nofile, none", "nofile g*\n-- f1 --\n", ""},
		{"sub of what is not there", "sub f a b\n-- f --\nc\n", "does not hold"},
		{"capture of what is not there", "exec echo b\ncapture X stdout '(a)'\n", "no match"},
		{"setbits", "setbits f 0\ngrep '^`$' f\n-- f --\na\n", ""},
		{"environment", "! exec sh -c 'env | grep -E \"^(CI|PINSEAL_.*)=\"'\nexec sh -c 'echo $HOME'\nstdout /home$\nexec git config user.name\nstdout ^Ada$", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := runScript(t, test.script)
			switch {
			case test.want == "" && r.failed:
				t.Errorf("failed:\n%s", &r.text)
			case test.want != "" && !r.failed:
				t.Errorf("did not fail:\n%s", &r.text)
			case !strings.Contains(r.text.String(), test.want):
				t.Errorf("failed without %q:\n%s", test.want, &r.text)
			}
		})
	}
}

func runScript(t *testing.T, script string) *recorder {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.txtar"), []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	r.run(func(r *recorder) { testscript.RunT(&scriptT{t: r}, scriptParams(dir)) })
	return r
}

func TestNoScriptsFails(t *testing.T) {
	r := &recorder{}
	r.run(func(r *recorder) { testscript.RunT(&scriptT{t: r}, scriptParams(t.TempDir())) })
	if !r.failed {
		t.Error("a directory without scripts passed")
	}
}
