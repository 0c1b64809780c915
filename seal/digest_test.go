package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// TestDigest computes the digest once more by the steps of RFC 5869, for the keys
// of the worked example.
func TestDigest(t *testing.T) {
	seed := bytes.Repeat([]byte{2}, 32)
	key, err := NewKey(ReadSlot("dev"), 1, seed)
	if err != nil {
		t.Fatal(err)
	}
	id, err := ParseAppID("zmkrjadmkxs2mifkxjr5a5rwlm")
	if err != nil {
		t.Fatal(err)
	}
	mac := func(key, data []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write(data)
		return m.Sum(nil)
	}
	info := "\x00\x00\x00\x11pinseal/v1/digest\x00\x00\x00\x10" + string(id[:]) + "\x00\x00\x00\x08dev.read\x00\x00\x00\x04\x00\x00\x00\x01"
	derived := mac(mac(make([]byte, 32), seed), []byte(info+"\x01"))
	want := mac(derived, []byte("\x00\x00\x00\x05label\x00\x00\x00\x01a\x00\x00\x00\x00"))
	got := key.Digest(id, "label", []byte("a"), nil)
	if !bytes.Equal(got[:], want) {
		t.Errorf("%x, want %x", got, want)
	}
	const known = "83e97b1e2044d1664254e395106417f106e846f231dfe6c243d1579988e4e4c9"
	if hex.EncodeToString(got[:]) != known {
		t.Errorf("%x", got)
	}
}
