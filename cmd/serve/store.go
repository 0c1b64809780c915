package serve

import (
	"context"
	"errors"

	"pinseal/seal"
	"pinseal/versions"
)

// Store is the set that is served. Its methods may be called at once.
type Store interface {
	Version() versions.VersionInfo
	// List returns every secret, sorted by name.
	List(ctx context.Context) ([]versions.Info, error)
	// Get opens one secret. ref is its name or its id. A ref that is neither is a
	// [*versions.NotFoundError]; a blank is a [*versions.BlankError]. With an error that
	// concerns a secret that is there, Info says which.
	Get(ctx context.Context, ref string) (versions.Info, seal.Secret, error)
	// Key opens every version of a named encryption key that counts. ref and errors are
	// those of Get; a secret of the other kind is a [*versions.NotFoundError] too.
	Key(ctx context.Context, ref string) (versions.Info, *seal.NamedKey, error)
}

// Change is what a request wants of a secret. nil is what it does not speak of.
type Change struct {
	Name, Description, Expires *string
	Optional                   *bool
	Value                      *seal.Secret
	Generate                   string // a recipe, "" for none; never together with Value
}

// Writer is a Store that can be changed. Each change is one commit that holds it and
// nothing else, or an error and nothing has changed. With an error that concerns a
// secret that is there, Info says which.
type Writer interface {
	Store
	// Create makes a secret of the name that c has. A name that is taken is [ErrTaken].
	Create(ctx context.Context, c Change) (versions.Info, error)
	// Find tells of a secret without opening it, and without dates. ref and errors are
	// those of Get.
	Find(ctx context.Context, ref string) (versions.Info, error)
	// Update changes what c speaks of. ifMatch is the version that it must have, hex,
	// "" for any; another is [ErrChanged].
	Update(ctx context.Context, ref, ifMatch string, c Change) (versions.Info, error)
	Delete(ctx context.Context, ref, ifMatch string) error
	// GiveUp ends a change that is under way, and further ones fail: the server ends.
	GiveUp()
}

// What a Writer says no with, beside the errors of package versions.
var (
	// ErrTaken says that there is a secret of that name.
	ErrTaken = errors.New("there is a secret of that name")
	// ErrChanged says that the secret is at another version than If-Match has.
	ErrChanged = errors.New("the secret is at another version")
)

// errKey says that a value is not told. Whoever has it could decrypt for ever.
var errKey error = &InvalidError{"a named encryption key is for encrypt and decrypt"}

// InvalidError says what is wrong with a request, without what it held.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }
