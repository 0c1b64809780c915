//go:build unix

package cmd

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pinseal/versions"
)

// TestSocketDir holds which directories a socket may be in.
func TestSocketDir(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir()) // below one that is sticky
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil { // others can enter
		t.Fatal(err)
	}
	for dir := filepath.Dir(root); dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o011 == 0 {
			t.Skipf("nobody else can enter %q: %v", dir, err)
		}
	}
	at := func(name string) string { return filepath.Join(root, name) }
	for _, dir := range []struct {
		name string
		mode os.FileMode
		uid  int
	}{
		{"ours", 0o700, -1}, {"ours/open", 0o777, -1}, {"ours/open/in", 0o775, -1}, {"open", 0o777, -1}, {"open/in", 0o700, -1}, {"open/in/in", 0o700, -1}, {"group", 0o770, -1}, {"group/in", 0o700, -1},
		{"sticky", 0o777 | os.ModeSticky, -1}, {"sticky/in", 0o755, -1}, {"eve", 0o700, 4242}, {"eve/in", 0o700, -1},
		{"sticky/eve", 0o700, 4242}, {"sticky/eve/in", 0o700, -1},
	} {
		if err := os.Mkdir(at(dir.name), 0o700); err != nil {
			t.Fatal(err)
		}
		if dir.uid >= 0 && os.Getuid() == 0 {
			if err := os.Chown(at(dir.name), dir.uid, dir.uid); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(at(dir.name), dir.mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"link": "ours", "far": at("ours"), "up": "sticky/../ours/.", "two": "link", "loop": "loop", "none": "nothing", "toOpen": "open/in",
		"sticky/mine": at("ours"), "sticky/theirs": at("ours"), "viaTheirs": "sticky/theirs", "file/": "",
	} {
		if target == "" {
			if err := os.WriteFile(at(name[:4]), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		if err := os.Lchown(at("sticky/theirs"), 4242, 4242); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"ours": "", "ours/open": "", "ours/open/in": "", "ours/open/in/../..": "", "sticky/in": "", "link": "", "far": "", "up": "", "two": "", "sticky/mine": "", "link/.": "",
		"open": "others can write to", "group": "others can write to", "sticky": "put a socket there before us",
		"open/in": "others can write to", "open/in/in": "others can write to", "group/in": "others can write to", "toOpen": "others can write to",
		"eve": "another user's", "eve/in": "another user's", "sticky/eve/in": "another user's", "sticky/theirs": "another user's", "viaTheirs": "another user's",
		"loop": "leads nowhere", "none": "no directory", "file": "its directory is none", "file/in": "its directory is none", "nothing": "no directory",
	} {
		if want == "another user's" && os.Getuid() != 0 {
			continue // no other user's are there
		}
		err := checkSocketDir(at(name))
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if strings.Contains(want, "no directory") != errors.Is(err, versions.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSocketLock holds that who may open the directory cannot keep a server from
// beginning, and that two servers do not begin at once.
func TestSocketLock(t *testing.T) {
	dir, err := os.MkdirTemp("", "ps")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	held, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	unlock, err := lockSocket(path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path + ".lock"); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, _, err := listenSocket(path, 0o600); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("two begin at once: %v", err)
	}
	unlock()
	for range 2 {
		l, remove, err := listenSocket(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		remove()
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("%v are left, %v", names, err)
	}
}

// TestAuditPlaces holds what lines are appended to: nothing that waits for somebody.
func TestAuditPlaces(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(at("file"), []byte("before\n"), 0o600), os.Mkdir(at("dir"), 0o700), os.Symlink("file", at("link")), os.Symlink("nothing", at("dangling")),
		syscall.Mkfifo(at("pipe"), 0o600), syscall.Mkfifo(at("read"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	reader, err := os.OpenFile(at("read"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var out, talk bytes.Buffer
	c := &cli{Env: &Env{Dir: dir, Stdout: &out, Stderr: &talk}}
	for name, takes := range map[string]bool{"file": true, "new": true, "/dev/null": true, "": true, "-": true,
		"dir": false, "link": false, "dangling": false, "pipe": false, "read": false, "none/new": false} {
		a, err := c.openAudit(t.Context(), name)
		if (err == nil) != takes {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if _, err := a.Write([]byte(name + " line\n")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	data, err := os.ReadFile(at("file"))
	if err != nil || string(data) != "before\nfile line\n" || out.String() != "- line\n" || talk.String() != " line\n" {
		t.Errorf("%q, %v, %q, %q", data, err, &out, &talk)
	}
}

// TestAuditStalls holds that a line which cannot be written to its end keeps neither
// SIGHUP nor the end waiting.
func TestAuditStalls(t *testing.T) {
	reader, full, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	a := &auditFile{path: filepath.Join(t.TempDir(), "audit"), stop: func() {}}
	a.file.Store(full)
	stalled := make(chan error, 1)
	go func() {
		_, err := a.Write(bytes.Repeat([]byte("x"), 1<<20)) // more than a pipe holds
		stalled <- err
	}()
	if _, err := reader.Read(make([]byte, 1)); err != nil { // it has begun
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- errors.Join(a.open(), a.Close()) }()
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second): // a test that hangs ends
		t.Fatal("the end waits for the line")
	}
	if err := <-stalled; err == nil {
		t.Error("the line was written")
	}
	if _, err := a.Write([]byte("more\n")); err == nil {
		t.Error("a line was written after the end")
	}
}
