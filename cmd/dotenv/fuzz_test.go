package dotenv

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"
)

// goldenSeeds returns the golden files; a fuzz target without seeds is a
// defect, so their absence fails.
func goldenSeeds(tb testing.TB) [][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*", "*.env"))
	if err != nil || len(files) < 10 {
		tb.Fatalf("%d seeds, want at least 10 (%v)", len(files), err)
	}
	var seeds [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		seeds = append(seeds, data)
	}
	return seeds
}

// fixedError is every text an error of Parse can have; a name in it is one
// the grammar has accepted.
var fixedError = regexp.MustCompile(`^(line \d+: [a-zA-Z0-9=,;' -]+|"[A-Za-z_][A-Za-z0-9_.-]*" is given twice, on lines \d+ and \d+|the .env file is larger than 8 MiB, or has more than 65536 names)$`)

func FuzzParse(f *testing.F) {
	for _, seed := range goldenSeeds(f) {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	f.Add([]byte("A='x\nB=\"\\"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pairs, err := Parse(data)
		if err != nil {
			if !fixedError.MatchString(err.Error()) {
				t.Fatalf("error text %q", err)
			}
			return
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		last := 0
		for _, p := range pairs {
			if p.Line <= last || p.Line > lines || p.Value == nil {
				t.Fatalf("pair %+v after line %d of %d", p, last, lines)
			}
			last = p.Line
		}
		roundTrip(t, pairs)
	})
}

func FuzzRoundTrip(f *testing.F) {
	for _, seed := range goldenSeeds(f) {
		f.Add("A", seed, seed[len(seed)/2:])
	}
	f.Add("1", []byte("'"), []byte("\x00"))
	f.Fuzz(func(t *testing.T, name string, a, b []byte) {
		roundTrip(t, []Pair{{Name: name, Value: a}, {Name: "B", Value: b}})
	})
}

// roundTrip checks that pairs survive Format and Parse, or are refused for a
// reason.
func roundTrip(t *testing.T, pairs []Pair) {
	t.Helper()
	out, err := Format(pairs)
	if err != nil {
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("error of type %T", err)
		}
		for _, p := range pairs {
			if !utf8.Valid(p.Value) || bytes.IndexByte(p.Value, 0) >= 0 || !fixedName.MatchString(p.Name) {
				return
			}
		}
		if len(pairs) == 2 && pairs[0].Name == pairs[1].Name || errors.Is(err, ErrTooLarge) {
			return
		}
		t.Fatalf("refused without a reason: %v", err)
	}
	back, err := Parse(out)
	if err != nil {
		t.Fatalf("Parse of Format: %v", err)
	}
	if len(back) != len(pairs) {
		t.Fatalf("%d pairs read back, want %d", len(back), len(pairs))
	}
	for i, p := range pairs {
		if back[i].Name != p.Name || !bytes.Equal(back[i].Value, p.Value) || back[i].Unexpanded {
			t.Fatalf("pair %d: %q = %q (%v), want %q = %q", i, back[i].Name, back[i].Value, back[i].Unexpanded, p.Name, p.Value)
		}
	}
}

var fixedName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,254}$`)
