package versions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"filippo.io/age"

	"pinseal/seal"
)

// maker makes wraps and values for a note with the keys at hand.
type maker struct {
	note   *seal.Note
	keys   *Keyring // may follow the note before
	made   map[slotGeneration]*seal.Key
	plugin func(string) (age.Recipient, error)
	head   *Source
	there  map[string]bool // the wraps of head, by path
	edits  *Edits
}

// wrapJob is a wrap that can be made.
type wrapJob struct {
	need
	key *seal.Key
	to  age.Recipient
}

// wrap makes wraps. Those for a plugin's recipient are made one after the other,
// for a plugin may ask the user, and what it cannot do is pending.
func (m *maker) wrap(ctx context.Context, needs []need) error {
	jobs, asking, err := m.jobs(needs)
	if err != nil {
		return err
	}
	wraps := make([][]byte, len(jobs))
	err = InParallel(len(jobs), func(i int) (err error) {
		if err = ctx.Err(); err == nil {
			wraps[i], err = seal.WrapKey(jobs[i].key, m.note.ID, jobs[i].to)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, j := range jobs {
		m.edits.Wraps[j.path()] = wraps[i]
	}
	for _, j := range asking {
		if err := ctx.Err(); err != nil {
			return err
		}
		wrap, err := seal.WrapKey(j.key, m.note.ID, j.to)
		if err != nil {
			m.pend(j.need, err.Error())
			continue
		}
		m.edits.Wraps[j.path()] = wrap
	}
	return nil
}

// jobs finds the keys and recipients of what is needed; those of plugins apart.
func (m *maker) jobs(needs []need) (jobs, asking []wrapJob, err error) {
	needs = slices.Clone(needs)
	slices.SortFunc(needs, func(a, b need) int { return strings.Compare(a.path(), b.path()) })
	for _, n := range slices.Compact(needs) {
		key := m.made[n.slotGeneration]
		if key == nil {
			if key, err = m.keys.Key(n.slot, n.generation); errors.Is(err, seal.ErrNoKey) {
				m.pend(n, "")
				continue
			}
			if err != nil {
				return nil, nil, err
			}
		}
		member, _ := m.note.Member(n.member)
		to, _, _, err := seal.ParseRecipient(member.Recipient, nil)
		if err == nil {
			jobs = append(jobs, wrapJob{n, key, to})
			continue
		}
		if !errors.Is(err, seal.ErrPlugin) {
			return nil, nil, fmt.Errorf("member %q: %w", n.member, err)
		}
		if to, _, _, err = seal.ParseRecipient(member.Recipient, m.plugin); err != nil {
			m.pend(n, err.Error())
			continue
		}
		asking = append(asking, wrapJob{n, key, to})
	}
	return jobs, asking, nil
}

// pend leaves a wrap to others. One of an older key that nobody has any more is
// nothing to wait for.
func (m *maker) pend(n need, reason string) {
	if m.made[n.slotGeneration] == nil && m.there[n.path()] {
		return // it was to be made anew, and stays as it is
	}
	can := holdersOf(m.note, n, m.there)
	newest, _ := m.note.Newest(n.slot)
	if len(can) > 0 || n.generation == newest.Generation || reason != "" {
		m.edits.Pending = append(m.edits.Pending, Pending{Slot: n.slot, Generation: n.generation, Member: n.member, Reason: reason, Can: can})
	}
}

// reseal seals the values of an environment that are not of the newest read key
// to that one. A value that does not open is an error: it would be carried into a
// new key unseen.
func (m *maker) reseal(ctx context.Context, env string) error {
	slot := seal.ReadSlot(env)
	newest, _ := m.note.Newest(slot)
	sealer, err := seal.NewSealer(newest.Key, newest.Generation)
	if err != nil {
		return err
	}
	names, files, err := m.head.Files(env)
	if err != nil {
		return err
	}
	closed := map[int][]string{} // names by generation that is not at hand
	var open []int
	for i, f := range files {
		missing, err := m.unopened(slot, f, newest.Generation)
		switch {
		case err != nil:
			return err
		case missing > 0:
			closed[missing] = append(closed[missing], names[i])
		case f.olderThan(newest.Generation):
			open = append(open, i)
		}
	}
	set := &Set{Source: m.head, Environment: env, Keys: m.keys}
	data, was := make([][]byte, len(open)), make([][]byte, len(open))
	err = InParallel(len(open), func(j int) (err error) {
		name, f := names[open[j]], files[open[j]]
		if err := ctx.Err(); err != nil {
			return err
		}
		if was[j], err = f.Bytes(); err != nil {
			return err
		}
		again, err := set.Reseal(name, f, sealer, seal.Place{App: m.note.ID, Environment: env, Name: name})
		if err == nil {
			data[j], err = again.Bytes()
		}
		return err
	})
	if err != nil {
		return err
	}
	for j, i := range open {
		p := FilePath(env, names[i])
		m.edits.Values[p] = data[j]
		if m.edits.was != nil {
			m.edits.was[p] = was[j]
		}
	}
	for _, g := range slices.Sorted(maps.Keys(closed)) {
		can := holdersOf(m.note, need{slotGeneration{slot, g}, ""}, m.there)
		m.edits.Pending = append(m.edits.Pending, Pending{Slot: slot, Generation: g, Names: closed[g], Can: can})
	}
	return nil
}

// unopened returns the first generation below newest that a file's values are
// sealed to and that is not at hand, 0 when there is none.
func (m *maker) unopened(slot seal.Slot, f *SecretFile, newest int) (int, error) {
	for _, g := range f.Generations() {
		if _, known := m.keys.Note().Entry(slot, g); !known {
			return 0, &AuthError{What: "a value in " + slot.Environment(), Reason: fmt.Sprintf("is sealed to key %d, which the app note does not know", g)}
		}
		if g >= newest {
			continue
		}
		_, err := m.keys.Key(slot, g)
		if errors.Is(err, seal.ErrNoKey) {
			return g, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// olderThan reports whether a value is sealed to a generation below newest.
func (f *SecretFile) olderThan(newest int) bool {
	g := f.Generations()
	return len(g) > 0 && g[0] < newest
}
