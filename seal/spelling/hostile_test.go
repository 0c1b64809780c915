package spelling

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// bombs are inputs that make YAML readers slow or large.
func bombs() map[string]string {
	n := 40_000
	aliases := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	return map[string]string{
		"duplicates": strings.Repeat("k: 1\n", n), "keys": manyKeys(n), "brackets": strings.Repeat("[", n), "braces": strings.Repeat("{", n), "nested maps": strings.Repeat("{a: ", n), "nested lists": strings.Repeat("- ", n) + "a",
		"questions": strings.Repeat("? ", n), "aliases": aliases, "colons": strings.Repeat(": ", n), "commas": "a: [" + strings.Repeat("b, ", 3*n) + "b]\n", "empty items": "a: [" + strings.Repeat(",", n) + "]\n",
		"comments": strings.Repeat("# c\n", n) + "a: b\n", "comments inside": "a:\n" + strings.Repeat("  # c\n", n) + "  - b: c\n", "empty lines": strings.Repeat("\n", n) + "a: b\n", "indent": deepIndent(400), "documents": strings.Repeat("---\n", n), "anchors": strings.Repeat("&a ", n),
		"tags": strings.Repeat("!a ", n), "long line": "a: " + strings.Repeat("b", 8*n) + "\n", "long key": strings.Repeat("k", 8*n) + ": b\n", "quotes": strings.Repeat("\"", n), "quoted": "a: \"" + strings.Repeat("\\\"", n) + "\"\n", "percent": strings.Repeat("%", n), "items": "a:\n" + strings.Repeat("  - b: c\n", n),
		"many lists": strings.Repeat("a:\n  - b: c\n", n/2), "block scalars": strings.Repeat("a: |\n  b\n", n/2), "dashes": strings.Repeat("-\n", n), "spaces": strings.Repeat(" ", 8*n), "tabs": strings.Repeat("\t", n), "question lines": strings.Repeat("? a\n", n),
	}
}

func manyKeys(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "k%d: 1\n", i)
	}
	return out.String()
}

func deepIndent(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return out.String()
}

// TestBombs bounds what a hostile file may take: memory here, and time by the
// test's own deadline. The largest honest file of these sizes takes some 50 MB.
func TestBombs(t *testing.T) {
	const limit = 128 << 20
	for name, text := range bombs() {
		for how, parse := range map[string]func([]byte, int) (*Map, error){"strict": Parse, "loose": ParseLoose} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := parse([]byte(text), 4<<20)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > limit {
				t.Errorf("%s, %s: took %d MB", name, how, used>>20)
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("%s, %s: error of %d bytes", name, how, len(err.Error()))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample(f))
	for _, text := range refused() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data, 64<<10)
		if err != nil {
			if m != nil || !errors.Is(err, ErrSpelling) {
				t.Error(err)
			}
			return
		}
		// Print each field as the file has it and compare: what remains must be
		// a file that reads the same again.
		var p Printer
		printMap(&p, m, 0)
		out, err := p.Bytes()
		if err != nil || Same(data, out) != nil {
			return
		}
		again, err := Parse(out, 64<<10)
		if err != nil || describe(again) != describe(m) {
			t.Errorf("reads as something else: %v", err)
		}
		loose, err := ParseLoose(out, 64<<10)
		if err != nil || describe(loose) != describe(m) {
			t.Errorf("reads loosely as something else: %v", err)
		}
	})
}

func FuzzParseLoose(f *testing.F) {
	f.Add(sample(f))
	for _, text := range refused() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseLoose(data, 64<<10)
		if err != nil && (m != nil || !errors.Is(err, ErrSpelling)) {
			t.Error(err)
		}
	})
}

// FuzzPrint: what prints reads back as it was given.
func FuzzPrint(f *testing.F) {
	f.Add("kind", "secret", `a "b" \ c`, "word")
	f.Add("a", "-", "", "b")
	f.Add("a.1", "ssh-ed25519 AAAA+/=", "größer # : , [x]", "x.y")
	f.Add("a", "a:b", "\\", "0")
	f.Fuzz(func(t *testing.T, key, plain, text, word string) {
		var p Printer
		p.Plain(0, key, plain)
		p.List("l")
		p.Item()
		p.Quoted(4, "q", text)
		p.Words(4, key+"w", []string{word, word})
		out, err := p.Bytes()
		if err != nil || key == "l" {
			return
		}
		m, err := Parse(out, len(out))
		if err != nil {
			if key == "q" || len(key) > 63 {
				return
			}
			t.Fatalf("%q does not read: %v", out, err)
		}
		sub := m.Maps("l")[0]
		got, _ := sub.Text("q")
		if m.Required(key) != plain || got != text || !reflect.DeepEqual(sub.Words(key+"w"), []string{word, word}) || m.Close() != nil {
			t.Errorf("%q reads as something else", out)
		}
		if bytes.ContainsAny(out, "\r\t") {
			t.Error("odd bytes")
		}
	})
}

func secretFile() []byte {
	var p Printer
	p.Plain(0, "kind", "secret")
	p.Quoted(0, "about", "Primary Postgres")
	p.Plain(0, "value", "s1.2."+strings.Repeat("A", 1686))
	out, _ := p.Bytes()
	return out
}

func BenchmarkParseSecretFile(b *testing.B) {
	data := secretFile()
	b.ReportAllocs()
	for b.Loop() {
		m, err := Parse(data, 128<<10)
		if err != nil {
			b.Fatal(err)
		}
		var p Printer
		p.Grow(len(data))
		p.Plain(0, "kind", m.Required("kind"))
		p.Quoted(0, "about", m.Required("about"))
		p.Plain(0, "value", m.Required("value"))
		out, err := p.Bytes()
		if err != nil || Same(data, out) != nil {
			b.Fatal(err)
		}
	}
}
