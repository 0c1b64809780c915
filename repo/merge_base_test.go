package repo

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

// commitOn commits a file on a branch, made where it is not there, and returns the
// commit.
func commitOn(t *testing.T, dir, branch, file string) Hash {
	t.Helper()
	if _, err := trygit(dir, nil, "checkout", "-q", branch); err != nil {
		tgit(t, dir, "checkout", "-q", "-b", branch)
	}
	put(t, dir, file, branch+" "+file+"\n")
	commitAll(t, dir, branch+" "+file)
	return Hash(tgit(t, dir, "rev-parse", "HEAD"))
}

func TestMergeBases(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	ours := commitOn(t, dir, "main", "ours")
	tgit(t, dir, "checkout", "-q", "-b", "side", string(first))
	theirs := commitOn(t, dir, "side", "app/dev/C.yaml")
	r := openAt(t, dir)

	for _, tt := range []struct{ a, b, want Hash }{{ours, theirs, first}, {theirs, ours, first}, {first, ours, first}, {ours, first, first}, {ours, ours, ours}} {
		if got, err := r.MergeBases(ctx, tt.a, tt.b); !slices.Equal(got, []Hash{tt.want}) || err != nil {
			t.Errorf("MergeBases(%s, %s) = %s, %v, want %s", tt.a, tt.b, got, err, tt.want)
		}
	}
	for _, bad := range []Hash{"", "main", "--help", ours[:12]} {
		if _, err := r.MergeBases(ctx, ours, bad); err == nil {
			t.Errorf("MergeBases takes %q", bad)
		}
	}

	tgit(t, dir, "checkout", "-q", "--orphan", "other")
	other := commitOn(t, dir, "other", "other")
	if _, err := r.MergeBases(ctx, ours, other); !errors.Is(err, ErrNoMergeBase) {
		t.Errorf("of two histories: %v", err)
	}

	// Each has merged the other: two common commits, neither newer.
	tgit(t, dir, "checkout", "-q", "main")
	tgit(t, dir, "merge", "-q", "-m", "one", string(theirs))
	a := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	tgit(t, dir, "checkout", "-q", "side")
	tgit(t, dir, "merge", "-q", "-m", "two", string(ours))
	b := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	got, err := r.MergeBases(ctx, a, b)
	if len(got) != 2 || !slices.Contains(got, ours) || !slices.Contains(got, theirs) || err != nil {
		t.Errorf("after a criss-cross: %s, %v", got, err)
	}
}

// A branch that merges what it began with, by a short way, makes an old common commit
// of a shallow clone look like the newest.
func TestMergeBasesShallow(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := tgit(t, dir, "rev-parse", "HEAD")
	main := commitOn(t, dir, "main", "app/dev/A.yaml")
	for range 4 {
		commitOn(t, dir, "long", "app/dev/B.yaml")
		tgit(t, dir, "commit", "-q", "--allow-empty", "-m", "on")
	}
	tgit(t, dir, "checkout", "-q", "-b", "way", first)
	commitOn(t, dir, "way", "way")
	tgit(t, dir, "checkout", "-q", "long")
	tgit(t, dir, "merge", "-q", "-m", "evil", "way")
	tip := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	later := commitOn(t, dir, "long", "later")

	clone := filepath.Join(t.TempDir(), "clone")
	tgit(t, dir, "clone", "-q", "--bare", "--depth=4", "--no-single-branch", "file://"+dir, clone)
	r := openAt(t, clone)
	if got, err := r.MergeBases(ctx, main, tip); !errors.Is(err, ErrUnprovenMergeBase) {
		t.Errorf("below the cut: %s, %v", got, err)
	}
	if got, err := r.MergeBases(ctx, tip, later); !slices.Equal(got, []Hash{tip}) || err != nil {
		t.Errorf("one on the other: %s, %v", got, err)
	}
	if got, err := openAt(t, dir).MergeBases(ctx, main, tip); !slices.Equal(got, []Hash{main}) || err != nil {
		t.Errorf("with all history: %s, %v, want %s", got, err, main)
	}
}

func TestChangesBetween(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := tgit(t, dir, "rev-parse", "HEAD")
	ours := commitOn(t, dir, "main", "app/dev/D.yaml")
	tgit(t, dir, "checkout", "-q", "-b", "side", first)
	commitOn(t, dir, "side", "app/dev/C.yaml")
	commitOn(t, dir, "side", "elsewhere")
	tgit(t, dir, "merge", "-q", "-m", "catch up", "main")
	tip := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	r := openAt(t, dir)
	var got []string
	for c, err := range r.ChangesBetween(ctx, []Hash{ours}, []Hash{tip}, "app") {
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Files {
			got = append(got, c.Subject+": "+f.Path)
		}
	}
	if len(got) != 1 || got[0] != "side app/dev/C.yaml: app/dev/C.yaml" {
		t.Errorf("got %q", got)
	}
	for _, err := range r.ChangesBetween(ctx, []Hash{"--all"}, []Hash{tip}, "app") {
		if err == nil {
			t.Error("what is no commit is walked from")
		}
	}
}
