package versions

import (
	"pinseal/seal"
)

// OpenVersions opens every version of a named encryption key, of a file that was read
// from this set before, ascending. Errors: those of [Set.Get] but *BlankError.
func (s *Set) OpenVersions(name string, f *SecretFile) ([]seal.NamedKeyVersion, error) {
	var all []seal.NamedKeyVersion
	for _, v := range f.places(s.Keys.Note().ID, s.Environment, name) {
		text, err := s.openPlaced(f, v)
		if err != nil {
			return nil, err
		}
		all = append(all, seal.NamedKeyVersion{Number: v.place.Version, Text: text})
	}
	return all, nil
}
