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

// oddDir is a repository whose tree holds every kind of entry below app.
func oddDir(t *testing.T) (dir string, head Hash) {
	t.Helper()
	dir = newDir(t)
	put(t, dir, "app.b", "sorts between app and app/")
	put(t, dir, "app/run", "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(dir, "app/run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("dev", filepath.Join(dir, "app/link")); err != nil {
		t.Skip("no symlinks here")
	}
	tgit(t, dir, "add", "-A")
	tgit(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+tgit(t, dir, "rev-parse", "HEAD")+",app/sub")
	tgit(t, dir, "commit", "-q", "-m", "odd")
	return dir, Hash(tgit(t, dir, "rev-parse", "HEAD"))
}

func TestTreeFS(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, "a.b", "x")
	put(t, dir, "a/c", "y")
	put(t, dir, "empty", "")
	head := commitAll(t, dir, "more")
	r := openAt(t, dir)
	fsys, err := r.FS(ctx, head, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(fsys, "README", "app/dev/A.yaml", "a.b", "a/c", "empty"); err != nil {
		t.Fatal(err)
	}
	sub, err := r.FS(ctx, head, "app/dev")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(sub, "A.yaml", "B.yaml"); err != nil {
		t.Fatal(err)
	}
	e, err := fsys.Entry("app/dev")
	if err != nil || string(e.Hash) != tgit(t, dir, "rev-parse", "HEAD:app/dev") || e.Mode != ModeTree {
		t.Fatalf("entry %+v %v", e, err)
	}
	if b, err := r.TreeFS(ctx, e.Hash).ReadFile("B.yaml"); string(b) != "b\n" || err != nil {
		t.Fatalf("by tree id: %q %v", b, err)
	}
	if _, err := r.FS(ctx, head, "nope/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("absent dir: %v", err)
	}
	if _, err := r.FS(ctx, e.Hash, ""); err == nil {
		t.Fatal("a tree is taken for a commit")
	}
	if _, err := r.FS(ctx, head, "../x"); !errors.Is(err, fs.ErrInvalid) {
		t.Fatalf("bad dir: %v", err)
	}
	if _, err := r.TreeFS(ctx, Hash(strings.Repeat("1", 40))).ReadDir("."); !errors.Is(err, ErrMissing) {
		t.Fatalf("missing tree: %v", err)
	}
}

func TestTreeFSOdd(t *testing.T) {
	ctx := context.Background()
	dir, head := oddDir(t)
	r := openAt(t, dir)
	for path, kind := range map[string]string{"app/link": "symlink", "app/run": "executable", "app/sub": "submodule", "README": "file"} {
		_, err := r.FS(ctx, head, path)
		odd, ok := errors.AsType[*OddEntryError](err)
		if !ok || odd.Kind != kind || odd.Path != path {
			t.Errorf("FS at %s: %v", path, err)
		}
		_, err = r.FS(ctx, head, path+"/below")
		if odd, ok = errors.AsType[*OddEntryError](err); !ok || odd.Path != path {
			t.Errorf("FS below %s: %v", path, err)
		}
	}
	fsys, err := r.FS(ctx, head, "app")
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"link": fs.ModeSymlink | 0o777, "run": 0o755, "sub": fs.ModeIrregular, "dev": fs.ModeDir | 0o755, "dev/A.yaml": 0o644} {
		fi, err := fsys.Stat(name)
		if err != nil || fi.Mode() != mode {
			t.Errorf("stat %s: %v %v", name, fi, err)
		}
		_, err = fsys.ReadFile(name)
		odd, ok := errors.AsType[*OddEntryError](err)
		if name == "dev/A.yaml" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !ok || odd.Path != "app/"+name {
			t.Errorf("read %s: %v", name, err)
		}
		if _, err := fsys.Open(name); name != "dev" && !is[*OddEntryError](err) {
			t.Errorf("open %s: %v", name, err)
		}
	}
	list, err := fsys.ReadDir(".")
	var got []string
	for _, e := range list {
		got = append(got, e.Name()+":"+e.Type().String())
	}
	if want := "dev:d--------- link:L--------- run:---------- sub:?---------"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("list %v %v", got, err)
	}
	top, err := r.FS(ctx, head, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app", "app.b"} {
		if e, err := top.Entry(name); err != nil || string(e.Hash) != tgit(t, dir, "rev-parse", "HEAD:"+name) {
			t.Errorf("%s: %v %v", name, e, err)
		}
	}
}

func TestParseTree(t *testing.T) {
	id := strings.Repeat("\x01", 20)
	e := func(mode, name string) string { return mode + " " + name + "\x00" + id }
	for _, c := range []struct {
		in string
		n  int // -1: malformed
	}{
		{"", 0},
		{e("100644", "a") + e("100644", "a.b") + e("40000", "b"), 3},
		{e("100644", "a.b") + e("40000", "a"), 2},
		{e("040000", "a"), 1},
		{e("100664", "a"), 1},
		{e("40000", "a") + e("100644", "a.b"), -1},
		{e("100644", "b") + e("100644", "a"), -1},
		{e("100644", "a") + e("100644", "a"), -1},
		{e("40000", "a") + e("40000", "a"), -1},
		{e("100644", "a") + e("40000", "a"), -1},
		{e("100644", "a") + e("100644", "a.b") + e("40000", "a"), -1},
		{e("120000", "a") + e("40000", "a"), -1},
		{e("100644", ""), -1},
		{e("100644", "."), -1},
		{e("40000", ".."), -1},
		{e("100644", "a/b"), -1},
		{e("1006x4", "a"), -1},
		{e("", "a"), -1},
		{e("100000644", "a"), -1},
		{"100644 a\x00short", -1},
		{"100644 a", -1},
		{"100644", -1},
	} {
		got, err := parseTree([]byte(c.in), 20)
		if (err == nil) != (c.n >= 0) || err == nil && len(got) != c.n {
			t.Errorf("%q: %v %v", c.in, got, err)
		}
	}
}

func TestParseCommit(t *testing.T) {
	id, id2 := strings.Repeat("a", 40), strings.Repeat("b", 40)
	who := "A U <a@b> 1700000000 +0130\n"
	good := "tree " + id + "\nparent " + id2 + "\nparent " + id + "\nauthor " + who + "committer " + who + "gpgsig x\n y\n\nsubject\n\nbody"
	c, err := parseCommit([]byte(good), 40)
	if err != nil || string(c.Tree) != id || len(c.Parents) != 2 || c.Message != "subject\n\nbody" || c.Author.Name != "A U" || c.Author.Email != "a@b" {
		t.Fatalf("%+v %v", c, err)
	}
	if got := c.Committer.When.Format("2006-01-02T15:04:05Z07:00"); got != "2023-11-14T23:43:20+01:30" {
		t.Errorf("date %s", got)
	}
	for _, bad := range []string{"", "tree x\n", "parent " + id + "\n", "tree " + id, "tree " + id + "\nauthor " + who, "tree " + id + "\ncommitter " + who,
		"tree " + id + id[:24] + "\nauthor " + who + "committer " + who, "tree " + strings.ToUpper(id) + "\nauthor " + who + "committer " + who,
		"tree " + id + "\nparent x\nauthor " + who + "committer " + who} {
		if c, err := parseCommit([]byte(bad), 40); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
	for _, odd := range []string{"no mail", "A <a> x +0000", "A <a> 99999999999999999999 +0000", "A <a> -1 +0000", "A >a<", "<>", ""} {
		if s := parseSignature(odd); !s.When.IsZero() {
			t.Errorf("%q: %v", odd, s.When)
		}
	}
}

// TestWideTree: lookup agrees with git in a tree of many entries.
func TestWideTree(t *testing.T) {
	dir := newDir(t)
	for i := range 100 {
		put(t, dir, fmt.Sprintf("w/%x/f", i), fmt.Sprint(i))
		put(t, dir, fmt.Sprintf("w/%x.y", i), fmt.Sprint(-i))
	}
	head := commitAll(t, dir, "wide")
	r := openAt(t, dir)
	for i := range 100 {
		mustRead(t, r, head, fmt.Sprintf("w/%x/f", i), fmt.Sprint(i))
		mustRead(t, r, head, fmt.Sprintf("w/%x.y", i), fmt.Sprint(-i))
	}
}
