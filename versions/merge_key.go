package versions

import (
	"cmp"
	"fmt"
	"slices"

	"pinseal/seal"
)

// MovedVersion is a version of a named encryption key that theirs added under a number
// which ours gave to another, or after such a one.
type MovedVersion struct {
	Was, Is uint32

	text seal.Secret // to be sealed; empty where ours has it as version Is already
}

// keyMerge is what the versions of a key become: none is lost that either side may have
// encrypted with, but for those that one side dropped and the other left alone.
type keyMerge struct {
	base, ours, theirs secretSide

	kept    []KeyVersion // not sorted
	of      map[uint32]Side
	apart   []int // indices in theirs of versions that need another number
	moved   []MovedVersion
	unknown bool // values had to be compared that do not open
}

// mergeVersions merges by version. took is Both when no side has all of them. When a
// person has to decide, why says so.
func mergeVersions(base, ours, theirs secretSide, bits int) (m *keyMerge, took Side, why string) {
	m = &keyMerge{base: base, ours: ours, theirs: theirs, of: map[uint32]Side{}}
	m.takeOurs()
	m.takeTheirs()
	if m.unknown {
		return nil, 0, "both sides have changed the versions of this encryption key, and they are put together by who can read it: " + notOpened(base, ours, theirs)
	}
	m.move()
	slices.SortFunc(m.kept, func(a, b KeyVersion) int { return cmp.Compare(a.Number, b.Number) })
	n := len(m.kept) + len(m.apart)
	switch {
	case !m.haveBits(bits):
		return nil, 0, "changed on both sides: bits, and a key has versions of one size"
	case n > seal.MaxKeyVersions:
		return nil, 0, fmt.Sprintf("both sides together have %d versions of this encryption key, and decrypting tries %d", n, seal.MaxKeyVersions)
	case n == 0 && !ours.file.Blank() && !theirs.file.Blank():
		return nil, 0, "each side has dropped the versions of this encryption key that the other kept"
	}
	return m, m.took(), ""
}

// took says whose versions the result has.
func (m *keyMerge) took() Side {
	all := func(not Side, f *SecretFile) bool {
		for _, s := range m.of {
			if s == not {
				return false
			}
		}
		return len(m.kept) == len(f.Versions)
	}
	switch {
	case len(m.apart) > 0:
	case all(Theirs, m.ours.file):
		return Ours
	case all(Ours, m.theirs.file):
		return Theirs
	}
	return Both
}

// takeOurs decides the versions whose numbers ours has.
func (m *keyMerge) takeOurs() {
	for i, v := range m.ours.file.Versions {
		t, there := m.theirs.version(v.Number)
		b, was := m.base.version(v.Number)
		switch {
		case there && m.same(m.ours, i, m.theirs, t):
			newer := v
			if other := m.theirs.file.Versions[t]; olderSeal(v.Value, other.Value) {
				newer = other
			}
			m.keep(newer, Both)
		case was && m.same(m.ours, i, m.base, b):
			// Theirs has dropped it, or has another in its place.
		default:
			m.keep(v, Ours)
		}
	}
}

// takeTheirs decides those of theirs that are not the same in ours.
func (m *keyMerge) takeTheirs() {
	added := false
	for i, v := range m.theirs.file.Versions {
		if o, there := m.ours.version(v.Number); there && m.same(m.ours, o, m.theirs, i) {
			continue
		}
		if b, was := m.base.version(v.Number); was && m.same(m.theirs, i, m.base, b) {
			continue // ours has dropped it
		}
		// Of what ours has too, only the one that theirs encrypts with may have to
		// stand above others of theirs.
		number, twice := m.inOurs(i)
		switch {
		case twice && (i < len(m.theirs.file.Versions)-1 || !added):
			m.moved = append(m.moved, MovedVersion{Was: v.Number, Is: number})
		case m.of[v.Number] != 0 || len(m.apart) > 0: // the order of theirs stays
			m.apart = append(m.apart, i)
		default:
			m.keep(v, Theirs)
		}
		added = true
	}
}

// inOurs is the number that a version of theirs has in ours.
func (m *keyMerge) inOurs(i int) (number uint32, ok bool) {
	if m.theirs.values == nil || m.ours.values == nil {
		return 0, false
	}
	for o, v := range m.ours.file.Versions {
		if of := m.of[v.Number]; (of == Ours || of == Both) && m.ours.values[o].Equal(m.theirs.values[i]) {
			return v.Number, true
		}
	}
	return 0, false
}

func (m *keyMerge) keep(v KeyVersion, of Side) {
	m.kept = append(m.kept, v)
	m.of[v.Number] = of
}

// move gives what is apart numbers above all that a side has had.
func (m *keyMerge) move() {
	var last uint32
	for _, side := range []secretSide{m.base, m.ours, m.theirs} {
		for _, v := range side.file.Versions {
			last = max(last, v.Number)
		}
	}
	for _, i := range m.apart {
		last++
		m.moved = append(m.moved, MovedVersion{Was: m.theirs.file.Versions[i].Number, Is: last, text: m.theirs.values[i]})
	}
	slices.SortFunc(m.moved, func(a, b MovedVersion) int { return cmp.Compare(a.Was, b.Was) })
}

// haveBits reports whether all versions are of a side that has the size which was
// settled on.
func (m *keyMerge) haveBits(bits int) bool {
	ours, theirs := m.ours.file.Bits == bits, m.theirs.file.Bits == bits
	for _, of := range m.of {
		if of != Theirs && !ours || of != Ours && !theirs {
			return false
		}
	}
	return theirs || len(m.apart) == 0
}

// same reports whether two versions are the same key.
func (m *keyMerge) same(x secretSide, i int, y secretSide, j int) bool {
	if x.file.Versions[i].Value == y.file.Versions[j].Value {
		return true
	}
	if x.values == nil || y.values == nil {
		m.unknown = true
		return false
	}
	return x.values[i].Equal(y.values[j])
}

// version is the index of a version by its number.
func (s secretSide) version(number uint32) (i int, ok bool) {
	return slices.BinarySearchFunc(s.file.Versions, number, func(v KeyVersion, n uint32) int { return cmp.Compare(v.Number, n) })
}

// olderSeal reports whether a is sealed to an older key than b.
func olderSeal(a, b string) bool {
	x, _ := seal.ParseSealed(a) // a file that was read holds no other
	y, _ := seal.ParseSealed(b)
	return x < y
}

// sealed is the file with what was moved sealed to the newest key of a note, under
// which it will stand; nil when the secret is removed.
func (s *Settled) sealed(note *seal.Note) (*SecretFile, error) {
	if !slices.ContainsFunc(s.Moved, func(v MovedVersion) bool { return v.text.Len() > 0 }) {
		return s.File, nil
	}
	newest, ok := note.Newest(seal.ReadSlot(s.Environment))
	if !ok {
		return nil, &NotFoundError{What: "environment", Name: s.Environment, In: "the app note"}
	}
	sealer, err := seal.NewSealer(newest.Key, newest.Generation)
	if err != nil {
		return nil, err
	}
	f := *s.File
	f.Versions = slices.Clone(f.Versions)
	for _, v := range s.Moved {
		if v.text.Len() == 0 {
			continue
		}
		text, err := sealer.Seal(seal.Place{App: note.ID, Environment: s.Environment, Kind: KindKey, Name: s.Name, Version: v.Is}, v.text)
		if err != nil {
			return nil, err
		}
		f.Versions = append(f.Versions, KeyVersion{v.Is, text})
	}
	return &f, nil
}

// LeftOut lists the versions of a named key that are gone when one side's file is
// taken, by their numbers on the other: what was encrypted with them will not decrypt.
// One that does not open counts where its text is not on both sides.
func (s *Sides) LeftOut(env, name string, take Side, keys ...*Keyring) []uint32 {
	kept := openSecretSide(s.Of(take), env, name, keys)
	other := openSecretSide(s.Of(take.Other()), env, name, keys)
	if other.file == nil {
		return nil
	}
	var out []uint32
	for i, v := range other.file.Versions {
		there := kept.file != nil && slices.Contains(kept.file.Versions, v)
		for j := range kept.values {
			there = there || other.values != nil && kept.values[j].Equal(other.values[i])
		}
		if !there {
			out = append(out, v.Number)
		}
	}
	return out
}
