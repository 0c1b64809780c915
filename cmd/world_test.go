package cmd_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pinseal/cmd"
)

// world is a machine of its own for a test: a home directory, an environment,
// room for repositories.
type world struct {
	testing.TB
	root string
	env  []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	vars, err := makeHome(filepath.Join(root, "home"))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, root, append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()}, vars...)}
}

// path returns the path of something below the world's root.
func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.root}, parts...)...)
}

// git runs git in a directory and returns its trimmed stdout.
func (w *world) git(dir string, args ...string) string {
	w.Helper()
	out, err := w.tryGit(dir, nil, args...)
	if err != nil {
		w.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (w *world) tryGit(dir string, env []string, args ...string) (string, error) {
	c := exec.Command("git", args...)
	c.Dir, c.Env = dir, append(w.env[:len(w.env):len(w.env)], env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = &failure{err, stderr.String()}
	}
	return strings.TrimSpace(string(out)), err
}

type failure struct {
	error
	stderr string
}

func (f *failure) Error() string { return f.error.Error() + ": " + f.stderr }

// result is what a command line came to.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a command line in this process.
func (w *world) run(dir string, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	env := &cmd.Env{Environ: w.env, Dir: dir, Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	code := cmd.Run(context.Background(), env, args)
	return result{code, stdout.String(), stderr.String()}
}

// pinseal runs a command line in this process, which must succeed, and returns
// its stdout.
func (w *world) pinseal(dir, stdin string, args ...string) string {
	w.Helper()
	r := w.run(dir, stdin, args...)
	if r.code != 0 {
		w.Fatalf("pinseal %s: exit code %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// command is a command line in a process of its own.
func (w *world) command(dir string, args ...string) *exec.Cmd {
	c := exec.Command("pinseal", args...)
	c.Dir, c.Env = dir, w.env
	return c
}

var idPattern = regexp.MustCompile(`\(id ([a-z2-7]{26})\)`)

// newApp makes a repository with app shop and returns its directory and the
// app's id.
func (w *world) newApp(name string, args ...string) (dir, id string) {
	w.Helper()
	dir = w.path(name)
	w.git(w.root, "init", "-q", dir)
	r := w.run(dir, "", append([]string{"init", "shop"}, args...)...)
	m := idPattern.FindStringSubmatch(r.stderr)
	if r.code != 0 || m == nil {
		w.Fatalf("init: exit code %d\n%s", r.code, r.stderr)
	}
	return dir, m[1]
}

func (w *world) commit(dir, message string) {
	w.Helper()
	w.git(dir, "add", "-A")
	w.git(dir, "commit", "-q", "--allow-empty", "-m", message)
}

func (w *world) read(file string) []byte {
	w.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	return data
}

func (w *world) write(file string, data []byte) {
	w.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o666); err != nil {
		w.Fatal(err)
	}
}
