package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"testing"
)

// subjects is "SUBJECT STATUS…" of what a walk yields.
func subjects(t *testing.T, walk iter.Seq2[Change, error]) (got []string) {
	t.Helper()
	for c, err := range walk {
		if err != nil {
			t.Fatal(err)
		}
		line := c.Subject
		for _, f := range c.Files {
			line += fmt.Sprintf(" %c%d", f.Status, len(f.More))
		}
		got = append(got, line)
	}
	slices.Sort(got) // equal dates
	return got
}

func TestChangesOfTips(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	first := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "app/dev/A.yaml", "side\n")
	side := commitAll(t, dir, "side")
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "app/dev/B.yaml", "main\n")
	main := commitAll(t, dir, "main")
	tgit(t, dir, "merge", "-q", "-s", "ours", "-m", "ours", "side")
	ours := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	put(t, dir, "app/dev/A.yaml", "both\n")
	tgit(t, dir, "commit", "-q", "-a", "--amend", "-m", "evil")
	evil := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	r := openAt(t, dir)
	for _, test := range []struct {
		name string
		walk iter.Seq2[Change, error]
		want string
	}{
		{"of two", r.ChangesOf(ctx, []Hash{side, main}, "app/dev"), "first A0 A0, main M0, side M0"},
		{"of none", r.ChangesOf(ctx, nil, "app/dev"), ""},
		{"file", r.FileChanges(ctx, []Hash{ours}, "app/dev/A.yaml"), "first A0"},
		{"file of two", r.FileChanges(ctx, []Hash{side, main}, "app/dev/A.yaml"), "first A0, side M0"},
		{"file in a merge", r.FileChanges(ctx, []Hash{evil}, "app/dev/A.yaml"), "evil M1, first A0, side M0"},
		{"no file", r.FileChanges(ctx, []Hash{evil}, "app/dev/* .yaml"), ""},
		{"file of none", r.FileChanges(ctx, nil, "app/dev/A.yaml"), ""},
		{"between", r.ChangesBetween(ctx, []Hash{main}, []Hash{ours}, "app/dev"), "ours, side M0"},
		{"between all", r.ChangesBetween(ctx, nil, []Hash{ours}, "app/dev"), "first A0 A0, main M0, ours, side M0"},
		{"between two", r.ChangesBetween(ctx, []Hash{main, side}, []Hash{ours}, "app"), "ours"},
		{"between none", r.ChangesBetween(ctx, []Hash{main}, nil, "app/dev"), ""},
		{"between the same", r.ChangesBetween(ctx, []Hash{ours}, []Hash{first}, "app/dev"), ""},
	} {
		if got := strings.Join(subjects(t, test.walk), ", "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	before := r.Spawns()
	for range r.FileChanges(ctx, []Hash{side}, "app/dev/A.yaml") {
		break
	}
	if n := r.Spawns() - before; n != 1 {
		t.Errorf("%d processes", n)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for name, bad := range map[string]iter.Seq2[Change, error]{
		"short id":      r.FileChanges(ctx, []Hash{"abc"}, "app/dev/A.yaml"),
		"absent commit": r.FileChanges(ctx, []Hash{Hash(strings.Repeat("1", 40))}, "app/dev/A.yaml"),
		"bad path":      r.FileChanges(ctx, []Hash{first}, "../x"),
		"the top":       r.FileChanges(ctx, []Hash{first}, "."),
		"cancelled":     r.FileChanges(cancelled, []Hash{first}, "app/dev/A.yaml"),
		"short known":   r.ChangesBetween(ctx, []Hash{"^"}, []Hash{first}, "app"),
		"of a bad one":  r.ChangesOf(ctx, []Hash{first, ""}, "app"),
	} {
		n := 0
		for _, err := range bad {
			if n++; err == nil {
				t.Errorf("%s: a change", name)
			} else if name == "cancelled" != errors.Is(err, context.Canceled) || name == "bad path" && !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d items", name, n)
		}
	}
}

// A directory that once had the file's name says nothing of the file.
func TestFileChangesDirectory(t *testing.T) {
	dir := newDir(t)
	tgit(t, dir, "rm", "-q", "app/dev/A.yaml")
	put(t, dir, "app/dev/A.yaml/x", "x\n")
	put(t, dir, "app/dev/A.yaml/y", "y\n")
	commitAll(t, dir, "directory")
	tgit(t, dir, "rm", "-q", "-r", "app/dev/A.yaml")
	put(t, dir, "app/dev/A.yaml", "again\n")
	tip := commitAll(t, dir, "file")
	got := subjects(t, openAt(t, dir).FileChanges(context.Background(), []Hash{tip}, "app/dev/A.yaml"))
	if len(got) != 3 || got[2] != "first A0" && got[2] != "file A0" {
		t.Errorf("%q", got)
	}
}

func TestCut(t *testing.T) {
	dir := newDir(t)
	commitAll(t, dir, "second")
	tip := commitAll(t, dir, "third")
	if cut, err := openAt(t, dir).Cut(); err != nil || len(cut) != 0 {
		t.Errorf("%v, %v", cut, err)
	}
	shallow := tempDir(t)
	tgit(t, shallow, "clone", "-q", "--depth", "2", "file://"+dir, ".")
	tgit(t, shallow, "worktree", "add", "-q", "linked", "-b", "linked")
	want := Hash(tgit(t, dir, "rev-parse", string(tip)+"~1"))
	for _, in := range []string{shallow, shallow + "/linked"} {
		if cut, err := openAt(t, in).Cut(); err != nil || len(cut) != 1 || !cut[want] {
			t.Errorf("%v, %v", cut, err)
		}
	}
	put(t, shallow, ".git/shallow", "x\n")
	if cut, err := openAt(t, dir).Cut(); err != nil || len(cut) != 0 {
		t.Errorf("%v, %v", cut, err)
	}
	r := openAt(t, dir)
	put(t, dir, ".git/shallow", "x\n")
	if _, err := r.Cut(); !is[*CorruptError](err) {
		t.Errorf("%v", err)
	}
}
