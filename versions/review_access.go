package versions

import (
	"cmp"
	"fmt"
	"slices"

	"pinseal/seal"
)

// MemberChange is what a branch does to one member.
type MemberChange struct {
	Name     string
	Old, New *seal.Member // nil on the side that has none of that name
	// Given and Taken are slots, sorted. Another recipient is another key: it is
	// given all that it holds.
	Given, Taken []seal.Slot
	NewRecipient bool // the name stands for another key now
}

// Gains reports whether somebody comes to hold a power that was not theirs.
func (m MemberChange) Gains(p seal.Power) bool {
	return slices.ContainsFunc(m.Given, func(s seal.Slot) bool { return s.Power() == p })
}

// KeyChange is a slot with a new generation.
type KeyChange struct {
	Slot     seal.Slot
	Old, New int // the newest generation; Old is 0 for a new slot
}

// diffMembers compares the members of two notes. What is dangerous comes first: who
// comes to read, to administer, to publish. A nil note has nobody.
func diffMembers(old, new *seal.Note) []MemberChange {
	a, b := membersByName(old), membersByName(new)
	var changes []MemberChange
	for _, name := range unionKeys(a, b) {
		c := MemberChange{Name: name, Old: a[name], New: b[name]}
		var had, has []seal.Slot
		if c.Old != nil {
			had = c.Old.Slots
		}
		if c.New != nil {
			has = c.New.Slots
		}
		c.Given, c.Taken = slotsBut(has, had), slotsBut(had, has)
		if c.Old != nil && c.New != nil {
			if c.NewRecipient = c.Old.Recipient != c.New.Recipient; c.NewRecipient {
				c.Given = has
			}
			if !c.NewRecipient && len(c.Given)+len(c.Taken) == 0 && c.Old.Service == c.New.Service {
				continue
			}
		}
		changes = append(changes, c)
	}
	slices.SortStableFunc(changes, func(x, y MemberChange) int { return cmp.Compare(x.rank(), y.rank()) })
	return changes
}

func (m MemberChange) rank() int {
	for i, p := range []seal.Power{seal.Read, seal.Administer, seal.Publish} {
		if m.Gains(p) {
			return i
		}
	}
	return 3
}

func membersByName(n *seal.Note) map[string]*seal.Member {
	if n == nil {
		return nil
	}
	m := make(map[string]*seal.Member, len(n.Members))
	for i := range n.Members {
		m[n.Members[i].Name] = &n.Members[i]
	}
	return m
}

// slotsBut lists what a has and b has not, in a's order.
func slotsBut(a, b []seal.Slot) []seal.Slot {
	var rest []seal.Slot
	for _, s := range a {
		if !slices.Contains(b, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// diffKeys lists the slots that have a newer key, in order of creation.
func diffKeys(old, new *seal.Note) []KeyChange {
	var changes []KeyChange
	for i, e := range new.Slots {
		if slices.ContainsFunc(new.Slots[i+1:], func(later seal.Entry) bool { return later.Slot == e.Slot }) {
			continue
		}
		was, _ := old.Newest(e.Slot)
		if e.Generation > was.Generation {
			changes = append(changes, KeyChange{e.Slot, was.Generation, e.Generation})
		}
	}
	return changes
}

// reviewAdmin makes a replaced admin key a problem to look at.
func (a *AppReview) reviewAdmin() {
	for _, k := range a.Keys {
		if k.Slot == seal.Admin && k.Old > 0 {
			a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemAdmin, Path: a.sides.tip.source.where(NoteName),
				Text: fmt.Sprintf("has a new admin key, %d after %d: who holds it says who is in from then on", k.New, k.Old)})
		}
	}
}
