package versions

import (
	"fmt"

	"pinseal/seal"
)

// Release is a pinned set with the keys at hand to open it, all of it verified and held
// in memory: what becomes of the repository or file that it came from does not matter.
type Release struct {
	*Set
	Pin *Pin
	// Bundle is the pin as a bundle. Do not modify it.
	Bundle []byte
}

// NewRelease takes a pin's source into memory and verifies all of it under the newest
// note. Wraps are looked for in the pin, then in the sources of more.
func NewRelease(pinned *Source, note *seal.Note, ids *seal.Identities, more ...*Source) (*Release, error) {
	data, err := FormatBundle(pinned, "")
	if err != nil {
		return nil, err
	}
	return OpenRelease(data, note, ids, more...)
}

// OpenRelease opens a bundle as a release. data is not to be modified afterwards.
func OpenRelease(data []byte, note *seal.Note, ids *seal.Identities, more ...*Source) (*Release, error) {
	bundle, err := ParseBundle(data)
	if err != nil {
		return nil, err
	}
	pin, source, err := bundle.Open(note)
	if err != nil {
		return nil, err
	}
	source.What = fmt.Sprintf("pin %d of %s", pin.Number, pin.Environment)
	keys, err := NewKeyring(note, ids, append([]*Source{source}, more...)...)
	if err != nil {
		return nil, err
	}
	return &Release{Set: &Set{Source: source, Environment: pin.Environment, Keys: keys}, Pin: pin, Bundle: data}, nil
}

// Follows reports why p cannot come after the pin that was read before: it went back,
// or is not of that chain as far as two pins show. A nil before is followed by any, and
// a pin by itself.
func (p *Pin) Follows(before *Pin) error {
	what := fmt.Sprintf("pin %d of %s", p.Number, p.Environment)
	switch {
	case before == nil || p.Hash() == before.Hash():
		return nil
	case p.App != before.App || p.Environment != before.Environment:
		return &AuthError{What: what, Reason: fmt.Sprintf("is of another app or environment than pin %d of %s", before.Number, before.Environment)}
	case p.Number < before.Number:
		return &BehindError{Environment: p.Environment, Have: p.Number, Known: before.Number}
	case p.contradicts(before.Number, before.Hash()), p.Generation < before.Generation, p.NoteVersion < before.NoteVersion:
		return &AuthError{What: what, Reason: fmt.Sprintf("does not go on from pin %d, which was read before", before.Number)}
	}
	return nil
}
