package versions

import (
	"errors"
	"fmt"

	"pinseal/seal"
	"pinseal/seal/spelling"
)

// NamedKey opens every version of a named encryption key that counts. Errors: those of
// [Set.Get]; a secret of the other kind is a *NotFoundError.
func (s *Set) NamedKey(name string) (*seal.NamedKey, *SecretFile, error) {
	f, err := s.KeyFile(name)
	if err != nil {
		return nil, f, err
	}
	key, err := s.OpenKey(name, f)
	return key, f, err
}

// KeyFile reads the file of a named encryption key, without opening anything. Errors are
// those of NamedKey; the file of a blank one comes with its *BlankError.
func (s *Set) KeyFile(name string) (*SecretFile, error) {
	f, err := s.Source.File(s.Environment, name)
	if missing := (*NotFoundError)(nil); errors.As(err, &missing) && missing.What == "secret" {
		err = &NotFoundError{What: "encryption key", Name: missing.Name, In: missing.In}
	}
	if err != nil {
		return nil, err
	}
	return f, s.checkKey(name, f)
}

// checkKey wants a file to be a key's, with a version.
func (s *Set) checkKey(name string, f *SecretFile) error {
	switch {
	case f.Kind != KindKey:
		return &NotFoundError{What: "encryption key", Name: name, In: s.Source.in(s.Environment) + ": that is a secret"}
	case f.Blank():
		return &BlankError{Name: name, Environment: s.Environment}
	}
	return nil
}

// OpenKey is NamedKey for a file that was read from this set before.
func (s *Set) OpenKey(name string, f *SecretFile) (*seal.NamedKey, error) {
	if err := s.checkKey(name, f); err != nil {
		return nil, err
	}
	counting := *f
	counting.Versions = f.Versions[max(0, len(f.Versions)-seal.MaxKeyVersions):]
	texts, err := s.OpenVersions(name, &counting)
	if err != nil {
		return nil, err
	}
	return seal.NewNamedKey(texts...)
}

// openPlaced opens a value of a file. What is sealed as a key has to be one, of the size
// that the file says.
func (s *Set) openPlaced(f *SecretFile, v placed) (seal.Secret, error) {
	secret, err := s.openSealed(v.place, v.sealed)
	if err != nil || f.Kind != KindKey {
		return secret, err
	}
	if bits, err := seal.KeyTextBits(secret); err != nil || bits != f.Bits {
		return seal.Secret{}, &AuthError{What: fmt.Sprintf("version %d of encryption key %q in %s", v.place.Version, v.place.Name, v.place.Environment),
			Reason: fmt.Sprintf("is not a key of %d bits", f.Bits)}
	}
	return secret, nil
}

// NextVersion is the number of the version that would be added. It goes on counting where
// older versions were dropped, so that one number means one version.
func (f *SecretFile) NextVersion() uint32 {
	if len(f.Versions) == 0 {
		return 1
	}
	return f.Versions[len(f.Versions)-1].Number + 1
}

// AddVersion seals a further version, which text is, for the named encryption key of
// that name. It needs no key to read with. Errors: *FullError, those of sealing, that there
// is no further number, and that text is not a key of the file's size, which does not hold
// it.
func (f *SecretFile) AddVersion(sealer *seal.Sealer, app seal.AppID, environment, name string, text seal.Secret) error {
	bits, err := seal.KeyTextBits(text)
	if err != nil {
		return err
	}
	if bits != f.Bits {
		return fmt.Errorf("a key of %d bits is not a version of one of %d", bits, f.Bits)
	}
	if len(f.Versions) >= seal.MaxKeyVersions {
		return &FullError{Key: name, Environment: environment}
	}
	number := f.NextVersion()
	if number > spelling.MaxNumber {
		return fmt.Errorf("encryption key %q has version %d in %s, and that is the last number: make a key with another name", name, spelling.MaxNumber, environment)
	}
	sealed, err := sealer.Seal(seal.Place{App: app, Environment: environment, Kind: KindKey, Name: name, Version: number}, text)
	if err != nil {
		return err
	}
	f.Versions = append(f.Versions[:len(f.Versions):len(f.Versions)], KeyVersion{number, sealed})
	return nil
}

// FullError says that a named encryption key has all the versions that decrypting tries.
type FullError struct {
	Key, Environment string
}

func (e *FullError) Error() string {
	return fmt.Sprintf("encryption key %q has %d versions in %s, all that decrypting tries", e.Key, seal.MaxKeyVersions, e.Environment)
}

// NotEncryptedError says that no version of a named encryption key decrypts a payload. It
// is a [seal.ErrNotEncrypted], and so a seal.ErrAuth.
type NotEncryptedError struct {
	Key    string
	Newest uint32 // the newest version that was tried
	In     string // the version that the set is fixed at, such as "pin 1 of production"; else ""
}

func (e *NotEncryptedError) Error() string {
	s := fmt.Sprintf("not a valid encrypted value of key %q", e.Key)
	if e.In != "" {
		s += fmt.Sprintf("; if a later release wrote it, newer key version needed: %s has version %d", e.In, e.Newest)
	}
	return s
}

func (e *NotEncryptedError) Unwrap() error { return seal.ErrNotEncrypted }

// NewerKeyError says that a version of a named encryption key decrypts a payload which
// came after the set that was asked. It is a seal.ErrNoKey.
type NewerKeyError struct {
	Key  string
	Have uint32 // the newest version of the set
	Need uint32
	In   string // what the set is: "pin 1 of production"
}

func (e *NewerKeyError) Error() string {
	return fmt.Sprintf("newer key version needed: this was encrypted with version %d of key %q, and %s has version %d", e.Need, e.Key, e.In, e.Have)
}

// Is makes a NewerKeyError a seal.ErrNoKey.
func (e *NewerKeyError) Is(target error) bool { return target == seal.ErrNoKey }
