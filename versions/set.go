package versions

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"pinseal/seal"
)

// Set is one environment of an app at one version, with the keys at hand to
// open it.
type Set struct {
	Source      *Source
	Environment string
	Keys        *Keyring
}

// Value is an opened secret.
type Value struct {
	Name   string
	File   *SecretFile
	Secret seal.Secret
}

// Get opens one secret. Errors: *NotFoundError, *BlankError, *NoKeyError,
// *StructureError, *UnmergedError, *TwinsError, *AuthError.
func (s *Set) Get(name string) (Value, error) {
	f, err := s.Source.File(s.Environment, name)
	if err != nil {
		return Value{}, err
	}
	return s.Open(name, f)
}

// Open is Get for a file that was read from this set before: the directory is not
// listed again. Of a named key it is the newest version. Errors: *BlankError,
// *NoKeyError, *AuthError.
func (s *Set) Open(name string, f *SecretFile) (Value, error) {
	if f.Blank() {
		return Value{}, &BlankError{Name: name, Environment: s.Environment}
	}
	places := f.places(s.Keys.Note().ID, s.Environment, name)
	secret, err := s.openPlaced(f, places[len(places)-1])
	return Value{Name: name, File: f, Secret: secret}, err
}

func (s *Set) openSealed(place seal.Place, sealed string) (seal.Secret, error) {
	generation, err := seal.ParseSealed(sealed)
	if err != nil {
		return seal.Secret{}, err
	}
	key, err := s.Keys.Key(seal.ReadSlot(s.Environment), generation)
	if err != nil {
		return seal.Secret{}, err
	}
	secret, err := key.OpenValue(place, sealed)
	if err != nil {
		return seal.Secret{}, &AuthError{What: fmt.Sprintf("value of %q in %s", place.Name, place.Environment),
			Reason: "was not sealed for this place", Err: err}
	}
	return secret, nil
}

// Opens tries every value of a file as those of a secret of this set. A blank has
// none. That one does not prove itself counts more than that a key is not at hand.
// Errors: those of Get but *BlankError.
func (s *Set) Opens(name string, f *SecretFile) error {
	var first error
	for _, v := range f.places(s.Keys.Note().ID, s.Environment, name) {
		_, err := s.openPlaced(f, v)
		if errors.Is(err, ErrNotAuthentic) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Files reads every secret file of the set, sorted by name, and checks the
// whole directory. All files that hold conflict markers are in one
// *UnmergedError.
func (s *Source) Files(environment string) (names []string, files []*SecretFile, err error) {
	names, files, unmerged, err := s.MergedFiles(environment)
	if err == nil && unmerged != nil {
		err = unmerged
	}
	if err != nil {
		return nil, nil, err
	}
	return names, files, nil
}

// MergedFiles is [Source.Files] for who shows a set in the middle of a merge: a
// file that holds conflict markers is nil in files and named by unmerged, which
// is nil when there is none.
func (s *Source) MergedFiles(environment string) (names []string, files []*SecretFile, unmerged *UnmergedError, err error) {
	names, err = s.Names(environment)
	if err != nil {
		return nil, nil, nil, err
	}
	files = make([]*SecretFile, len(names))
	marked := make([]*UnmergedError, len(names))
	err = InParallel(len(names), func(i int) error {
		data, err := s.listed(environment, names[i])
		if err == nil {
			files[i], err = s.parse(environment, names[i], data)
		}
		if errors.As(err, &marked[i]) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	for _, m := range marked {
		switch {
		case m == nil:
		case unmerged == nil:
			unmerged = m
		default:
			unmerged.Paths = append(unmerged.Paths, m.Paths...)
		}
	}
	return names, files, unmerged, nil
}

// listed reads a file whose name comes from [Source.Names], which has looked for
// twins already.
func (s *Source) listed(environment, name string) ([]byte, error) {
	if s.Sum != nil {
		return s.FileBytes(environment, name)
	}
	return s.read(FilePath(environment, name), MaxSecretFile)
}

// All opens every secret that has a value, on all cores, sorted by name. The
// first error ends it and is returned alone. Blanks are listed apart.
func (s *Set) All(ctx context.Context) (values []Value, blanks []string, err error) {
	names, files, err := s.Source.Files(s.Environment)
	if err != nil {
		return nil, nil, err
	}
	for i, f := range files {
		if f.Blank() {
			blanks = append(blanks, names[i])
		} else {
			values = append(values, Value{Name: names[i], File: f})
		}
	}
	err = InParallel(len(values), func(i int) (err error) {
		if err = ctx.Err(); err == nil {
			values[i], err = s.Open(values[i].Name, values[i].File)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return values, blanks, nil
}

// InParallel calls do for 0 to n-1, spread over the cores in strides, and returns
// the error of the lowest. A core stops at its first error, so that one is
// always found.
func InParallel(n int, do func(int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	errs := make([]error, n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n && (i < workers || errs[i-workers] == nil); i += workers {
				errs[i] = do(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
