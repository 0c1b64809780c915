package seal

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const (
	// MaxGenerations is how many keys one slot can have in its life.
	MaxGenerations = 64
	// seedSize is the size of every private key of ours.
	seedSize = 32
	// readKeySize is the size of an X-Wing public key
	// (draft-connolly-cfrg-xwing-kem: ML-KEM-768 1,184 bytes and X25519 32).
	readKeySize = 1216
)

// Key is the private key of one generation of a slot. It prints as "[key]"
// under every verb and refuses to be marshalled. It is immutable and safe for
// concurrent use.
type Key struct {
	slot       Slot
	generation int
	// As in [Secret], a function keeps fmt from printing what is behind it.
	hold func() *material
}

// material is a private key, parsed once: parsing an X-Wing seed costs as much
// as opening a value.
type material struct {
	seed   []byte
	public []byte
	sign   ed25519.PrivateKey // slots that sign
	open   hpke.PrivateKey    // slots that read
}

// GenerateKey makes a new key from the system's randomness.
func GenerateKey(slot Slot, generation int) (*Key, error) {
	seed := make([]byte, seedSize)
	rand.Read(seed) // never fails, see crypto/rand
	return NewKey(slot, generation, seed)
}

// NewKey makes the key that a 32-byte seed stands for. For slots that sign the
// seed is that of RFC 8032, for read slots that of X-Wing. The seed is copied.
func NewKey(slot Slot, generation int, seed []byte) (*Key, error) {
	if _, err := ParseSlot(string(slot)); err != nil {
		return nil, err
	}
	if generation < 1 || generation > MaxGenerations {
		return nil, fmt.Errorf("generation of slot %q is not from 1 to %d", slot, MaxGenerations)
	}
	if len(seed) != seedSize {
		return nil, errors.New("seed is not 32 bytes")
	}
	m := &material{seed: append([]byte(nil), seed...)}
	if slot.signs() {
		m.sign = ed25519.NewKeyFromSeed(m.seed)
		m.public = m.sign.Public().(ed25519.PublicKey)
	} else {
		k, err := hpke.MLKEM768X25519().NewPrivateKey(m.seed)
		if err != nil {
			return nil, errors.New("seed is not that of an X-Wing key")
		}
		m.open = k
		m.public = k.PublicKey().Bytes()
	}
	return &Key{slot: slot, generation: generation, hold: func() *material { return m }}, nil
}

// Slot returns the slot of the key.
func (k Key) Slot() Slot { return k.slot }

// Generation returns the generation of the key, from 1.
func (k Key) Generation() int { return k.generation }

// Public returns a copy of the public key: 32 bytes (Ed25519) for slots that
// sign, 1,216 bytes (X-Wing) for read slots, nil for the zero Key.
func (k Key) Public() []byte {
	if k.hold == nil {
		return nil
	}
	return append([]byte(nil), k.hold().public...)
}

// Format implements [fmt.Formatter] for every verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, keyText) }

// String returns "[key]".
func (k Key) String() string { return keyText }

// GoString returns "[key]".
func (k Key) GoString() string { return keyText }

// LogValue implements [slog.LogValuer].
func (k Key) LogValue() slog.Value { return slog.StringValue(keyText) }

// MarshalJSON refuses.
func (k Key) MarshalJSON() ([]byte, error) { return nil, errNoMarshal }

// MarshalText refuses.
func (k Key) MarshalText() ([]byte, error) { return nil, errNoMarshal }

// MarshalBinary refuses.
func (k Key) MarshalBinary() ([]byte, error) { return nil, errNoMarshal }

// GobEncode refuses.
func (k Key) GobEncode() ([]byte, error) { return nil, errNoMarshal }

// MarshalYAML refuses.
func (k Key) MarshalYAML() (any, error) { return nil, errNoMarshal }
