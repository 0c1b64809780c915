package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

const (
	// MaxKeyVersions is how many versions of a named key are tried, newest first: a
	// payload does not say which one it is of.
	MaxKeyVersions = 32
	// MaxPlaintext is the most that one payload holds, 1 GiB: it is encrypted in one
	// piece, in memory.
	MaxPlaintext = 1 << 30

	nonceSize = 12
)

var (
	// ErrNotEncrypted is the one error for what does not decrypt: it was changed, is of
	// another key, or is no payload at all. It is an [ErrAuth].
	ErrNotEncrypted error = notEncrypted{}

	// ErrPlaintextTooLarge says that what is to be encrypted is over [MaxPlaintext].
	ErrPlaintextTooLarge = fmt.Errorf("what is to be encrypted is larger than %d bytes", MaxPlaintext)
)

type notEncrypted struct{}

func (notEncrypted) Error() string        { return "not a valid encrypted value" }
func (notEncrypted) Is(target error) bool { return target == ErrAuth }

// errKeyText says nothing of the text: it may be another secret in the wrong place.
var errKeyText = errors.New("not a key: standard base64 of 16 or 32 bytes")

// NewKeyText makes a random key of 128 or 256 bits, as the text that is sealed: standard
// base64 with padding.
func NewKeyText(bits int) (Secret, error) {
	if bits != 128 && bits != 256 {
		return Secret{}, errors.New("a key has 128 or 256 bits")
	}
	raw := make([]byte, bits/8)
	rand.Read(raw) // never fails, see crypto/rand
	return NewSecret(base64.StdEncoding.AppendEncode(nil, raw)), nil
}

// KeyTextBits returns the size of the key that a text is, 128 or 256. Another text, or
// another spelling of such a key, is an error that does not hold it.
func KeyTextBits(text Secret) (int, error) {
	raw, err := rawKey(text)
	return 8 * len(raw), err
}

// rawKey returns the 16 or 32 bytes that a text stands for.
func rawKey(text Secret) ([]byte, error) {
	raw, err := decode64(std64(), text.Reveal())
	if err != nil || len(raw) != 16 && len(raw) != 32 {
		return nil, errKeyText
	}
	return raw, nil
}

// NamedKeyVersion is one version of a named encryption key.
type NamedKeyVersion struct {
	Number uint32
	Text   Secret // standard base64 of 16 or 32 bytes
}

// NamedKey encrypts an app's data with the newest version of a named encryption key, and
// decrypts what any of its versions encrypted. It prints as "[key]" under every verb and
// refuses to be marshalled. It is immutable and safe for concurrent use. The zero value
// is not ready to be used.
//
// Nonces are random: of one version of 128 or 256 bits at most 2^32 messages should be
// made (NIST SP 800-38D, section 8.3). Nothing binds a payload to the row or column that
// it is stored in.
type NamedKey struct {
	newest uint32
	// As in [Secret], a function keeps fmt from printing what is behind it.
	hold func() *namedKey
}

type namedKey struct {
	tables   *payloadTables
	versions []readyVersion // newest first
}

type readyVersion struct {
	number uint32
	aead   cipher.AEAD
}

// NewNamedKey makes a key of its versions, whose numbers ascend. Of more than
// [MaxKeyVersions] the newest count.
func NewNamedKey(versions ...NamedKeyVersion) (*NamedKey, error) {
	if len(versions) == 0 {
		return nil, errors.New("a named key has no version")
	}
	k := &namedKey{tables: tablesOfPayload()}
	versions = versions[max(0, len(versions)-MaxKeyVersions):]
	for i, v := range slices.Backward(versions) {
		if v.Number == 0 || i > 0 && versions[i-1].Number >= v.Number {
			return nil, errors.New("versions of a named key do not ascend from 1")
		}
		raw, err := rawKey(v.Text)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, errKeyText
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		k.versions = append(k.versions, readyVersion{v.Number, aead})
	}
	return &NamedKey{newest: k.versions[0].number, hold: func() *namedKey { return k }}, nil
}

// Newest returns the number of the version that encrypts.
func (k *NamedKey) Newest() uint32 { return k.newest }

// Encrypt appends the payload of plain to dst: what it is under the newest version, in
// standard base64 with padding. Encrypting the same twice gives different payloads.
// plain is not modified and must not overlap dst's spare capacity. More than
// [MaxPlaintext] bytes are [ErrPlaintextTooLarge].
func (k *NamedKey) Encrypt(dst, plain []byte) ([]byte, error) {
	if len(plain) > MaxPlaintext {
		return nil, ErrPlaintextTooLarge
	}
	h := k.hold()
	size := nonceSize + len(plain) + tagSize
	length := base64.StdEncoding.EncodedLen(size)
	dst = slices.Grow(dst, length)
	out := dst[len(dst) : len(dst)+length]
	raw := h.versions[0].aead.Seal(out[length-size:length-size], nil, plain, nil)
	h.tables.encode(out, raw)
	return dst[:len(dst)+length], nil
}

// Decrypt appends to dst what a payload stands for, and says which version it is of. Of
// dst it takes 28 bytes more than that, for the IV and the tag.
// Versions are tried from the newest to the oldest. Every failure is [ErrNotEncrypted]
// itself: also a line break after the payload, another alphabet, missing padding. payload
// is not modified and must not overlap dst's spare capacity.
func (k *NamedKey) Decrypt(dst, payload []byte) (out []byte, version uint32, err error) {
	size, ok := rawLen(payload)
	if !ok || size < nonceSize+tagSize || size > nonceSize+MaxPlaintext+tagSize {
		return nil, 0, ErrNotEncrypted
	}
	h := k.hold()
	dst = slices.Grow(dst, size)
	raw := dst[len(dst) : len(dst)+size]
	for _, v := range h.versions {
		// It is opened where it stands, and a miss leaves nothing of it: it is decoded again.
		if !h.tables.decode(raw, payload) {
			return nil, 0, ErrNotEncrypted
		}
		if out, err := v.aead.Open(dst, nil, raw, nil); err == nil {
			return out, v.number, nil
		}
	}
	return nil, 0, ErrNotEncrypted
}

// Format implements [fmt.Formatter] for every verb.
func (k NamedKey) Format(f fmt.State, _ rune) { io.WriteString(f, keyText) }

// String returns "[key]".
func (k NamedKey) String() string { return keyText }

// GoString returns "[key]".
func (k NamedKey) GoString() string { return keyText }

// LogValue implements [slog.LogValuer].
func (k NamedKey) LogValue() slog.Value { return slog.StringValue(keyText) }

// MarshalJSON refuses.
func (k NamedKey) MarshalJSON() ([]byte, error) { return nil, errNoMarshal }

// MarshalText refuses.
func (k NamedKey) MarshalText() ([]byte, error) { return nil, errNoMarshal }

// MarshalBinary refuses.
func (k NamedKey) MarshalBinary() ([]byte, error) { return nil, errNoMarshal }

// GobEncode refuses.
func (k NamedKey) GobEncode() ([]byte, error) { return nil, errNoMarshal }

// MarshalYAML refuses.
func (k NamedKey) MarshalYAML() (any, error) { return nil, errNoMarshal }
