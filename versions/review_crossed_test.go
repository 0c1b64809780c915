package versions

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// crossed merges a branch and its target both ways: the target has what the branch
// did, and the branch has what undo leaves of it.
func (a *testApp) crossed(do, undo func()) (bases []repo.Hash, target, tip repo.Hash) {
	a.t.Helper()
	start := a.commit()
	do()
	one := a.commit()
	tgit(a.t, a.dir, "checkout", "-q", "-b", "target", string(start))
	tgit(a.t, a.dir, "commit", "-q", "--allow-empty", "-m", "two")
	two := repo.Hash(tgit(a.t, a.dir, "rev-parse", "HEAD"))
	tgit(a.t, a.dir, "merge", "-q", "--no-ff", "-m", "there", string(one))
	target = repo.Hash(tgit(a.t, a.dir, "rev-parse", "HEAD"))
	tgit(a.t, a.dir, "checkout", "-q", "-B", "tip", string(one))
	tgit(a.t, a.dir, "merge", "-q", "--no-ff", "-m", "here", string(two))
	undo()
	tgit(a.t, a.dir, "add", "-A")
	tgit(a.t, a.dir, "commit", "-q", "--amend", "--no-edit", "--allow-empty")
	tip = repo.Hash(tgit(a.t, a.dir, "rev-parse", "HEAD"))
	bases, err := a.r.MergeBases(context.Background(), target, tip)
	a.must(err)
	if len(bases) != 2 {
		a.t.Fatalf("%d merge bases", len(bases))
	}
	return bases, target, tip
}

func (a *testApp) crossedLines(bases []repo.Hash, target, tip repo.Hash) []string {
	a.t.Helper()
	var lines []string
	for range 2 { // in either order
		review, err := Review(context.Background(), a.r, bases, target, tip)
		a.must(err)
		var got []string
		for _, app := range review.Apps {
			if app.Kind() != "same" {
				got = append(got, app.Kind())
			}
			for _, m := range app.Members {
				got = append(got, fmt.Sprintf("member %s given %v taken %v", m.Name, m.Given, m.Taken))
			}
			for _, e := range app.Environments {
				for _, s := range e.Secrets {
					got = append(got, e.Name+" "+string(s.Action)+" "+s.Name)
				}
			}
			for _, p := range app.Problems {
				got = append(got, p.Kind)
			}
		}
		for _, p := range review.Problems {
			got = append(got, p.Kind)
		}
		if lines != nil && !slices.Equal(lines, got) {
			a.t.Errorf("the other way round\n  %s", strings.Join(got, "\n  "))
		}
		lines = got
		slices.Reverse(bases)
	}
	return lines
}

// With several merge bases there is one of them that hides whatever the branch undid.
func TestReviewCrossed(t *testing.T) {
	t.Run("a value comes back", func(t *testing.T) {
		a := newApp(t)
		a.set(prod, "A", "one")
		a.set(prod, "B", "one")
		old := a.bytesAt(FilePath(prod, "A"))
		bases, target, tip := a.crossed(func() { a.set(prod, "A", "two") }, func() { a.put(FilePath(prod, "A"), old) })
		if got := a.crossedLines(bases, target, tip); !slices.Equal(got, []string{"production changed A", ProblemBases}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a reader comes back", func(t *testing.T) {
		a := newApp(t)
		a.set(prod, "A", "one")
		wrap := WrapPath(seal.ReadSlot(prod), 1, "bob")
		note, key := a.bytesAt(NoteName), a.bytesAt(wrap)
		bases, target, tip := a.crossed(func() { a.remove("bob") }, func() { a.put(NoteName, note); a.put(wrap, key) })
		want := []string{"member bob given [production.read] taken []", ProblemNote, ProblemNote, ProblemBases}
		if got := a.crossedLines(bases, target, tip); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("an app that the target has removed", func(t *testing.T) {
		a := newApp(t)
		a.set(prod, "A", "one")
		bases, target, tip := a.crossed(func() { tgit(t, a.dir, "commit", "-q", "--allow-empty", "-m", "one") }, func() {})
		tgit(t, a.dir, "checkout", "-q", string(target))
		tgit(t, a.dir, "rm", "-rq", ".pinseal")
		tgit(t, a.dir, "commit", "-q", "-m", "gone")
		target = repo.Hash(tgit(t, a.dir, "rev-parse", "HEAD"))
		if got := a.crossedLines(bases, target, tip); !slices.Equal(got, []string{ProblemBases}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("only what the branch has", func(t *testing.T) {
		a := newApp(t)
		a.set(prod, "A", "one")
		bases, target, tip := a.crossed(func() { a.set(prod, "A", "two") }, func() { a.set(prod, "N", "new") })
		tgit(t, a.dir, "checkout", "-q", string(target))
		a.set(prod, "T", "the target's")
		a.set("dev", "T", "the target's")
		a.add("carol", false, seal.ReadSlot("dev"))
		target = a.commit()
		if got := a.crossedLines(bases, target, tip); !slices.Equal(got, []string{"production added N", ProblemBases}) {
			t.Errorf("got %q", got)
		}
		tgit(t, a.dir, "rm", "-rq", ".pinseal")
		tgit(t, a.dir, "commit", "-q", "-m", "gone")
		if got := a.crossedLines(bases, target, repo.Hash(tgit(t, a.dir, "rev-parse", "HEAD"))); got[0] == ProblemBases {
			t.Errorf("all of it gone: %q", got)
		}
	})
}

// bytesAt is a file of the app's directory as it is.
func (a *testApp) bytesAt(name string) []byte {
	a.t.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, appDir, name))
	a.must(err)
	return data
}
