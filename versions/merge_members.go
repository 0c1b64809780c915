package versions

import (
	"fmt"
	"maps"
	"slices"

	"pinseal/seal"
)

// mergeMembers merges who is in, by name: added on either side is in, removed on
// either is out, and so it is with a member's slots and with environments. reasons
// are what a person has to decide.
func mergeMembers(base, ours, theirs *seal.Note) (members []seal.Member, reasons []string) {
	names := map[string]bool{}
	for _, n := range []*seal.Note{ours, theirs} {
		for _, m := range n.Members {
			names[m.Name] = true
		}
	}
	gone := droppedEnvironments(base, ours, theirs)
	owner := map[string]string{} // by recipient
	for _, name := range slices.Sorted(maps.Keys(names)) {
		m, ok, reason := mergeMember(base, ours, theirs, name)
		if reason != "" {
			reasons = append(reasons, reason)
		}
		m.Slots = slices.DeleteFunc(m.Slots, func(s seal.Slot) bool { return gone[s.Environment()] })
		if !ok || len(m.Slots) == 0 {
			continue
		}
		if other := owner[m.Recipient]; other != "" {
			reasons = append(reasons, fmt.Sprintf("%q and %q have the same key", other, name))
		}
		owner[m.Recipient] = name
		members = append(members, m)
	}
	return members, reasons
}

// mergeMember merges one member. ok is false when it is out.
func mergeMember(base, ours, theirs *seal.Note, name string) (m seal.Member, ok bool, reason string) {
	b, before := base.Member(name)
	o, inOurs := ours.Member(name)
	t, inTheirs := theirs.Member(name)
	switch {
	case before && !(inOurs && inTheirs):
		return m, false, ""
	case !inTheirs:
		m = o
	case !inOurs, before && samePerson(o, b):
		m = t
	case samePerson(o, t), before && samePerson(t, b):
		m = o
	default:
		return m, false, fmt.Sprintf("member %q has another key on each side", name)
	}
	m.Slots = mergeSlots(b.Slots, o.Slots, t.Slots)
	return m, true, ""
}

func samePerson(a, b seal.Member) bool { return a.Recipient == b.Recipient && a.Service == b.Service }

// mergeSlots is what both hold of the base, and what either was given since.
func mergeSlots(base, ours, theirs []seal.Slot) []seal.Slot {
	var merged []seal.Slot
	for _, s := range slices.Concat(ours, theirs) {
		both := slices.Contains(ours, s) && slices.Contains(theirs, s)
		if both || !slices.Contains(base, s) {
			merged = append(merged, s)
		}
	}
	slices.Sort(merged)
	return slices.Compact(merged)
}

// droppedEnvironments are those that one side has removed: who was given a slot
// there by the other would be alone in it.
func droppedEnvironments(base, ours, theirs *seal.Note) map[string]bool {
	gone := map[string]bool{}
	for _, env := range base.Environments() {
		gone[env] = !slices.Contains(ours.Environments(), env) || !slices.Contains(theirs.Environments(), env)
	}
	return gone
}
