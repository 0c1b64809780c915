package seal

import (
	"encoding/binary"
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
}

var tablesOfPayload = sync.OnceValue(func() *payloadTables {
	t := new(payloadTables)
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
	for len(raw) >= 3 && len(out) >= 4 {
		t.encodeFour(out, uint32(raw[0])<<16|uint32(raw[1])<<8|uint32(raw[2]))
		raw, out = raw[3:], out[4:]
	}
	switch len(raw) {
	case 1:
		t.encodeFour(out, uint32(raw[0])<<16)
		out[2], out[3] = '=', '='
	case 2:
		t.encodeFour(out, uint32(raw[0])<<16|uint32(raw[1])<<8)
		out[3] = '='
	}
}

// encodeFour writes 24 bits.
func (t *payloadTables) encodeFour(out []byte, v uint32) {
	binary.BigEndian.PutUint32(out, uint32(t.pair[v>>12&0xfff])<<16|uint32(t.pair[v&0xfff]))
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
	for len(payload) >= 4 && len(out) >= 3 {
		v := t.decodeFour(payload[0], payload[1], payload[2], payload[3])
		bad |= v
		out[0], out[1], out[2] = byte(v>>16), byte(v>>8), byte(v)
		payload, out = payload[4:], out[3:]
	}
	var spare uint32
	switch len(out) { // the padding was seen by rawLen
	case 1:
		v := t.decodeFour(payload[0], payload[1], 'A', 'A')
		out[0], spare = byte(v>>16), v&0xffff
		bad |= v
	case 2:
		v := t.decodeFour(payload[0], payload[1], payload[2], 'A')
		out[0], out[1], spare = byte(v>>16), byte(v>>8), v&0xff
		bad |= v
	}
	return bad&notDigit == 0 && spare == 0
}

// decodeFour returns the 24 bits of four characters, or notDigit among other bits. The
// loop above has it written out: inlined it costs a fifth more there.
func (t *payloadTables) decodeFour(a, b, c, d byte) uint32 {
	return t.digit[0][a] | t.digit[1][b] | t.digit[2][c] | t.digit[3][d]
}
