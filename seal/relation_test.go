package seal

import (
	"slices"
	"testing"
)

// step returns a note made from n by change, with the next version.
func step(n *Note, change func(*Note)) *Note {
	c := n.Clone()
	c.Version++
	change(c)
	return c
}

func TestRelation(t *testing.T) {
	f := newFixture(t)
	key := func(slot Slot, generation int, seed byte) Entry { return NewEntry(seedKey(t, slot, generation, seed)) }
	add := func(entries ...Entry) func(*Note) {
		return func(n *Note) { n.Slots = append(n.Slots, entries...) }
	}
	bob := func(n *Note) {
		n.Members = append(n.Members, Member{Name: "bob", Recipient: sshLine(t), Slots: []Slot{"dev.read"}})
	}
	carol := func(n *Note) {
		n.Members = append(n.Members, Member{Name: "carol", Recipient: sshLine(t), Slots: []Slot{"dev.read"}})
	}
	drop := func(i int) func(*Note) {
		return func(n *Note) { n.Slots = slices.Delete(n.Slots, i, i+1) }
	}
	retire := func(until int, head byte, next ...Entry) func(*Note) {
		return func(n *Note) {
			n.Slots[2].Retired, n.Slots[2].Until, n.Slots[2].Head = true, until, [32]byte{head}
			n.Slots = append(n.Slots, next...)
		}
	}
	admin2 := NewAdminEntry(f.admin, f.id, seedKey(t, Admin, 2, 5))
	otherAdmin2 := NewAdminEntry(f.admin, f.id, seedKey(t, Admin, 2, 25))
	pub2, otherPub2, read2, otherRead2 := key("production.publish", 2, 6), key("production.publish", 2, 26), key("production.read", 2, 7), key("production.read", 2, 27)
	base := f.note
	same := func(n *Note) *Note { return n }
	retired := step(base, retire(12, 1, pub2)) // version 2
	removed := step(base, add(admin2))         // version 2, an admin left
	// nudge keeps the version of n.
	nudge := func(n *Note, change func(*Note)) *Note {
		c := n.Clone()
		change(c)
		return c
	}
	for _, c := range []struct {
		name        string
		last, other *Note
		want        Relation
	}{
		{"itself", base, same(base), Same},
		{"its clone", base, base.Clone(), Same},
		{"a member more", base, step(base, bob), Follows},
		{"a member less", base, step(base, func(n *Note) { n.Members = n.Members[:1] }), Follows},
		{"two steps", base, step(step(base, bob), carol), Follows},
		{"a new generation", base, step(base, add(read2)), Follows},
		{"a new environment", base, step(base, add(key("staging.publish", 1, 30), key("staging.read", 1, 31))), Follows},
		{"an admin rotated", base, removed, Follows},
		{"until set", base, retired, Follows},
		{"until set, no successor", base, step(base, retire(12, 1)), Follows},
		{"between old entries", base, step(base, func(n *Note) { n.Slots = slices.Insert(n.Slots, 1, key("staging.read", 1, 31)) }), Follows},
		{"until kept", retired, step(retired, bob), Follows},
		{"older", step(base, bob), base, Precedes},
		{"older by an admin", removed, base, Precedes},
		{"older without until", retired, base, Precedes},

		{"higher, an entry dropped", base, step(base, drop(3)), Foreign},
		{"higher, the last key another", base, step(base, func(n *Note) { n.Slots[3] = key("production.read", 1, 40) }), Foreign},
		{"higher, entries reordered", base, step(base, func(n *Note) { n.Slots[1], n.Slots[2] = n.Slots[2], n.Slots[1] }), Foreign},
		{"higher, until dropped", retired, step(retired, func(n *Note) { n.Slots[2].Retired, n.Slots[2].Until, n.Slots[2].Head = false, 0, [32]byte{} }), Foreign},
		{"higher, until raised", retired, step(retired, func(n *Note) { n.Slots[2].Until = 13 }), Foreign},
		{"higher, head changed", retired, step(retired, func(n *Note) { n.Slots[2].Head = [32]byte{9} }), Foreign},
		{"higher, endorsement changed", removed, step(removed, func(n *Note) { n.Slots[4].Endorsed[0] ^= 1 }), Foreign},
		{"a removed admin's own newer note", removed, step(step(base, bob), carol), Foreign},
		{"a removed admin's other successor", removed, step(step(base, add(otherAdmin2)), bob), Foreign},
		{"another app", base, foreignApp(t), Foreign},
		{"lower, but not an ancestor", step(step(base, add(read2)), bob), step(base, add(otherRead2)), Foreign},

		{"two branches, members", step(base, bob), step(base, carol), Diverged},
		{"two branches, one generation each", step(base, add(read2)), step(base, add(otherRead2)), Diverged},
		{"two branches, different slots", step(base, add(read2)), step(base, add(key("dev.read", 2, 41))), Diverged},
		{"two branches, here a key, there a member", step(base, add(read2)), step(base, bob), Diverged},
		{"two branches, here a member, there a key", step(base, bob), step(base, add(read2)), Diverged},
		{"two branches, there an admin rotated", step(base, bob), removed, Diverged},
		{"two branches, here an admin rotated", removed, step(base, bob), Foreign},
		{"two branches, both rotated the admin", removed, step(base, add(otherAdmin2)), Foreign},
		{"two branches, both retired", retired, step(base, retire(13, 2, otherPub2)), Diverged},
		{"two branches, here retired", retired, step(base, bob), Diverged},
		{"two branches after a retirement", step(retired, bob), step(retired, carol), Diverged},
		{"same version, common entry dropped", step(base, bob), nudge(step(base, carol), drop(1)), Foreign},
		{"same version, common entry replaced", step(base, bob), nudge(step(base, carol), func(n *Note) { n.Slots[1] = key("dev.read", 1, 42) }), Foreign},
		{"same version, common entries reordered", step(base, bob), nudge(step(base, carol), func(n *Note) { n.Slots[1], n.Slots[2] = n.Slots[2], n.Slots[1] }), Foreign},
		{"same version, entry slipped into the past", step(base, bob), nudge(step(base, carol), func(n *Note) { n.Slots = slices.Insert(n.Slots, 1, key("staging.read", 1, 31)) }), Foreign},
		{"same version, settled until changed", step(retired, bob), nudge(step(retired, carol), func(n *Note) { n.Slots[2].Until = 99 }), Foreign},
		{"same version, settled head changed", step(retired, bob), nudge(step(retired, carol), func(n *Note) { n.Slots[2].Head = [32]byte{9} }), Foreign},
		{"same version, settled until dropped", step(retired, bob), nudge(step(retired, carol), func(n *Note) { n.Slots[2].Retired, n.Slots[2].Until, n.Slots[2].Head = false, 0, [32]byte{} }), Foreign},
	} {
		if got := Compare(c.last, c.other); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := c.last.Precedes(c.other); got != (c.want == Follows) {
			t.Errorf("%s: Precedes is %v", c.name, got)
		}
		// Following and preceding mirror each other, and so does the rest,
		// except that only one side may have rotated the admin.
		mirror := map[Relation]Relation{Same: Same, Follows: Precedes, Precedes: Follows}
		if back, ok := mirror[c.want]; ok && Compare(c.other, c.last) != back {
			t.Errorf("%s: backwards %v, want %v", c.name, Compare(c.other, c.last), back)
		}
	}
	for r, want := range map[Relation]string{Same: "same", Follows: "follows", Precedes: "precedes", Diverged: "diverged", Foreign: "foreign", 0: "foreign"} {
		if r.String() != want {
			t.Errorf("relation %d prints %q", int(r), r)
		}
	}
}

func foreignApp(t *testing.T) *Note {
	n := NewNote(seedKey(t, Admin, 1, 9))
	n.Version = 9
	return n
}
