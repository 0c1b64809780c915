package cmd

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

// wantFiles wants these files, and a manifest of them.
func wantFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := filesIn(t, dir)
	if names, ok := parseManifest([]byte(got[exportManifest])); !ok || !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
		t.Errorf("the manifest is %q", got[exportManifest])
	}
	if len(got) != len(want)+1 {
		t.Errorf("%d files, want %d and the manifest", len(got), len(want))
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
	if info, err := os.Stat(filepath.Join(dir, exportManifest)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o400 {
		t.Errorf("the mode of the manifest is %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the mode of the directory is %v, %v", info.Mode(), err)
	}
	if err := write(0o400, false, "B", "y"); !errors.Is(err, errOlderExport) {
		t.Errorf("beside an older export: %v", err)
	}
	// What is no longer in the set is taken away.
	if err := write(0o440, true, "A", "new", "B", "y"); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, map[string]string{"A": "new", "B": "y"})
	if err := write(0o400, true); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, nil)
	dir = t.TempDir()
	if err := write(0o400, false, "A", "again"); err != nil { // it is there and empty
		t.Fatal(err)
	}
}

// Whatever a killed export leaves, the next one replaces.
func TestWriteDirKilled(t *testing.T) {
	manifest := func(names ...string) string { return string(formatManifest(names)) }
	for name, left := range map[string]map[string]string{
		"before anything is there":  {".tmp-.pinseal-export": "pinse"},
		"before values are written": {exportManifest: manifest("A", "B")},
		"while they are written":    {exportManifest: manifest("A", "B"), ".tmp-A": "x", ".tmp-B": ""},
		"while they are placed":     {exportManifest: manifest("A", "B"), "A": "x", ".tmp-B": "y"},
		"of an older export":        {exportManifest: manifest("A", "B", "OLD"), "OLD": "z", "A": "x", ".tmp-B": "y", ".tmp-.pinseal-export": ""},
		"before the new manifest":   {exportManifest: manifest("A", "B", "OLD"), "A": "x", "B": "y"},
	} {
		dir := t.TempDir()
		for file, text := range left {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o400); err != nil {
				t.Fatal(err)
			}
		}
		if err := writeDir(t.Context(), dir, exportPairs("A", "new", "C", "c"), 0o400, true); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantFiles(t, dir, map[string]string{"A": "new", "C": "c"})
	}
}

// The manifest names what is there before it is there, and what was there until it is
// gone.
func TestWriteDirStops(t *testing.T) {
	dir := t.TempDir()
	if err := writeDir(t.Context(), dir, exportPairs("A", "old", "OLD", "x"), 0o400, false); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	old, err := olderExport(root, true)
	if err != nil {
		t.Fatal(err)
	}
	w := dirWriter{root: root, old: old}
	if err := w.write(t.Context(), exportPairs("A", "new", "B", "y"), 0o400); err != nil {
		t.Fatal(err)
	}
	if names, found, err := readManifest(root); err != nil || !found || !slices.Equal(names, []string{"A", "B", "OLD"}) {
		t.Errorf("%q, %t, %v", names, found, err)
	}
	if err := writeDir(t.Context(), dir, exportPairs("C", "z"), 0o400, true); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, map[string]string{"C": "z"})
}

func TestManifest(t *testing.T) {
	for _, names := range [][]string{{}, {"A"}, {"A", "_", "tls.key"}} {
		if got, ok := parseManifest(formatManifest(names)); !ok || !slices.Equal(got, names) {
			t.Errorf("%q comes back as %q, %t", names, got, ok)
		}
	}
	for _, bad := range []string{"", "\n", "A\n", manifestFormat, manifestFormat + "\r\n", manifestFormat + "\n\n", manifestFormat + "\nA", manifestFormat + "\nB\nA\n", manifestFormat + "\nA\nA\n",
		manifestFormat + "\n../A\n", manifestFormat + "\n.pinseal-export\n", manifestFormat + "\na b\n", "pinseal export-dir/v2\nA\n"} {
		if names, ok := parseManifest([]byte(bad)); ok {
			t.Errorf("%q is read as %q", bad, names)
		}
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
		"one that can only be read": func(dir string) error { return os.WriteFile(filepath.Join(dir, "A"), []byte("keep"), 0o400) },
		"unfinished, of nobody":     func(dir string) error { return os.WriteFile(filepath.Join(dir, ".tmp-A"), []byte("keep"), 0o600) },
		"one that can be written":   func(dir string) error { return os.WriteFile(filepath.Join(dir, "main.go"), []byte("keep"), 0o644) },
		"no name of a secret":       func(dir string) error { return os.WriteFile(filepath.Join(dir, "a b"), []byte("keep"), 0o400) },
		"a directory":               func(dir string) error { return os.Mkdir(filepath.Join(dir, "A"), 0o500) },
		"a link":                    func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "A")) },
		"a link of ours":            func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, ".tmp-A")) },
		"a hidden file":             func(dir string) error { return os.WriteFile(filepath.Join(dir, ".profile"), []byte("keep"), 0o400) },
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

// Beside an older export, too, nothing is touched that its manifest does not name, nor
// what has taken the place of what it names, nor what is no manifest.
func TestWriteDirForeignBeside(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"not listed":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "go.mod"), []byte("keep"), 0o400) },
		"unfinished":      func(dir string) error { return os.WriteFile(filepath.Join(dir, ".tmp-X"), []byte("keep"), 0o400) },
		"a directory":     func(dir string) error { return os.Mkdir(filepath.Join(dir, "LISTED"), 0o700) },
		"a link":          func(dir string) error { return os.Symlink("KEPT", filepath.Join(dir, "LISTED")) },
		"another's words": func(dir string) error { return writeReadOnly(filepath.Join(dir, exportManifest), "KEPT\nLISTED\n") },
		"a large one": func(dir string) error {
			return writeReadOnly(filepath.Join(dir, exportManifest), strings.Repeat("x", maxManifest+1))
		},
		"a manifest that is a link": func(dir string) error {
			file, at := filepath.Join(dir, exportManifest), filepath.Join(filepath.Dir(dir), "manifest")
			return errors.Join(os.Rename(file, at), os.Symlink(at, file))
		},
	} {
		dir := t.TempDir()
		if err := writeDir(t.Context(), dir, exportPairs("KEPT", "x"), 0o400, false); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(writeReadOnly(filepath.Join(dir, exportManifest), string(formatManifest([]string{"KEPT", "LISTED"}))), spoil(dir)); err != nil {
			t.Log(err) // a system without links
			continue
		}
		before, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, replace := range []bool{false, true} {
			err := writeDir(t.Context(), dir, exportPairs("A", "s3cr3t"), 0o400, replace)
			if exitCode(err) != exitUsage || !strings.Contains(err.Error(), "holds ") {
				t.Errorf("%s, replace %t: %v", name, replace, err)
			}
		}
		if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
			t.Errorf("%s: %d entries of %d, %v", name, len(after), len(before), err)
		}
	}
}

func writeReadOnly(file, text string) error {
	return errors.Join(os.Remove(file), os.WriteFile(file, []byte(text), 0o400))
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
