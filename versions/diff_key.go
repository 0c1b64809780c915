package versions

import (
	"cmp"
	"slices"

	"pinseal/seal"
)

// VersionsChange is what became of the versions of a named encryption key, by their
// numbers, ascending. Whether a value is another or sealed anew is told without a key,
// as of a [Change].
type VersionsChange struct {
	Added    []uint32 `json:"added,omitempty"`
	Dropped  []uint32 `json:"dropped,omitempty"`
	Replaced []uint32 `json:"replaced,omitempty"` // another value under the number
	Resealed []uint32 `json:"resealed,omitempty"` // sealed to a newer key: most likely the same
	// Renumbered are versions that have another number now, and are neither added nor
	// dropped; that is told where both sides open. A replaced number may be among them.
	Renumbered []MovedVersion `json:"renumbered,omitempty"`
}

// Empty reports whether there is no change of versions.
func (v VersionsChange) Empty() bool {
	return len(v.Added)+len(v.Dropped)+len(v.Replaced)+len(v.Resealed)+len(v.Renumbered) == 0
}

// Equal reports whether two changes are the same.
func (v VersionsChange) Equal(w VersionsChange) bool {
	return slices.Equal(v.Added, w.Added) && slices.Equal(v.Dropped, w.Dropped) &&
		slices.Equal(v.Replaced, w.Replaced) && slices.Equal(v.Resealed, w.Resealed) &&
		slices.Equal(v.Renumbered, w.Renumbered)
}

// changeOfVersions compares the versions of two files, each nil or maybe no key.
func changeOfVersions(old, new *SecretFile) (c VersionsChange) {
	was, is := old.keyVersions(), new.keyVersions()
	for _, v := range is {
		i := slices.IndexFunc(was, func(w KeyVersion) bool { return w.Number == v.Number })
		switch {
		case i < 0:
			c.Added = append(c.Added, v.Number)
		case was[i] == v:
		case resealedValue(was[i].Value, v.Value):
			c.Resealed = append(c.Resealed, v.Number)
		default:
			c.Replaced = append(c.Replaced, v.Number)
		}
	}
	for _, w := range was {
		if !slices.ContainsFunc(is, func(v KeyVersion) bool { return w.Number == v.Number }) {
			c.Dropped = append(c.Dropped, w.Number)
		}
	}
	return c
}

// keyVersions are the versions of a named key; a nil file has none.
func (f *SecretFile) keyVersions() []KeyVersion {
	if f == nil {
		return nil
	}
	return f.Versions
}

// Newest is the number of the version that a named key encrypts with, 0 for none. A nil
// file has none.
func (f *SecretFile) Newest() uint32 {
	versions := f.keyVersions()
	if len(versions) == 0 {
		return 0
	}
	return versions[len(versions)-1].Number
}

// EncryptsWith returns the version of a named key that a change makes encrypt what is
// encrypted from then on, and the one that did before: their numbers, 0 for none. It is
// ok when another key is used, or may be.
func (c *Change) EncryptsWith() (was, is uint32, ok bool) {
	was, is = c.Old.Newest(), c.New.Newest()
	another := is != was || slices.Contains(c.Versions.Replaced, is)
	return was, is, is > 0 && another && !slices.Contains(c.Versions.Renumbered, MovedVersion{was, is})
}

// CompareVersions puts right, with sets that open both sides, which versions of a named
// key only looked the same or another, and finds those that have another number now. What
// does not open stays in doubt, and counts as another.
func (c *Change) CompareVersions(was, now *Set) {
	v := &c.Versions
	if v.Empty() || c.Old == nil || c.New == nil {
		return
	}
	old, new := was.versionTexts(c.Name, c.Old), now.versionTexts(c.Name, c.New)
	both := slices.Sorted(slices.Values(slices.Concat(v.Replaced, v.Resealed)))
	v.Replaced, v.Resealed = nil, nil
	for _, number := range both {
		a, opens := old[number]
		if b, also := new[number]; opens && also && a.Equal(b) {
			v.Resealed = append(v.Resealed, number)
		} else {
			v.Replaced = append(v.Replaced, number)
		}
	}
	v.Renumbered = renumbered(old, new, v)
	for _, m := range v.Renumbered {
		v.Added = slices.DeleteFunc(v.Added, func(n uint32) bool { return n == m.Is })
		v.Dropped = slices.DeleteFunc(v.Dropped, func(n uint32) bool { return n == m.Was })
	}
	if len(c.Fields)+len(v.Added)+len(v.Dropped)+len(v.Renumbered) > 0 {
		return
	}
	c.Action = Resealed
	if len(v.Replaced) > 0 {
		c.Action = Changed
	}
}

// renumbered finds what is under another number than before, and what is there no more
// under its own.
func renumbered(old, new map[uint32]seal.Secret, v *VersionsChange) (all []MovedVersion) {
	for _, is := range slices.Concat(v.Added, v.Replaced) {
		if was, ok := numberOf(old, new, is); ok {
			all = append(all, MovedVersion{was, is})
		}
	}
	for _, was := range slices.Concat(v.Dropped, v.Replaced) {
		if is, ok := numberOf(new, old, was); ok && !slices.ContainsFunc(all, func(m MovedVersion) bool { return m.Was == was }) {
			all = append(all, MovedVersion{was, is})
		}
	}
	slices.SortFunc(all, func(a, b MovedVersion) int { return cmp.Or(cmp.Compare(a.Was, b.Was), cmp.Compare(a.Is, b.Is)) })
	return all
}

// numberOf is the highest number that a version of one side has on another.
func numberOf(on, side map[uint32]seal.Secret, number uint32) (found uint32, ok bool) {
	text, opens := side[number]
	for n, other := range on {
		if opens && n >= found && other.Equal(text) {
			found, ok = n, true
		}
	}
	return found, ok
}

// New lists the numbers under which there is a key that was not there, ascending.
func (v VersionsChange) New() []uint32 {
	return v.without(v.Added, func(m MovedVersion) uint32 { return m.Is })
}

// Gone lists the numbers whose key is not there any more, ascending.
func (v VersionsChange) Gone() []uint32 {
	return v.without(v.Dropped, func(m MovedVersion) uint32 { return m.Was })
}

func (v VersionsChange) without(numbers []uint32, of func(MovedVersion) uint32) []uint32 {
	all := slices.DeleteFunc(slices.Concat(numbers, v.Replaced), func(n uint32) bool {
		return slices.ContainsFunc(v.Renumbered, func(m MovedVersion) bool { return of(m) == n })
	})
	slices.Sort(all)
	return all
}

// versionTexts opens those versions of a named key that open, by number.
func (s *Set) versionTexts(name string, f *SecretFile) map[uint32]seal.Secret {
	texts := map[uint32]seal.Secret{}
	if f.Kind != KindKey {
		return texts
	}
	for _, v := range f.places(s.Keys.Note().ID, s.Environment, name) {
		if text, err := s.openPlaced(f, v); err == nil {
			texts[v.place.Version] = text
		}
	}
	return texts
}
