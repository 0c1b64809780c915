package repo

import (
	"context"
	"errors"
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

func TestMergeBase(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	ours := commitOn(t, dir, "main", "ours")
	tgit(t, dir, "checkout", "-q", "-b", "side", string(first))
	theirs := commitOn(t, dir, "side", "app/dev/C.yaml")
	r := openAt(t, dir)

	for _, tt := range []struct{ a, b, want Hash }{{ours, theirs, first}, {theirs, ours, first}, {first, ours, first}, {ours, first, first}, {ours, ours, ours}} {
		if got, of, err := r.MergeBase(ctx, tt.a, tt.b); got != tt.want || of != 1 || err != nil {
			t.Errorf("MergeBase(%s, %s) = %s, %d, %v, want %s", tt.a, tt.b, got, of, err, tt.want)
		}
	}
	for _, bad := range []Hash{"", "main", "--help", ours[:12]} {
		if _, _, err := r.MergeBase(ctx, ours, bad); err == nil {
			t.Errorf("MergeBase takes %q", bad)
		}
	}

	tgit(t, dir, "checkout", "-q", "--orphan", "other")
	other := commitOn(t, dir, "other", "other")
	if _, _, err := r.MergeBase(ctx, ours, other); !errors.Is(err, ErrNoMergeBase) {
		t.Errorf("of two histories: %v", err)
	}

	// Each has merged the other: two common commits, neither newer.
	tgit(t, dir, "checkout", "-q", "main")
	tgit(t, dir, "merge", "-q", "-m", "one", string(theirs))
	a := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	tgit(t, dir, "checkout", "-q", "side")
	tgit(t, dir, "merge", "-q", "-m", "two", string(ours))
	b := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	if got, of, err := r.MergeBase(ctx, a, b); of != 2 || got != ours && got != theirs || err != nil {
		t.Errorf("after a criss-cross: %s, %d, %v", got, of, err)
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
