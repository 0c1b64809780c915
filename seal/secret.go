package seal

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// MaxValue is the largest value in bytes, 64 KiB.
const MaxValue = 64 << 10

// Secret is a plaintext. It prints as "[secret]" under every verb, refuses to
// be marshalled and has one way out, [Secret.Reveal]. The zero value is an
// empty secret.
//
// The bytes sit behind a function on purpose: fmt prints a []byte field as soon
// as the Secret itself sits in an unexported field of another struct, whatever
// its Format says; of a function it prints an address.
type Secret struct {
	reveal func() []byte
}

// NewSecret makes a secret of b and takes ownership: the caller must not use b
// any more.
func NewSecret(b []byte) Secret {
	return Secret{reveal: func() []byte { return b }}
}

// Reveal returns the plaintext itself, not a copy: do not modify it.
func (s Secret) Reveal() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// Len returns the length of the plaintext in bytes.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal reports whether both plaintexts are the same, in time that depends on
// their lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare(s.Reveal(), other.Reveal()) == 1
}

const (
	secretText = "[secret]"
	keyText    = "[key]"
)

var errNoMarshal = errors.New("seal: a secret or key does not marshal")

// Format implements [fmt.Formatter] for every verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, secretText) }

// String returns "[secret]".
func (s Secret) String() string { return secretText }

// GoString returns "[secret]".
func (s Secret) GoString() string { return secretText }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretText) }

// MarshalJSON refuses.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, errNoMarshal }

// MarshalText refuses.
func (s Secret) MarshalText() ([]byte, error) { return nil, errNoMarshal }

// MarshalBinary refuses.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errNoMarshal }

// GobEncode refuses.
func (s Secret) GobEncode() ([]byte, error) { return nil, errNoMarshal }

// MarshalYAML refuses.
func (s Secret) MarshalYAML() (any, error) { return nil, errNoMarshal }
