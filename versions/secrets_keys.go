package versions

import (
	"context"
	"fmt"

	"pinseal/seal"
)

// Encrypt encrypts with the newest version of a named encryption key of the pin: see
// [Reader]. A name that is no key's is an ErrNotFound, a blank one a *BlankError, too
// much plaintext a seal.ErrPlaintextTooLarge.
func (s *Secrets) Encrypt(ctx context.Context, key string, plaintext []byte) (payload string, err error) {
	k, _, err := s.namedKey(ctx, key)
	if err != nil {
		return "", err
	}
	out, err := k.Encrypt(nil, plaintext)
	return string(out), err
}

// Decrypt decrypts with whichever of the key's versions in the pin made the payload: see
// [Reader]. That none did is a *NotEncryptedError.
func (s *Secrets) Decrypt(ctx context.Context, key, payload string) (seal.Secret, error) {
	k, now, err := s.namedKey(ctx, key)
	if err != nil {
		return seal.Secret{}, err
	}
	plain, _, err := k.Decrypt(nil, []byte(payload))
	if err != nil {
		return seal.Secret{}, &NotEncryptedError{Key: key, Newest: k.Newest(), In: fmt.Sprintf("pin %d of %s", now.Pin.Number, now.Environment)}
	}
	return seal.NewSecret(plain), nil
}

func (s *Secrets) namedKey(ctx context.Context, name string) (*seal.NamedKey, *opened, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	now := s.now.Load()
	if k, ok := now.keys[name]; ok {
		return k, now, nil
	}
	f, ok := now.files[name]
	if !ok {
		return nil, nil, now.missing("encryption key", name)
	}
	_, err := now.OpenKey(name, f) // says why it is none
	return nil, nil, err
}
