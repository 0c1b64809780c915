package versions

import (
	"context"
	"maps"
	"slices"
	"strings"

	"filippo.io/age"

	"pinseal/repo"
	"pinseal/seal"
)

// Edits is what a change of people or keys writes below an app's directory.
type Edits struct {
	Note    *seal.Note        // signed; nil when it stays as it is
	Wraps   map[string][]byte // by path
	Values  map[string][]byte // secret files whose values were sealed anew, by path
	Removed []string          // paths that are to go
	Pending []Pending         // what is left for somebody who can

	was map[string][]byte // what files must hold before; nil when that is not to be asked
}

func newEdits() *Edits { return &Edits{Wraps: map[string][]byte{}, Values: map[string][]byte{}} }

// Ordered returns the edits in the order in which a kill between any two leaves
// a set that opens: wraps, note, values, then what is removed. The note and the
// values must be what they were made from.
func (e *Edits) Ordered() []repo.Edit {
	var all []repo.Edit
	add := func(files map[string][]byte) {
		for _, p := range slices.Sorted(maps.Keys(files)) {
			all = append(all, repo.Edit{Path: p, Data: files[p], Was: e.was[p]})
		}
	}
	add(e.Wraps)
	if e.Note != nil {
		all = append(all, repo.Edit{Path: NoteName, Data: e.Note.Signed(), Was: e.was[NoteName]})
	}
	add(e.Values)
	for _, p := range slices.Sorted(slices.Values(e.Removed)) {
		all = append(all, repo.Edit{Path: p})
	}
	return all
}

// Empty reports whether there is nothing to write.
func (e *Edits) Empty() bool {
	return e.Note == nil && len(e.Wraps)+len(e.Values)+len(e.Removed) == 0
}

// Finish signs the note and makes what it asks for: wraps of the new keys for
// all who hold them and of older ones for who was given their slot, and the
// values of the environments whose read slot has a new key, sealed to it. Head
// is the work tree. What the keys at hand cannot open is left as pending. Errors:
// *NoKeyError when the admin key is not at hand; what reading a set can give.
func (a *Amendment) Finish(ctx context.Context, head *Source) (*Edits, error) {
	slot, _ := a.note.Newest(seal.Admin)
	admin := a.made[slotGeneration{seal.Admin, slot.Generation}]
	if admin == nil {
		var err error
		if admin, err = a.keys.Newest(seal.Admin); err != nil {
			return nil, err
		}
	}
	signed, err := a.note.Sign(admin)
	if err != nil {
		return nil, err
	}
	there, err := head.wrapSet()
	if err != nil {
		return nil, err
	}
	e := newEdits()
	e.Note = signed
	if a.before != nil {
		e.was = map[string][]byte{NoteName: a.before}
	}
	m := &maker{note: signed, keys: a.keys, made: a.made, plugin: a.plugin, head: head, there: there, edits: e}
	needs := slices.Clone(a.given)
	for at := range a.made {
		for _, holder := range signed.Holders(at.slot) {
			needs = append(needs, need{at, holder.Name})
		}
	}
	if err := m.wrap(ctx, needs); err != nil {
		return nil, err
	}
	if err := a.checkKept(e); err != nil {
		return nil, err
	}
	for _, env := range signed.Environments() {
		newest, _ := signed.Newest(seal.ReadSlot(env))
		if a.made[slotGeneration{newest.Slot, newest.Generation}] == nil {
			continue
		}
		if err := m.reseal(ctx, env); err != nil {
			return nil, err
		}
	}
	for p := range there {
		slot, _, member := wrapAt(p)
		lost := slices.ContainsFunc(a.taken, func(n need) bool { return n.slot == slot && n.member == member })
		if _, again := e.Wraps[p]; lost && !again {
			e.Removed = append(e.Removed, p)
		}
	}
	return e, nil
}

// checkKept refuses a new key that was wrapped for nobody who holds its slot: it
// would be lost with this process, and what is sealed to it with it.
func (a *Amendment) checkKept(e *Edits) error {
	for at := range a.made {
		holders := memberNames(e.Note.Holders(at.slot))
		kept := len(holders) == 0 || slices.ContainsFunc(holders, func(name string) bool {
			return e.Wraps[need{at, name}.path()] != nil
		})
		if !kept {
			reasons := ""
			for _, p := range e.Pending {
				if p.Slot == at.slot && p.Reason != "" {
					reasons = ": " + p.Reason
				}
			}
			return refused("%s, key %d, could be wrapped for nobody who holds it (%s)%s", at.slot, at.generation, strings.Join(holders, ", "), reasons)
		}
	}
	return nil
}

// SyncOptions narrow what [Sync] does.
type SyncOptions struct {
	Environments []string // only these environments' values; nil is all
	ValuesOnly   bool     // no wraps
	Anew         []string // members all of whose wraps are made anew
	Plugin       func(string) (age.Recipient, error)
}

// Sync makes what the note of the keys asks for and the work tree, head, has
// not: wraps for who holds a slot, and values sealed to a retired generation
// sealed to the newest. Wraps of who does not hold their slot are removed. What
// the keys at hand cannot open is left as pending. Errors: what reading a set can
// give.
func Sync(ctx context.Context, keys *Keyring, head *Source, o SyncOptions) (*Edits, error) {
	there, err := head.wrapSet()
	if err != nil {
		return nil, err
	}
	sound, err := head.soundWraps(there)
	if err != nil {
		return nil, err
	}
	e := newEdits()
	e.was = map[string][]byte{}
	m := &maker{note: keys.Note(), keys: keys, plugin: o.Plugin, head: head, there: there, edits: e}
	if !o.ValuesOnly {
		var missing []need
		for _, n := range needsOf(m.note) {
			if slices.Contains(o.Anew, n.member) || !sound[n.path()] {
				missing = append(missing, n)
			}
		}
		if err := m.wrap(ctx, missing); err != nil {
			return nil, err
		}
		for p := range there {
			if !mayHave(m.note, p) {
				e.Removed = append(e.Removed, p)
			}
		}
	}
	for _, env := range m.note.Environments() {
		if o.Environments == nil || slices.Contains(o.Environments, env) {
			if err := m.reseal(ctx, env); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}
