package mask

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// longText is n characters of base64, a line feed after every 64 with lines.
func longText(seed byte, n int, lines bool) string {
	raw := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(raw)
	text := base64.StdEncoding.EncodeToString(raw)[:n]
	if lines {
		var b strings.Builder
		for i := 0; i < n; i += 64 {
			b.WriteString(text[i:min(n, i+64)] + "\n")
		}
		text = b.String()[:n]
	}
	return text
}

// Of a long value what doc.go promises is masked, with nothing left.
func TestLongForms(t *testing.T) {
	for _, whole := range []string{
		longText(1, 5000, false), longText(2, 52_000, true) + "\n", "\n" + longText(3, 7001, true) + "\"<&>'\\ü日本\n",
		longText(4, 3*64*76/4*2, false) + "\n", longText(5, 3648*2-1, false) + "\n\n", longText(6, 9000, false) + "\t",
	} {
		m := made(valuesOf(whole))
		v := string(trim([]byte(whole)))
		stringify, stdJSON := new(strings.Builder), new(strings.Builder)
		e := json.NewEncoder(stringify)
		e.SetEscapeHTML(false)
		if err := errors.Join(e.Encode(v), json.NewEncoder(stdJSON).Encode(v)); err != nil {
			t.Fatal(err)
		}
		forms := map[string]string{
			"raw": v, "pty": strings.ReplaceAll(v, "\n", "\r\n"), "stringify": strings.Trim(stringify.String(), "\"\n"), "json": strings.Trim(stdJSON.String(), "\"\n"),
			"base64": base64.StdEncoding.EncodeToString([]byte(v)), "base64 url": base64.URLEncoding.EncodeToString([]byte(v)),
		}
		for name, text := range forms {
			if got := string(masked(t, m, []byte("a "+text+" b"), len(text)/2)); got != "a "+Text+" b" {
				t.Errorf("%s of %d bytes leaves %d", name, len(v), len(got))
			}
		}
		for skew := range 3 {
			text := base64.StdEncoding.EncodeToString([]byte("xyz"[:skew] + whole + "end"))
			if got := masked(t, m, []byte(text)); len(got) > len(Text)+14 {
				t.Errorf("base64 behind %d of %d bytes leaves %d", skew, len(v), len(got))
			}
		}
		for _, width := range []int{64, 76} {
			for _, v := range []string{v, whole} {
				text := base64.StdEncoding.EncodeToString([]byte(v))
				for i := 0; i+minLine <= len(text); i += width {
					if got := string(masked(t, m, []byte(text[i:min(len(text), i+width)]+"\n"))); got != Text+"\n" {
						t.Errorf("line %d of base64 of %d bytes: %q", i/width, len(v), got)
					}
				}
			}
		}
		if lines := strings.Split(v, "\n"); len(lines) > 1 {
			for i, line := range lines[:len(lines)-1] {
				if got := string(masked(t, m, []byte(line))); got != Text {
					t.Errorf("line %d: %q", i, got)
				}
			}
		}
	}
}

// Values that repeat themselves: all of them is masked, and of what is not theirs no
// more than part of such a run.
func TestRepeats(t *testing.T) {
	for _, v := range []string{
		strings.Repeat("=", 65536), strings.Repeat("=", 5000) + "x", "x" + strings.Repeat("=", 5000), strings.Repeat("ab", 3000) + "a", strings.Repeat("abc", 400) + "!" + strings.Repeat("abc", 400),
		strings.Repeat(longText(7, 127, false), 40) + "end", strings.Repeat(longText(8, 129, false), 40), strings.Repeat(strings.Repeat("=", 300)+"x", 20), strings.Repeat("=", 512), strings.Repeat("=", 511),
	} {
		m := made(valuesOf(v))
		for _, text := range []string{v, strings.Repeat(" ", 3) + v + "\n", v + v, base64.StdEncoding.EncodeToString([]byte(v))} {
			got := string(masked(t, m, []byte(text), len(text)/3))
			if rest := strings.TrimSpace(strings.ReplaceAll(got, Text, "")); rest != "" {
				t.Errorf("%d bytes of %.10q: %d are left", len(text), text, len(rest))
			}
		}
		if got := string(masked(t, m, []byte(v[:200]))); got != v[:200] {
			t.Errorf("200 bytes of %.10q: %q", v, got)
		}
		for _, n := range m.t.needles {
			if run := runOf(n); run >= longestRun {
				t.Errorf("%.10q: a needle of %d bytes repeats itself for %d", v, len(n), run)
			}
		}
	}
}

// What a masker takes to be made is bounded by what the values have.
func TestNewIsLinear(t *testing.T) {
	measure := func(values [][]byte) (allocated uint64, err error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = New(values)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc, err
	}
	var values [][]byte
	total := 0
	for i := range 20 {
		values = append(values, []byte(longText(byte(i), 52_000, i%2 == 0)))
		total += 52_000
	}
	if got, err := measure(values); err != nil || got > uint64(40*total) {
		t.Errorf("%d bytes for %d, %v", got, total, err)
	}
	m := made(values)
	kept := map[*byte]int{} // by the end of the memory it is in, which parts share
	for _, n := range m.t.needles {
		end := &n[:cap(n)][cap(n)-1]
		kept[end] = max(kept[end], cap(n))
	}
	sum := 0
	for _, n := range kept {
		sum += n
	}
	if sum > 10*total {
		t.Errorf("%d bytes are kept for %d", sum, total)
	}
	for what, one := range map[string][]byte{"letters": []byte(longText(9, 64<<10, false)), "escapes": bytes.Repeat([]byte("\x01<\n日"), 10_000), "line ends": bytes.Repeat([]byte("\n"), 64<<10)} {
		one = append(append([]byte("x"), one...), 'x')
		if got, err := measure([][]byte{one}); err != nil || got > uint64(60*len(one)) {
			t.Errorf("%s: %d bytes for %d, %v", what, got, len(one), err)
		}
	}
	many := make([][]byte, 10_000)
	for i := range many {
		many[i] = append([]byte{byte(i), byte(i >> 8)}, values[0]...)
	}
	got, err := measure(many)
	if !errors.Is(err, ErrTooLarge) || got > 1<<30 {
		t.Errorf("values of %d bytes: %v, after %d bytes", len(many)*len(many[0]), err, got)
	}
}

func BenchmarkNewLong(b *testing.B) {
	var values [][]byte
	for i := range 100 {
		values = append(values, []byte(longText(byte(i), 52_000, i%2 == 0)))
	}
	b.SetBytes(100 * 52_000)
	b.ReportAllocs()
	for b.Loop() {
		made(values)
	}
}

func BenchmarkWriteRepeats(b *testing.B) {
	for name, value := range map[string]string{"one byte": strings.Repeat("=", 65536), "128 bytes": strings.Repeat(longText(1, 128, false), 512), "129 bytes": strings.Repeat(longText(1, 129, false), 508)} {
		m := made(valuesOf(value, value+"x", value[1:]+"y"))
		text := []byte(strings.Repeat(value, 48))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				w := m.Writer(io.Discard)
				if _, err := w.Write(text); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
