package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

// keyTextOf is the text of a key of 16 times one byte.
func keyTextOf(b byte) string { return string(base64Of(bytes.Repeat([]byte{b}, 16))) }

// mustNamedKey makes a key of versions 1, 2, ….
func mustNamedKey(t testing.TB, texts ...string) *NamedKey {
	t.Helper()
	var versions []NamedKeyVersion
	for i, text := range texts {
		versions = append(versions, NamedKeyVersion{uint32(i + 1), NewSecret([]byte(text))})
	}
	key, err := NewNamedKey(versions...)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// randomNamedKey returns a key of one version and its text.
func randomNamedKey(t testing.TB, bits int) ([]byte, *NamedKey) {
	t.Helper()
	text, err := NewKeyText(bits)
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal(), mustNamedKey(t, string(text.Reveal()))
}

func TestNewKeyText(t *testing.T) {
	for _, bits := range []int{128, 256} {
		a, err := NewKeyText(bits)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := NewKeyText(bits)
		raw, err := base64.StdEncoding.DecodeString(string(a.Reveal()))
		if err != nil || 8*len(raw) != bits || a.Equal(b) || bytes.Equal(raw, make([]byte, len(raw))) {
			t.Errorf("%d bits: %d bytes, %v", bits, len(raw), err)
		}
		if got, err := KeyTextBits(a); got != bits || err != nil {
			t.Errorf("%d bits: %d, %v", bits, got, err)
		}
	}
	for _, bits := range []int{-128, 0, 1, 16, 32, 127, 129, 192, 255, 257, 512, math.MaxInt} {
		if text, err := NewKeyText(bits); err == nil || text.Len() != 0 {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

func TestKeyTextRefused(t *testing.T) {
	good := "+/v/AQIDBAUGBwgJCgsMDQ==" // 16 bytes
	if bits, err := KeyTextBits(NewSecret([]byte(good))); bits != 128 || err != nil {
		t.Fatal(bits, err)
	}
	texts := []string{
		"", "=", "====", "postgres://" + canary, good + "\n", good + "\r\n", "\n" + good, good[:8] + "\n" + good[8:], good + " ", " " + good,
		good[:22], good[:23], good + "=", strings.NewReplacer("+", "-", "/", "_").Replace(good), good[:21] + "R==", good[:21] + "R==" + "\x00", strings.Repeat("0", 32),
	}
	for _, n := range []int{0, 1, 8, 15, 17, 24, 31, 33, 64} {
		texts = append(texts, string(base64Of(make([]byte, n))))
	}
	for _, text := range texts {
		secret := NewSecret([]byte(text))
		if bits, err := KeyTextBits(secret); bits != 0 || err != errKeyText {
			t.Errorf("%q: %d, %v", text, bits, err)
		}
		if key, err := NewNamedKey(NamedKeyVersion{1, secret}); key != nil || err != errKeyText {
			t.Errorf("%q makes a key: %v", text, err)
		}
	}
	if _, err := NewNamedKey(NamedKeyVersion{Number: 1}); err != errKeyText {
		t.Errorf("the zero secret makes a key: %v", err)
	}
}

func TestNamedKeyOrder(t *testing.T) {
	for _, c := range []struct {
		numbers []uint32
		ok      bool
	}{
		{nil, false}, {[]uint32{0}, false}, {[]uint32{0, 1}, false}, {[]uint32{1, 1}, false}, {[]uint32{2, 1}, false}, {[]uint32{1, 3, 2}, false},
		{[]uint32{1, 2, 2}, false}, {[]uint32{math.MaxUint32, 1}, false}, {[]uint32{1}, true}, {[]uint32{7}, true}, {[]uint32{1, 2}, true},
		{[]uint32{3, 9, 1000, math.MaxUint32}, true},
	} {
		var versions []NamedKeyVersion
		for _, n := range c.numbers {
			versions = append(versions, NamedKeyVersion{n, NewSecret([]byte(keyTextOf(byte(n))))})
		}
		key, err := NewNamedKey(versions...)
		if c.ok != (err == nil) || c.ok != (key != nil) {
			t.Errorf("%v: %v", c.numbers, err)
		} else if c.ok && key.Newest() != c.numbers[len(c.numbers)-1] {
			t.Errorf("%v: newest is %d", c.numbers, key.Newest())
		}
	}
}

// TestNamedKeyVersions has 33 versions, numbered with gaps.
func TestNamedKeyVersions(t *testing.T) {
	var versions []NamedKeyVersion
	var alone []*NamedKey
	const tried = 32
	for i := range tried + 1 {
		v := NamedKeyVersion{uint32(3*i + 2), NewSecret([]byte(keyTextOf(byte(i))))}
		key, err := NewNamedKey(v)
		if err != nil {
			t.Fatal(err)
		}
		versions, alone = append(versions, v), append(alone, key)
	}
	all, err := NewNamedKey(versions...)
	if err != nil {
		t.Fatal(err)
	}
	newest := versions[tried].Number
	if all.Newest() != newest {
		t.Errorf("newest is %d", all.Newest())
	}
	payload := mustEncrypt(t, all, []byte("value"))
	for i, key := range alone {
		got, version, err := key.Decrypt(nil, payload)
		if isNewest := i == tried; isNewest != (err == nil) || isNewest != (version == newest) || isNewest != (string(got) == "value") {
			t.Errorf("version %d opens what the newest encrypted, or the newest does not: %v", versions[i].Number, err)
		}
		got, version, err = all.Decrypt([]byte("a "), mustEncrypt(t, key, []byte("value")))
		if i == 0 {
			if err != ErrNotEncrypted || got != nil || version != 0 {
				t.Errorf("the 33rd version is tried: %d, %v", version, err)
			}
		} else if err != nil || version != versions[i].Number || string(got) != "a value" {
			t.Errorf("version %d: %d, %v", versions[i].Number, version, err)
		}
	}
	if _, version, err := mustNamedKey(t, keyTextOf(1), keyTextOf(2), keyTextOf(1)).Decrypt(nil, mustEncrypt(t, alone[1], nil)); version != 3 || err != nil {
		t.Errorf("of two versions of one key not the newest: %d, %v", version, err)
	}
}

func TestNamedKeyAllocates(t *testing.T) {
	versions := make([]string, MaxKeyVersions)
	for i := range versions {
		versions[i] = keyTextOf(byte(i))
	}
	key := mustNamedKey(t, versions...)
	dst, plain := make([]byte, 0, 1024), make([]byte, 64)
	newest, oldest, foreign := mustEncrypt(t, key, plain), mustEncrypt(t, mustNamedKey(t, versions[0]), plain), mustEncrypt(t, mustNamedKey(t, keyTextOf(99)), plain)
	for what, run := range map[string]func() error{
		"encrypt": func() error { _, err := key.Encrypt(dst, plain); return err },
		"newest":  func() error { _, _, err := key.Decrypt(dst, newest); return err },
		"oldest":  func() error { _, _, err := key.Decrypt(dst, oldest); return err },
		"foreign": func() error {
			if _, _, err := key.Decrypt(dst, foreign); err != ErrNotEncrypted {
				return fmt.Errorf("foreign: %w", err)
			}
			return nil
		},
	} {
		var failed error
		if n := testing.AllocsPerRun(100, func() { failed = errors.Join(failed, run()) }); n != 0 || failed != nil {
			t.Errorf("%s: %v allocations, %v", what, n, failed)
		}
	}
}

func TestNamedKeyConcurrent(t *testing.T) {
	key := mustNamedKey(t, keyTextOf(1), keyTextOf(2))
	old := mustEncrypt(t, mustNamedKey(t, keyTextOf(1)), []byte("old"))
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			var dst, out []byte
			for n := range 200 {
				plain := bytes.Repeat([]byte{byte(i)}, n)
				var err error
				if dst, err = key.Encrypt(dst[:0], plain); err != nil {
					t.Error(err)
					return
				}
				var version uint32
				if out, version, err = key.Decrypt(out[:0], dst); err != nil || version != 2 || !bytes.Equal(out, plain) {
					t.Errorf("%d: %v", version, err)
					return
				}
				if _, version, err := key.Decrypt(nil, old); err != nil || version != 1 {
					t.Errorf("%d: %v", version, err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func TestNamedKeyPrintsNothing(t *testing.T) {
	raw := []byte("c4n4ry-key-of-16")
	text := base64Of(raw)
	version := NamedKeyVersion{1, NewSecret(slices.Clone(text))}
	key, err := NewNamedKey(version)
	if err != nil {
		t.Fatal(err)
	}
	forms := append(formsOf(raw), formsOf(text)...)
	for kind, values := range map[string]map[string]any{"key": shapes(*key), "pointer": shapes(key), "version": shapes(version)} {
		for shape, v := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%T", "%p", "%t", "%e", "%10.3s", "%w"} {
				if leaks(fmt.Sprintf(verb, v), forms...) {
					t.Errorf("%s in %s leaks under %s", kind, shape, verb)
				}
			}
			for name, out := range marshalled(v) {
				if leaks(out, forms...) {
					t.Errorf("%s in %s leaks through %s", kind, shape, name)
				}
			}
		}
	}
	for _, v := range []any{key, *key} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); got != keyText {
				t.Errorf("%s: %q", verb, got)
			}
		}
		if _, err := json.Marshal(v); err == nil {
			t.Errorf("%T marshals as JSON", v)
		}
		if _, err := yaml.Marshal(v); err == nil {
			t.Errorf("%T marshals as YAML", v)
		}
		if err := gob.NewEncoder(new(bytes.Buffer)).Encode(v); err == nil {
			t.Errorf("%T marshals as gob", v)
		}
	}
	if fmt.Sprint(key) != keyText || key.String() != keyText || key.GoString() != keyText || key.LogValue().String() != keyText {
		t.Error("prints as something else")
	}
}

// TestNamedKeyKeepsNoMore holds what decrypts to its own size, and a payload to what it
// was: a version that misses takes nothing of what the next one needs.
func TestNamedKeyKeepsNoMore(t *testing.T) {
	key := mustNamedKey(t, keyTextOf(1), keyTextOf(2), keyTextOf(3))
	for _, size := range []int{0, 1, 64, 1000, 64 << 10, 1 << 20} {
		plain := bytes.Repeat([]byte("x"), size)
		payload := mustEncrypt(t, mustNamedKey(t, keyTextOf(1)), plain)
		was := bytes.Clone(payload)
		out, version, err := key.Decrypt(nil, payload)
		if err != nil || version != 1 || !bytes.Equal(out, plain) || !bytes.Equal(payload, was) {
			t.Errorf("%d bytes: version %d, %v", size, version, err)
		}
		if cap(out) > size+size/4+64 {
			t.Errorf("%d bytes are kept for %d", cap(out), size)
		}
	}
}
