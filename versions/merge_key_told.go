package versions

import (
	"slices"

	"pinseal/seal"
)

// MovedVersion is a version of a named encryption key that has another number than it had,
// in a merge than theirs has.
type MovedVersion struct {
	Was uint32 `json:"was"`
	Is  uint32 `json:"is"`
}

// DroppedVersion is a version of a named key that one side had and the result has not:
// what it encrypted will not decrypt.
type DroppedVersion struct {
	Number uint32 // on the side that had it
	By     Side   // who dropped it
}

// EncryptingVersion is the version of a named key that encrypts from a merge on.
type EncryptingVersion struct {
	Number uint32
	Was    uint32 // its number on the side whose newest it was
	Of     Side
	// Retired says that only its side has it, sealed to a read key that the other side
	// has replaced: who has left since may know it.
	Retired bool
}

// took says whose versions the result has, Both where it is neither's.
func (m *keyMerge) took() Side {
	if len(m.toSeal) > 0 {
		return Both
	}
	all := func(s secretSide) bool {
		return slices.EqualFunc(m.kept, s.file.Versions, func(v, w KeyVersion) bool {
			i, there := m.ours.version(v.Number)
			j, also := m.theirs.version(v.Number)
			return v.Number == w.Number && (v == w || there && also && m.find(m.ours, i, m.theirs) == j)
		})
	}
	switch {
	case all(m.ours):
		return Ours
	case all(m.theirs):
		return Theirs
	}
	return Both
}

// tell adds to what a named key becomes what is to be said of its versions.
func (s *Settled) tell(m merged, base, ours, theirs secretSide) {
	if m.file == nil || m.file.Kind != KindKey || !ours.isKey() || !theirs.isKey() {
		return
	}
	k := m.keys
	if k == nil {
		k = &keyMerge{base: base.asKey(), ours: ours, theirs: theirs, kept: m.file.Versions}
	}
	s.Moved, s.toSeal = k.moved, k.toSeal
	for _, side := range []struct {
		is, other Side
		has, not  secretSide
	}{{Ours, Theirs, ours, theirs}, {Theirs, Ours, theirs, ours}} {
		for i, v := range side.has.file.Versions {
			if k.find(side.has, i, side.not) < 0 && k.find(side.has, i, k.base) >= 0 {
				s.Dropped = append(s.Dropped, DroppedVersion{v.Number, side.other})
			}
		}
	}
	of, i := k.encrypting()
	if m.keys == nil { // one side's file as it is
		of, i = m.took, len(m.file.Versions)-1
	}
	if of == 0 || i < 0 {
		return
	}
	side, other := ours, theirs
	if of == Theirs {
		side, other = theirs, ours
	}
	v := side.file.Versions[i]
	older := func(w KeyVersion) bool { return olderSeal(v.Value, w.Value) }
	s.Encrypts = EncryptingVersion{Number: k.highest(), Was: v.Number, Of: of,
		Retired: k.find(side, i, other) < 0 && slices.ContainsFunc(other.file.Versions, older)}
}

// sealed is [Settled.Seal] to the newest key of a note, under which the secret will
// stand.
func (s *Settled) sealed(note *seal.Note) (*SecretFile, error) {
	if len(s.toSeal) == 0 {
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
	return s.Seal(sealer, note.ID)
}

// Seal is the file with the versions that were moved, nil when the secret is removed.
func (s *Settled) Seal(sealer *seal.Sealer, app seal.AppID) (*SecretFile, error) {
	if len(s.toSeal) == 0 {
		return s.File, nil
	}
	f := *s.File
	f.Versions = slices.Clone(f.Versions)
	for _, v := range s.toSeal {
		text, err := sealer.Seal(seal.Place{App: app, Environment: s.Environment, Kind: KindKey, Name: s.Name, Version: v.Number}, v.Text)
		if err != nil {
			return nil, err
		}
		f.Versions = append(f.Versions, KeyVersion{v.Number, text})
	}
	return &f, nil
}

// SettleKey is Settle for one named encryption key. With a side, whose changes of what
// stands beside the versions are taken, both sides' versions are merged all the same; why
// says what keeps them from it. With 0 it is told what Settle would do.
func (s *Sides) SettleKey(env, name string, take Side, keys ...*Keyring) (one Settled, why string) {
	base := openSecretSide(s.Base, env, name, keys)
	ours := openSecretSide(s.Ours, env, name, keys)
	theirs := openSecretSide(s.Theirs, env, name, keys)
	if !ours.isKey() || !theirs.isKey() {
		return one, "no named encryption key on both sides"
	}
	m, why := mergeTaking(take, base, ours, theirs)
	one = Settled{Environment: env, Name: name, File: m.file, Took: m.took}
	if why == "" {
		one.tell(m, base, ours, theirs)
	}
	return one, why
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
