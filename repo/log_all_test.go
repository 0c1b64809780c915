package repo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// allChanges is what AllChanges yields of dir: "SUBJECT STATUS:CONTENT…", where
// what a file was, of each parent, stands before what it is.
func allChanges(t *testing.T, r *Repo, dir string) (got []string) {
	t.Helper()
	content := func(h Hash) string {
		if h == "" {
			return "-"
		}
		_, data, err := r.Object(context.Background(), h, MaxBlob)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(data))
	}
	for c, err := range r.AllChanges(context.Background(), dir) {
		if err != nil {
			t.Fatal(err)
		}
		line := c.Subject
		for _, f := range c.Files {
			line += fmt.Sprintf(" %c:%s", f.Status, content(f.Old))
			for _, h := range f.More {
				line += "," + content(h)
			}
			line += ">" + content(f.New)
		}
		got = append(got, line)
	}
	slices.Sort(got) // equal dates
	return got
}

func TestAllChanges(t *testing.T) {
	dir := newDir(t)
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "app/dev/A.yaml", "side\n")
	commitAll(t, dir, "side")
	tgit(t, dir, "checkout", "-q", "main")
	tgit(t, dir, "merge", "-q", "--no-ff", "-s", "ours", "-m", "dropped", "side")
	tgit(t, dir, "branch", "-q", "-D", "side")

	// Both sides change it, and the merge makes a third of it.
	put(t, dir, "app/dev/A.yaml", "ours\n")
	commitAll(t, dir, "ours")
	tgit(t, dir, "checkout", "-q", "-b", "theirs", "HEAD~1")
	put(t, dir, "app/dev/A.yaml", "theirs\n")
	commitAll(t, dir, "theirs")
	tgit(t, dir, "checkout", "-q", "main")
	if _, err := trygit(dir, nil, "merge", "-q", "theirs"); err == nil {
		t.Fatal("no conflict")
	}
	put(t, dir, "app/dev/A.yaml", "both\n")
	commitAll(t, dir, "merged")

	tgit(t, dir, "checkout", "-q", "--detach")
	put(t, dir, "app/dev/A.yaml", "loose\n")
	commitAll(t, dir, "detached")
	tgit(t, dir, "tag", "kept")
	put(t, dir, "app/dev/A.yaml", "pinned\n")
	tgit(t, dir, "update-ref", "refs/pinseal/id/dev", string(commitAll(t, dir, "pinned")))
	tgit(t, dir, "update-ref", "refs/pinseal-remotes/origin/id/dev", "HEAD")
	tgit(t, dir, "reset", "-q", "--hard", "HEAD~1")
	put(t, dir, "app/dev/A.yaml", "stashed\n")
	tgit(t, dir, "stash", "-q")
	put(t, dir, "app/dev/A.yaml", "head\n")
	commitAll(t, dir, "head")

	r := openAt(t, dir)
	want := []string{"detached M:both>loose", "dropped", "first A:->a", "head M:loose>head", "merged M:ours,theirs>both", "ours M:a>ours", "side M:a>side", "theirs M:a>theirs"}
	// The reflogs know what a reset and a stash took away.
	got := allChanges(t, r, "app/dev/A.yaml")
	for _, gone := range []string{"pinned M:loose>pinned", "M:loose,loose>stashed"} {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasSuffix(line, gone) }) {
			t.Errorf("no %q in\n%s", gone, strings.Join(got, "\n"))
		}
	}
	tgit(t, dir, "reflog", "expire", "--expire=all", "--all")
	if got := allChanges(t, r, "app/dev/A.yaml"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	before := r.Spawns()
	for range r.AllChanges(context.Background(), "") {
		break
	}
	if n := r.Spawns() - before; n != 1 {
		t.Errorf("%d processes", n)
	}
	for _, err := range r.AllChanges(context.Background(), "../x") {
		if err == nil {
			t.Error("a change outside")
		}
	}
}

// A submodule's id is of another repository: no blob of this one.
func TestChangesSubmodule(t *testing.T) {
	dir := newDir(t)
	tgit(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",app/dev/S.yaml")
	tgit(t, dir, "commit", "-q", "-m", "submodule")
	if got := allChanges(t, openAt(t, dir), "app/dev/S.yaml"); len(got) != 1 || got[0] != "submodule A:->-" {
		t.Errorf("%q", got)
	}
}

func TestAllChangesWithoutCommits(t *testing.T) {
	dir := tempDir(t)
	tgit(t, dir, "init", "-q", ".")
	if got := allChanges(t, openAt(t, dir), "app"); got != nil {
		t.Errorf("%q", got)
	}
}
