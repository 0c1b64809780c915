package leak

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// naive looks for one value by searching for each literal form, and by decoding
// all base64 and hexadecimal from every place on. certain are lines that must be
// reported, possible are those that may be: where a needle is broken more often
// than into lines of ten characters, the search may miss it.
func naive(value, data []byte) (certain, possible map[int]bool) {
	certain, possible = map[int]bool{}, map[int]bool{}
	line := func(i int) int { return bytes.Count(data[:i], []byte("\n")) + 1 }
	literals := [][]byte{}
	v := trim(value)
	for _, base := range bases(v) {
		literals = append(literals, base)
		for _, text := range spellAll(base) {
			literals = append(literals, []byte(text))
		}
		for i := range data {
			if _, v := (percent{value: base}).matchOn(data, i, 0, true); v == yes {
				possible[line(i)] = true
			}
		}
		for k := base64At0; k <= hexadecimal; k++ {
			d := k.digits(base)
			_, _, values := d.alphabets()
			for i := range data {
				if !d.is(0, values[data[i]]) || i > 0 && data[i-1] == '\\' && isBreak(data[i]) {
					continue
				}
				if _, v := d.matchOn(data, i, 0); v == yes {
					possible[line(i)] = true
				}
			}
		}
	}
	newAnybody().secretLines(v, func(l []byte) { literals = append(literals, l) })
	for _, l := range literals {
		for i := range data {
			if bytes.HasPrefix(data[i:], l) {
				certain[line(i)], possible[line(i)] = true, true
			}
		}
	}
	return certain, possible
}

// spellAll returns the literal forms of v.
func spellAll(v []byte) []string {
	var all []string
	add := func(_ Form, text []byte) { all = append(all, string(text)) }
	sp := newSpeller()
	sp.spell(v, add)
	sp.inURL(v, add)
	return all
}

// plant writes a value in a form that seed chooses.
func plant(r *rand.Rand, v []byte) string {
	all := spellAll(v)
	framed := append(append(make([]byte, r.IntN(40)), v...), make([]byte, r.IntN(40))...)
	breaks := wrappings[r.IntN(len(wrappings))]
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(framed), base64.RawURLEncoding.EncodeToString(framed),
		hex.EncodeToString(framed), fmt.Sprintf("%X", framed),
	} {
		all = append(all, wrap(text, breaks.width, breaks.indent, breaks.end))
	}
	return append(all, string(v))[r.IntN(len(all)+1)]
}

func FuzzScan(f *testing.F) {
	for i, v := range awkward {
		f.Add([]byte(v), []byte("some text\nand more"), uint64(i))
		f.Add([]byte(v), []byte(v[1:]+"\n"+v), uint64(100*i))
	}
	f.Add([]byte("aaaaaaab"), []byte("aaaaaaaaaaaaaaab\naaaaaaaaa"), uint64(7))
	f.Add([]byte("nrtnrtnrt\n\\n"), []byte(`\nrtnrtnrt\nbnJ0\nbnJ0`), uint64(8))
	f.Fuzz(func(t *testing.T, value, data []byte, seed uint64) {
		if len(value) > 300 || len(data) > 3000 {
			return
		}
		p, skipped := New([][]byte{value, []byte("another value, that is never there")})
		r := rand.New(rand.NewPCG(seed, 1))
		text := plant(r, trim(value))
		at := r.IntN(len(data) + 1)
		data = bytes.Join([][]byte{data[:at], {'.'}, []byte(text), {'.'}, data[at:]}, nil)
		hits := scanAll(t, p, data)
		for _, size := range []int{1, 1 << 10} {
			if got := scanStream(t, p, iotest.HalfReader(bytes.NewReader(data)), size); fmt.Sprint(got) != fmt.Sprint(hits) {
				t.Fatalf("%d bytes at a time: %v, want %v", size, got, hits)
			}
		}
		if len(skipped) > 0 {
			if len(hits) > 0 {
				t.Fatalf("skipped, yet found: %v", hits)
			}
			return
		}
		certain, possible := naive(value, data)
		last := 0
		for _, h := range hits {
			if h.Value != 0 || h.Line <= last || !possible[h.Line] {
				t.Fatalf("%q in %q: %v, possible are %v", value, data, hits, possible)
			}
			last = h.Line
			delete(certain, h.Line)
		}
		if len(certain) > 0 || len(hits) == 0 {
			t.Fatalf("%q in %q: %v, missing %v", value, data, hits, certain)
		}
	})
}

// TestManyValues holds a search for many values against one for each.
func TestManyValues(t *testing.T) {
	values := usualValues(100)
	r := rand.New(rand.NewPCG(1, 2))
	var data strings.Builder
	for range 200 {
		data.WriteString("some text before ")
		data.WriteString(plant(r, trim(values[r.IntN(len(values))])))
		data.WriteString(" and after\n")
	}
	p, _ := New(values)
	var got, want []string
	for _, h := range scanAll(t, p, []byte(data.String())) {
		got = append(got, fmt.Sprint(h))
	}
	perLine := map[int][]string{}
	for i, v := range values {
		one, _ := New([][]byte{v})
		if err := one.Scan(context.Background(), strings.NewReader(data.String()), func(h Hit) error {
			h.Value = i
			perLine[h.Line] = append(perLine[h.Line], fmt.Sprint(h))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Count(data.String(), "\n") + 1 {
		want = append(want, perLine[line]...)
	}
	if len(want) < 200 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d hits, want %d", len(got), len(want))
	}
}
