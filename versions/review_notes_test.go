package versions

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// A note of the branch that does not verify, or does not go on from the one that the
// branch began with, ends the review.
func TestReviewRefuses(t *testing.T) {
	a := newApp(t)
	first := a.note
	a.set(prod, "A", "one")
	a.add("dave", false, seal.ReadSlot("dev"))
	base := a.commit()
	for _, tt := range []struct {
		name, part string
		do         func()
	}{
		{"older", "is version 1, older than version 2", func() { a.put(NoteName, first.Signed()) }},
		{"rewritten", "version 2 does not go on from version 2", func() {
			n := first.Clone()
			n.Version++
			a.put(NoteName, a.sign(n).Signed())
		}},
		{"key dropped", "does not go on", func() {
			n := a.note.Clone()
			n.Version++
			k := a.newKey(seal.ReadSlot("dev"), 1)
			for i := range n.Slots {
				if n.Slots[i].Slot == k.Slot() {
					n.Slots[i].Key = k.Public()
				}
			}
			a.put(NoteName, a.sign(n).Signed())
		}},
		{"signed by a stranger", "does not verify", func() {
			signed, err := a.note.Clone().Sign(a.newKey(seal.Admin, 1))
			if err != nil {
				signed = a.note
			}
			text := slices.Clone(signed.Signed())
			text[len(text)-10] ^= 1
			a.put(NoteName, text)
		}},
		{"one id twice", "stands in two directories, copy and shop", func() {
			a.put("../copy/app.note", a.note.Signed())
		}},
		{"conflict markers", "conflict markers", func() {
			a.put(NoteName, []byte("<<<<<<< HEAD\n=======\n>>>>>>> x\n"))
		}},
	} {
		tgit(t, a.dir, "checkout", "-q", "-B", "side", string(base))
		tt.do()
		_, err := a.reviewLines(base, base, a.commit())
		switch {
		case err == nil || !strings.Contains(err.Error(), tt.part):
			t.Errorf("%s: %v", tt.name, err)
		case tt.name != "conflict markers":
			wantErr(t, err, ErrNotAuthentic, tt.part)
		}
	}
}

// What the target knows counts too: a member who left there, a note that both have
// changed.
func TestReviewOfTarget(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	base := a.commit()
	begin := *a
	a.remove("bob")
	a.rotate(seal.ReadSlot(prod), nil)
	target := a.commit()

	*a = begin
	tgit(t, a.dir, "checkout", "-q", "-b", "side", string(base))
	a.set(prod, "B", "two")
	got, err := a.reviewLines(base, target, a.commit())
	a.must(err)
	want := []string{"production added B", "retired: production: B: sealed to a retired read key, which those who have left still have; key 2 is the newest: pinseal rekey production --values"}
	if !slices.Equal(got, want) {
		t.Errorf("sealed on the branch to a key that was replaced: got %q", got)
	}
	a.add("carol", false, seal.ReadSlot(prod))
	got, err = a.reviewLines(base, target, a.commit())
	a.must(err)
	if line := `note: ".pinseal/shop/app.note" was changed on both sides, to version 2 here and version 3 there: after the merge run pinseal resolve`; !slices.Contains(got, line) {
		t.Errorf("no %q in %q", line, got)
	}
}

// Another app in the directory is loud, and nobody of it is an old acquaintance.
func TestReviewReplaced(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	base := a.commit()
	other := newApp(t)
	other.set(prod, "A", "one")
	a.must(os.RemoveAll(filepath.Join(a.dir, appDir)))
	a.must(os.CopyFS(filepath.Join(a.dir, appDir), os.DirFS(filepath.Join(other.dir, appDir))))
	tip := a.commit()
	got, err := a.reviewLines(base, base, tip)
	a.must(err)
	want := []string{"replaced shopshop", "member alice given [admin dev.publish dev.read production.publish production.read] taken [] other key false",
		"member bob given [production.read] taken [] other key false", "member web given [production.read] taken [] other key false",
		"member ci given [production.publish] taken [] other key false", "production changed A"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s", strings.Join(got, "\n  "))
	}
	// The other way round it is one app that comes and one that goes.
	got, err = a.reviewLines(tip, tip, base)
	a.must(err)
	if got[0] != "replaced shopshop" {
		t.Errorf("got %q", got)
	}
}

// Unchanged files are told by their ids and not read: one that is not there is not
// missed.
func TestReviewReadsWhatDiffers(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "two")
	base := a.commit()
	blob := tgit(t, a.dir, "rev-parse", "HEAD:"+appDir+"/production/B.yaml")
	a.set(prod, "A", "other")
	tip := a.commit()
	a.must(os.Remove(filepath.Join(a.dir, ".git", "objects", blob[:2], blob[2:])))
	before := a.r.Spawns()
	got, err := a.reviewLines(base, base, tip)
	a.must(err)
	if !slices.Equal(got, []string{"production changed A"}) || a.r.Spawns() != before {
		t.Errorf("got %q, with %d git processes", got, a.r.Spawns()-before)
	}
}

// A pin is compared with what the merge makes, not with the branch alone.
func TestPinChanges(t *testing.T) {
	a := newApp(t)
	for _, name := range []string{"A", "B", "C"} {
		a.set(prod, name, "one")
	}
	base := a.commit()
	a.set(prod, "T", "target")
	a.set(prod, "C", "target")
	target := a.commit()
	pin := a.publish("alice") // has the target's T and C
	tgit(t, a.dir, "checkout", "-q", "-b", "side", string(base))
	a.set(prod, "A", "other")
	a.drop(FilePath(prod, "B"))
	a.set(prod, "N", "new")
	tip := a.commit()

	ctx := context.Background()
	changes := func(base, target, tip repo.Hash) (got []string) {
		t.Helper()
		review, err := Review(ctx, a.r, []repo.Hash{base}, target, tip)
		a.must(err)
		source, err := a.ledger().Source(ctx, pin)
		a.must(err)
		list, err := review.Apps[0].PinChanges(ctx, a.r, source, prod)
		a.must(err)
		for _, c := range list {
			got = append(got, string(c.Action)+" "+c.Name)
		}
		return got
	}
	if got := changes(base, target, tip); !slices.Equal(got, []string{"changed A", "removed B", "added N"}) {
		t.Errorf("after the merge: %q", got)
	}
	if got := changes(base, base, tip); !slices.Equal(got, []string{"changed A", "removed B", "changed C", "added N", "removed T"}) {
		t.Errorf("into a target without what is pinned: %q", got)
	}
	if got := changes(base, target, base); len(got) != 0 {
		t.Errorf("of nothing: %q", got)
	}
}
