package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A signed text is a C2SP signed note (https://c2sp.org/signed-note) with
// exactly one signature, Ed25519, in exactly one spelling. The library for
// signed notes also takes loose base64, further signature lines and repeated
// ones, so the same text could have many files; here it has one.

const (
	// signedPrefix begins the signature line.
	signedPrefix = "— "
	// noteAlgorithm is the C2SP signature type of Ed25519.
	noteAlgorithm = 1
	// signatureSize is a 4-byte key id and an Ed25519 signature.
	signatureSize = 4 + ed25519.SignatureSize
	// maxSignatureLine is above the empty line and the signature line together.
	maxSignatureLine = 128
)

// Sign returns the signed text: text, an empty line and one signature line
// under the name of the app. The key must be of a slot that signs. The text
// must be UTF-8, end with LF, and hold no other control character below U+0020.
// Sign opens what it made before it returns it.
func (k Key) Sign(id AppID, text []byte) ([]byte, error) {
	if k.hold == nil || !k.slot.signs() {
		return nil, fmt.Errorf("sign text: slot %q does not sign", k.slot)
	}
	if err := checkText(text); err != nil {
		return nil, fmt.Errorf("sign text: %w", err)
	}
	m := k.hold()
	signed := appendSignature(text, id.String(), keyID(id, m.public), ed25519.Sign(m.sign, text))
	if _, err := OpenText(signed, id, m.public); err != nil {
		return nil, fmt.Errorf("sign text: result does not open: %w", err)
	}
	return signed, nil
}

// OpenText returns the text of a signed text after it checked that public, a
// 32-byte Ed25519 key, signed it in the name of id. Every failure is
// [ErrAuth]. The result is a part of signed.
func OpenText(signed []byte, id AppID, public ed25519.PublicKey) ([]byte, error) {
	e, err := splitText(signed)
	if err != nil {
		return nil, err
	}
	if len(public) != ed25519.PublicKeySize || e.name != id.String() || e.keyID != keyID(id, public) {
		return nil, fmt.Errorf("signed text is by another key: %w", ErrAuth)
	}
	if !ed25519.Verify(public, e.text, e.signature) {
		return nil, fmt.Errorf("signature does not match: %w", ErrAuth)
	}
	return e.text, nil
}

// SplitText returns the text of a signed text and the name it was signed under,
// an app id. It checks the spelling as strictly as [OpenText], but no
// signature: it is for finding the key to check with. Failures wrap [ErrAuth].
// The text is a part of signed.
func SplitText(signed []byte) (text []byte, name string, err error) {
	e, err := splitText(signed)
	return e.text, e.name, err
}

// envelope is a signed text in parts.
type envelope struct {
	text      []byte
	name      string
	keyID     [4]byte
	signature []byte
}

func splitText(signed []byte) (envelope, error) {
	refuse := func(reason string) (envelope, error) {
		return envelope{}, fmt.Errorf("signed text %s: %w", reason, ErrAuth)
	}
	if len(signed) > MaxNote {
		return refuse("is larger than 4 MiB")
	}
	split := bytes.LastIndex(signed, []byte("\n\n"))
	if split < 0 {
		return refuse("has no signature")
	}
	text, line := signed[:split+1], signed[split+2:]
	if checkText(text) != nil {
		return refuse("is not plain text")
	}
	rest, ok := bytes.CutPrefix(line, []byte(signedPrefix))
	if !ok {
		return refuse("has no signature line")
	}
	name, b64, ok := bytes.Cut(rest, []byte(" "))
	if !ok || !bytes.HasSuffix(b64, []byte("\n")) {
		return refuse("has a malformed signature line")
	}
	if _, err := ParseAppID(string(name)); err != nil {
		return refuse("is not signed under an app id")
	}
	raw, err := decode64(std64(), b64[:len(b64)-1])
	if err != nil || len(raw) != signatureSize {
		return refuse("has a malformed signature")
	}
	e := envelope{text: text, name: string(name), keyID: [4]byte(raw), signature: raw[4:]}
	// Whatever the checks above let through, only one spelling remains.
	if !bytes.Equal(appendSignature(text, e.name, e.keyID, e.signature), signed) {
		return refuse("is not in its one spelling")
	}
	return e, nil
}

func appendSignature(text []byte, name string, id [4]byte, signature []byte) []byte {
	out := make([]byte, 0, len(text)+maxSignatureLine)
	out = append(out, text...)
	out = append(out, '\n')
	out = append(out, signedPrefix...)
	out = append(out, name...)
	out = append(out, ' ')
	out = std64().AppendEncode(out, append(id[:], signature...))
	return append(out, '\n')
}

// keyID is the C2SP key id: SHA-256(name ‖ LF ‖ 0x01 ‖ key)[:4]. It only tells
// keys apart and proves nothing.
func keyID(id AppID, public []byte) [4]byte {
	msg := append([]byte(id.String()), '\n', noteAlgorithm)
	sum := sha256.Sum256(append(msg, public...))
	return [4]byte(sum[:4])
}

// checkText reports why text cannot be the text of a signed note.
func checkText(text []byte) error {
	if !bytes.HasSuffix(text, []byte("\n")) {
		return errors.New("text does not end with a newline")
	}
	if !utf8.Valid(text) {
		return errors.New("text is not UTF-8")
	}
	for _, c := range text {
		if c < ' ' && c != '\n' {
			return errors.New("text has a control character")
		}
	}
	return nil
}
