package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// Labels begin every encoded message and fix how many fields follow.
const (
	labelApp        = "pinseal/v1/app"
	labelSuccession = "pinseal/v1/succession"
	labelValue      = "pinseal/v1/value"
	labelDigest     = "pinseal/v1/digest"
)

// encode is E of the package documentation: every field led by its length as a
// big-endian uint32. Two different lists of fields never encode alike, so a
// boundary between fields cannot be moved.
func encode(fields ...[]byte) []byte {
	n := 0
	for _, f := range fields {
		n += 4 + len(f)
	}
	out := make([]byte, 0, n)
	for _, f := range fields {
		out = binary.BigEndian.AppendUint32(out, uint32(len(f)))
		out = append(out, f...)
	}
	return out
}

// u32 is a number as a field of [encode].
func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

var errBase64 = errors.New("base64 is malformed")

// decode64 decodes strict base64. Go's decoders skip CR and LF even in strict
// mode, which would make the text malleable, so both are refused by hand.
func decode64(e *base64.Encoding, s []byte) ([]byte, error) {
	if bytes.IndexByte(s, '\n') >= 0 || bytes.IndexByte(s, '\r') >= 0 {
		return nil, errBase64
	}
	out := make([]byte, e.DecodedLen(len(s)))
	n, err := e.Decode(out, s)
	if err != nil {
		return nil, errBase64 // the library's error is fine, ours is uniform
	}
	return out[:n], nil
}

// url64 is RFC 4648 section 5 without padding, std64 section 4 with it; in both,
// spare bits must be zero.
func url64() *base64.Encoding { return base64.RawURLEncoding.Strict() }
func std64() *base64.Encoding { return base64.StdEncoding.Strict() }
