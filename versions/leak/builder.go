package leak

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
)

// builder makes the tables.
type builder struct {
	*tables
	any   anybody
	speak speller
	first int // the first needle of the value at hand
}

// build collects the needles of the values and indexes them.
func build(values [][]byte) (*tables, []Skipped) {
	b := &builder{tables: &tables{}, any: newAnybody(), speak: newSpeller()}
	var skipped []Skipped
	groups := make(map[string]int32, len(values))
	for i, v := range values {
		v = trim(v)
		if why := b.any.skip(v); why != "" {
			skipped = append(skipped, Skipped{Value: i, Reason: why})
			continue
		}
		g, ok := groups[string(v)]
		if !ok {
			g = int32(len(b.groups))
			groups[string(v)] = g
			b.groups = append(b.groups, nil)
			b.collect(v, g)
		}
		b.groups[g] = append(b.groups[g], int32(i))
	}
	b.index()
	return b.tables, skipped
}

// collect adds the needles of one value, none twice.
func (b *builder) collect(v []byte, group int32) {
	b.first = len(b.needles)
	for _, base := range bases(v) {
		raw := b.add(group, Raw, base)
		for k := base64At0; k <= base64At2; k++ {
			b.rewrite(raw, Base64, k)
		}
		b.rewrite(raw, Hex, hexadecimal)
		add := func(f Form, text []byte) { b.add(group, f, text) }
		b.speak.spell(base, add)
		switch {
		case isPlain(base):
		case wordRun(base) >= 0:
			b.rewrite(raw, URL, percented)
		default:
			b.speak.inURL(base, add)
		}
	}
	b.any.secretLines(v, func(line []byte) { b.add(group, Line, line) })
}

// add adds a literal needle of the value at hand, if it is a new one, and returns
// its index.
func (b *builder) add(group int32, f Form, text []byte) int {
	for i := b.first; i < len(b.needles); i++ {
		n := &b.needles[i]
		if int(n.len) == len(text) && n.kind == literal && bytes.Equal(b.text(n), text) {
			return i
		}
	}
	b.needles = append(b.needles, needle{off: len(b.texts), len: int32(len(text)), group: group, form: rankOf(f)})
	b.texts = append(b.texts, text...)
	return len(b.needles) - 1
}

// rewrite adds a needle of the same value as the raw one, in another kind.
func (b *builder) rewrite(raw int, f Form, k kind) {
	n := b.needles[raw]
	n.form, n.kind = rankOf(f), k
	b.needles = append(b.needles, n)
}

func rankOf(f Form) uint8 { return uint8(slices.Index(rank[:], f)) }

// index chooses the windows of all needles and sorts them by hash.
func (b *builder) index() {
	windows := 0 // about a third of them: most escaped forms share one
	for _, n := range b.needles {
		if f := rank[n.form]; f == Raw || f == Line || f == Base64 || f == Hex || f == UTF16 {
			windows++
		}
	}
	words := min(max(bits.Len(uint(windows))-1, minWords), maxWords)
	b.filter, b.shift = make([]uint64, 1<<words), uint(64-words)
	group := int32(-1)
	var shared []byte
	for i := range b.needles {
		n := &b.needles[i]
		if n.group != group {
			group, shared = n.group, nil
		}
		if at := b.place(uint32(i), n, shared); shared == nil {
			shared = b.text(n)[at:][:window] // the first of a value is raw
		}
	}
	b.sort()
}

// place chooses the windows of a needle. What was escaped often holds the window
// of what was not, shared: then one will do for both. It returns where the
// window is in a literal text.
func (b *builder) place(i uint32, n *needle, shared []byte) (at int) {
	text := b.text(n)
	if n.kind != literal && n.kind != percented {
		b.placeDigits(i, n.kind.digits(text))
		return 0
	}
	at = -1
	if shared != nil && (n.kind == literal || wordRun(shared) == 0) {
		at = bytes.Index(text[:min(len(text), reach)], shared)
	}
	if at < 0 && n.kind == percented {
		at = wordRun(text)
	}
	if at < 0 {
		at = b.rarest(text)
	}
	b.set(text[at:], i, at)
	return at
}

// sort puts the entries in the order of their buckets.
func (b *builder) sort() {
	b.bucket = uint(64 - max(bits.Len(uint(len(b.entries))), 1))
	b.starts = make([]uint32, 1<<(64-b.bucket)+1)
	for _, e := range b.entries {
		b.starts[hash(e.window)>>b.bucket+1]++
	}
	for i := range b.starts[1:] {
		b.starts[i+1] += b.starts[i]
	}
	sorted, place := make([]entry, len(b.entries)), slices.Clone(b.starts)
	for _, e := range b.entries {
		k := hash(e.window) >> b.bucket
		sorted[place[k]] = e
		place[k]++
	}
	b.entries = sorted
}

func (b *builder) set(w []byte, needle uint32, at int) {
	x := load(w)
	b.filter[hash(x)>>b.shift] |= b.bits(hash(x))
	b.entries = append(b.entries, entry{window: x, needle: needle, at: uint32(at)})
}

// cost says how often a window may be met where its needle is not: the lower
// the better.
func (b *builder) cost(w []byte) int {
	cost, distinct := 0, 0
	for i, c := range w[:window] {
		switch {
		case isDigit(c) || 'A' <= c && c <= 'Z':
		case isLetter(c):
			cost++ // texts are made of small letters
		default:
			cost += 2 // and spaces and signs, which are escaped besides
		}
		if bytes.IndexByte(w[:i], c) < 0 {
			distinct++
		}
	}
	if distinct < 3 {
		cost += 20
	}
	if b.known(hash(load(w[:window]))) {
		cost += 6 // another needle's window, perhaps
	}
	return cost
}

const goodCost = 2

// rarest returns where the rarest window of a text is.
func (b *builder) rarest(text []byte) (at int) {
	best := 1 << 30
	for i := 0; i+window <= min(len(text), reach) && best > goodCost; i++ {
		if c := b.cost(text[i:]); c < best {
			best, at = c, i
		}
	}
	return at
}

// placeDigits chooses two windows side by side: a line break spoils one at most.
func (b *builder) placeDigits(n uint32, d digits) {
	from, to := d.whole()
	to = min(to, from+reach)
	first, second, _ := d.alphabets()
	text := make([]byte, 0, reach)
	for i := from; i < to; i++ {
		c, _ := d.at(i)
		text = append(text, first[c])
	}
	best, at := 1<<30, 0
	for i := 0; i+2*window <= len(text) && best > 2*goodCost; i++ {
		if c := b.cost(text[i:]) + b.cost(text[i+window:]); c < best {
			best, at = c, i
		}
	}
	for _, i := range []int{at, at + window} {
		w := text[i : i+window]
		b.set(w, n, from+i)
		if other := other(w, first, second); !bytes.Equal(other, w) {
			b.set(other, n, from+i)
		}
	}
}

// other writes characters of one alphabet in another.
func other(w []byte, first, second string) []byte {
	out := make([]byte, len(w))
	for i, c := range w {
		out[i] = second[strings.IndexByte(first, c)]
	}
	return out
}
