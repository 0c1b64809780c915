package dotenv

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	tests := []struct{ value, want string }{
		{"", `A=''`},
		{"x", `A='x'`},
		{"a b # $HOME `date` \"q\"", "A='a b # $HOME `date` \"q\"'"},
		{"l1\nl2\n", "A='l1\nl2\n'"},
		{`C:\new`, `A='C:\new'`},
		{`C:\`, `A="C:\\"`},
		{"it's", `A="it's"`},
		{"it's\n", "A=\"it's\n\""},
		{"'\"\\$`\t", "A=\"'\\\"\\\\\\$\\`\t\""},
		{"a\r\nb", "A=\"a\\r\nb\""},
		{`'\n`, `A="'\\n"`},
		{"it's\n\"x\"\n", `A="it's\n\"x\"\n"`},
		{"\"\n\\", `A="\"\n\\"`},
		{"\"\r\n", `A="\"\r\n"`},
		{"'\n$", "A=\"'\n\\$\""},
	}
	for _, tt := range tests {
		got, err := Format([]Pair{{Name: "A", Value: []byte(tt.value)}})
		if err != nil || string(got) != tt.want+"\n" {
			t.Errorf("%q: %q, %v, want %q", tt.value, got, err, tt.want)
		}
		if back, err := Parse(got); err != nil || string(back[0].Value) != tt.value || back[0].Unexpanded {
			t.Errorf("%q read back: %v, %v", tt.value, back, err)
		}
	}
	if out, err := Format(nil); err != nil || len(out) != 0 {
		t.Errorf("no pairs: %q, %v", out, err)
	}
}

func TestFormatRefuses(t *testing.T) {
	tests := []struct {
		pair   Pair
		reason string
	}{
		{Pair{Name: "A", Value: []byte(canary + "\x00")}, "holds a NUL byte"},
		{Pair{Name: "A", Value: []byte(canary + "\xff")}, "is not UTF-8 text"},
		{Pair{Name: "", Value: []byte(canary)}, "is not a dotenv name"},
		{Pair{Name: "1A", Value: []byte(canary)}, "is not a dotenv name"},
		{Pair{Name: "A B", Value: []byte(canary)}, "is not a dotenv name"},
		{Pair{Name: "A\nB", Value: []byte(canary)}, "is not a dotenv name"},
		{Pair{Name: strings.Repeat("A", MaxName+1), Value: []byte(canary)}, "is not a dotenv name"},
		{Pair{Name: "FIRST", Value: []byte(canary)}, "is given twice"},
	}
	for _, tt := range tests {
		out, err := Format([]Pair{{Name: "FIRST"}, tt.pair})
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || out != nil {
			t.Errorf("%q: %q, %v, want *UnsupportedError", tt.pair.Name, out, err)
			continue
		}
		if unsupported.Name != tt.pair.Name || unsupported.Reason != tt.reason {
			t.Errorf("%q: %+v, want %s", tt.pair.Name, unsupported, tt.reason)
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error holds the value: %v", err)
		}
	}
}

func TestFormatLimits(t *testing.T) {
	big := bytes.Repeat([]byte("x"), MaxSize-len("A=''\n"))
	out, err := Format([]Pair{{Name: "A", Value: big}})
	if err != nil || len(out) != MaxSize {
		t.Errorf("a file of MaxSize: %d bytes, %v", len(out), err)
	}
	if _, err := Format([]Pair{{Name: "AB", Value: big}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file of MaxSize+1: error %v, want ErrTooLarge", err)
	}
	if _, err := Format([]Pair{{Name: "A", Value: big}, {Name: "B", Value: big}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("two big values: error %v, want ErrTooLarge", err)
	}
	if _, err := Format(make([]Pair, MaxPairs+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("MaxPairs+1 names: error %v, want ErrTooLarge", err)
	}
}

// randomValues returns values made mostly of the characters that readers
// treat specially.
func randomValues(n int) []Pair {
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"'", `"`, `\`, "$", "`", "#", " #", "\n", "\r", "\r\n", "\t", " ", "{", "(", "HOME", "n", "é", "日", "!", "~", "=", "export ", "\x01", "\x7f"}
	pairs := make([]Pair, n)
	for i := range pairs {
		var value []byte
		for range r.IntN(12) {
			value = append(value, alphabet[r.IntN(len(alphabet))]...)
		}
		pairs[i] = Pair{Name: fmt.Sprintf("V_%d", i), Value: value}
	}
	return pairs
}

func TestRoundTripRandom(t *testing.T) {
	pairs := randomValues(20000)
	out, err := Format(pairs)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "Parse of Format", toMap(back), toMap(pairs))
	if names := Unexpanded(back); names != nil {
		t.Errorf("Format left text that bash would expand: %v", names)
	}
}

// What the package doc promises about other readers of Format's output.
func TestOthersReadFormat(t *testing.T) {
	tests := []struct {
		who     string
		read    reader
		promise func(value string) bool
	}{
		{"bash", readBash, func(v string) bool {
			oneLine := strings.Contains(v, `"`) && strings.Contains(v, "\n") && (strings.Contains(v, "'") || strings.HasSuffix(v, `\`))
			return !strings.Contains(v, "\r") && !oneLine
		}},
		{"node", readNode, func(v string) bool {
			return !strings.Contains(v, "\r") && !strings.HasSuffix(v, `\`) &&
				(!strings.Contains(v, "'") || !strings.ContainsAny(v, "\"\\$`"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.who, func(t *testing.T) {
			var pairs []Pair
			for _, p := range randomValues(3000) {
				if tt.promise(string(p.Value)) {
					pairs = append(pairs, p)
				}
			}
			if len(pairs) < 500 {
				t.Fatalf("only %d values to compare", len(pairs))
			}
			out, err := Format(pairs)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "f.env")
			if err := os.WriteFile(file, out, 0o600); err != nil {
				t.Fatal(err)
			}
			diff(t, tt.who, tt.read(t, file), toMap(pairs))
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	var pairs []Pair
	for i := range 1000 {
		pairs = append(pairs, Pair{Name: fmt.Sprintf("NAME_%d", i), Value: bytes.Repeat([]byte("it's "), 200)})
	}
	for b.Loop() {
		if _, err := Format(pairs); err != nil {
			b.Fatal(err)
		}
	}
}
