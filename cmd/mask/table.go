package mask

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// window is how many bytes of a needle, its first, it is found by.
const window = 4

// table finds needles. It is not changed once it is made.
type table struct {
	needles [][]byte // sorted, none twice, none shorter than a window
	parent  []int32  // the longest needle that this one begins with; -1 for none
	longest int      // length of the longest needle, in bytes

	filter []uint64 // two bits in one word for each window
	shift  uint     // of a hash, for the filter
	ranges []span   // the needles of each window, by hash, at or after its place
	starts [256]bool
}

// span is the needles that begin with one window: needles[from:to]. An empty
// one ends a search.
type span struct {
	window   uint32
	from, to int32
}

// newTable takes over the needles.
func newTable(needles [][]byte) *table {
	slices.SortFunc(needles, bytes.Compare)
	needles = slices.CompactFunc(needles, bytes.Equal)
	t := &table{needles: needles, parent: make([]int32, len(needles))}
	windows := 0
	for i, n := range needles {
		t.longest = max(t.longest, len(n))
		t.starts[n[0]] = true
		// Sorted, a needle stands behind those that it begins with.
		k := int32(i) - 1
		for k >= 0 && !bytes.HasPrefix(n, needles[k]) {
			k = t.parent[k]
		}
		t.parent[i] = k
		if i == 0 || !bytes.Equal(n[:window], needles[i-1][:window]) {
			windows++
		}
	}
	t.filter = make([]uint64, 1<<max(bits.Len(uint(windows)), 4))
	t.shift = uint(64 - bits.Len(uint(len(t.filter)-1)))
	t.ranges = make([]span, 2<<bits.Len(uint(windows)))
	for from := 0; from < len(needles); {
		to := from + 1
		for to < len(needles) && bytes.Equal(needles[from][:window], needles[to][:window]) {
			to++
		}
		t.place(span{load(needles[from]), int32(from), int32(to)})
		from = to
	}
	return t
}

func (t *table) place(s span) {
	h := hash(s.window)
	t.filter[h>>t.shift] |= pair(h)
	i := t.slot(h)
	for t.ranges[i].to > 0 {
		i = (i + 1) & (len(t.ranges) - 1)
	}
	t.ranges[i] = s
}

// slot returns where in ranges a window is looked for first.
func (t *table) slot(h uint64) int { return int(h>>32) & (len(t.ranges) - 1) }

func load(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

func hash(window uint32) uint64 { return uint64(window) * 0x9e3779b97f4a7c15 }

// pair returns the two bits of a hash in a word of the filter.
func pair(h uint64) uint64 { return 1<<(h>>38&63) | 1<<(h>>44&63) }

// known reports whether a needle may begin with a window.
func (t *table) known(w uint32) bool {
	h := hash(w)
	bits := pair(h)
	return t.filter[h>>t.shift]&bits == bits
}

// candidate returns the first place in data, from i on, where a needle may
// begin; of the last window-1 bytes, the first.
func (t *table) candidate(data []byte, i int) int {
	for ; i+8 <= len(data); i += 4 {
		x := binary.LittleEndian.Uint64(data[i:])
		switch {
		case t.known(uint32(x)):
			return i
		case t.known(uint32(x >> 8)):
			return i + 1
		case t.known(uint32(x >> 16)):
			return i + 2
		case t.known(uint32(x >> 24)):
			return i + 3
		}
	}
	for ; i+window <= len(data); i++ {
		if t.known(load(data[i:])) {
			return i
		}
	}
	return i
}

// at returns the length of the longest needle that data begins with, 0 for
// none, and whether a longer one may: all of data is the beginning of one.
func (t *table) at(data []byte) (length int, more bool) {
	low, high := 0, len(t.needles)
	if len(data) >= window {
		s := t.span(load(data))
		low, high = int(s.from), int(s.to)
	} else if len(data) == 0 || !t.starts[data[0]] {
		return 0, false
	}
	if len(data) > t.longest {
		data = data[:t.longest]
	}
	for low < high {
		if mid := int(uint(low+high) >> 1); bytes.Compare(t.needles[mid], data) <= 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	// Of the needles behind data, those that it is a beginning of come first.
	more = low < len(t.needles) && bytes.HasPrefix(t.needles[low], data)
	// The needle before it begins with every needle that data begins with.
	k := int32(low) - 1
	for k >= 0 && !bytes.HasPrefix(data, t.needles[k]) {
		k = t.parent[k]
	}
	if k >= 0 {
		length = len(t.needles[k])
	}
	return length, more
}

// span returns the needles that begin with a window; none if from is to.
func (t *table) span(w uint32) span {
	for i := t.slot(hash(w)); ; i = (i + 1) & (len(t.ranges) - 1) {
		if s := t.ranges[i]; s.to == 0 || s.window == w {
			return s
		}
	}
}
