package versions

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// checkSuccession holds a branch's note to the one it began with: it is the same,
// or goes on from it.
func checkSuccession(base, tip *appSide) error {
	switch seal.Compare(base.note, tip.note) {
	case seal.Same, seal.Follows:
		return nil
	case seal.Precedes:
		return &AuthError{What: "app note in " + tip.where(),
			Reason: fmt.Sprintf("is version %d, older than version %d, which the branch began with", tip.note.Version, base.note.Version)}
	}
	return &AuthError{What: "app note in " + tip.where(),
		Reason: fmt.Sprintf("version %d does not go on from version %d, which the branch began with", tip.note.Version, base.note.Version)}
}

func (a *appSide) where() string { return a.source.What + ", " + a.source.Dir }

// settleNotes finds the newest notes of a branch and its target. Where each has
// changed the note, a merge will not go through by itself, which is a problem.
func (a *AppReview) settleNotes() {
	a.Newest, a.Known = a.New, a.New
	if a.sides.target == nil {
		return
	}
	target := a.sides.target.note
	relation := seal.Compare(target, a.New)
	switch relation {
	case seal.Same, seal.Follows:
	case seal.Precedes:
		a.Newest, a.Known = target, target
	default:
		a.Known = target
	}
	// Two notes can follow each other by their keys, and not by their members.
	if relation == seal.Same || a.Old != nil && (a.Old.Hash() == a.New.Hash() || a.Old.Hash() == target.Hash()) {
		return
	}
	a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemNote, Path: a.sides.target.source.where(NoteName),
		Text: fmt.Sprintf("was changed on both sides, to version %d here and version %d there: after the merge run pinseal resolve", a.New.Version, target.Version)})
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

// foreignWraps lists wraps that the note does not ask for, by path, with what is
// wrong.
func foreignWraps(a *appSide) (map[string]string, error) {
	paths, err := a.source.wraps()
	if err != nil {
		return nil, err
	}
	foreign := map[string]string{}
	for _, p := range paths {
		parts := strings.Split(p, "/")
		slot, generation, _ := keyDir(parts[1])
		name := strings.TrimSuffix(parts[2], wrapSuffix)
		member, in := a.note.Member(name)
		_, known := a.note.Entry(slot, generation)
		switch {
		case !known:
			foreign[p] = "is a wrap of a key that the app note does not know"
		case !in:
			foreign[p] = fmt.Sprintf("is a wrap for %q, who is no member", name)
		case !slices.Contains(member.Slots, slot):
			foreign[p] = fmt.Sprintf("is a wrap for %q, who has not been given %s", name, slot)
		}
	}
	return foreign, nil
}

// reviewWraps makes each wrap that the branch brings, and its note does not ask
// for, a problem.
func (a *AppReview) reviewWraps() error {
	base, tip := a.sides.base, a.sides.tip
	var before map[string]string
	if base != nil && a.Old != nil {
		x, _ := base.tree.Entry(KeysDir)
		y, _ := tip.tree.Entry(KeysDir)
		if x.Hash == y.Hash && bytes.Equal(base.note.Signed(), tip.note.Signed()) {
			return nil
		}
		// What is odd there has no bearing on what the branch brings.
		before, _ = foreignWraps(base)
	}
	foreign, err := foreignWraps(tip)
	if errors.As(err, new(*StructureError)) {
		return nil // reviewShape says so
	}
	if err != nil {
		return err
	}
	for _, p := range unionKeys(foreign, nil) {
		if _, known := before[p]; !known {
			a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemWrap, Path: tip.source.where(p), Text: foreign[p]})
		}
	}
	return nil
}
