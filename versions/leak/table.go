package leak

import (
	"encoding/binary"
	"sync"
)

const (
	window = 5 // bytes; base64 of 8 bytes has two beside each other
	reach  = 512
	mix    = 0x9e3779b97f4a7c15
)

// tables are the needles, and the windows that they are found by. Each needle
// has a window at one or two places of its text, in every way these bytes may be written.
type tables struct {
	texts   []byte
	needles []needle
	groups  [][]int32 // indices of equal values

	filter  []uint64 // two bits per window in one word, by the top bits of its hash
	shift   uint     // of the hash, to the index of a word of filter
	starts  []uint32 // by other top bits: where its entries begin
	bucket  uint
	entries []entry

	buffers sync.Pool // *[]byte
}

// entry says that a needle may be where a window is.
type entry struct {
	window uint64 // little endian
	needle uint32
	at     uint32 // of the window in the needle's text, or the number of its first character
}

func hash(x uint64) uint64 { return x << (64 - 8*window) * mix }

func load(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b) & (1<<(8*window) - 1)
	}
	var x uint64
	for i, c := range b[:window] {
		x |= uint64(c) << (8 * i)
	}
	return x
}

func (t *tables) text(n *needle) []byte { return t.texts[n.off:][:n.len] }

// The filter has 2^minWords to 2^maxWords words of 64 bits: 32 KiB, which fits
// the cache next to the processor, for some hundred values; 1 MiB for 20,000.
const (
	minWords = 12
	maxWords = 20
)

// known reports whether a window with this hash may be in the table.
func (t *tables) known(h uint64) bool {
	both := t.bits(h)
	return t.filter[h>>t.shift]&both == both
}

// bits returns the two bits of a window in its word of the filter.
func (t *tables) bits(h uint64) uint64 {
	return 1<<(h>>(t.shift-6)&63) | 1<<(h>>(t.shift-12)&63)
}

// candidate returns the first index from i on where a window that is known may
// be. ok is false if there is none in data: then the index is that of the first
// window that was not looked at, as data ends too near behind it. With end, all are.
func (t *tables) candidate(data []byte, i int, end bool) (at int, ok bool) {
	filter, shift := t.filter, t.shift&63
	low := (shift - 6) & 63
	const m = mix << (64 - 8*window) & (1<<64 - 1) // shifts and multiplies at once
	for ; i+8 <= len(data); i += 4 {
		// Four windows begin in four bytes. One bit of each will do to pass on,
		// and one branch for all: it is hardly ever guessed wrong.
		x := binary.LittleEndian.Uint64(data[i:])
		h0, h1, h2, h3 := x*m, x>>8*m, x>>16*m, x>>24*m
		bit := filter[h0>>shift]>>(h0>>low&63) | filter[h1>>shift]>>(h1>>low&63) |
			filter[h2>>shift]>>(h2>>low&63) | filter[h3>>shift]>>(h3>>low&63)
		if bit&1 == 0 {
			continue
		}
		for j, h := range [...]uint64{h0, h1, h2, h3} {
			if t.known(h) {
				return i + j, true
			}
		}
	}
	for ; end && i+window <= len(data); i++ {
		if t.known(hash(load(data[i:]))) {
			return i, true
		}
	}
	return i, false
}
