package versions

import (
	"pinseal/seal"
)

// Reseal returns a copy of a secret's file with every value sealed anew for
// another place: each is opened with the set's keys as secret name of the set,
// and sealed by sealer for to, of which App, Environment and Name count. Kind and
// version numbers stay as they are in the file. A blank needs no key.
//
// sealer must be of the newest generation of to's environment. Errors: those of
// Get but *BlankError, and those of sealing.
func (s *Set) Reseal(name string, f *SecretFile, sealer *seal.Sealer, to seal.Place) (*SecretFile, error) {
	copied := *f
	if f.Blank() {
		return &copied, nil
	}
	copied.Versions = make([]KeyVersion, len(f.Versions))
	to.Kind = f.Kind
	for i, v := range f.places(s.Keys.Note().ID, s.Environment, name) {
		value, err := s.openPlaced(f, v)
		if err != nil {
			return nil, err
		}
		to.Version = v.place.Version
		sealed, err := sealer.Seal(to, value)
		if err != nil {
			return nil, err
		}
		if f.Kind == KindKey {
			copied.Versions[i] = KeyVersion{to.Version, sealed}
		} else {
			copied.Value = sealed
		}
	}
	return &copied, nil
}
