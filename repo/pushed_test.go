package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestPushedChanges: more tips than a command line can hold, and what a path that
// is too long leaves of itself.
func TestPushedChanges(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	const many = 45_000
	var in strings.Builder
	for i := range many {
		fmt.Fprintf(&in, "commit refs/x/y\nmark :%d\ncommitter A <a@b> %d +0000\ndata 0\nM 644 inline app/%d\ndata 5\n%05d\n", i+1, 1_000_000_000+i, i%100, i)
	}
	marks := t.TempDir() + "/marks"
	if _, err := pipegit(dir, nil, []byte(in.String()), "fast-import", "--quiet", "--export-marks="+marks); err != nil {
		t.Fatal(err)
	}
	var tips []Hash
	for line := range strings.Lines(readFile(t, marks)) {
		_, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		tips = append(tips, Hash(id), Hash(id))
	}
	n := 0
	for _, err := range openAt(t, dir).PushedChanges(ctx, tips, "app/5") {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != many/100 {
		t.Errorf("%d changes, want %d", n, many/100)
	}

	long := strings.Repeat("x", maxLogItem+1)
	blob := tgit(t, dir, "rev-parse", "HEAD:README")
	tree, err := pipegit(dir, nil, []byte("100644 blob "+blob+"\t"+long+"\n"), "mktree")
	if err != nil {
		t.Fatal(err)
	}
	tip := Hash(tgit(t, dir, "commit-tree", "-m", "x", strings.TrimSpace(string(tree))))
	for c, err := range openAt(t, dir).PushedChanges(ctx, []Hash{tip}, "") {
		if err != nil || len(c.Files) != 1 || len(c.Files[0].Path) != maxLogText+len("…") {
			t.Errorf("%d files, %v", len(c.Files), err)
		}
	}
}

func TestPeel(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	head := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	tgit(t, dir, "tag", "-a", "-m", "t", "one", "HEAD")
	tgit(t, dir, "tag", "-a", "-m", "t", "two", "one")
	tgit(t, dir, "tag", "-a", "-m", "t", "tree", "HEAD^{tree}")
	tgit(t, dir, "tag", "blob", "HEAD:README")
	r := openAt(t, dir)
	for rev, want := range map[string]Hash{"HEAD": head, "one": head, "two": head, "tree": "", "blob": ""} {
		if got, err := r.Peel(ctx, Hash(tgit(t, dir, "rev-parse", rev))); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", rev, got, err, want)
		}
	}
	if r.Spawns() != 0 {
		t.Errorf("%d processes", r.Spawns())
	}
	put := func(kind, data string) Hash {
		out, err := pipegit(dir, nil, []byte(data), "hash-object", "-w", "-t", kind, "--literally", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		return Hash(strings.TrimSpace(string(out)))
	}
	large := strings.Repeat("x", maxCommit+1)
	if got, err := r.Peel(ctx, put("blob", large)); got != "" || err != nil {
		t.Errorf("a large blob: %q %v", got, err)
	}
	for _, kind := range []string{"commit", "tag"} {
		if got, err := r.Peel(ctx, put(kind, large)); got != "" || !is[*TooLargeError](err) {
			t.Errorf("a large %s: %q %v", kind, got, err)
		}
	}
	if got, err := r.Peel(ctx, put("tag", "x")); got != "" || !is[*CorruptError](err) {
		t.Errorf("a tag of nothing: %q %v", got, err)
	}
	if got, err := r.Peel(ctx, Hash(strings.Repeat("1", 40))); got != "" || !errors.Is(err, ErrMissing) {
		t.Errorf("no object: %q %v", got, err)
	}
}
