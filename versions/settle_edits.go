package versions

import (
	"context"
	"errors"

	"pinseal/seal"
)

// Edits is what the settled secrets and all unmerged wraps become under the app
// note of the keys, which is not unmerged itself. Values are sealed to the newest
// key where they open: the settled ones and, of an environment that is settled
// with them, whatever either side brought that is sealed to an older one. An
// unmerged wrap is either side's: it proves itself to who uses it.
func (s *Sides) Edits(ctx context.Context, keys *Keyring, settled []Settled) (*Edits, error) {
	e := newEdits()
	note := keys.Note()
	files := map[string]content{}
	for _, one := range settled {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := e.settle(keys, one)
		if err != nil {
			return nil, err
		}
		files[FilePath(one.Environment, one.Name)] = bytesOf(data)
	}
	wraps, err := s.takeWraps(note, note, Ours, note)
	if err != nil {
		return nil, err
	}
	for p, data := range wraps {
		files[p] = bytesOf(data)
		if data == nil {
			e.Removed = append(e.Removed, p)
		} else {
			e.Wraps[p] = data
		}
	}
	head := &Source{FS: &layer{s.below, files}, What: "work tree", Dir: s.Ours.Dir}
	there, err := head.wrapSet()
	if err != nil {
		return nil, err
	}
	m := &maker{note: note, keys: keys, head: head, there: there, edits: e}
	for _, env := range note.Environments() {
		if s.settles(env, files) {
			if err := m.reseal(ctx, env); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// settles reports whether files of an environment were unmerged and none is left.
func (s *Sides) settles(env string, files map[string]content) bool {
	any := false
	for _, p := range s.Unmerged {
		if of, _, ok := secretAt(p); ok && of == env {
			if _, settled := files[p]; !settled {
				return false
			}
			any = true
		}
	}
	return any
}

// settle adds one secret and returns its file, nil when it is removed.
func (e *Edits) settle(keys *Keyring, one Settled) ([]byte, error) {
	p := FilePath(one.Environment, one.Name)
	if one.File == nil {
		e.Removed = append(e.Removed, p)
		return nil, nil
	}
	f, err := one.sealed(keys.Note())
	if err != nil {
		return nil, err
	}
	slot := seal.ReadSlot(one.Environment)
	if newest, ok := keys.Note().Newest(slot); ok && f.olderThan(newest.Generation) {
		sealer, err := seal.NewSealer(newest.Key, newest.Generation)
		if err != nil {
			return nil, err
		}
		set := &Set{Environment: one.Environment, Keys: keys}
		again, err := set.Reseal(one.Name, f, sealer, seal.Place{App: keys.Note().ID, Environment: one.Environment, Name: one.Name})
		switch {
		case errors.Is(err, seal.ErrNoKey): // stays as it is
		case err != nil:
			return nil, err
		default:
			f = again
		}
	}
	data, err := f.Bytes()
	e.Values[p] = data
	return data, err
}

// takeWraps decides every unmerged wrap: it is that of a side whose app note has
// the key and the recipient that the merged note has, of the kept side first; nil
// where there is none.
func (s *Sides) takeWraps(kept, other *seal.Note, keep Side, merged *seal.Note) (map[string][]byte, error) {
	wraps := map[string][]byte{}
	for _, p := range s.Unmerged {
		if !isWrapPath(p) {
			continue
		}
		wraps[p] = nil
		slot, generation, member := wrapAt(p)
		entry, _ := merged.Entry(slot, generation)
		for _, side := range []Side{keep, keep.Other()} {
			note := kept
			if side != keep {
				note = other
			}
			if wraps[p] != nil || !mayHave(merged, p) || !s.Has(side, p) || !hasKey(note, entry) || !sameRecipient(note, merged, member) {
				continue
			}
			data, err := s.Of(side).Wrap(slot, generation, member)
			if err != nil {
				return nil, err
			}
			wraps[p] = data
		}
	}
	return wraps, nil
}
