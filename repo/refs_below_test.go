package repo

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRefsBelow: in process as git says it.
func TestRefsBelow(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := tgit(t, dir, "rev-parse", "HEAD")
	r := openAt(t, dir)
	if refs, err := r.RefsBelow(ctx, "refs/pinseal/"); err != nil || len(refs) > 0 {
		t.Errorf("before there are any: %v, %v", refs, err)
	}
	second := string(commitAll(t, dir, "second"))
	for _, name := range []string{"both", "packed", "gone"} {
		tgit(t, dir, "update-ref", "refs/pinseal/x/"+name, first)
	}
	tgit(t, dir, "update-ref", "refs/pinseal-remotes/x/other", first)
	tgit(t, dir, "pack-refs", "--all")
	tgit(t, dir, "update-ref", "-d", "refs/pinseal/x/gone")
	tgit(t, dir, "update-ref", "refs/pinseal/x/both", second)
	tgit(t, dir, "update-ref", "refs/pinseal/y/z/loose", second)
	put(t, dir, ".git/refs/pinseal/x/both.lock", "")
	want, err := openAt(t, dir).Refs(ctx, "refs/pinseal/")
	if err != nil || len(want) != 3 {
		t.Fatal(want, err)
	}
	r = openAt(t, dir)
	if got, err := r.RefsBelow(ctx, "refs/pinseal/"); err != nil || !slices.Equal(got, want) || r.Spawns() > 0 {
		t.Errorf("%v, %v, %d processes; want %v", got, err, r.Spawns(), want)
	}
	r.loc.plain = false
	if got, err := r.RefsBelow(ctx, "refs/pinseal/"); err != nil || !slices.Equal(got, want) {
		t.Errorf("by git: %v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".git/refs/pinseal/x/both"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err := openAt(t, dir).RefsBelow(ctx, "refs/pinseal/"); err == nil {
		t.Errorf("a broken ref: %v", got)
	}
	if _, err := r.RefsBelow(ctx, "refs/pinseal"); err == nil {
		t.Error("a prefix without its slash")
	}
}
