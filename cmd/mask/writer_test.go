package mask

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// masked writes data in pieces that end at cuts, and returns what came out.
func masked(t testing.TB, m *Masker, data []byte, cuts ...int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := m.Writer(&out)
	from := 0
	for _, to := range append(cuts, len(data)) {
		p := slices.Clone(data[from:to])
		if n, err := w.Write(p); n != len(p) || err != nil {
			t.Fatalf("%d of %d bytes, %v", n, len(p), err)
		}
		clear(p) // it is ours again
		from = to
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestMasks(t *testing.T) {
	tests := []struct{ values, text, want string }{
		{"", "nothing to do", "nothing to do"},
		{"hunter2", "", ""},
		{"hunter2", "hunter2", "[secret]"},
		{"hunter2", "a hunter2, xhunter2x hunter", "a [secret], x[secret]x hunter"},
		{"hunter2", "hunter2hunter2", "[secret][secret]"},
		{"abcdef defghi", "abcdefghi", "[secret]"},
		{"abcdef defghi", "abcdefg", "[secret]g"},
		{"abcdef defghi", "abcdefdefghi", "[secret][secret]"},
		{"hunter hunter2", "hunter2 hunter3", "[secret] [secret]3"},
		{"abcdefgh cdef", "abcdefgh abcdefg", "[secret] ab[secret]g"},
		{"abcdefgh cdef fghij", "xabcdefghijk", "x[secret]k"},
		{"aaaa", "aaaaaaaaab", "[secret]b"},
		{"aaaab", "aaaaaaab", "aaa[secret]"},
		{"abc true 1234", "abc true 1234", "abc true [secret]"},
	}
	for _, tt := range tests {
		m := made(valuesOf(strings.Fields(tt.values)...))
		for cut := range len(tt.text) + 1 {
			if got := masked(t, m, []byte(tt.text), cut); string(got) != tt.want {
				t.Errorf("%q in %q cut at %d: %q, want %q", tt.values, tt.text, cut, got, tt.want)
			}
		}
	}
}

// TestGoesOnAtOnce: after each write all has come out but what may become a
// value. A prompt appears.
func TestGoesOnAtOnce(t *testing.T) {
	m := made(valuesOf("hunter2", "hunter", "unter3and", "Password-of-mine"))
	var out strings.Builder
	w := m.Writer(&out)
	for _, step := range []struct{ in, want string }{
		{"Name: ", "Name: "}, {"P", ""}, {"ass", ""}, {"word: ", "Password: "}, {"h", ""}, {"unte", ""},
		{"r", "[secret]"}, {"3a", ""}, {"x", "3ax"}, {"\n", "\n"}, {"hunter", "[secret]"}, {"2", ""}, {"2", "2"}, {"hunt", ""},
	} {
		out.Reset()
		if _, err := w.Write([]byte(step.in)); err != nil || out.String() != step.want {
			t.Fatalf("after %q: %q, %v, want %q", step.in, &out, err, step.want)
		}
	}
	out.Reset()
	if err := w.Close(); err != nil || out.String() != "hunt" {
		t.Errorf("at the end: %q, %v", &out, err)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("a closed writer takes more")
	}
	if err := w.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// point is where a stream stands after so many bytes of a text.
type point struct{ out, held, covered int }

// walk feeds data byte by byte and returns all that came out, and the point
// before each byte and after the last.
func walk(t *testing.T, m *Masker, data []byte) (out []byte, points []point) {
	var b bytes.Buffer
	s := m.Writer(&b).s
	for i := range data {
		points = append(points, point{b.Len(), len(s.held), s.covered})
		if _, err := s.write(data[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	points = append(points, point{b.Len(), len(s.held), s.covered})
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), points
}

// TestEverySplit is a megabyte cut in two at every offset. What a stream does
// depends on where it stands and what follows: so after each offset it goes on
// from where it stood there, by one write, and must come to stand where it did
// byte by byte.
func TestEverySplit(t *testing.T) {
	size := 1 << 20
	if testing.Short() {
		size = 1 << 16
	}
	values := valuesOf(awkward...)
	needles, _, _ := collect(values)
	m := made(values)
	r := rand.New(rand.NewChaCha8([32]byte{7}))
	data := strew(r, needles, size)
	want := naive(needles, data)
	out, points := walk(t, m, data)
	if !bytes.Equal(out, want) {
		t.Fatalf("byte by byte: %s", differ(out, want))
	}
	var b bytes.Buffer
	s := m.Writer(&b).s
	for i := range data {
		p, to := points[i], min(len(data), i+2+r.IntN(300))
		b.Reset()
		s.held, s.covered = append(s.held[:0], data[i-p.held:i]...), p.covered
		if _, err := s.write(data[i:to]); err != nil {
			t.Fatal(err)
		}
		q := points[to]
		if len(s.held) != q.held || s.covered != q.covered || !bytes.Equal(b.Bytes(), out[p.out:q.out]) {
			t.Fatalf("from %d to %d: %d held, %d covered, want %+v; %s", i, to, len(s.held), s.covered, q, differ(b.Bytes(), out[p.out:q.out]))
		}
	}
	for range 10 {
		cuts := make([]int, 1+r.IntN(2000))
		for i := range cuts {
			cuts[i] = r.IntN(len(data) + 1)
		}
		slices.Sort(cuts)
		if out := masked(t, m, data, cuts...); !bytes.Equal(out, want) {
			t.Fatalf("%d cuts: %s", len(cuts), differ(out, want))
		}
	}
}

// TestEveryNeedleSplit cuts each needle in two everywhere, and checks that no
// more is held than may become one.
func TestEveryNeedleSplit(t *testing.T) {
	values := valuesOf(awkward...)
	needles, _, _ := collect(values)
	m := made(values)
	var out bytes.Buffer
	for _, n := range needles {
		data := slices.Concat([]byte("a "), n, []byte(" aa"))
		want := naive(needles, data)
		for cut := range data {
			if got := masked(t, m, data, cut); !bytes.Equal(got, want) {
				t.Fatalf("%q cut at %d: %q, want %q", data, cut, got, want)
			}
			if cut%7 != len(n)%7 {
				continue
			}
			out.Reset()
			s := m.Writer(&out).s
			if _, err := s.write(data[:cut]); err != nil {
				t.Fatal(err)
			}
			if held := naiveHeld(needles, data[:cut]); len(s.held) != held {
				t.Fatalf("after %q: %d bytes held, want %d", data[:cut], len(s.held), held)
			}
		}
	}
}

func differ(got, want []byte) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	from := max(0, i-20)
	return fmt.Sprintf("at %d of %d and %d: %q, want %q", i, len(got), len(want), got[from:min(len(got), i+40)], want[from:min(len(want), i+40)])
}

// brokenAfter takes so many bytes, and then fails or is short.
type brokenAfter struct {
	left int
	err  error
	got  bytes.Buffer
}

func (w *brokenAfter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	w.got.Write(p[:n])
	if n < len(p) {
		return n, w.err
	}
	return n, nil
}

func TestBrokenWriter(t *testing.T) {
	broken := errors.New("broken")
	m := made(valuesOf("hunter2"))
	for _, err := range []error{broken, nil} {
		want := err
		if err == nil {
			want = io.ErrShortWrite
		}
		under := &brokenAfter{left: 15, err: err}
		w := m.Writer(under)
		for i, text := range []string{"a hunter2 b", "c hunter2 d", "more hunt"} {
			n, err := w.Write([]byte(text))
			if i == 0 && (n != len(text) || err != nil) || i > 0 && (n != 0 || !errors.Is(err, want)) {
				t.Errorf("write %d: %d, %v", i, n, err)
			}
		}
		if err := w.Close(); !errors.Is(err, want) {
			t.Errorf("close: %v", err)
		}
		if got := under.got.String(); got != "a [secret] bc [" {
			t.Errorf("got through: %q", got)
		}
	}
	under := &brokenAfter{left: 2, err: broken}
	w := m.Writer(under)
	if n, err := w.Write([]byte("hunt")); n != 4 || err != nil {
		t.Errorf("held: %d, %v", n, err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("close with something held: %v", err)
	}
}

// TestHoldsLittle: what is held is bounded, and gone again.
func TestHoldsLittle(t *testing.T) {
	long := strings.Repeat("0123456789abcde\n", 512)
	m := made(valuesOf(long))
	s := m.Writer(io.Discard).s
	for range 50 {
		if _, err := s.write([]byte(long + long[:len(long)-2])); err != nil {
			t.Fatal(err)
		}
		if len(s.held) > m.t.longest || cap(s.held)+cap(s.out) > 4*(m.t.longest+piece) {
			t.Fatalf("%d of %d bytes held, %d for output", len(s.held), cap(s.held), cap(s.out))
		}
	}
}

func TestPrintsNothing(t *testing.T) {
	m := made(valuesOf("hunter2hunter2"))
	w := m.Writer(io.Discard)
	if _, err := w.Write([]byte("hunter2")); err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{m, *m, w, *w} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); got != "[mask]" {
				t.Errorf("%s of %T: %s", verb, v, got)
			}
		}
	}
	for _, v := range []any{struct{ m *Masker }{m}, struct{ w Writer }{*w}, struct{ m Masker }{*m}} {
		if got := fmt.Sprintf("%+v %#v %x", v, v, v); strings.Contains(got, "hunter2") || strings.Contains(got, "104 117 110") || strings.Contains(got, "68756e") {
			t.Errorf("%T: %s", v, got)
		}
	}
}
