package versions

import (
	"slices"
)

// VersionsChange is what became of the versions of a named encryption key, by their
// numbers, ascending. Whether a value is another or sealed anew is told without a key,
// as of a [Change].
type VersionsChange struct {
	Added    []uint32 `json:"added,omitempty"`
	Dropped  []uint32 `json:"dropped,omitempty"`
	Replaced []uint32 `json:"replaced,omitempty"` // another value under the number
	Resealed []uint32 `json:"resealed,omitempty"` // sealed to a newer key: most likely the same
}

// Empty reports whether there is no change of versions.
func (v VersionsChange) Empty() bool {
	return len(v.Added)+len(v.Dropped)+len(v.Replaced)+len(v.Resealed) == 0
}

// Equal reports whether two changes are the same.
func (v VersionsChange) Equal(w VersionsChange) bool {
	return slices.Equal(v.Added, w.Added) && slices.Equal(v.Dropped, w.Dropped) &&
		slices.Equal(v.Replaced, w.Replaced) && slices.Equal(v.Resealed, w.Resealed)
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
	return was, is, is > 0 && (is != was || slices.Contains(c.Versions.Replaced, is))
}

// CompareVersions puts right, with sets that open both sides, which versions of a named
// key only looked the same or another. What does not open stays in doubt, and counts as
// another.
func (c *Change) CompareVersions(was, now *Set) {
	v := &c.Versions
	both := slices.Concat(v.Replaced, v.Resealed)
	if len(both) == 0 {
		return
	}
	slices.Sort(both)
	v.Replaced, v.Resealed = nil, nil
	for _, number := range both {
		if sameVersion(was, now, c, number) {
			v.Resealed = append(v.Resealed, number)
		} else {
			v.Replaced = append(v.Replaced, number)
		}
	}
	if len(c.Fields)+len(v.Added)+len(v.Dropped) > 0 {
		return
	}
	c.Action = Resealed
	if len(v.Replaced) > 0 {
		c.Action = Changed
	}
}

func sameVersion(was, now *Set, c *Change, number uint32) bool {
	old, err := was.openVersion(c.Name, c.Old, number)
	if err != nil {
		return false
	}
	new, err := now.openVersion(c.Name, c.New, number)
	return err == nil && old.Equal(new)
}
