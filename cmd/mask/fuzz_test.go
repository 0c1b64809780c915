package mask

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// FuzzStream compares a stream in any pieces with a search of the whole. Values
// are separated by NUL.
func FuzzStream(f *testing.F) {
	needles, _, _ := collect(valuesOf(awkward...))
	for i := range uint64(8) {
		r := rand.New(rand.NewChaCha8([32]byte{byte(i)}))
		f.Add([]byte(strings.Join(awkward, "\x00")), strew(r, needles, 400), i)
	}
	f.Add([]byte("abcdef\x00defghi"), []byte("abcdefghi abcdefdefghi"), uint64(1))
	f.Add([]byte("aaaa\x00aaaaab\x00baaaa"), []byte("aaaaaaaabaaaaaaaaabbaaaaaaa"), uint64(2))
	f.Add([]byte("abab\x00babab\x00ababababx"), []byte("abababababababababababx"), uint64(3))
	f.Add([]byte("abcdefgh\x00cdef\x00fghij\x00efgh"), []byte("abcdefg abcdefghijk cdefghi"), uint64(4))
	f.Fuzz(func(t *testing.T, joined, data []byte, seed uint64) {
		if len(joined) > 400 || len(data) > 1<<10 {
			return
		}
		values := bytes.Split(joined, []byte{0})
		needles, _, _ := collect(values)
		m := made(values)
		want := naive(needles, data)
		r := rand.New(rand.NewPCG(seed, 0))
		cuts := make([]int, r.IntN(20))
		for i := range cuts {
			cuts[i] = r.IntN(len(data) + 1)
		}
		slices.Sort(cuts)
		if got := masked(t, m, data, cuts...); !bytes.Equal(got, want) {
			t.Errorf("cuts %v: %s", cuts, differ(got, want))
		}
		for _, cut := range cuts[:min(len(cuts), 2)] {
			s := m.Writer(new(bytes.Buffer)).s
			if _, err := s.write(data[:cut]); err != nil {
				t.Fatal(err)
			}
			if held := naiveHeld(needles, data[:cut]); len(s.held) != held {
				t.Errorf("after %q: %d bytes held, want %d", data[:cut], len(s.held), held)
			}
		}
		if all, _ := walk(t, m, data); !bytes.Equal(all, want) {
			t.Errorf("byte by byte: %s", differ(all, want))
		}
	})
}
