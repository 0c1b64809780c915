package mask

import (
	"bytes"
	"encoding/base64"
	"slices"
)

// inBase64 yields v in base64, alone and as a part of something longer, and the
// lines of it as base64(1) and PEM break it.
func inBase64(v []byte, yield func([]byte)) {
	for skew := range 3 {
		for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			all, own := skewed(v, skew, alphabet)
			yield(own)
			yield(all)
			yield(bytes.TrimRight(all, "="))
		}
	}
	all, _ := skewed(v, 0, base64.StdEncoding)
	broken(all, yield)
}

// longBase64 is inBase64 for a long v, which is whole without the white space around
// it: URL-safe only alone. Broken into lines, whole differs from v.
func longBase64(v, whole []byte, yield func([]byte)) {
	for skew := range 3 {
		all, own := skewed(v, skew, base64.StdEncoding)
		yield(own)
		if skew == 0 {
			yield(all)
			broken(all, yield)
		}
	}
	if url, _ := skewed(v, 0, base64.URLEncoding); bytes.ContainsAny(url, "-_") {
		yield(url)
	}
	if len(v) == len(whole) {
		return
	}
	from := 0
	if whole[0] == v[0] { // its other lines are those of v
		const lines = 64 * 76 / 4 * 3 // bytes that are whole lines of either width
		from = ((len(v)-1)/lines - 1) * lines
	}
	all, _ := skewed(whole[from:], 0, base64.StdEncoding)
	broken(all, yield)
}

// skewed returns the base64 of v behind so many other bytes, from the first character
// that holds bits of v alone; and of that what no bits of what follows v are in.
func skewed(v []byte, skew int, alphabet *base64.Encoding) (all, own []byte) {
	from, to := (8*skew+5)/6, 8*(skew+len(v))/6
	text := alphabet.AppendEncode(nil, append(make([]byte, skew, skew+len(v)), v...))
	return text[from:], text[from:to]
}

// broken yields the lines of a base64 text.
func broken(text []byte, yield func([]byte)) {
	for _, width := range []int{64, 76} {
		for line := range slices.Chunk(text, width) {
			if len(text) > width && len(line) >= minLine {
				yield(line)
			}
		}
	}
}
