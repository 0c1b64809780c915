package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// AppID names an app. It certifies itself: it is the hash of the app's first
// admin key, so who knows the id can check every later key.
type AppID [16]byte

// NewAppID returns SHA-256(E("pinseal/v1/app", firstAdmin))[:16]. Only second
// preimages matter, so 128 bits are enough.
func NewAppID(firstAdmin ed25519.PublicKey) AppID {
	sum := sha256.Sum256(encode([]byte(labelApp), firstAdmin))
	return AppID(sum[:16])
}

// ParseAppID reads the 26 lower-case characters that [AppID.String] prints, and
// nothing else: two spare bits must be zero.
func ParseAppID(s string) (AppID, error) {
	var id AppID
	if len(s) != 26 || s != strings.ToLower(s) {
		return id, fmt.Errorf("app id is not 26 lower-case base32 characters")
	}
	raw, err := appIDEncoding().DecodeString(strings.ToUpper(s))
	if err != nil || len(raw) != len(id) {
		return id, fmt.Errorf("app id is not 26 lower-case base32 characters")
	}
	copy(id[:], raw)
	if id.String() != s {
		return AppID{}, fmt.Errorf("app id is not in its one spelling")
	}
	return id, nil
}

// String returns RFC 4648 base32, lower case, without padding: 26 characters.
func (id AppID) String() string {
	return strings.ToLower(appIDEncoding().EncodeToString(id[:]))
}

// IsZero reports whether id is the zero value, which names no app.
func (id AppID) IsZero() bool { return id == AppID{} }

// MarshalText returns [AppID.String] as bytes.
func (id AppID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

func appIDEncoding() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }
