package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pinseal/seal"
)

// addVersions rotates a named key of production n times; it makes it when it is not there.
func (a *testApp) addVersions(name string, bits, n int) *SecretFile {
	a.t.Helper()
	f, err := a.workTree().File(prod, name)
	if errors.Is(err, ErrNotFound) {
		f, err = &SecretFile{Kind: KindKey, Bits: bits}, nil
	}
	a.must(err)
	for range n {
		text, err := seal.NewKeyText(f.Bits)
		a.must(err)
		a.must(f.AddVersion(a.sealerOf(prod), a.id, prod, name, text))
	}
	a.putFile(prod, name, *f)
	return f
}

func (a *testApp) sealerOf(env string) *seal.Sealer {
	a.t.Helper()
	e, _ := a.note.Newest(seal.ReadSlot(env))
	sealer, err := seal.NewSealer(e.Key, e.Generation)
	a.must(err)
	return sealer
}

func wantDecrypts(t testing.TB, r Reader, key, payload, want string) {
	t.Helper()
	got, err := r.Decrypt(t.Context(), key, payload)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Reveal()) != want {
		t.Fatal("decrypts to something else")
	}
}

func encrypted(t testing.TB, r Reader, key, plain string) string {
	t.Helper()
	payload, err := r.Encrypt(t.Context(), key, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// Each pin has the versions that it was published with: what it wrote stays readable to
// it and to those after it, and what those wrote is not to it.
func TestNamedKeysOfPins(t *testing.T) {
	a := newApp(t)
	pin := func(n int) *Secrets {
		t.Helper()
		a.addVersions("customer_data", 128, 1)
		entry := a.publish("ci") // who cannot read: nor can the one who rotated
		s, err := OpenBundle(a.bundle(entry, "web"), a.optionsOf("web"))
		a.must(err)
		wantPin(t, s, n)
		return s
	}
	one := pin(1)
	first := encrypted(t, one, "customer_data", "grüße")
	two := pin(2)
	second := encrypted(t, two, "customer_data", "")
	for _, s := range []Reader{one, two} {
		wantDecrypts(t, s, "customer_data", first, "grüße")
	}
	wantDecrypts(t, two, "customer_data", second, "")
	_, err := one.Decrypt(t.Context(), "customer_data", second)
	wantErr(t, err, seal.ErrNotEncrypted, `not a valid encrypted value of key "customer_data"; if a later release wrote it, newer key version needed: pin 1 of production has version 1`)
	if newest := (*NotEncryptedError)(nil); !errors.As(err, &newest) || newest.Newest != 1 || !errors.Is(err, seal.ErrAuth) {
		t.Errorf("%#v", err)
	}

	// Reset: what was before is gone from the pin, and its numbers are not used again.
	f, err := a.workTree().File(prod, "customer_data")
	a.must(err)
	if f.NextVersion() != 3 {
		t.Errorf("next is %d", f.NextVersion())
	}
	f.Versions = f.Versions[1:]
	a.putFile(prod, "customer_data", *f)
	three := pin(3)
	if got := encrypted(t, three, "customer_data", "x"); got == "" {
		t.Error("encrypts to nothing")
	}
	wantDecrypts(t, three, "customer_data", second, "")
	_, err = three.Decrypt(t.Context(), "customer_data", first)
	wantErr(t, err, seal.ErrNotEncrypted, "")

	infos, err := three.List(t.Context())
	a.must(err)
	if got := fmt.Sprintf("%s %d %v", infos[0].Kind, infos[0].Bits, infos[0].KeyVersions); got != "key 128 [2 3]" {
		t.Errorf("listed as %s", got)
	}
}

func TestNamedKeysRefused(t *testing.T) {
	a := newApp(t)
	a.set(prod, "PLAIN", "CANARY")
	a.addVersions("K", 128, 1)
	a.addVersions("OTHER", 256, 2)
	s, err := OpenBundle(a.bundle(a.publish("ci"), "web"), a.optionsOf("web"))
	a.must(err)
	ctx := context.Background()
	payload := encrypted(t, s, "K", "CANARY")
	for name, want := range map[string]struct {
		is   error
		part string
	}{
		"PLAIN":       {ErrNotFound, `no encryption key "PLAIN" in pin 1 of production: that is a secret`},
		"NONE":        {ErrNotFound, `no encryption key "NONE"`},
		"CANARY=oops": {ErrNotFound, `no encryption key in`},
	} {
		_, err := s.Encrypt(ctx, name, []byte("x"))
		wantErr(t, err, want.is, want.part)
		_, err = s.Decrypt(ctx, name, payload)
		wantErr(t, err, want.is, want.part)
		if strings.Contains(err.Error(), "oops") {
			t.Errorf("%v", err)
		}
	}
	for _, wrong := range []string{"", "x", payload + "\n", "\n" + payload, payload[4:], strings.TrimRight(payload, "=") + "!", encrypted(t, s, "OTHER", "CANARY"), encrypted(t, s, "K", "CANARY")[:40]} {
		_, err := s.Decrypt(ctx, "K", wrong)
		wantErr(t, err, seal.ErrNotEncrypted, "not a valid encrypted value")
	}
	a.putFile(prod, "LATER", SecretFile{Kind: KindKey, Bits: 128})
	set := &Set{Source: a.workTree(), Environment: prod, Keys: a.keyring("alice", a.workTree())}
	if _, _, err := set.NamedKey("LATER"); !errors.As(err, new(*BlankError)) {
		t.Errorf("blank: %v", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Encrypt(over, "K", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := s.Decrypt(over, "K", payload); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAddVersion(t *testing.T) {
	a := newApp(t)
	text := func(bits int) seal.Secret {
		s, err := seal.NewKeyText(bits)
		a.must(err)
		return s
	}
	sealer := a.sealerOf(prod)
	f := &SecretFile{Kind: KindKey, Bits: 128, About: "kept"}
	for n := uint32(1); n <= seal.MaxKeyVersions; n++ {
		before := f.Versions
		a.must(f.AddVersion(sealer, a.id, prod, "K", text(128)))
		if last := f.Versions[len(f.Versions)-1]; last.Number != n || f.NextVersion() != n+1 || len(before) != int(n)-1 {
			t.Fatalf("version %d: %d, next %d", n, last.Number, f.NextVersion())
		}
	}
	was := len(f.Versions)
	err := f.AddVersion(sealer, a.id, prod, "K", text(128))
	if full := (*FullError)(nil); !errors.As(err, &full) || full.Key != "K" || len(f.Versions) != was {
		t.Errorf("the 33rd: %v", err)
	}
	if err := f.AddVersion(sealer, a.id, prod, "K", text(256)); err == nil || !strings.Contains(err.Error(), "256 bits") {
		t.Errorf("another size: %v", err)
	}
	for _, wrong := range []string{"", "CANARY", "CANARYCANARYCANARYCANARYCA==", "AAAAAAAAAAAAAAAAAAAAAA==\n", "AAAAAAAAAAAAAAAAAAAAAB=="} {
		if err := f.AddVersion(sealer, a.id, prod, "K", seal.NewSecret([]byte(wrong))); err == nil || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	last := &SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{1<<31 - 1, f.Versions[0].Value}}}
	if err := last.AddVersion(sealer, a.id, prod, "K", text(128)); err == nil || len(last.Versions) != 1 || !strings.Contains(err.Error(), "has version 2147483647 in production, and that is the last number") {
		t.Errorf("a number that cannot be written: %v", err)
	}
}

// What is sealed as a version is at its own place and a key of the size that the file
// says, or the key is not used at all.
func TestNamedKeyAttacks(t *testing.T) {
	a := newApp(t)
	e, _ := a.note.Newest("production.read")
	place := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: 1}
	key := func(bits int) string {
		s, err := seal.NewKeyText(bits)
		a.must(err)
		return string(s.Reveal())
	}
	at := func(change func(*seal.Place), text string) string {
		p := place
		if change != nil {
			change(&p)
		}
		return a.sealedAt(p, e, text)
	}
	good, second := at(nil, key(128)), at(func(p *seal.Place) { p.Version = 2 }, key(128))
	for name, c := range map[string]struct {
		bits     int
		versions []KeyVersion
		reason   string
	}{
		"good":                {128, []KeyVersion{{1, good}, {2, second}}, ""},
		"without the oldest":  {128, []KeyVersion{{2, second}}, ""},
		"swapped":             {128, []KeyVersion{{1, second}, {2, good}}, "was not sealed for this place"},
		"the first as second": {128, []KeyVersion{{1, good}, {2, good}}, "was not sealed for this place"},
		"renumbered":          {128, []KeyVersion{{3, second}}, "was not sealed for this place"},
		"of another key":      {128, []KeyVersion{{1, at(func(p *seal.Place) { p.Name = "L" }, key(128))}}, "was not sealed for this place"},
		"of another app":      {128, []KeyVersion{{1, at(func(p *seal.Place) { p.App[0]++ }, key(128))}}, "was not sealed for this place"},
		"of dev":              {128, []KeyVersion{{1, at(func(p *seal.Place) { p.Environment = "dev" }, key(128))}}, "was not sealed for this place"},
		"a secret":            {128, []KeyVersion{{1, at(func(p *seal.Place) { p.Kind, p.Version = KindSecret, 0 }, key(128))}}, "was not sealed for this place"},
		"bits raised":         {256, []KeyVersion{{1, good}}, "is not a key of 256 bits"},
		"bits lowered":        {128, []KeyVersion{{1, at(nil, key(256))}}, "is not a key of 128 bits"},
		"no key":              {128, []KeyVersion{{1, at(nil, "CANARY")}}, "is not a key of 128 bits"},
		"an older one is no key": {128, []KeyVersion{{1, at(nil, "CANARY")}, {2, second}},
			"is not a key of 128 bits"},
		"a line break behind": {128, []KeyVersion{{1, at(nil, key(128)+"\n")}}, "is not a key of 128 bits"},
	} {
		f := SecretFile{Kind: KindKey, Bits: c.bits, Versions: c.versions}
		a.putFile(prod, "K", f)
		set := &Set{Source: a.workTree(), Environment: prod, Keys: a.keyring("alice", a.workTree())}
		k, got, err := set.NamedKey("K")
		if c.reason == "" {
			a.must(err)
			if k.Newest() != 2 || got.Bits != 128 {
				t.Errorf("%s: %d", name, k.Newest())
			}
			continue
		}
		wantErr(t, err, ErrNotAuthentic, c.reason)
		wantErr(t, set.Opens("K", &f), ErrNotAuthentic, c.reason)
		if strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", name, err)
		}
		_, err = a.prepare(a.proposal("alice", a.commit()))
		wantErr(t, err, ErrNotAuthentic, c.reason)
		if name != "an older one is no key" {
			if _, err := set.Get("K"); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s: get: %v", name, err)
			}
		}
	}
}

// Of more versions than are tried the newest count, and the others are not opened.
func TestNamedKeyTries(t *testing.T) {
	a := newApp(t)
	f := a.addVersions("K", 256, seal.MaxKeyVersions)
	set := &Set{Source: a.workTree(), Environment: prod, Keys: a.keyring("bob", a.workTree())}
	oldest, err := set.OpenKey("K", &SecretFile{Kind: KindKey, Bits: 256, Versions: f.Versions[:1]})
	a.must(err)
	payload, err := oldest.Encrypt(nil, []byte("first"))
	a.must(err)
	all, err := set.OpenKey("K", f)
	a.must(err)
	if out, version, err := all.Decrypt(nil, payload); err != nil || version != 1 || !bytes.Equal(out, []byte("first")) {
		t.Errorf("version %d, %v", version, err)
	}
	more := *f // as another program may have written it
	more.Versions = append(f.Versions[:len(f.Versions):len(f.Versions)], KeyVersion{40, ""})
	text, err := seal.NewKeyText(256)
	a.must(err)
	more.Versions[len(more.Versions)-1].Value, err = a.sealerOf(prod).Seal(seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: 40}, text)
	a.must(err)
	k, err := set.OpenKey("K", &more)
	a.must(err)
	if _, _, err := k.Decrypt(nil, payload); err != seal.ErrNotEncrypted || k.Newest() != 40 {
		t.Errorf("newest %d: %v", k.Newest(), err)
	}
}
