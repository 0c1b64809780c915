package mask

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// naive masks a whole buffer: it searches for one needle after the other, and
// puts one mask where matches overlap.
func naive(needles [][]byte, data []byte) []byte {
	type match struct{ from, to int }
	var all []match
	for _, n := range needles {
		for i := 0; ; i++ {
			j := bytes.Index(data[i:], n)
			if j < 0 {
				break
			}
			i += j
			all = append(all, match{i, i + len(n)})
		}
	}
	slices.SortFunc(all, func(a, b match) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out []byte
	done := 0
	for _, m := range all {
		if m.from >= done {
			out = append(append(out, data[done:m.from]...), Text...)
		}
		done = max(done, m.to)
	}
	return append(out, data[done:]...)
}

// naiveHeld returns how much of the end of data a needle begins with, and is
// longer than.
func naiveHeld(needles [][]byte, data []byte) int {
	longest := 0
	for _, n := range needles {
		longest = max(longest, len(n))
	}
	for i := max(0, len(data)-longest); i < len(data); i++ {
		for _, n := range needles {
			if len(n) > len(data)-i && bytes.HasPrefix(n, data[i:]) {
				return len(data) - i
			}
		}
	}
	return 0
}

// awkward are values that overlap, repeat themselves and have something to
// escape.
var awkward = []string{
	"hunter2hunter2", "abcdef", "defghi", "fgh1", "aaaa", "aaaabaaaab",
	`p@ss "w/ord" <&> 'x' \ $y`, "clé-日本-🔑 key", "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF+/\n-----END KEY-----\n",
	"\x00\x01\xff\xfe\x80binary", "postgres://app:s3cr%t@db:5432/shop?x=1&y=2", "  spaced out \n", "hunter2", "tail\r\nof two lines\r\nin three",
	"hunter2hunter2hunter2-and-then-some-more-of-it-beyond-76-characters-in-base64",
}

func valuesOf(texts ...string) [][]byte {
	var values [][]byte
	for _, v := range texts {
		values = append(values, []byte(v))
	}
	return values
}

// made is New of values that are not too large.
func made(values [][]byte) *Masker {
	m, err := New(values)
	if err != nil {
		panic(err)
	}
	return m
}

// strew returns n bytes of ordinary text, with needles, parts of them and
// overlaps of two in it.
func strew(r *rand.Rand, needles [][]byte, n int) []byte {
	words := strings.Fields("time level=info msg request handled in 12.5ms GET /api/v1/users?id=17 status=200 the quick brown fox abc aaa def hunter")
	var out []byte
	for len(out) < n {
		one := needles[r.IntN(len(needles))]
		switch r.IntN(12) {
		case 0:
			out = append(out, one...)
		case 1:
			out = append(out, one[:r.IntN(len(one))]...)
		case 2:
			out = append(out, one[r.IntN(len(one)):]...)
		case 3: // the end of one is the beginning of the next, perhaps
			other := needles[r.IntN(len(needles))]
			for k := min(len(one), len(other)) - 1; k >= 0; k-- {
				if bytes.HasSuffix(one, other[:k]) {
					out = append(append(out, one...), other[k:]...)
					break
				}
			}
		default:
			out = append(out, words[r.IntN(len(words))]...)
			out = append(out, " \n"[r.IntN(8)/7])
		}
	}
	return out[:n]
}
