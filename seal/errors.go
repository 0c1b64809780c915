package seal

import (
	"errors"
	"fmt"
)

var (
	// ErrAuth is the one error for whatever does not prove itself: a sealed
	// value, note, pin or wrap that was moved, changed, forged, truncated or
	// spelled in another way. It deliberately does not say which.
	ErrAuth = errors.New("not authentic")

	// ErrNoKey says that no identity opens the wrap.
	ErrNoKey = errors.New("no identity opens it")

	// ErrPassphrase says that a passphrase is needed and nobody can be asked,
	// that asking failed, or that the passphrase is wrong.
	ErrPassphrase = errors.New("passphrase needed or wrong")

	// ErrPlugin says that an age plugin is needed and there is no way to run
	// it, or that it failed.
	ErrPlugin = errors.New("age plugin needed or failed")

	// ErrIdentity says that the bytes hold no identity of a kind we know.
	ErrIdentity = errors.New("not an identity")

	// ErrRecipient says that the text is no recipient of a kind we know.
	ErrRecipient = errors.New("not a recipient")

	// ErrTooLarge says that a value is over [MaxValue].
	ErrTooLarge = errors.New("value is larger than 64 KiB")

	// ErrRecipe says that a recipe for a random value is unknown, too weak or
	// too large.
	ErrRecipe = errors.New("not a recipe")
)

// NeedsError says that a note was written for a newer program: its `needs` is
// above what this one knows. It is found before the signature is looked at, so
// it is no statement about who wrote the note.
type NeedsError struct {
	Needs int
}

// Error implements error.
func (e *NeedsError) Error() string {
	return fmt.Sprintf("app note needs a newer pinseal: it asks for level %d, this one knows %d", e.Needs, noteLevel)
}
