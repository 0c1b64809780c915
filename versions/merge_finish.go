package versions

import (
	"context"
	"maps"
	"slices"

	"filippo.io/age"

	"pinseal/seal"
)

// FinishOptions are what [NoteMerge.Finish] works with.
type FinishOptions struct {
	Identities *seal.Identities
	Plugin     func(string) (age.Recipient, error) // may be nil
	Last       map[string]*Entry                   // newest pin by environment, of every publish slot in Rekey
}

// Finish makes the further keys, signs the merged note, and returns the one change
// that settles the merge: the note, the wraps that it asks for and the work tree
// has not, the secrets as settled, which must be all that are unmerged, and every
// value that was sealed to a dropped or a retired key sealed anew. It writes
// nothing.
//
// What nobody could open any more under the merged note, because its key is
// dropped and not at hand, is a *NoKeyError; what is sealed to a retired key that
// is not at hand stays as pending. Other errors: *NoKeyError without the admin
// key, *RefusedError, what reading a set can give.
func (m *NoteMerge) Finish(ctx context.Context, s *Sides, settled []Settled, o FinishOptions) (*Edits, error) {
	keys, others, err := m.keyrings(s, o.Identities)
	if err != nil {
		return nil, err
	}
	a := &Amendment{note: m.Note.Clone(), keys: keys, plugin: o.Plugin, made: map[slotGeneration]*seal.Key{}}
	if err := m.rekey(a, o.Last); err != nil {
		return nil, err
	}
	files := map[string]content{}
	for _, one := range settled {
		var data []byte
		if one.File != nil {
			f, err := one.sealed(m.Note)
			if err != nil {
				return nil, err
			}
			if data, err = f.Bytes(); err != nil {
				return nil, err
			}
		}
		files[FilePath(one.Environment, one.Name)] = bytesOf(data)
	}
	wraps, err := s.takeWraps(m.kept, m.other, m.keep, m.Note)
	if err != nil {
		return nil, err
	}
	for p, data := range wraps {
		files[p] = bytesOf(data)
	}
	head := &Source{FS: &layer{s.below, files}, What: "work tree", Dir: s.Ours.Dir}
	rescued, err := m.rescue(ctx, head, a.note, keys, others)
	if err != nil {
		return nil, err
	}
	for p := range rescued {
		files[p] = nil // done: they are sealed to keys that only the new note has
	}
	gone, err := m.given(a, head, s)
	if err != nil {
		return nil, err
	}
	e, err := a.Finish(ctx, head)
	if err != nil {
		return nil, err
	}
	maps.Copy(e.Values, rescued)
	return e, m.complete(ctx, a, e, head, files, gone)
}

// keyrings opens the keys of the merged note, and those of the side that was not
// kept. Where both have made a key of one number, only one of them has a wrap of
// it at a path that is not unmerged: one that the other's key is in is nothing to
// open the merged note's with.
func (m *NoteMerge) keyrings(s *Sides, ids *seal.Identities) (keys, others *Keyring, err error) {
	kept, other := s.Of(m.keep), s.Of(m.keep.Other())
	if others, err = NewKeyring(m.other, ids, other, kept); err != nil {
		return nil, nil, err
	}
	wrong := map[string]content{}
	for at := range m.clashes() {
		for _, own := range others.members {
			p := WrapPath(at.slot, at.generation, own.Name)
			if _, err := others.Key(at.slot, at.generation); err == nil && !s.IsUnmerged(p) {
				wrong[p] = nil
			}
		}
	}
	without := func(s *Source) *Source {
		return &Source{FS: &layer{s.FS, wrong}, What: s.What, Dir: s.Dir}
	}
	keys, err = NewKeyring(m.Note, ids, without(kept), without(other))
	return keys, others, err
}

// clashes are the keys of the merged note of which the other side has made another.
func (m *NoteMerge) clashes() map[slotGeneration]bool {
	clashes := map[slotGeneration]bool{}
	for _, e := range m.Dropped {
		if _, ok := m.Note.Entry(e.Slot, e.Generation); ok {
			clashes[slotGeneration{e.Slot, e.Generation}] = true
		}
	}
	return clashes
}

// rekey makes the further keys.
func (m *NoteMerge) rekey(a *Amendment, last map[string]*Entry) error {
	for _, slot := range m.Rekey {
		if len(a.note.Holders(slot)) == 0 {
			a.retire(slot, last[slot.Environment()])
			continue
		}
		if err := a.Rekey(slot, last[slot.Environment()]); err != nil {
			return err
		}
	}
	return nil
}

// given lists the wraps that are to be made: what is missing, and what is gone:
// those of a key of which the other side had made another, for members that the
// other side had made one for. Nobody sees from outside which of the two is in it.
func (m *NoteMerge) given(a *Amendment, head *Source, s *Sides) (gone []string, err error) {
	there, err := head.wrapSet()
	if err != nil {
		return nil, err
	}
	clashes := m.clashes()
	for p := range there {
		slot, generation, member := wrapAt(p)
		if !clashes[slotGeneration{slot, generation}] || s.IsUnmerged(p) {
			continue
		}
		if mayHave(m.other, p) || !sameRecipient(m.kept, m.Note, member) {
			gone = append(gone, p)
			delete(there, p)
		}
	}
	for _, n := range needsOf(a.note) {
		if a.made[n.slotGeneration] == nil && !there[n.path()] {
			a.given = append(a.given, n)
		}
	}
	return gone, nil
}

// complete adds to the edits of the amendment what it does not know of.
func (m *NoteMerge) complete(ctx context.Context, a *Amendment, e *Edits, head *Source, files map[string]content, gone []string) error {
	there, err := head.wrapSet()
	if err != nil {
		return err
	}
	mk := &maker{note: e.Note, keys: a.keys, made: a.made, plugin: a.plugin, head: head, there: there, edits: e}
	for _, env := range e.Note.Environments() {
		newest := newestOf(e.Note, seal.ReadSlot(env))
		if a.made[slotGeneration{newest.Slot, newest.Generation}] == nil {
			if err := mk.reseal(ctx, env); err != nil {
				return err
			}
		}
	}
	for p := range there {
		if !mayHave(e.Note, p) {
			gone = append(gone, p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		into := e.Values
		if isWrapPath(p) {
			into = e.Wraps
		}
		switch read := files[p]; {
		case into[p] != nil:
		case read == nil:
			gone = append(gone, p)
		default:
			if into[p], err = read(); err != nil {
				return err
			}
		}
	}
	for _, p := range gone {
		if e.Wraps[p] == nil && e.Values[p] == nil && !slices.Contains(e.Removed, p) {
			e.Removed = append(e.Removed, p)
		}
	}
	return nil
}
