package versions

import (
	"cmp"
	"fmt"
	"slices"

	"pinseal/seal"
	"pinseal/seal/spelling"
)

// keyMerge puts the versions of a named encryption key together, by the rules of the
// package's "Merging".
type keyMerge struct {
	base, ours, theirs secretSide

	kept    []KeyVersion           // not sorted
	toSeal  []seal.NamedKeyVersion // of the result too: ascending, above kept
	moved   []MovedVersion
	unknown bool // values have to be compared, or sealed anew, that do not open
}

// mergeVersions merges by version. When a person has to decide, why says so.
func mergeVersions(base, ours, theirs secretSide, bits int) (m *keyMerge, why string) {
	m = &keyMerge{base: base, ours: ours, theirs: theirs}
	encrypts, newest := m.encrypting()
	m.takeOurs()
	last := m.takeTheirs(encrypts, newest)
	n := len(m.kept) + len(m.toSeal)
	switch {
	case m.unknown:
		return nil, "both sides have changed the versions of this encryption key, and they are put together by who can read it: " + notOpened(base, ours, theirs)
	case !m.haveBits(bits):
		return nil, "changed on both sides: bits, and a key has versions of one size"
	case encrypts == 0 && n > 0, n == 0 && !ours.file.Blank() && !theirs.file.Blank():
		return nil, "each side has dropped the version of this encryption key that the other encrypts with"
	case n > seal.MaxKeyVersions:
		return nil, fmt.Sprintf("both sides together have %d versions of this encryption key, and decrypting tries %d: drop old ones on one of the branches (pinseal key rm NAME --before N), then merge", n, seal.MaxKeyVersions)
	case last > spelling.MaxNumber:
		return nil, fmt.Sprintf("putting the versions of this encryption key together takes a number above %d, and that is the last there is", spelling.MaxNumber)
	}
	slices.SortFunc(m.kept, func(a, b KeyVersion) int { return cmp.Compare(a.Number, b.Number) })
	slices.SortFunc(m.moved, func(a, b MovedVersion) int { return cmp.Compare(a.Was, b.Was) })
	return m, ""
}

// takeOurs keeps what ours has, under its numbers, but for what theirs has dropped.
func (m *keyMerge) takeOurs() {
	for i, v := range m.ours.file.Versions {
		t := m.find(m.ours, i, m.theirs)
		if t < 0 && m.find(m.ours, i, m.base) >= 0 {
			continue
		}
		if t >= 0 {
			if other := m.theirs.file.Versions[t]; other.Number == v.Number && olderSeal(v.Value, other.Value) {
				v = other
			}
		}
		m.kept = append(m.kept, v)
	}
}

// takeTheirs keeps what theirs has added, under its numbers where ours has not used
// them, and makes one version the newest of all. last is the highest number.
func (m *keyMerge) takeTheirs(encrypts Side, newest int) (last uint32) {
	numbers := make([]uint32, len(m.theirs.file.Versions)) // in the result, by index in theirs; 0 where it is dropped or to get one
	var apart []int
	for i, v := range m.theirs.file.Versions {
		o := m.find(m.theirs, i, m.ours)
		switch {
		case o >= 0:
			numbers[i] = m.ours.file.Versions[o].Number
		case m.find(m.theirs, i, m.base) >= 0: // ours has dropped it
		case m.isTaken(v.Number), i == newest && encrypts == Theirs && (len(apart) > 0 || m.highest() > v.Number):
			apart = append(apart, i)
		default:
			numbers[i] = v.Number
			m.kept = append(m.kept, v)
		}
	}
	for _, side := range []secretSide{m.base, m.ours, m.theirs} {
		last = max(last, side.file.Newest())
	}
	above := func(s secretSide, i int) uint32 {
		last++
		m.seal(s, i, last)
		return last
	}
	for _, i := range apart {
		numbers[i] = above(m.theirs, i)
	}
	switch top := m.highest(); {
	case encrypts == Theirs && numbers[newest] != top:
		numbers[newest] = above(m.theirs, newest)
	case encrypts == Ours && m.ours.file.Versions[newest].Number != top:
		above(m.ours, newest)
	}
	for i, v := range m.theirs.file.Versions {
		if numbers[i] != 0 && numbers[i] != v.Number {
			m.moved = append(m.moved, MovedVersion{Was: v.Number, Is: numbers[i]})
		}
	}
	return last
}

// encrypting is the version that the result encrypts with, by its side and index there; 0
// for none. It is the newest of a side that stays, and not one that both have superseded.
// Of two that were made apart it is that of the newer read key, which who left since does
// not have.
func (m *keyMerge) encrypting() (of Side, i int) {
	o, t := m.newest(m.ours, m.theirs), m.newest(m.theirs, m.ours)
	oBehind, tBehind := m.isBehind(m.ours, o, m.theirs), m.isBehind(m.theirs, t, m.ours)
	oMay := o >= 0 && !(oBehind && o < len(m.ours.file.Versions)-1)
	tMay := t >= 0 && !(tBehind && t < len(m.theirs.file.Versions)-1)
	switch {
	case !oMay && !tMay:
		return 0, 0
	case !oMay, tMay && oBehind && !tBehind:
		return Theirs, t
	case !tMay, tBehind && !oBehind,
		olderSeal(m.theirs.file.Versions[t].Value, m.ours.file.Versions[o].Value):
		return Ours, o
	}
	return Theirs, t
}

// isBehind reports whether another side has a version too, and a newer one.
func (m *keyMerge) isBehind(s secretSide, i int, other secretSide) bool {
	return i >= 0 && m.find(s, i, other) >= 0 && !sameVersionOf(s, i, other, len(other.file.Versions)-1)
}

// newest is the newest version of a side that stays, -1 for none.
func (m *keyMerge) newest(s, other secretSide) int {
	for i := len(s.file.Versions) - 1; i >= 0; i-- {
		if m.find(s, i, other) >= 0 || m.find(s, i, m.base) < 0 {
			return i
		}
	}
	return -1
}

// find is the index in y of the key that version i of x is, -1 for none. Under another
// number it is found only where both open.
func (m *keyMerge) find(x secretSide, i int, y secretSide) int {
	v := x.file.Versions[i]
	j, there := y.version(v.Number)
	if there && sameVersionOf(x, i, y, j) {
		return j
	}
	m.unknown = m.unknown || there && (x.values == nil || y.values == nil)
	for j := len(y.file.Versions) - 1; j >= 0; j-- {
		if sameVersionOf(x, i, y, j) {
			return j
		}
	}
	return -1
}

// sameVersionOf reports whether two versions are the same key, as far as they open.
func sameVersionOf(x secretSide, i int, y secretSide, j int) bool {
	if x.values == nil || y.values == nil {
		return x.file.Versions[i] == y.file.Versions[j]
	}
	return x.values[i].Equal(y.values[j])
}

// seal has version i of a side sealed under another number.
func (m *keyMerge) seal(s secretSide, i int, number uint32) {
	if s.values == nil {
		m.unknown = true
		return
	}
	m.toSeal = append(m.toSeal, seal.NamedKeyVersion{Number: number, Text: s.values[i]})
}

func (m *keyMerge) isTaken(number uint32) bool {
	return slices.ContainsFunc(m.kept, func(v KeyVersion) bool { return v.Number == number })
}

// highest is the highest number of the result so far.
func (m *keyMerge) highest() (number uint32) {
	for _, v := range m.kept {
		number = max(number, v.Number)
	}
	for _, v := range m.toSeal {
		number = max(number, v.Number)
	}
	return number
}

// haveBits reports whether all versions are of a side that has the size which was
// settled on.
func (m *keyMerge) haveBits(bits int) bool {
	if m.ours.file.Bits == bits && m.theirs.file.Bits == bits {
		return true
	}
	of := m.ours.file
	if of.Bits != bits {
		of = m.theirs.file
	}
	for _, v := range m.kept {
		if !slices.Contains(of.Versions, v) {
			return false
		}
	}
	return len(m.toSeal) == 0
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
