package leak

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// wrap breaks text into lines of width, each with indent before and end after.
func wrap(text string, width int, indent, end string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := min(width, len(text))
		b.WriteString(indent + text[:n] + end)
		text = text[n:]
	}
	return b.String()
}

var wrappings = []struct {
	width       int
	indent, end string
}{
	{1 << 20, "", ""}, {64, "", "\n"}, {76, "", "\r\n"}, {64, "    ", "\n"}, {76, "\t\t", "\r\n"},
	{60, strings.Repeat(" ", 100), "\n"}, {64, "", `\n`}, {76, "", `\r\n`}, {72, "", "\\\n"}, {10, "", "\n"},
}

// TestEveryAlignmentAndWrapping puts a value at every place of a line of
// base64 and hexadecimal.
func TestEveryAlignmentAndWrapping(t *testing.T) {
	before := strings.Repeat("\xfb\xff some bytes before ", 8)
	for _, v := range []string{awkward[0], awkward[1], awkward[5], awkward[11], "\xfb\xff\xbf\xef\xfe\xff\xfb\xef\xbf\xff"} {
		p, _ := New([][]byte{[]byte(v)})
		for n := range 80 {
			all := []byte(before[:n] + v + before[:n%7])
			for encoding, text := range map[string]string{
				"std": base64.StdEncoding.EncodeToString(all), "rawstd": base64.RawStdEncoding.EncodeToString(all),
				"url": base64.URLEncoding.EncodeToString(all), "rawurl": base64.RawURLEncoding.EncodeToString(all),
				"hex": hex.EncodeToString(all), "HEX": strings.ToUpper(hex.EncodeToString(all)),
			} {
				form, first := Base64, n*8/6
				if strings.EqualFold(encoding, "hex") {
					form, first = Hex, 2*n
				}
				for _, w := range wrappings {
					data := "x:\n" + wrap(text, w.width, w.indent, w.end)
					line := 2
					if strings.HasSuffix(w.end, "\n") {
						line += first / w.width
					}
					hits := scanAll(t, p, []byte(data))
					if fmt.Sprint(hits) != fmt.Sprint([]Hit{{Form: form, Line: line}}) {
						t.Fatalf("%q after %d bytes, %s in lines of %d: %v, want line %d", v, n, encoding, w.width, hits, line)
					}
				}
			}
		}
	}
}

// TestEscapedSlash is base64 as some write it into JSON.
func TestEscapedSlash(t *testing.T) {
	v := "\xff\xff\xff\xff\xffabcdefg\xff\xff\xffhijk"
	text := strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(v)), "/", `\/`)
	if hits := find(t, v, []byte(text)); len(hits) != 1 || hits[0].Form != Base64 {
		t.Errorf("%q: %v", text, hits)
	}
}

// TestNearMisses changes one bit at each place of what would be found.
func TestNearMisses(t *testing.T) {
	for _, v := range []string{awkward[0], awkward[1], awkward[4]} {
		p, _ := New([][]byte{[]byte(v)})
		check := func(what, text string) {
			t.Helper()
			if hits := scanAll(t, p, []byte(text)); len(hits) != 0 {
				t.Errorf("%s: %q is found in %q: %v", what, v, text, hits)
			}
		}
		for i := range 8 * len(v) {
			other := []byte(v)
			other[i/8] ^= 1 << (i % 8)
			check("raw", string(other))
			for n := range 3 {
				all := append([]byte("xyz"[:n]), other...)
				check("base64", base64.StdEncoding.EncodeToString(all))
				check("wrapped", wrap(base64.URLEncoding.EncodeToString(append(all, "more"...)), 10, " ", "\n"))
			}
			check("hex", hex.EncodeToString(other))
		}
		for i := range len(v) {
			check("cut", v[:i]+v[i+1:])
			check("base64 cut", base64.StdEncoding.EncodeToString([]byte(v[:i]+v[i+1:])))
			if i > 0 {
				check("broken", v[:i]+"\n"+v[i:])
			}
		}
		text := base64.StdEncoding.EncodeToString([]byte(v))
		check("another character between", text[:6]+"."+text[6:])
		check("too wide a gap", text[:6]+strings.Repeat(" ", maxGap+1)+text[6:])
		check("without its last character", strings.TrimRight(text, "=")[:len(strings.TrimRight(text, "="))-1])
	}
}

// TestEscapedBreakIsNoCharacter: the n of \n is not read as one of base64, also
// where a window begins with it.
func TestEscapedBreakIsNoCharacter(t *testing.T) {
	v, err := base64.StdEncoding.DecodeString("QUJDRnkNERA=")
	if err != nil {
		t.Fatal(err)
	}
	if hits := find(t, string(v), []byte(`QUJDR\nkNERA=`)); len(hits) != 0 {
		t.Errorf("found without the n: %v", hits)
	}
	if hits := find(t, string(v), []byte(`QUJDR\nnkNERA=`)); len(hits) != 1 {
		t.Errorf("not found with both: %v", hits)
	}
}

// TestCutShortAtTheEnd: a longer value that the data ends in does not hide a
// shorter one.
func TestCutShortAtTheEnd(t *testing.T) {
	v := awkward[1]
	p, _ := New([][]byte{[]byte(v + "0123456789"), []byte(v)})
	for _, text := range []string{v, hex.EncodeToString([]byte(v)), base64.StdEncoding.EncodeToString([]byte(v)), wide16(v)} {
		for name, hits := range map[string][]Hit{"bytes": scanAll(t, p, []byte(text)), "stream": scanStream(t, p, strings.NewReader(text), 10)} {
			if len(hits) != 1 || hits[0].Value != 1 {
				t.Errorf("%s of %q: %v", name, text, hits)
			}
		}
	}
}
