package versions

import (
	"fmt"

	"pinseal/seal"
)

// SidesOf is what a client knows of the two app notes of a merge, each of which
// verifies.
type SidesOf struct {
	Remembered   *seal.Note // nil when nothing is remembered
	Base         *seal.Note // what both began with; nil when it is not known
	Ours, Theirs *seal.Note
}

// Of returns the note of one side.
func (s SidesOf) Of(side Side) *seal.Note {
	if side == Theirs {
		return s.Theirs
	}
	return s.Ours
}

// relation is [seal.Compare], but for two branches that changed the note a
// different number of times: they have parted too.
func relation(last, other *seal.Note) seal.Relation {
	r := seal.Compare(last, other)
	if r == seal.Foreign && last.Version != other.Version {
		level := other.Clone()
		level.Version = last.Version
		if seal.Compare(last, level) == seal.Diverged {
			return seal.Diverged
		}
	}
	return r
}

// Check reports why nothing may be taken from a side. Its note is older than the
// base: nobody has signed what would be its changes, it is an old note that somebody
// put back. Or it does not go with the one that is remembered. Or it is signed with
// an admin key that has been replaced, by the other side or by what is remembered:
// whoever was removed then has that key, so only a client that remembers this very
// note knows that it is genuine. The error is an *AuthError.
func (s SidesOf) Check(side Side) error {
	own, other := s.Of(side), s.Of(side.Other())
	refuse := func(format string, args ...any) error {
		return &AuthError{What: fmt.Sprintf("app note of %s", side), Reason: fmt.Sprintf(format, args...)}
	}
	if own.ID != other.ID {
		if side == Theirs {
			return refuse("is of app %s, and ours is of app %s", own.ID, other.ID)
		}
		other = nil // it has no say
	}
	if s.Base != nil && own.Version < s.Base.Version {
		return refuse("is version %d, older than version %d that both sides began with: it would bring back what was changed since", own.Version, s.Base.Version)
	}
	if s.Remembered != nil && relation(s.Remembered, own) == seal.Foreign {
		return refuse("version %d does not go back to, or on from, version %d that was seen", own.Version, s.Remembered.Version)
	}
	if s.Remembered != nil && own.Hash() == s.Remembered.Hash() {
		return nil
	}
	// An older note is one that precedes, whoever wrote it: see [seal.Note.Precedes].
	for _, n := range []*seal.Note{other, s.Remembered} {
		if n != nil && !hasKey(own, newestOf(n, seal.Admin)) {
			return refuse("is signed with admin key %d, which has been replaced: whoever was removed then has that key", newestOf(own, seal.Admin).Generation)
		}
	}
	return nil
}

// Reached reports whether a side is the remembered note or goes on from it, so
// that nothing that is known gets lost.
func (s SidesOf) Reached(side Side) bool {
	if s.Remembered == nil {
		return true
	}
	own := s.Of(side)
	r := seal.Compare(s.Remembered, own)
	return r == seal.Same || r == seal.Follows
}
