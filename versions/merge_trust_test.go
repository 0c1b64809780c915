package versions

import (
	"testing"

	"pinseal/seal"
)

func TestSidesOfCheck(t *testing.T) {
	b := newBranches(t)
	base := b.from(b.note, "base", add("amy", "admin"))
	plain := b.from(base, "plain", add("dan", readProd))
	twice := b.from(b.from(base, "twice", rekey(readProd)), "twice", rekey(readProd))
	removed := b.from(base, "removed", rm("amy"), rekey("admin"))
	later := b.from(removed, "later", add("eve", "dev.read"))
	coup := b.from(base, "coup", can("alice", readProd), rekey("admin"))
	forged := b.from(base, "forged", add("mallory", readProd)) // by amy, after she was removed
	// A key that was made before twice's, by its place, and that twice has not.
	rewritten := b.from(b.from(base, "rewritten", rekey("dev.read")), "rewritten", func(_ *branches, n *seal.Note, _ string) {
		n.Slots = append(n.Slots, twice.Clone().Slots[len(base.Slots):]...)
	})
	elsewhere := newApp(t).note
	for _, c := range []struct {
		name               string
		last, ours, theirs *seal.Note // of base
		bad                Side       // 0 is none
		reached            bool       // by either side
	}{
		{"nothing remembered", nil, plain, twice, 0, true},
		{"ours remembered", plain, plain, twice, 0, true},
		{"theirs remembered", twice, plain, twice, 0, true},
		{"the base remembered", base, plain, twice, 0, true},
		{"an admin removed there, mine is remembered", plain, plain, removed, 0, true},
		{"an admin removed here, theirs is with the old key", removed, removed, plain, Theirs, true},
		{"the same, only the base remembered", base, removed, plain, Theirs, true},
		{"the same, nothing remembered", nil, removed, plain, Theirs, true},
		{"a removed admin's note of a lower version", later, later, forged, Theirs, true},
		{"the same, against an old branch", later, base, forged, Both, false},
		{"each removed the other, nothing remembered", nil, removed, coup, Both, true},
		{"each removed the other", removed, removed, coup, Theirs, true},
		{"a past rewritten", twice, plain, rewritten, Theirs, false},
		{"an old note put back", plain, plain, b.note, Theirs, true},
		{"a branch of old", b.note, b.note, twice, Ours, true},
		{"another app", base, base, elsewhere, Theirs, true},
		{"another app, nothing remembered", nil, base, elsewhere, Theirs, true},
		{"newer than both", later, plain, base, Both, false},
	} {
		s := SidesOf{c.last, base, c.ours, c.theirs}
		for _, side := range []Side{Ours, Theirs} {
			err := s.Check(side)
			if want := c.bad == side || c.bad == Both; (err != nil) != want {
				t.Errorf("%s: %s: %v", c.name, side, err)
			} else if want {
				wantErr(t, err, ErrNotAuthentic, "app note of "+side.String())
			}
		}
		if got := s.Reached(Ours) || s.Reached(Theirs); got != c.reached {
			t.Errorf("%s: reached is %v", c.name, got)
		}
	}
}
