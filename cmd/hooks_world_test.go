package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hookWorld is a world with a pinseal that hooks can call.
type hookWorld struct {
	*world
	program string // the path that hooks record: a link to the command
	record  string // what the recorder wrote
	version string // of git, as `pinseal hooks` sees it; git is the real one otherwise
}

// Versions of git with and without hooks in the configuration.
const (
	oldGit = "2.53.0"
	newGit = "2.54.0"
)

func newHookWorld(t testing.TB) *hookWorld {
	w := &hookWorld{world: newWorld(t), version: oldGit}
	w.program, w.record = w.path("opt", "it's bin", "pinseal"), w.path("record")
	real, err := exec.LookPath("pinseal")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(w.program), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, w.program); err != nil {
		t.Fatal(err)
	}
	// Nothing is to change in a repository behind the back of a test, and a new
	// one needs no samples of hooks.
	if err := os.MkdirAll(w.path("template", "hooks"), 0o777); err != nil {
		t.Fatal(err)
	}
	settings := w.path("home", "gitconfig")
	w.write(settings, append(w.read(settings), "[maintenance]\n\tauto = false\n[init]\n\ttemplateDir = "+w.path("template")+"\n"...))
	return w
}

// hooks runs `pinseal hooks …` as a shell does that finds the program on PATH.
func (w *hookWorld) hooks(code int, dir string, args ...string) (stdout, stderr string) {
	w.Helper()
	c := exec.Command(w.program, append([]string{"hooks"}, args...)...)
	c.Args[0] = "pinseal"
	env := w.env
	w.env = append(env[:len(env):len(env)], "PATH="+w.shim()+":"+filepath.Dir(w.program)+":"+os.Getenv("PATH"))
	defer func() { w.env = env }()
	return w.runs(code, c, dir)
}

// shim makes a git that says it is of w.version, and returns its directory.
func (w *hookWorld) shim() string {
	w.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		w.Fatal(err)
	}
	dir := w.path("git-" + w.version)
	w.script(filepath.Join(dir, "git"), `#!/bin/sh
for last do :; done
case $last in version|--version) echo 'git version `+w.version+`'; exit;; esac
exec '`+real+`' "$@"
`)
	return dir
}

// runs runs a command, which must end with code.
func (w *hookWorld) runs(code int, c *exec.Cmd, dir string) (stdout, stderr string) {
	w.Helper()
	var out, talk strings.Builder
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, w.env, &out, &talk
	if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		w.Fatalf("%q: %v, want exit code %d\n%s%s", c.Args, err, code, &out, &talk)
	}
	return out.String(), talk.String()
}

// recorder puts a script in the place of pinseal that writes down how it is
// called, and ends with code.
func (w *hookWorld) recorder(code string) {
	w.Helper()
	if err := os.Remove(w.program); err != nil && !os.IsNotExist(err) {
		w.Fatal(err)
	}
	script := `#!/bin/sh
{
	echo "args:$(printf ' [%s]' "$@")"
	echo "dir: $(pwd -P)"
	echo "index: $GIT_INDEX_FILE"
	echo "git dir: $GIT_DIR"
	echo "own: $OWN"
	echo "stdin: $(cat | tr '\n' '|')"
} >> '` + w.record + `'
exit ` + code + "\n"
	w.write(w.program, []byte(script))
	if err := os.Chmod(w.program, 0o755); err != nil {
		w.Fatal(err)
	}
}

// recorded returns what was recorded since it was last asked.
func (w *hookWorld) recorded() string {
	w.Helper()
	data, err := os.ReadFile(w.record)
	if err != nil && !os.IsNotExist(err) {
		w.Fatal(err)
	}
	if err == nil {
		err = os.Remove(w.record)
		if err != nil {
			w.Fatal(err)
		}
	}
	return string(data)
}

// has fails for each part that text lacks.
func (w *hookWorld) has(text string, parts ...string) {
	w.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.Errorf("no %q in\n%s", part, text)
		}
	}
}

// script writes an executable file.
func (w *hookWorld) script(file, text string) {
	w.Helper()
	w.write(file, []byte(text))
	if err := os.Chmod(file, 0o755); err != nil {
		w.Fatal(err)
	}
}

// newRepo makes a repository with a commit.
func (w *hookWorld) newRepo(name string, args ...string) string {
	w.Helper()
	dir := w.path(name)
	w.git(w.root, append(append([]string{"init", "-q"}, args...), dir)...)
	w.seed(dir)
	return dir
}

func (w *hookWorld) seed(dir string) {
	w.Helper()
	w.write(filepath.Join(dir, "file"), []byte("one\n"))
	w.write(filepath.Join(dir, "sub", "other"), []byte("one\n"))
	w.commit(dir, "first")
}
