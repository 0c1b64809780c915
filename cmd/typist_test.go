package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pinseal/cmd"
)

// typist is one user of one machine, who can sit at a terminal and answer what
// is asked; commands run in this process.
type typist struct {
	t       *testing.T
	top     string
	env     []string
	dir     string // working directory below top
	tty     bool
	answers string   // what is typed at questions
	hidden  []string // what is typed at hidden prompts

	out, err bytes.Buffer // of the last command
	asked    int          // hidden prompts of the last command
}

const trustValue = "CANARYtrust"

func newTypist(t *testing.T) *typist {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	vars, err := makeHome(filepath.Join(top, "home"))
	if err != nil {
		t.Fatal(err)
	}
	return &typist{t: t, top: top, env: append(vars, "PATH="+os.Getenv("PATH"))}
}

func (w *typist) run(args ...string) int {
	w.t.Helper()
	w.out.Reset()
	w.err.Reset()
	w.asked = 0
	env := &cmd.Env{Environ: w.env, Dir: filepath.Join(w.top, w.dir), Stdin: strings.NewReader(w.answers), Stdout: &w.out, Stderr: &w.err,
		StdinTTY: w.tty, StdoutTTY: w.tty, Now: time.Now}
	env.ReadHidden = func(string) ([]byte, error) {
		w.asked++
		if w.asked > len(w.hidden) {
			return nil, errors.New("nobody typed anything")
		}
		return []byte(w.hidden[w.asked-1]), nil
	}
	return cmd.Run(context.Background(), env, args)
}

// must runs a command that has to end with code.
func (w *typist) must(code int, args ...string) {
	w.t.Helper()
	if got := w.run(args...); got != code {
		w.t.Fatalf("pinseal %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &w.out, &w.err)
	}
}

func (w *typist) says(want string) {
	w.t.Helper()
	if !strings.Contains(w.err.String()+w.out.String(), want) {
		w.t.Errorf("no %q in:\n%s%s", want, &w.out, &w.err)
	}
}

func (w *typist) git(args ...string) {
	w.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = filepath.Join(w.top, w.dir), w.env
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// seals makes a repository and app dir with one secret, committed, and returns
// the app's id.
func (w *typist) seals(dir, app string) string {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Join(w.top, dir), 0o700); err != nil {
		w.t.Fatal(err)
	}
	was := w.dir
	w.dir = dir
	defer func() { w.dir = was }()
	w.git("init", "-q")
	w.must(0, "init", app)
	tty, answers := w.tty, w.answers
	w.tty, w.answers = false, trustValue
	w.must(0, "set", "KEY", "--app", app)
	w.tty, w.answers = tty, answers
	w.git("add", ".pinseal")
	w.git("commit", "-qm", "seal")
	return w.id(dir, app)
}

func (w *typist) id(dir, app string) string {
	w.t.Helper()
	note, err := os.ReadFile(filepath.Join(w.top, dir, ".pinseal", app, "app.note"))
	if err != nil {
		w.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(note), "\nid: ")
	id, _, _ := strings.Cut(rest, "\n")
	return id
}

// replaces puts a copy of an app's directory in the place of another.
func (w *typist) replaces(to, from string) {
	w.t.Helper()
	target := filepath.Join(w.top, to)
	if err := os.RemoveAll(target); err != nil {
		w.t.Fatal(err)
	}
	if err := os.CopyFS(target, os.DirFS(filepath.Join(w.top, from))); err != nil {
		w.t.Fatal(err)
	}
}

func (w *typist) writes(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.top, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *typist) forgetsAll() {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.top, "home", ".local", "state")); err != nil {
		w.t.Fatal(err)
	}
}
