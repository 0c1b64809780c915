package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/cryptotest"
)

func TestEncodeGolden(t *testing.T) {
	got := hex.EncodeToString(encode([]byte("ab"), nil, u32(7)))
	if want := "00000002" + "6162" + "00000000" + "00000004" + "00000007"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// The worked example of the package documentation.
	id := NewAppID(seedKey(t, Admin, 1, 1).Public())
	p := Place{App: id, Environment: "dev", Kind: KindSecret, Name: "DATABASE_URL"}
	want := "00000010" + "70696e7365616c2f76312f76616c7565" + "00000010" + "cb1514806c55e5a620aaba63d076365b" + "00000003" + "646576" +
		"00000006" + "736563726574" + "0000000c" + "44415441424153455f55524c" + "00000004" + "00000001" + "00000004" + "00000000"
	if got := hex.EncodeToString(p.info(1)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestEncodeBoundaries moves bytes between every two neighbouring fields: no
// two places may have one info.
func TestEncodeBoundaries(t *testing.T) {
	id := AppID{1}
	seen := make(map[string]Place)
	for _, p := range []Place{
		{id, "prod", KindSecret, "AB", 0}, {id, "prodA", KindSecret, "B", 0}, {id, "pro", KindSecret, "dAB", 0},
		{id, "prod", "secre", "tAB", 0}, {id, "prodsecret", "", "AB", 0}, {id, "", "prodsecret", "AB", 0},
		{id, "prod", KindKey, "AB", 0}, {id, "prod", KindKey, "AB", 1}, {id, "prod", KindKey, "AB", 256}, {id, "prod", KindSecret, "AB\x00", 0},
		{AppID{2}, "prod", KindSecret, "AB", 0},
	} {
		for _, generation := range []int{1, 2} {
			info := string(p.info(generation))
			if q, dup := seen[info]; dup {
				t.Errorf("%v and %v have one info", p, q)
			}
			seen[info] = p
		}
	}
}

func TestPadding(t *testing.T) {
	for n := 0; n <= 4096; n++ {
		value := bytes.Repeat([]byte{0xa5}, n)
		padded := pad(value)
		if len(padded)%padBlock != 0 || len(padded) < n+4 || len(padded) >= n+4+padBlock {
			t.Fatalf("%d bytes are padded to %d", n, len(padded))
		}
		got, ok := unpad(padded)
		if !ok || !bytes.Equal(got, value) {
			t.Fatalf("%d bytes do not come back", n)
		}
	}
	for _, n := range []int{MaxValue - 1, MaxValue} {
		if got, ok := unpad(pad(make([]byte, n))); !ok || len(got) != n {
			t.Errorf("%d bytes do not come back", n)
		}
	}
	if _, ok := unpad(pad(make([]byte, MaxValue+1))); ok {
		t.Error("more than the largest value comes back")
	}
	got, _ := unpad(pad([]byte("ab")))
	if got = append(got, 'c'); string(got) != "abc" || cap(got) > 8 {
		t.Error("the value has room to grow into its padding")
	}
}

func TestSealLengths(t *testing.T) {
	f := newFixture(t)
	var first string
	for _, n := range []int{0, 1, 50, 124} {
		s, err := sealValue(f.read.Public(), 1, f.place(), NewSecret(make([]byte, n)))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = s
		}
		if len(s) != len(first) || n > 0 && s == first {
			t.Errorf("%d bytes: %d characters, or the same text", n, len(s))
		}
	}
	if len(first) != 1691 {
		t.Errorf("a short value has %d characters", len(first))
	}
	big := NewSecret(bytes.Repeat([]byte{7}, MaxValue))
	s, err := sealValue(f.read.Public(), 1, f.place(), big)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.read.OpenValue(f.place(), s); err != nil || !got.Equal(big) {
		t.Errorf("the largest value does not open: %v", err)
	}
	if _, err := ParseSealed(s); err != nil {
		t.Error(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(s[5:])
	longer := "s1.1." + base64.RawURLEncoding.EncodeToString(append(raw, make([]byte, padBlock)...))
	if _, err := ParseSealed(longer); !errors.Is(err, ErrAuth) {
		t.Errorf("over the largest length: %v", err)
	}
	if _, err := sealValue(f.read.Public(), 1, f.place(), NewSecret(make([]byte, MaxValue+1))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the largest value: %v", err)
	}
}

// TestSealTwice: equal values do not show.
func TestSealTwice(t *testing.T) {
	f := newFixture(t)
	s, err := NewSealer(f.read.Public(), 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := s.Seal(f.place(), NewSecret([]byte("same")))
	b, err2 := s.Seal(f.place(), NewSecret([]byte("same")))
	if err1 != nil || err2 != nil || a == b || len(a) != len(b) {
		t.Error("equal values seal to equal texts")
	}
}

// TestEveryBit flips one bit in each byte of a sealed value.
func TestEveryBit(t *testing.T) {
	f := newFixture(t)
	s, err := sealValue(f.read.Public(), 1, f.place(), NewSecret([]byte(canary)))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(s[5:])
	for i := range raw {
		raw[i] ^= 1 << (i % 8)
		if _, err := f.read.OpenValue(f.place(), "s1.1."+base64.RawURLEncoding.EncodeToString(raw)); err != ErrAuth {
			t.Fatalf("byte %d: %v", i, err)
		}
		raw[i] ^= 1 << (i % 8)
	}
	for n := 0; n < len(s); n++ {
		if _, err := f.read.OpenValue(f.place(), s[:n]); err != ErrAuth {
			t.Fatalf("%d characters open", n)
		}
	}
}

// TestMovedWithTheSameKey: an app or environment that uses the very same key
// material still does not open a value from elsewhere.
func TestMovedWithTheSameKey(t *testing.T) {
	f := newFixture(t)
	s, err := sealValue(f.read.Public(), 1, f.place(), NewSecret([]byte(canary)))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Place){
		"app": func(p *Place) { p.App[15] ^= 1 }, "environment": func(p *Place) { p.Environment = "staging" },
		"name": func(p *Place) { p.Name = "DATABASE_URl" }, "kind": func(p *Place) { p.Kind, p.Version = KindKey, 1 },
	} {
		p := f.place()
		change(&p)
		k := seedKey(t, ReadSlot(p.Environment), 1, 4)
		if _, err := k.OpenValue(p, s); err != ErrAuth {
			t.Errorf("opens at another %s", name)
		}
	}
	if _, err := seedKey(t, "production.read", 2, 4).OpenValue(f.place(), strings.Replace(s, "s1.1.", "s1.2.", 1)); err != ErrAuth {
		t.Error("opens as another generation")
	}
	if _, err := f.dev.OpenValue(f.place(), s); err != ErrAuth {
		t.Error("a key of another environment opens it")
	}
	if _, err := f.publish.OpenValue(f.place(), s); err != ErrAuth {
		t.Error("a publish key opens it")
	}
	if _, err := (Key{}).OpenValue(f.place(), s); err != ErrAuth {
		t.Error("the zero key opens it")
	}
}

func TestSealRefuses(t *testing.T) {
	f := newFixture(t)
	for name, change := range map[string]func(*Place){
		"app": func(p *Place) { p.App = AppID{} }, "environment": func(p *Place) { p.Environment = "Dev" }, "name": func(p *Place) { p.Name = "a=b" },
		"kind": func(p *Place) { p.Kind = "other" }, "secret with version": func(p *Place) { p.Version = 1 },
		"key without version": func(p *Place) { p.Kind = KindKey }, "version too high": func(p *Place) { p.Kind, p.Version = KindKey, 1<<31 },
	} {
		p := f.place()
		change(&p)
		if _, err := sealValue(f.read.Public(), 1, p, Secret{}); err == nil {
			t.Errorf("seals for a bad %s", name)
		}
	}
	for name, c := range map[string]struct {
		public     []byte
		generation int
	}{
		"generation 0": {f.read.Public(), 0}, "generation 65": {f.read.Public(), 65}, "short key": {f.read.Public()[1:], 1},
		"no key": {nil, 1}, "admin key": {f.admin.Public(), 1}, "key out of range": {bytes.Repeat([]byte{0xff}, readKeySize), 1},
	} {
		if _, err := sealValue(c.public, c.generation, f.place(), Secret{}); err == nil {
			t.Errorf("seals with %s", name)
		}
	}
}

// TestSealDeterministic: sealing draws on crypto/rand alone, which is what lets
// the vectors be made again.
func TestSealDeterministic(t *testing.T) {
	var texts [2]string
	for i := range texts {
		cryptotest.SetGlobalRandom(t, 7)
		k := seedKey(t, "dev.read", 1, 2)
		p := Place{App: AppID{1}, Environment: "dev", Kind: KindSecret, Name: "A"}
		s, err := sealValue(k.Public(), 1, p, NewSecret([]byte(canary)))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = s
	}
	if texts[0] != texts[1] {
		t.Error("sealing draws on something else than crypto/rand")
	}
}

func TestNewKeyRefuses(t *testing.T) {
	seed := make([]byte, 32)
	for _, c := range []struct {
		slot       Slot
		generation int
		seed       []byte
	}{
		{"other", 1, seed}, {"", 1, seed}, {Admin, 0, seed}, {Admin, 65, seed}, {Admin, -1, seed}, {Admin, 1, seed[1:]}, {Admin, 1, nil}, {"dev.read", 1, make([]byte, 64)},
	} {
		if _, err := NewKey(c.slot, c.generation, c.seed); err == nil {
			t.Errorf("makes a key of %q %d from %d bytes", c.slot, c.generation, len(c.seed))
		}
	}
	a, err1 := GenerateKey("dev.read", 64)
	b, err2 := GenerateKey("dev.read", 64)
	if err1 != nil || err2 != nil || bytes.Equal(a.Public(), b.Public()) || len(a.Public()) != 1216 || a.Generation() != 64 || a.Slot() != "dev.read" {
		t.Error("GenerateKey")
	}
	k, err := NewKey(Admin, 1, seed)
	if err != nil {
		t.Fatal(err)
	}
	public := k.Public()
	seed[0], public[0] = 1, public[0]^1
	again := seedKey(t, Admin, 1, 0)
	if !bytes.Equal(k.Public(), again.Public()) {
		t.Error("a key shares its caller's bytes")
	}
}

func TestRandom(t *testing.T) {
	for recipe, want := range map[string]int{"base64:16": 24, "base64:32": 44, "base64:49152": MaxValue, "hex:16": 32, "hex:32768": MaxValue, "alnum:22": 22, "alnum:65536": MaxValue, "alnum:1000": 1000} {
		a, err := Random(recipe)
		b, _ := Random(recipe)
		if err != nil || a.Len() != want || a.Equal(b) || CheckRecipe(recipe) != nil {
			t.Errorf("%s: %d bytes, %v", recipe, a.Len(), err)
		}
		if i := bytes.IndexFunc(a.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
			t.Errorf("%s: odd character", recipe)
		}
	}
	for _, recipe := range []string{"", "base64", "base64:", "base64:15", "hex:15", "alnum:21", "base64:016", "base64:+16", "base64:16 ", "Base64:16", "other:32", "base64:49153", "hex:32769", "alnum:65537", "alnum:99999999999", "16", ":16"} {
		if err := CheckRecipe(recipe); !errors.Is(err, ErrRecipe) {
			t.Errorf("%q: %v", recipe, err)
		}
		if s, err := Random(recipe); err == nil || s.Len() > 0 {
			t.Errorf("%q makes a value", recipe)
		}
	}
	seen := make(map[byte]int)
	s, err := Random("alnum:62000")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range s.Reveal() {
		seen[b]++
	}
	if len(seen) != 62 {
		t.Errorf("%d letters of 62", len(seen))
	}
	for b, n := range seen { // 1,000 each; 200 off is more than six deviations
		if n < 800 || n > 1200 {
			t.Errorf("letter %q occurs %d times of 62,000", b, n)
		}
	}
}
