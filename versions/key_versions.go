package versions

import (
	"pinseal/seal"
)

// OpenVersions opens every version of a named encryption key, of a file that was read
// from this set before, ascending. Errors: those of [Set.Get] but *BlankError.
func (s *Set) OpenVersions(name string, f *SecretFile) ([]seal.NamedKeyVersion, error) {
	var all []seal.NamedKeyVersion
	for _, v := range f.Versions {
		text, err := s.openVersion(name, f, v.Number)
		if err != nil {
			return nil, err
		}
		all = append(all, seal.NamedKeyVersion{Number: v.Number, Text: text})
	}
	return all, nil
}

// openVersion opens one version of a named key that the file has.
func (s *Set) openVersion(name string, f *SecretFile, number uint32) (seal.Secret, error) {
	for _, v := range f.places(s.Keys.Note().ID, s.Environment, name) {
		if v.place.Version == number {
			return s.openPlaced(f, v)
		}
	}
	return seal.Secret{}, &NotFoundError{What: "version of the encryption key", Name: name, In: s.Environment}
}
