package seal

import (
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"pinseal/seal/spelling"
)

const (
	// valuePrefix names the format and with it the one suite: KEM X-Wing
	// (0x647a), HKDF-SHA256 (0x0001), AES-256-GCM (0x0002), HPKE base mode,
	// single shot. There is nothing to negotiate and so nothing to downgrade.
	valuePrefix = "s1."
	// encSize is an X-Wing ciphertext: ML-KEM-768 1,088 bytes and X25519 32.
	encSize = 1120
	tagSize = 16
	// padBlock is the step in which the length of a value shows: next to 1,120
	// bytes of KEM ciphertext it costs five per cent.
	padBlock = 128
	// maxPadded is the padded size of the largest value.
	maxPadded = (4 + MaxValue + padBlock - 1) / padBlock * padBlock
)

// Kinds of a sealed value.
const (
	KindSecret = "secret" // version 0
	KindKey    = "key"    // a version of a named encryption key, from 1
)

// Place is where a value lives. It is part of what a sealed value proves: at
// any other place it does not open.
type Place struct {
	App         AppID
	Environment string
	Kind        string // KindSecret or KindKey
	Name        string
	Version     uint32 // 0 for KindSecret, from 1 for KindKey
}

// check reports why p is no place. Errors never hold the name.
func (p Place) check() error {
	if p.App.IsZero() {
		return errors.New("app id is zero")
	}
	if err := CheckEnvironment(p.Environment); err != nil {
		return err
	}
	if err := CheckSecretName(p.Name); err != nil {
		return err
	}
	switch {
	case p.Kind == KindSecret && p.Version == 0:
	case p.Kind == KindKey && p.Version >= 1 && p.Version <= spelling.MaxNumber:
	default:
		return errors.New("kind and version do not go together")
	}
	return nil
}

// info is the HPKE info of a value. It goes into the key schedule, so another
// place is another key.
func (p Place) info(generation int) []byte {
	return encode([]byte(labelValue), p.App[:], []byte(p.Environment), []byte(p.Kind), []byte(p.Name),
		u32(uint32(generation)), u32(p.Version))
}

// Sealer seals values to one generation of a read slot. It is immutable and
// safe for concurrent use.
type Sealer struct {
	public     hpke.PublicKey
	generation int
}

// NewSealer parses the public key of a read slot, 1,216 bytes, once for many
// values.
func NewSealer(public []byte, generation int) (*Sealer, error) {
	if generation < 1 || generation > MaxGenerations {
		return nil, fmt.Errorf("generation is not from 1 to %d", MaxGenerations)
	}
	pk, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		return nil, errors.New("public key is not an X-Wing key")
	}
	return &Sealer{public: pk, generation: generation}, nil
}

// Seal returns the sealed value `s1.GENERATION.BASE64URL`. It needs no private
// key. Sealing the same value twice gives different texts. A value over
// [MaxValue] is [ErrTooLarge].
func (s *Sealer) Seal(p Place, v Secret) (string, error) {
	if err := p.check(); err != nil {
		return "", fmt.Errorf("seal value: %w", err)
	}
	if v.Len() > MaxValue {
		return "", fmt.Errorf("seal value: %w", ErrTooLarge)
	}
	box, err := hpke.Seal(s.public, hpke.HKDFSHA256(), hpke.AES256GCM(), p.info(s.generation), pad(v.Reveal()))
	if err != nil {
		return "", errors.New("seal value: the public key does not encapsulate")
	}
	return valuePrefix + strconv.Itoa(s.generation) + "." + base64.RawURLEncoding.EncodeToString(box), nil
}

// OpenValue opens a value that was sealed for p to this key, which must be of
// the read slot of p's environment. Every failure is [ErrAuth] itself.
func (k Key) OpenValue(p Place, sealed string) (Secret, error) {
	if k.hold == nil || p.check() != nil || k.slot != ReadSlot(p.Environment) {
		return Secret{}, ErrAuth
	}
	generation, box, err := splitSealed(sealed)
	if err != nil || generation != k.generation {
		return Secret{}, ErrAuth
	}
	padded, err := hpke.Open(k.hold().open, hpke.HKDFSHA256(), hpke.AES256GCM(), p.info(generation), box)
	if err != nil {
		return Secret{}, ErrAuth
	}
	value, ok := unpad(padded)
	if !ok {
		return Secret{}, ErrAuth
	}
	return NewSecret(value), nil
}

// ParseSealed checks all of a sealed value that can be checked without a key:
// its grammar, and that its length is one that sealing can give. It returns
// the generation it was sealed to. Failures wrap [ErrAuth].
func ParseSealed(s string) (generation int, err error) {
	generation, _, err = splitSealed(s)
	return generation, err
}

func splitSealed(s string) (generation int, box []byte, err error) {
	refuse := func(reason string) (int, []byte, error) {
		return 0, nil, fmt.Errorf("sealed value %s: %w", reason, ErrAuth)
	}
	rest, ok := strings.CutPrefix(s, valuePrefix)
	if !ok {
		return refuse("is of an unknown format")
	}
	number, b64, ok := strings.Cut(rest, ".")
	if !ok {
		return refuse("has no generation")
	}
	generation, ok = spelling.ParseNumber(number)
	if !ok || generation < 1 || generation > MaxGenerations {
		return refuse("has no legal generation")
	}
	const longest = encSize + maxPadded + tagSize
	if len(b64) > base64.RawURLEncoding.EncodedLen(longest) {
		return refuse("is too long")
	}
	box, err = decode64(url64(), []byte(b64))
	if err != nil {
		return refuse("is not base64url")
	}
	padded := len(box) - encSize - tagSize
	if padded < padBlock || padded > maxPadded || padded%padBlock != 0 {
		return refuse("has an impossible length")
	}
	return generation, box, nil
}

// pad returns u32 length ‖ value ‖ zeros up to a multiple of padBlock.
func pad(value []byte) []byte {
	out := make([]byte, (4+len(value)+padBlock-1)/padBlock*padBlock)
	binary.BigEndian.PutUint32(out, uint32(len(value)))
	copy(out[4:], value)
	return out
}

// unpad is the inverse of pad and accepts nothing that pad does not return: the
// padding is the shortest and all zeros. The result is a part of padded.
func unpad(padded []byte) ([]byte, bool) {
	if len(padded) < padBlock || len(padded)%padBlock != 0 || len(padded) > maxPadded {
		return nil, false
	}
	n := binary.BigEndian.Uint32(padded)
	if n > MaxValue || (4+int(n)+padBlock-1)/padBlock*padBlock != len(padded) {
		return nil, false
	}
	for _, b := range padded[4+n:] {
		if b != 0 {
			return nil, false
		}
	}
	return padded[4 : 4+n : 4+n], true
}
