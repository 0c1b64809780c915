package versions

import (
	"testing"

	"pinseal/seal"
)

func (a *testApp) sealer(env string) *seal.Sealer {
	a.t.Helper()
	e, _ := a.note.Newest(seal.ReadSlot(env))
	s, err := seal.NewSealer(e.Key, e.Generation)
	a.must(err)
	return s
}

func TestReseal(t *testing.T) {
	a := newApp(t)
	a.set("dev", "OLD", "hello")
	a.rotate(seal.ReadSlot("dev"), nil)
	src := a.workTree()
	set := &Set{Source: src, Environment: "dev", Keys: a.keyring("alice", src)}
	f, err := src.File("dev", "OLD")
	a.must(err)
	f.About, f.Expires, f.Optional, f.Generate = "about it", "2031-01-31", true, "hex:16"

	moved, err := set.Reseal("OLD", f, a.sealer(prod), seal.Place{App: a.id, Environment: prod, Name: "NEW"})
	a.must(err)
	a.putFile(prod, "NEW", *moved)
	wantValue(t, &Set{Source: src, Environment: prod, Keys: set.Keys}, "NEW", "hello")
	rest := *moved
	rest.Value, rest.Versions = f.Value, f.Versions
	if string(a.bytes(rest)) != string(a.bytes(*f)) {
		t.Errorf("what stands beside the value changed: %s, was %s", a.bytes(rest), a.bytes(*f))
	}

	// Within an environment, a value of a retired key comes out under the newest.
	again, err := set.Reseal("OLD", f, a.sealer("dev"), seal.Place{App: a.id, Environment: "dev", Name: "OLD"})
	a.must(err)
	if g := again.Generations(); len(g) != 1 || g[0] != 2 {
		t.Errorf("generations %v, want 2", g)
	}

	_, err = set.Reseal("OTHER", f, a.sealer("dev"), seal.Place{App: a.id, Environment: "dev", Name: "NEW"})
	wantErr(t, err, ErrNotAuthentic, "not sealed for this place")
	blind := &Set{Source: src, Environment: "dev", Keys: a.keyring("bob", src)}
	_, err = blind.Reseal("OLD", f, a.sealer("dev"), seal.Place{App: a.id, Environment: "dev", Name: "NEW"})
	wantErr(t, err, seal.ErrNoKey, "alice")
	if _, err = set.Reseal("OLD", f, a.sealer("dev"), seal.Place{App: a.id, Environment: "dev", Name: "a=b"}); err == nil {
		t.Error("sealed for a place that is none")
	}
}

func TestResealBlankNeedsNoKey(t *testing.T) {
	set := &Set{Environment: "dev"}
	for _, kind := range []string{KindSecret, KindKey} {
		f := &SecretFile{Kind: kind, About: "later", Bits: 256}
		got, err := set.Reseal("OLD", f, nil, seal.Place{})
		if err != nil || got == f || got.Kind != kind || got.About != "later" || got.Bits != 256 || !got.Blank() {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
}

func TestResealKey(t *testing.T) {
	a := newApp(t)
	e, _ := a.note.Newest(seal.ReadSlot(prod))
	f := SecretFile{Kind: KindKey, Bits: 128}
	texts := map[uint32]string{1: keyText("a", 128), 3: keyText("b", 128)}
	for _, n := range []uint32{1, 3} {
		p := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "OLD", Version: n}
		f.Versions = append(f.Versions, KeyVersion{n, a.sealedAt(p, e, texts[n])})
	}
	before := f.Versions[0].Value
	src := a.workTree()
	set := &Set{Source: src, Environment: prod, Keys: a.keyring("alice", src)}
	moved, err := set.Reseal("OLD", &f, a.sealer(prod), seal.Place{App: a.id, Environment: prod, Name: "NEW"})
	a.must(err)
	if len(moved.Versions) != 2 || f.Versions[0].Value != before {
		t.Fatal("versions are missing, or those of the original were changed")
	}
	for _, v := range moved.Versions {
		p := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "NEW", Version: v.Number}
		value, err := a.key(e.Slot, e.Generation).OpenValue(p, v.Value)
		if err != nil || string(value.Reveal()) != texts[v.Number] {
			t.Errorf("version %d: %v, or another value than expected", v.Number, err)
		}
	}
}
