//go:build linux

package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// filesProgram says where its file is, and reads until its stdin ends. It starts nothing
// after it has said so: a signal that comes just then may end the shell alone, and what
// it was starting lives on.
const filesProgram = `test "$(cat "$API_KEY_FILE")" = CANARYsignal && dirname "$API_KEY_FILE"; while read -r line; do :; done; exit 6`

// Whatever ends the program, its files go.
func TestRunFilesGo(t *testing.T) {
	slow(t)
	dir, env := shop(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1} {
		s := startIn(t, dir, env, "pinseal", "run", "--files", "--", "sh", "-c", filesProgram)
		files := s.line()
		if _, err := os.Lstat(files); err != nil {
			t.Fatal(err)
		}
		s.signal(sig)
		s.ends(128 + int(sig))
		gone(t, files)
	}
	s := startIn(t, dir, env, "pinseal", "run", "--files", "--", "sh", "-c", filesProgram)
	files := s.line()
	s.in.Close()
	s.ends(6)
	gone(t, files)

	// Nobody reads what the program prints any more.
	for _, how := range []string{"auto", "never"} {
		cmd := exec.Command("sh", "-c", `{ pinseal run --files --mask "$1" -- sh -c "$2"; echo $? >code; } | head -n 1`, "sh", how,
			`dirname "$API_KEY_FILE"; while :; do echo more; done`)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		gone(t, strings.TrimSpace(string(out)))
		if code, err := os.ReadFile(filepath.Join(dir, "code")); err != nil || string(code) != "141\n" {
			t.Errorf("--mask %s: %q, %v, want exit code 141", how, code, err)
		}
	}
}

// What a killed run left, the next removes: that, and nothing that is another's or in
// use.
func TestRunFilesLeft(t *testing.T) {
	slow(t)
	dir, env := shop(t)
	base := t.TempDir()
	start := func() (*session, string) {
		s := startIn(t, dir, env, "pinseal", "run", "--files-dir", base, "--", "sh", "-c", filesProgram)
		return s, s.line()
	}
	foreign := filepath.Join(base, "pinseal-run-open")
	file := filepath.Join(base, "pinseal-run-file")
	link := filepath.Join(base, "pinseal-run-link")
	mine := filepath.Join(t.TempDir(), "mine")
	for _, err := range []error{
		os.Mkdir(foreign, 0o755), os.WriteFile(file, nil, 0o600), os.Mkdir(mine, 0o700), os.Symlink(mine, link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	dead, left := start()
	live, used := start()
	if err := dead.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = dead.cmd.Wait()
	if _, err := os.Lstat(filepath.Join(left, "API_KEY")); err != nil {
		t.Fatalf("nothing was left: %v", err)
	}
	if err := os.Chmod(left, 0o500); err != nil { // as its program may
		t.Fatal(err)
	}
	next, other := start()
	gone(t, left)
	for _, name := range []string{used + "/API_KEY", other + "/API_KEY", foreign, file, link, mine} {
		if _, err := os.Lstat(name); err != nil {
			t.Error(err)
		}
	}
	dead.in.Close() // its program was left, too
	for _, s := range []*session{live, next} {
		s.in.Close()
		s.ends(6)
	}
	rest, err := filepath.Glob(filepath.Join(base, "*"))
	if err != nil || len(rest) != 3 {
		t.Errorf("%q, %v: want what is not ours", rest, err)
	}
}

// Runs that begin at once, beside what is left, do not take one another's files away.
func TestRunFilesAtOnce(t *testing.T) {
	slow(t)
	dir, env := shop(t)
	base := t.TempDir()
	for range 4 {
		if err := os.Mkdir(filepath.Join(base, "pinseal-run-"+strings.Repeat("x", 1+len(dirNames(t, base)))), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var all []*session
	for range 6 {
		all = append(all, startIn(t, dir, env, "pinseal", "run", "--files-dir", base, "--", "sh", "-c", filesProgram))
	}
	for _, s := range all {
		s.line()
		s.in.Close()
		s.ends(6)
	}
	if names := dirNames(t, base); len(names) > 0 {
		t.Errorf("left: %q", names)
	}
}
