package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// filesIn lists the files of a directory with what they hold.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(data)
	}
	return files
}

func wantFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := filesIn(t, dir)
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for name, text := range want {
		if got, ok := got[name]; !ok || got != text {
			t.Errorf("file %s is there: %t, as it should be: %t", name, ok, got == text)
		}
	}
}

func TestWriteDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	ctx := t.Context()
	write := func(mode fs.FileMode, replace bool, texts ...string) error {
		return writeDir(ctx, dir, exportPairs(texts...), mode, replace)
	}
	if err := write(0o400, false, "A", everyByte()+"\x00", "tls.key", "", "_", "x"); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, map[string]string{"A": everyByte() + "\x00", "tls.key": "", "_": "x"})
	if info, err := os.Stat(filepath.Join(dir, "A")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o400 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the mode of the directory is %v, %v", info.Mode(), err)
	}
	if err := write(0o400, false, "B", "y"); !errors.Is(err, errNotEmpty) {
		t.Errorf("beside an older export: %v", err)
	}
	// What a killed export leaves is taken away, and what is no longer in the set.
	if err := os.WriteFile(filepath.Join(dir, ".tmp-OLD"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(0o440, true, "A", "new", "B", "y"); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, map[string]string{"A": "new", "B": "y"})
	if err := write(0o400, true); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, nil)
	if err := write(0o400, false, "A", "again"); err != nil { // it is there and empty
		t.Fatal(err)
	}
}

func TestWriteDirGroup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no groups in modes")
	}
	for mode, want := range map[fs.FileMode]fs.FileMode{0o400: 0o700, 0o440: 0o750, 0o444: 0o755} {
		dir := filepath.Join(t.TempDir(), "d")
		if err := writeDir(t.Context(), dir, exportPairs("A", "x"), mode, false); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
			t.Errorf("files of %v are in a directory of %v, %v", mode, info.Mode(), err)
		}
	}
}

// What is not an older export is never touched, and nothing is written beside it.
func TestWriteDirForeign(t *testing.T) {
	for name, make := range map[string]func(dir string) error{
		"one that can be written": func(dir string) error { return os.WriteFile(filepath.Join(dir, "main.go"), []byte("keep"), 0o644) },
		"no name of a secret":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "a b"), []byte("keep"), 0o400) },
		"a directory":             func(dir string) error { return os.Mkdir(filepath.Join(dir, "A"), 0o500) },
		"a link":                  func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "A")) },
		"a link of ours":          func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, ".tmp-A")) },
		"a hidden file":           func(dir string) error { return os.WriteFile(filepath.Join(dir, ".profile"), []byte("keep"), 0o400) },
	} {
		dir := t.TempDir()
		if err := make(dir); err != nil {
			t.Log(err) // a system without links
			continue
		}
		for _, replace := range []bool{false, true} {
			err := writeDir(t.Context(), dir, exportPairs("A", "s3cr3t", "B", "s3cr3t"), 0o400, replace)
			if exitCode(err) != exitUsage || !strings.Contains(err.Error(), "no file of an older export") {
				t.Errorf("%s, replace %t: %v", name, replace, err)
			}
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: %d entries, %v", name, len(entries), err)
		}
	}
}

func TestWriteDirFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := writeDir(over, dir, exportPairs("A", "x"), 0o400, false); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory stays: %v", err)
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, filepath.Join(t.TempDir(), "no", "parent"), filepath.Join(file, "below")} {
		if err := writeDir(t.Context(), bad, exportPairs("A", "x"), 0o400, true); exitCode(err) != exitUsage {
			t.Errorf("%s: %v", filepath.Base(bad), err)
		}
	}
	// Where a name is given twice the second is not written over the first, and
	// what was there stays.
	old := t.TempDir()
	if err := writeDir(t.Context(), old, exportPairs("KEPT", "x"), 0o400, false); err != nil {
		t.Fatal(err)
	}
	if err := writeDir(t.Context(), old, exportPairs("A", "x", "A", "y"), 0o400, true); err == nil {
		t.Error("one name twice is written")
	}
	wantFiles(t, old, map[string]string{"KEPT": "x"})
	link := filepath.Join(t.TempDir(), "link")
	if os.Symlink(old, link) == nil {
		if err := writeDir(t.Context(), link, exportPairs("A", "x"), 0o400, true); exitCode(err) != exitUsage {
			t.Errorf("a link: %v", err)
		}
	}
}
