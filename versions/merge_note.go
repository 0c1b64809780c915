package versions

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// Side is one of the two sides of a merge, in git's words, or both.
type Side int

const (
	// Ours is what is merged into: HEAD; in a rebase what is built on.
	Ours Side = iota + 1
	// Theirs is what comes in.
	Theirs
	// Both is what both sides did.
	Both
)

// String returns "ours", "theirs" or "both".
func (s Side) String() string {
	switch s {
	case Ours:
		return "ours"
	case Theirs:
		return "theirs"
	case Both:
		return "both"
	}
	return "none"
}

// Other is the other of Ours and Theirs.
func (s Side) Other() Side { return Ours + Theirs - s }

// NoteChoice says how two app notes become one.
type NoteChoice struct {
	Take Side // whose changes of people and keys are in
	Keep Side // Ours or Theirs: whose key stays where both made one
	// Alone leaves nothing of the side that is not taken, not even a key that
	// clashes with none. Take and Keep are the same side then.
	Alone bool
}

// NoteMerge is what two app notes become. See the package's "Merging".
type NoteMerge struct {
	Note    *seal.Note   // above both in version; not signed
	Rekey   []seal.Slot  // of which a further key is due before it is signed
	Dropped []seal.Entry // keys of the side that was not kept which are not in Note

	keep        Side
	kept, other *seal.Note
}

// NoteConflictError says that two app notes cannot be taken both. It is an
// ErrConflict.
type NoteConflictError struct{ Reasons []string }

func (e *NoteConflictError) Error() string {
	return "the two app notes do not go together: " + strings.Join(e.Reasons, "; ")
}

// Is makes a NoteConflictError an ErrConflict.
func (e *NoteConflictError) Is(target error) bool { return target == ErrConflict }

// MergeNotes merges two notes of one app that both verify. base is what both
// began with, nil when it is not known; then Both is refused, for nobody could
// tell who was removed. It needs no key. Errors: *NoteConflictError.
func MergeNotes(base, ours, theirs *seal.Note, choice NoteChoice) (*NoteMerge, error) {
	m := &NoteMerge{keep: choice.Keep, kept: ours, other: theirs}
	if choice.Keep == Theirs {
		m.kept, m.other = theirs, ours
	}
	m.Note = m.kept.Clone()
	if !choice.Alone {
		m.Note.Version = max(ours.Version, theirs.Version)
	}
	m.Note.Version++
	clashed := m.mergeEntries(choice.Alone)
	var reasons []string
	switch choice.Take {
	case Ours:
		m.Note.Members = ours.Clone().Members
	case Theirs:
		m.Note.Members = theirs.Clone().Members
	default:
		if base == nil {
			return nil, &NoteConflictError{[]string{"there is no version that both began with, to tell what each has changed"}}
		}
		m.Note.Members, reasons = mergeMembers(base, ours, theirs)
	}
	if reasons = append(reasons, m.lacking()...); len(reasons) > 0 {
		return nil, &NoteConflictError{reasons}
	}
	taken := choice.Take == Both || choice.Take != choice.Keep // the other side's changes
	seen := []*seal.Note{base, m.kept}
	if !choice.Alone {
		seen = append(seen, m.other)
	}
	for _, slot := range slotsOf(m.Note) {
		replayed := taken && clashed[slot] && !hasKey(base, newestOf(m.other, slot))
		if m.due(slot, seen, replayed) {
			m.Rekey = append(m.Rekey, slot)
		}
	}
	return m, nil
}

// mergeEntries adds the other side's keys to those that are kept, but for those
// of a slot of which the two have made different ones: these slots it returns. A
// publish key that either has retired is retired.
//
// Which side's keys come first is told by the keys, not by the sides: two admins
// who settle the same merge, each on his own branch, make the same note.
func (m *NoteMerge) mergeEntries(alone bool) (clashed map[seal.Slot]bool) {
	clashed = map[seal.Slot]bool{}
	kept := len(m.Note.Slots)
	for _, e := range m.other.Clone().Slots {
		at := slices.IndexFunc(m.Note.Slots, func(k seal.Entry) bool { return k.Slot == e.Slot && k.Generation == e.Generation })
		switch {
		case at >= 0 && sameKey(m.Note.Slots[at], e):
			if k := &m.Note.Slots[at]; !alone && !k.Retired {
				k.Retired, k.Until, k.Head = e.Retired, e.Until, e.Head
			}
		case at >= 0, alone, clashed[e.Slot]:
			clashed[e.Slot] = true
			m.Dropped = append(m.Dropped, e)
		default:
			m.Note.Slots = append(m.Note.Slots, e)
		}
	}
	common := 0
	for common < kept && hasKey(m.other, m.Note.Slots[common]) {
		common++
	}
	own, added := m.Note.Slots[common:kept], m.Note.Slots[kept:]
	if len(own) > 0 && len(added) > 0 && !slices.ContainsFunc(own, func(e seal.Entry) bool { return hasKey(m.other, e) }) &&
		bytes.Compare(added[0].Key, own[0].Key) < 0 {
		m.Note.Slots = slices.Concat(m.Note.Slots[:common], added, own)
	}
	return clashed
}

// due reports whether a slot needs a further key: because somebody who had its
// newest, by the notes seen, holds the slot no more; because the newest publish
// key signs no more; or because a key of the other side was dropped that had been
// made for a reason. What nobody holds needs a successor only to end what a
// publish key may sign.
func (m *NoteMerge) due(slot seal.Slot, seen []*seal.Note, replayed bool) bool {
	newest := newestOf(m.Note, slot)
	holds := map[string]bool{} // by recipient: a name can be given to another
	for _, h := range m.Note.Holders(slot) {
		holds[h.Recipient] = true
	}
	if len(holds) == 0 && (slot.Power() != seal.Publish || newest.Retired) {
		return false
	}
	if replayed || newest.Retired {
		return true
	}
	for _, n := range seen {
		if hasKey(n, newest) && slices.ContainsFunc(n.Holders(slot), func(h seal.Member) bool { return !holds[h.Recipient] }) {
			return true
		}
	}
	return false
}

// lacking says whom the merged note would be without.
func (m *NoteMerge) lacking() (reasons []string) {
	if len(m.Note.Holders(seal.Admin)) == 0 {
		reasons = append(reasons, "nobody would be left who is an admin")
	}
	for _, env := range m.kept.Environments() {
		if len(m.Note.Readers(env)) == 0 && len(m.kept.Readers(env)) > 0 && len(m.other.Readers(env)) > 0 {
			reasons = append(reasons, "nobody would be left who can read "+env)
		}
	}
	if n := len(m.Note.Members); n > seal.MaxMembers {
		reasons = append(reasons, fmt.Sprintf("there would be %d members, and %d is the limit", n, seal.MaxMembers))
	}
	return reasons
}

// slotsOf lists the slots of a note in the order of their first key.
func slotsOf(n *seal.Note) []seal.Slot {
	var slots []seal.Slot
	for _, e := range n.Slots {
		if e.Generation == 1 {
			slots = append(slots, e.Slot)
		}
	}
	return slots
}

// newestOf is the newest key of a slot, the zero Entry when there is none.
func newestOf(n *seal.Note, slot seal.Slot) seal.Entry {
	e, _ := n.Newest(slot)
	return e
}

// hasKey reports whether a note, which may be nil, has the key of an entry.
func hasKey(n *seal.Note, e seal.Entry) bool {
	if n == nil {
		return false
	}
	own, ok := n.Entry(e.Slot, e.Generation)
	return ok && sameKey(own, e)
}

func sameKey(a, b seal.Entry) bool { return bytes.Equal(a.Key, b.Key) }
