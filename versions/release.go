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

// Follows reports why r cannot come after the release that was read before: it went
// back, or is not of that chain as far as two pins show. A nil before is followed by
// any, and a release by one of the same pin. A pin that r's app note knows to be void
// counts as the last one that its key validly signed.
func (r *Release) Follows(before *Release) error {
	if before == nil {
		return nil
	}
	was := before.Pin
	l := &Ledger{note: r.Keys.Note(), env: was.Environment}
	seen := l.unvoid(Seen{Number: was.Number, Hash: was.Hash(), Generation: was.Generation})
	return r.Pin.follows(was, seen, !l.isVoid(was))
}

// follows holds p to before, which counts as seen, and was it valid also to what it
// was signed under.
func (p *Pin) follows(before *Pin, seen Seen, valid bool) error {
	what := fmt.Sprintf("pin %d of %s", p.Number, p.Environment)
	switch {
	case p.App != before.App || p.Environment != before.Environment:
		return &AuthError{What: what, Reason: fmt.Sprintf("is of another app or environment than pin %d of %s", before.Number, before.Environment)}
	case valid && p.Hash() == before.Hash():
		return nil
	case p.Number < seen.Number:
		return &BehindError{Environment: p.Environment, Have: p.Number, Known: seen.Number}
	case p.contradicts(seen.Number, seen.Hash), valid && (p.Generation < before.Generation || p.NoteVersion < before.NoteVersion):
		return &AuthError{What: what, Reason: fmt.Sprintf("does not go on from pin %d, which was read before", seen.Number)}
	}
	return nil
}
