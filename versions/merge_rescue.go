package versions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// rescue seals every value anew that opens with a dropped key alone, so that the
// rest of the work finds values of the merged note's keys only. It returns the
// files by path.
func (m *NoteMerge) rescue(ctx context.Context, head *Source, next *seal.Note, keys, others *Keyring) (map[string][]byte, error) {
	rescued := map[string][]byte{}
	for _, env := range next.Environments() {
		names, files, err := head.Files(env)
		if err != nil {
			return nil, err
		}
		affected, err := m.affected(env, names, files)
		if err != nil {
			return nil, err
		}
		newest := newestOf(next, seal.ReadSlot(env))
		sealer, err := seal.NewSealer(newest.Key, newest.Generation)
		if err != nil {
			return nil, err
		}
		data := make([][]byte, len(affected))
		closed := make([]bool, len(affected))
		err = InParallel(len(affected), func(j int) (err error) {
			i := affected[j]
			if err = ctx.Err(); err == nil {
				data[j], err = rescueFile(files[i], files[i].places(m.Note.ID, env, names[i]), keys, others, sealer)
			}
			if closed[j] = errors.Is(err, seal.ErrNoKey); closed[j] {
				err = nil
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		var lost []string
		for j, i := range affected {
			if closed[j] {
				lost = append(lost, names[i])
			} else if data[j] != nil {
				rescued[FilePath(env, names[i])] = data[j]
			}
		}
		if len(lost) > 0 {
			return nil, m.lost(env, lost)
		}
	}
	return rescued, nil
}

// affected lists the files that may be sealed to a dropped key, which has a number
// like any other. A number that neither side has is what a merge left behind that
// was cut short: its key is gone as soon as another of that number is made.
func (m *NoteMerge) affected(env string, names []string, files []*SecretFile) (affected []int, err error) {
	slot := seal.ReadSlot(env)
	var stray []string
	for i, f := range files {
		clash := false
		for _, g := range f.Generations() {
			dropped := slices.ContainsFunc(m.Dropped, func(e seal.Entry) bool { return e.Slot == slot && e.Generation == g })
			if _, known := m.Note.Entry(slot, g); !known && !dropped {
				stray = append(stray, names[i])
			}
			clash = clash || dropped
		}
		if clash {
			affected = append(affected, i)
		}
	}
	if len(stray) > 0 {
		return nil, fmt.Errorf("sealed in %s to a key that neither side has, as by a merge that was cut short: %s: %w", env, strings.Join(stray, ", "), ErrConflict)
	}
	return affected, nil
}

// rescueFile seals a file anew of which a value opens with a dropped key, one of
// others, with all its values that open; it returns nil when none does. ErrNoKey
// says that this cannot be told.
func rescueFile(f *SecretFile, values []placed, keys, others *Keyring, sealer *seal.Sealer) ([]byte, error) {
	opened := map[int]seal.Secret{}
	dropped := 0
	for i, v := range values {
		value, by, err := openAny([]*Keyring{keys, others}, f, v)
		if errors.Is(err, seal.ErrNoKey) {
			g, _ := seal.ParseSealed(v.sealed)
			if _, unknown := others.Key(seal.ReadSlot(v.place.Environment), g); unknown == nil {
				continue // it is sealed to the key that stays
			}
		}
		if err != nil {
			return nil, err
		}
		opened[i] = value
		dropped += by
	}
	if dropped == 0 {
		return nil, nil
	}
	again := *f
	again.Versions = slices.Clone(f.Versions)
	for i, value := range opened {
		sealed, err := sealer.Seal(values[i].place, value)
		if err != nil {
			return nil, err
		}
		if f.Value != "" {
			again.Value = sealed
		} else {
			again.Versions[i].Value = sealed
		}
	}
	return again.Bytes()
}

// lost refuses a merge after which nobody could open some values, and names who
// can make it.
func (m *NoteMerge) lost(env string, names []string) error {
	e := &NoKeyError{Slot: seal.ReadSlot(env), Reason: fmt.Sprintf("a key of %s would be dropped that does not open here, and these may be sealed to it: %s", env, strings.Join(names, ", "))}
	for _, reader := range m.other.Readers(env) {
		if own, ok := m.Note.Member(reader.Name); ok && slices.Contains(own.Slots, seal.Admin) {
			e.Holders = append(e.Holders, reader.Name)
		}
	}
	return e
}
