package seal

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"
)

// The payload of a named encryption key is standard base64 with padding, in the one
// spelling that it has. Around 64 bytes the library's codec takes as long as AES-GCM
// does, and skips line breaks, so this is one of our own: six bytes at a time. A test
// holds it to the library's, both ways.

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// notDigit marks what is not of the alphabet, in a bit that no digit sets.
const notDigit = 1 << 31

// payloadTables are made when the first named key is.
type payloadTables struct {
	pair  [1 << 12]uint16 // two characters of 12 bits
	digit [4][256]uint32  // a character in each place of four: its 6 bits in their place of 24, or notDigit
	last  *base64.Encoding
}

var tablesOfPayload = sync.OnceValue(func() *payloadTables {
	t := &payloadTables{last: std64()}
	for i := range t.pair {
		t.pair[i] = uint16(base64Alphabet[i>>6])<<8 | uint16(base64Alphabet[i&63])
	}
	for place := range t.digit {
		for c := range t.digit[place] {
			t.digit[place][c] = notDigit
		}
		for i := range len(base64Alphabet) {
			t.digit[place][base64Alphabet[i]] = uint32(i) << (18 - 6*place)
		}
	}
	return t
})

// encode writes the base64 of raw to out, which has exactly its length and may end with
// raw itself: what is written stays behind what is still to be read.
func (t *payloadTables) encode(out, raw []byte) {
	for len(raw) >= 8 && len(out) >= 8 { // of which 6 are taken
		v := binary.BigEndian.Uint64(raw)
		binary.BigEndian.PutUint64(out, uint64(t.pair[v>>52])<<48|uint64(t.pair[v>>40&0xfff])<<32|
			uint64(t.pair[v>>28&0xfff])<<16|uint64(t.pair[v>>16&0xfff]))
		raw, out = raw[6:], out[8:]
	}
	var last [8]byte
	t.last.Encode(out, last[:copy(last[:], raw)])
}

// rawLen is how many bytes a payload stands for, or false when no payload has its
// length or padding.
func rawLen(payload []byte) (int, bool) {
	n := len(payload)
	if n == 0 || n%4 != 0 {
		return 0, false
	}
	size := n / 4 * 3
	switch {
	case payload[n-1] != '=':
		return size, true
	case payload[n-2] != '=':
		return size - 1, true
	}
	return size - 2, true
}

// decode writes what payload stands for to out, which has the length of [rawLen].
// Whatever is not the one spelling is false: another alphabet, a line break, spare bits
// that are not zero.
func (t *payloadTables) decode(out, payload []byte) bool {
	var bad uint32
	for len(payload) > 8 && len(out) >= 8 { // of which 6 stay
		v := t.digit[0][payload[0]] | t.digit[1][payload[1]] | t.digit[2][payload[2]] | t.digit[3][payload[3]]
		w := t.digit[0][payload[4]] | t.digit[1][payload[5]] | t.digit[2][payload[6]] | t.digit[3][payload[7]]
		bad |= v | w
		binary.BigEndian.PutUint64(out, uint64(v)<<40|uint64(w)<<16)
		payload, out = payload[8:], out[6:]
	}
	if bad&notDigit != 0 || slices.Contains(payload, '\n') || slices.Contains(payload, '\r') {
		return false
	}
	n, err := t.last.Decode(out, payload)
	return err == nil && n == len(out)
}
