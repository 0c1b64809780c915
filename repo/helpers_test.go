package repo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testEnv is the environment of every git in these tests: nobody's settings,
// fixed names and dates.
func testEnv(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TEST_FSYNC=0",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_AUTHOR_DATE=1700000000 +0100",
		"GIT_COMMITTER_NAME=Cy", "GIT_COMMITTER_EMAIL=cy@example.com", "GIT_COMMITTER_DATE=1700000060 +0000",
		"GORACE=atexit_sleep_ms=0", // under -race every hook of ours would wait a second at its end
	}
}

// tgit runs the real git and returns its trimmed stdout.
func tgit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := trygit(dir, nil, args...)
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func trygit(dir string, env []string, args ...string) (string, error) {
	return pipegit(dir, env, nil, args...)
}

func pipegit(dir string, env []string, in []byte, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(testEnv(dir), env...)
	if in != nil {
		cmd.Stdin = bytes.NewReader(in)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(err.Error() + ": " + stderr.String())
	}
	return strings.TrimSpace(string(out)), err
}

// tempDir is t.TempDir without symlinks, as git would report it.
func tempDir(t testing.TB) string {
	t.Helper()
	d, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// newDir makes a repository with a few files and one commit.
func newDir(t testing.TB, args ...string) string {
	t.Helper()
	dir := tempDir(t)
	tgit(t, dir, append([]string{"init", "-q", "-b", "main"}, append(args, ".")...)...)
	put(t, dir, "app/dev/A.yaml", "a\n")
	put(t, dir, "app/dev/B.yaml", "b\n")
	put(t, dir, "README", "hello\n")
	commitAll(t, dir, "first")
	return dir
}

func put(t testing.TB, dir, name, content string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func commitAll(t testing.TB, dir, msg string) Hash {
	t.Helper()
	tgit(t, dir, "add", "-A")
	tgit(t, dir, "commit", "-q", "--allow-empty", "-m", msg)
	return Hash(tgit(t, dir, "rev-parse", "HEAD"))
}

func openAt(t testing.TB, dir string, env ...string) *Repo {
	t.Helper()
	return openWith(t, dir, Options{Env: append(testEnv(tempDir(t)), env...)})
}

func openWith(t testing.TB, dir string, o Options) *Repo {
	t.Helper()
	r, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// readAt reads one file of a commit.
func readAt(r *Repo, commit Hash, name string) (string, error) {
	fsys, err := r.FS(context.Background(), commit, "")
	if err != nil {
		return "", err
	}
	b, err := fsys.ReadFile(name)
	return string(b), err
}

func mustRead(t testing.TB, r *Repo, commit Hash, name, want string) {
	t.Helper()
	got, err := readAt(r, commit, name)
	if err != nil || got != want {
		t.Fatalf("%s: got %q, %v, want %q", name, got, err, want)
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func envPath() string { return os.Getenv("PATH") }
