package versions

import (
	"pinseal/seal"
)

// OpenVersions opens every version of a named encryption key, of a file that was read
// from this set before, ascending. Errors: those of [Set.Get] but *BlankError.
func (s *Set) OpenVersions(name string, f *SecretFile) ([]seal.NamedKeyVersion, error) {
	places := f.places(s.Keys.Note().ID, s.Environment, name)
	all := make([]seal.NamedKeyVersion, len(places))
	err := InParallel(len(places), func(i int) (err error) {
		all[i].Number = places[i].place.Version
		all[i].Text, err = s.openPlaced(f, places[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
