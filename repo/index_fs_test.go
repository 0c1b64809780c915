package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// TestIndexFS: the index is read as the commit of it would be.
func TestIndexFS(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, "a.b", "x")
	put(t, dir, "a/c", "y")
	put(t, dir, "a-c/d", "z")
	put(t, dir, "empty", "")
	put(t, dir, ":(top)app/own", "own")
	put(t, dir, "app/dev/A.yaml", "staged\n")
	tgit(t, dir, "add", "-A")
	put(t, dir, "app/dev/A.yaml", "not staged\n")
	put(t, dir, "app/dev/N.yaml", "announced\n")
	tgit(t, dir, "add", "-N", "app/dev/N.yaml")
	r := openAt(t, dir)
	fsys, err := r.IndexFS(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(fsys, "README", "app/dev/A.yaml", "a.b", "a/c", "a-c/d", "empty"); err != nil {
		t.Fatal(err)
	}
	sub, err := r.IndexFS(ctx, "app/dev")
	if err != nil {
		t.Fatal(err)
	}
	tgit(t, dir, "add", "app/dev/A.yaml")
	got, err := sub.ReadFile("A.yaml")
	if string(got) != "staged\n" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	for _, absent := range []string{"N.yaml", "x", "x/y"} {
		if _, err := sub.Stat(absent); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "app/dev/") {
			t.Errorf("%s: %v", absent, err)
		}
	}
	for _, absent := range []string{"nope", "app/nope", "app/d", "ap", "app/*", "app/dev/N.yaml"} {
		if _, err := r.IndexFS(ctx, absent); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", absent, err)
		}
	}
	literal, err := r.IndexFS(ctx, ":(top)app")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := literal.ReadFile("own"); string(got) != "own" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"../x", "/app", "app/"} {
		if _, err := r.IndexFS(ctx, bad); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	tgit(t, dir, "rm", "-rfq", ".")
	if _, err := r.IndexFS(ctx, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty index: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git/index"), []byte("DIRC garbage"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.IndexFS(ctx, "app"); !is[*GitError](err) {
		t.Errorf("a broken index: %v", err)
	}
}

// TestIndexFSOdd: the index refuses what the commit of it would.
func TestIndexFSOdd(t *testing.T) {
	ctx := context.Background()
	dir, head := oddDir(t)
	r := openAt(t, dir)
	fsys, err := r.IndexFS(ctx, "app")
	if err != nil {
		t.Fatal(err)
	}
	committed, err := r.FS(ctx, head, "app")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"run", "link", "link/A.yaml", "sub", "sub/x", "dev", "dev/A.yaml/x", "dev/A.yaml", "none", "../x"} {
		_, staged := fsys.ReadFile(name)
		_, want := committed.ReadFile(name)
		if fmt.Sprint(staged) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, staged, want)
		}
	}
	if fsys.root != committed.root {
		t.Errorf("tree %s, want %s", fsys.root, committed.root)
	}
	for path, kind := range map[string]string{"app/run": "executable", "app/link": "symlink", "app/link/x": "symlink", "app/sub/x/y": "submodule", "README": "file", "README/x": "file"} {
		odd, ok := errors.AsType[*OddEntryError](func() error { _, err := r.IndexFS(ctx, path); return err }())
		if !ok || odd.Kind != kind || !strings.HasPrefix(path, odd.Path) {
			t.Errorf("%s: %v", path, odd)
		}
	}
}

// TestIndexFSTwins: an index that only another tool could have written.
func TestIndexFSTwins(t *testing.T) {
	id := Hash(strings.Repeat("a", 40))
	for _, paths := range [][]string{{"a", "a.b", "a/b"}, {"a//b"}, {"a/./b"}, {"../a"}, {"/a"}, {"a/"}} {
		r := &Repo{loc: location{format: "sha1"}}
		files := make(map[string]indexEntry)
		for _, p := range paths {
			files[p] = indexEntry{mode: "100644", id: id}
		}
		if _, err := r.TreeFS(context.Background(), "").plant(paths, files, 0); !is[*CorruptError](err) {
			t.Errorf("%q: %v", paths, err)
		}
	}
}
