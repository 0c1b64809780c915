package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
)

// Digest returns a keyed digest of fields, which only a holder of the key can
// make or compare: HMAC-SHA256 over E(label, fields…) under HKDF-SHA256 (RFC 5869)
// of the key's seed, without salt and with info E("pinseal/v1/digest", app id,
// slot, u32 generation). label says what it is a digest of; no two uses share
// one. Fields are of any size.
func (k *Key) Digest(id AppID, label string, fields ...[]byte) [32]byte {
	info := encode([]byte(labelDigest), id[:], []byte(k.slot), u32(uint32(k.generation)))
	key, err := hkdf.Key(sha256.New, k.hold().seed, nil, string(info), sha256.Size)
	if err != nil {
		panic("seal: 32 bytes are too long for HKDF") // it allows 8,160
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(encode(append([][]byte{[]byte(label)}, fields...)...))
	return [32]byte(mac.Sum(nil))
}
