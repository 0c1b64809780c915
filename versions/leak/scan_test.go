package leak

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func scanStream(t testing.TB, p *Patterns, r io.Reader, size int) []Hit {
	t.Helper()
	var hits []Hit
	err := p.t.stream(context.Background(), r, func(h Hit) error { hits = append(hits, h); return nil }, size)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

// leaky is a text with every awkward value in several forms, and filling.
func leaky(filling int) []byte {
	var b bytes.Buffer
	for i, v := range awkward {
		fmt.Fprintf(&b, "%s\nraw %s # pinseal:allow V%d\n", strings.Repeat("0123456789abcdef\n", filling), v, i)
		b.WriteString(wrap(base64.StdEncoding.EncodeToString([]byte("xx"+v+"yy")), 76, "  ", "\r\n"))
		b.WriteString(hex.EncodeToString([]byte(v)) + strings.Repeat(" ", filling) + "\n")
		b.WriteString(wide16(v))
	}
	return b.Bytes()
}

func wide16(v string) string {
	var b []byte
	inUTF16([]byte(v), func(_ Form, text []byte) { b = append(b, text...) })
	return string(b)
}

func TestStreamsGiveTheSameHits(t *testing.T) {
	var values [][]byte
	for _, v := range awkward {
		values = append(values, []byte(v))
	}
	var long []byte
	for i := range 500 {
		long = fmt.Appendf(long, "long and wide: pä %d\n", i)
	}
	p, _ := New(append(values, long))
	data := append(leaky(40), "begin "...)
	data = append(data, long...)
	data = append(data, wrap(base64.StdEncoding.EncodeToString(long), 64, "  ", "\n")...)
	data = append(data, "end zJ8vQ2mT7xR4kW9pL3nB6cY1"...)
	want := scanAll(t, p, data)
	if len(want) < 3*len(awkward) {
		t.Fatalf("only %d hits", len(want))
	}
	if !slices.IsSortedFunc(want, func(a, b Hit) int { return a.Line - b.Line }) {
		t.Error("not in order of line")
	}
	for name, r := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader,
		"half": iotest.HalfReader, "data and error": iotest.DataErrReader,
	} {
		for _, size := range []int{1, 1000, 20_011, chunk} {
			got := scanStream(t, p, r(bytes.NewReader(data)), size)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, %d bytes at a time: %d hits, want %d", name, size, len(got), len(want))
			}
		}
	}
}

// TestEverySplit puts the end of what was read at every place of a match.
func TestEverySplit(t *testing.T) {
	v := awkward[2]
	p, _ := New([][]byte{[]byte(v)})
	for _, text := range []string{v, wide16(v), wrap(base64.StdEncoding.EncodeToString([]byte("x"+v)), 20, " ", "\\\n")} {
		for n := range len(text) + 20 {
			data := append(bytes.Repeat([]byte{'.'}, 3*keep-n), text...)
			got := scanStream(t, p, bytes.NewReader(append(data, " pinseal:allow A"...)), 3*keep)
			if len(got) != 1 || got[0].Line != 1 || len(got[0].Allowed) != 1 && !strings.Contains(text, "\n") {
				t.Fatalf("%q with %d bytes before the end: %v", text, n, got)
			}
		}
	}
}

func TestLineNumbers(t *testing.T) {
	const lines = 100_000
	v := awkward[1]
	var b bytes.Buffer
	var want []Hit
	for i := 1; i <= lines; i++ {
		if i%9973 == 0 || i == 1 || i == lines {
			b.WriteString("key: " + v + " and " + v)
			want = append(want, Hit{Form: Raw, Line: i})
		}
		b.WriteString("filling\n")
	}
	p, _ := New([][]byte{[]byte(v)})
	for name, got := range map[string][]Hit{
		"bytes": scanAll(t, p, b.Bytes()), "stream": scanStream(t, p, bytes.NewReader(b.Bytes()), chunk),
	} {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestOneLongLine is a line of megabytes: each value is reported once, with the
// first form of those that are on it, and without a comment that is far away.
func TestOneLongLine(t *testing.T) {
	a, b := awkward[1], awkward[11]
	filling := strings.Repeat("0123456789,", 100_000)
	text := "pinseal:allow A " + hex.EncodeToString([]byte(b)) + filling + a + filling + b + " pinseal:allow B" + filling + a
	p, _ := New([][]byte{[]byte(a), []byte(b), []byte(a)})
	want := []Hit{{Value: 0, Form: Raw, Line: 1}, {Value: 1, Form: Raw, Line: 1}, {Value: 2, Form: Raw, Line: 1}}
	if got := scanStream(t, p, strings.NewReader(text), chunk); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	} else if got[0].Allowed != nil {
		t.Error("no names, but not nil")
	}
}

func TestScansAtOnce(t *testing.T) {
	p, _ := New(usualValues(50))
	data := leaky(10)
	for _, v := range usualValues(50) {
		data = append(append(data, v...), '\n')
	}
	want := fmt.Sprint(scanAll(t, p, data))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := fmt.Sprint(scanStream(t, p, bytes.NewReader(data), chunk)); got != want {
				t.Error("other hits than alone")
			}
		})
	}
	wg.Wait()
}

func TestNothingToFind(t *testing.T) {
	p, skipped := New(nil)
	found := func(Hit) error { t.Error("found something"); return nil }
	if len(skipped) != 0 || p.ScanBytes([]byte("some text that is long"), found) != nil {
		t.Error("no values: an error, or some skipped")
	}
	if err := p.Scan(t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), found); err != nil {
		t.Errorf("no values: the reader is read: %v", err)
	}
	p, _ = New([][]byte{[]byte(awkward[1])})
	for _, data := range []string{"", "a", "abcdefg", awkward[1][1:], awkward[1][:len(awkward[1])-1]} {
		if err := p.ScanBytes([]byte(data), found); err != nil {
			t.Error(err)
		}
		if err := p.Scan(t.Context(), strings.NewReader(data), found); err != nil {
			t.Error(err)
		}
	}
}

// stuck reads nothing, for ever.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestErrorsAreReturned(t *testing.T) {
	p, _ := New([][]byte{[]byte(awkward[1])})
	nothing := func(Hit) error { return nil }
	boom := errors.New("boom")
	if err := p.Scan(t.Context(), iotest.ErrReader(boom), nothing); err != boom {
		t.Errorf("reader: %v", err)
	}
	if err := p.Scan(t.Context(), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))), nothing); err != iotest.ErrTimeout {
		t.Errorf("reader, later: %v", err)
	}
	if err := p.Scan(t.Context(), stuck{}, nothing); err != io.ErrNoProgress {
		t.Errorf("stuck reader: %v", err)
	}
	two := strings.Repeat(awkward[1]+"\n", 2)
	calls := 0
	stop := func(Hit) error { calls++; return boom }
	if err := p.Scan(t.Context(), strings.NewReader(two), stop); err != boom || calls != 1 {
		t.Errorf("found: %v after %d calls", err, calls)
	}
	if err := p.ScanBytes([]byte(two), stop); err != boom || calls != 2 {
		t.Errorf("found: %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	endless := iotest.DataErrReader(readerFunc(func(b []byte) (int, error) { cancel(); b[0] = 'x'; return 1, nil }))
	if err := p.Scan(ctx, endless, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	none, _ := New(nil)
	if err := none.Scan(ctx, strings.NewReader(""), nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, nothing to find: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestPatternsPrintNothing(t *testing.T) {
	value := []byte(awkward[1])
	p, _ := New([][]byte{value})
	clear(value)
	if hits := scanAll(t, p, []byte(awkward[1])); len(hits) != 1 {
		t.Error("the value was not copied")
	}
	held := struct {
		p *Patterns
		v Patterns
	}{p, *p}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", p, "held", held)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %x %d %q", p, p, p, *p, *p, *p, p), fmt.Sprintf("%v %+v %#v", held, held, held), log.String()} {
		if strings.Contains(text, awkward[1][:8]) || strings.Contains(text, hex.EncodeToString([]byte(awkward[1][:4]))) {
			t.Errorf("printed: %s", text)
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s %x", p, p, *p, p.String(), p); got != strings.TrimSpace(strings.Repeat(patternsText+" ", 5)) {
		t.Errorf("printed: %s", got)
	}
}
