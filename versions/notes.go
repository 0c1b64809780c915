package versions

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// NoteCandidate is an app note found somewhere.
type NoteCandidate struct {
	Signed []byte
	From   string // for people: "the work tree", "commit 1a2b3c4", "the ledger of production"
}

// NewestNote returns the newest of the remembered note (nil when nothing is
// remembered) and the candidates, each of which must verify, be of app id, and
// precede or follow what came before it. Of a candidate whose text is the
// remembered one only the signature is verified again.
//
// Errors: *DivergedNoteError, *AuthError, *seal.NeedsError,
// *NotFoundError when there is no note at all.
func NewestNote(id seal.AppID, remembered *seal.Note, candidates ...NoteCandidate) (*seal.Note, error) {
	newest, from := remembered, "what is known here"
	var known [][32]byte
	if remembered != nil {
		known = append(known, remembered.Hash())
	}
	for _, c := range candidates {
		if newest != nil && bytes.Equal(newest.Signed(), c.Signed) {
			continue // the usual case, and parsing costs more than all else here
		}
		n, err := ParseAppNote(c, known...)
		if err != nil {
			return nil, err
		}
		if n.ID != id {
			return nil, &AuthError{What: "app note in " + c.From, Reason: fmt.Sprintf("is of app %s, not %s", n.ID, id)}
		}
		if newest == nil {
			newest, from, known = n, c.From, append(known, n.Hash())
			continue
		}
		switch seal.Compare(newest, n) {
		case seal.Same, seal.Precedes:
		case seal.Follows:
			newest, from, known = n, c.From, append(known, n.Hash())
		case seal.Diverged:
			return nil, &DivergedNoteError{Version: n.Version, A: from, B: c.From}
		default:
			return nil, &AuthError{What: "app note in " + c.From,
				Reason: fmt.Sprintf("version %d does not go back to, or on from, version %d of %s", n.Version, newest.Version, from)}
		}
	}
	if newest == nil {
		return nil, &NotFoundError{What: "app note"}
	}
	return newest, nil
}

// ParseAppNote verifies a note, and says where it was found when it does not.
func ParseAppNote(c NoteCandidate, known ...[32]byte) (*seal.Note, error) {
	n, err := seal.ParseNote(c.Signed, known...)
	if err == nil && slices.Contains(known, n.Hash()) {
		// Members and succession are known to be good. The signature is not part
		// of what is known: a note that only this machine would accept must not
		// be accepted, or it would go into the next pin.
		admin, _ := n.Newest(seal.Admin)
		_, err = seal.OpenText(c.Signed, n.ID, admin.Key)
	}
	var needs *seal.NeedsError
	switch {
	case err == nil:
		return n, nil
	case errors.As(err, &needs):
		return nil, fmt.Errorf("app note in %s: %w", c.From, err)
	case hasConflictMarkers(c.Signed):
		return nil, &UnmergedError{Paths: []string{NoteName}, Markers: true, In: strings.TrimPrefix(c.From, "the ")}
	}
	return nil, &AuthError{What: "app note in " + c.From, Reason: "does not verify", Err: err}
}
