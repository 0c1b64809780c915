package versions

import (
	"errors"

	"pinseal/seal"
)

// secretSide is one version of a secret in a merge.
type secretSide struct {
	file   *SecretFile   // nil where it is absent
	values []seal.Secret // of file.sealed(); nil when they do not all open
	closed error         // why values is nil though the file holds some
	wrong  uint32        // the version of a named key that does not open with its own key, 0 for none
	lost   error         // why nothing is known of this version
}

// openSecretSide reads one version of a secret and opens it with whichever of the
// keyrings can.
func openSecretSide(s *Source, env, name string, keys []*Keyring) (side secretSide) {
	f, err := s.File(env, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return side
	case err != nil:
		return secretSide{lost: err}
	}
	side.file = f
	values := make([]seal.Secret, 0, 1)
	for _, v := range f.places(keys[0].Note().ID, env, name) {
		value, _, err := openAny(keys, f, v)
		switch {
		case err == nil:
			values = append(values, value)
		case side.closed == nil:
			side.closed = err
		}
		if side.wrong == 0 && errors.Is(err, ErrNotAuthentic) {
			side.closed, side.wrong = err, v.place.Version
		}
	}
	if side.closed == nil {
		side.values = values
	}
	return side
}

// placed is a sealed value and what it is bound to.
type placed struct {
	place  seal.Place
	sealed string
}

// places lists the sealed values of a file, in the order of [SecretFile.sealed].
func (f *SecretFile) places(id seal.AppID, env, name string) []placed {
	at := seal.Place{App: id, Environment: env, Kind: f.Kind, Name: name}
	var all []placed
	if f.Value != "" {
		all = append(all, placed{at, f.Value})
	}
	for _, v := range f.Versions {
		at.Version = v.Number
		all = append(all, placed{at, v.Value})
	}
	return all
}

// openAny opens a value of a file with the first keyring that can, and says which.
// When none can, that a key is not at hand counts more than that one does not open it.
func openAny(keys []*Keyring, f *SecretFile, p placed) (value seal.Secret, by int, err error) {
	for i, k := range keys {
		set := &Set{Environment: p.place.Environment, Keys: k}
		v, e := set.openPlaced(f, p)
		if e == nil {
			return v, i, nil
		}
		if err == nil || errors.Is(e, seal.ErrNoKey) {
			err = e
		}
	}
	return value, 0, err
}

// sameValue reports whether two versions hold the same plaintexts; known is false
// where that cannot be told.
func (a secretSide) sameValue(b secretSide) (same, known bool) {
	x, y := a.file.sealed(), b.file.sealed()
	if len(x) != len(y) || len(a.file.Versions) != len(b.file.Versions) {
		return false, true
	}
	equal := true
	for i := range x {
		equal = equal && x[i] == y[i]
	}
	for i := range a.file.Versions {
		if a.file.Versions[i].Number != b.file.Versions[i].Number {
			return false, true
		}
	}
	if equal || a.values == nil || b.values == nil {
		return equal, equal
	}
	for i := range x {
		if !a.values[i].Equal(b.values[i]) {
			return false, true
		}
	}
	return true, true
}

// same reports whether two versions say the same, whatever they are sealed to.
func (a secretSide) same(b secretSide) (same, known bool) {
	switch {
	case a.lost != nil, b.lost != nil:
		return false, false
	case a.file == nil, b.file == nil:
		return a.file == nil && b.file == nil, true
	}
	x, y := a.file.metadata(), b.file.metadata()
	if x != y {
		return false, true
	}
	return a.sameValue(b)
}

// metadata is what stands beside the values.
type metadata struct {
	kind, about, expires, generate string
	optional                       bool
	bits                           int
}

func (f *SecretFile) metadata() metadata {
	return metadata{f.Kind, f.About, f.Expires, f.Generate, f.Optional, f.Bits}
}
