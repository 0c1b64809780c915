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
	from := seal.Place{App: s.Keys.Note().ID, Environment: s.Environment, Kind: f.Kind, Name: name}
	to.Kind = f.Kind
	again := func(version uint32, sealed string) (string, error) {
		from.Version, to.Version = version, version
		value, err := s.openSealed(from, sealed)
		if err != nil {
			return "", err
		}
		return sealer.Seal(to, value)
	}
	var err error
	if f.Value != "" {
		if copied.Value, err = again(0, f.Value); err != nil {
			return nil, err
		}
	}
	for i, v := range f.Versions {
		copied.Versions[i].Number = v.Number
		if copied.Versions[i].Value, err = again(v.Number, v.Value); err != nil {
			return nil, err
		}
	}
	return &copied, nil
}
