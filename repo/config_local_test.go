package repo

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceLocalConfig(t *testing.T) {
	dir := newDir(t)
	linked := filepath.Join(tempDir(t), "linked")
	tgit(t, dir, "worktree", "add", "-q", linked)
	file := filepath.Join(dir, ".git", "config")
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, linked)
	old, err := r.LocalConfig()
	if err != nil || string(old) != readFile(t, file) {
		t.Fatalf("%q, %v", old, err)
	}
	if c, err := r.Config(t.Context()); err != nil || len(c.All("a.b")) > 0 {
		t.Fatal(err)
	}
	text := `a "quoted" \ back
	and a tab`
	data := append(old, "[a]\n\tb = "+QuoteConfig(text)+"\n"...)
	if err := r.ReplaceLocalConfig(old, data); err != nil {
		t.Fatal(err)
	}
	c, err := r.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := c.Get("a.b"); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	// What changed meanwhile stays, and so does git's lock.
	if err := r.ReplaceLocalConfig(old, old); !errors.Is(err, ErrChanged) {
		t.Errorf("an old state: %v", err)
	}
	lock := file + ".lock"
	if _, err := os.Lstat(lock); err == nil {
		t.Error("the lock is left")
	}
	put(t, dir, ".git/config.lock", "another's")
	if err := r.ReplaceLocalConfig(data, old); !errors.Is(err, ErrChanged) {
		t.Errorf("under a lock: %v", err)
	}
	if readFile(t, file) != string(data) || readFile(t, lock) != "another's" {
		t.Error("changed under somebody else's lock")
	}
}
