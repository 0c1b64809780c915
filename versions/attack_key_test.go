package versions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// Whoever can commit can write whatever they like into a key's file. Nothing of it ever
// decrypts as if it were the key's: it is refused where it is read and where it is
// published, or it is seen.
func TestAttacksOnKeys(t *testing.T) {
	a := newApp(t)
	a.putFile(prod, "K", *a.keyFile("K", 128, "1=a 2=b"))
	a.putFile(prod, "L", *a.keyFile("L", 128, "1=c 2=d"))
	a.set(prod, "SECRET", keyText("e", 128))
	honest := a.commit()
	pin := a.publish("alice")
	k, err := a.workTree().File(prod, "K")
	a.must(err)
	l, err := a.workTree().File(prod, "L")
	a.must(err)
	secret, err := a.workTree().File(prod, "SECRET")
	a.must(err)
	newest, dev := newestOf(a.note, readProd), newestOf(a.note, seal.ReadSlot("dev"))
	place := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: 1}
	at := func(e seal.Entry, text string, edit func(*seal.Place)) string {
		p := place
		edit(&p)
		return a.sealedAt(p, e, text)
	}
	own := keyText("x", 128)
	for name, edit := range map[string]func(f *SecretFile){
		"of another key":    func(f *SecretFile) { f.Versions[0].Value = l.Versions[0].Value },
		"of another number": func(f *SecretFile) { f.Versions[0].Value = f.Versions[1].Value },
		"swapped": func(f *SecretFile) {
			f.Versions[0].Value, f.Versions[1].Value = f.Versions[1].Value, f.Versions[0].Value
		},
		"as the newest":          func(f *SecretFile) { f.Versions = append(f.Versions, KeyVersion{3, f.Versions[0].Value}) },
		"of another environment": func(f *SecretFile) { f.Versions[0].Value = at(dev, own, func(p *seal.Place) { p.Environment = "dev" }) },
		"for another environment": func(f *SecretFile) {
			f.Versions[0].Value = at(newest, own, func(p *seal.Place) { p.Environment = "dev" })
		},
		"of another app":   func(f *SecretFile) { f.Versions[0].Value = at(newest, own, func(p *seal.Place) { p.App[0] ^= 1 }) },
		"a secret's value": func(f *SecretFile) { f.Versions[0].Value = secret.Value },
		"sealed as a secret": func(f *SecretFile) {
			f.Versions[0].Value = at(newest, own, func(p *seal.Place) { p.Kind, p.Version = KindSecret, 0 })
		},
		"more bits":            func(f *SecretFile) { f.Bits = 256 },
		"a version of 256":     func(f *SecretFile) { f.Versions[0].Value = at(newest, keyText("x", 256), func(*seal.Place) {}) },
		"no key":               func(f *SecretFile) { f.Versions[0].Value = at(newest, "no key", func(*seal.Place) {}) },
		"a key and a line end": func(f *SecretFile) { f.Versions[0].Value = at(newest, own+"\n", func(*seal.Place) {}) },
		"empty":                func(f *SecretFile) { f.Versions[0].Value = at(newest, "", func(*seal.Place) {}) },
		"not its own key of sealing": func(f *SecretFile) {
			f.Versions[1].Value = at(seal.Entry{Slot: newest.Slot, Generation: 1, Key: dev.Key}, own, func(p *seal.Place) { p.Version = 2 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := *k
			f.Versions = slices.Clone(k.Versions)
			edit(&f)
			a.putFile(prod, "K", f)
			commit := a.commit()
			src := a.at(commit)
			set := &Set{Source: src, Environment: prod, Keys: a.keyring("bob", src)}
			key, _, err := set.NamedKey("K")
			wantErr(t, err, ErrNotAuthentic, `K`)
			if key != nil {
				t.Error("there is a key all the same")
			}
			wantErr(t, set.Opens("K", &f), ErrNotAuthentic, `K`)
			_, err = set.OpenVersions("K", &f)
			wantErr(t, err, ErrNotAuthentic, `K`)
			_, err = set.Reseal("K", &f, a.sealer(prod), place)
			wantErr(t, err, ErrNotAuthentic, `K`)
			if _, err = a.ledger().Prepare(context.Background(), a.proposal("alice", commit)); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("publish: %v", err)
			}
		})
	}

	// What can be made to open is seen.
	for name, c := range map[string]struct {
		edit func(f *SecretFile)
		want VersionsChange
		uses string // the newest version before and after, where that is another
	}{
		"a version is removed":  {func(f *SecretFile) { f.Versions = f.Versions[1:] }, VersionsChange{Dropped: []uint32{1}}, ""},
		"the newest is removed": {func(f *SecretFile) { f.Versions = f.Versions[:1] }, VersionsChange{Dropped: []uint32{2}}, "2>1"},
		"one of their own is added": {func(f *SecretFile) {
			a.must(f.AddVersion(a.sealer(prod), a.id, prod, "K", seal.NewSecret([]byte(own))))
		}, VersionsChange{Added: []uint32{3}}, "2>3"},
		"one of their own takes the place of the newest": {func(f *SecretFile) {
			f.Versions[1].Value = at(newest, own, func(p *seal.Place) { p.Version = 2 })
		}, VersionsChange{Replaced: []uint32{2}}, "2>2"},
		"one of their own takes the place of an old one": {func(f *SecretFile) {
			f.Versions[0].Value = at(newest, own, func(*seal.Place) {})
		}, VersionsChange{Replaced: []uint32{1}}, ""},
		"the newest goes, and one of their own takes the place of an old one": {func(f *SecretFile) {
			f.Versions = f.Versions[:1]
			f.Versions[0].Value = at(newest, own, func(*seal.Place) {})
		}, VersionsChange{Replaced: []uint32{1}, Dropped: []uint32{2}}, "2>1"},
	} {
		t.Run(name, func(t *testing.T) {
			f := *k
			f.Versions = slices.Clone(k.Versions)
			c.edit(&f)
			a.putFile(prod, "K", f)
			commit := a.commit()
			draft, err := a.ledger().Prepare(context.Background(), a.proposal("alice", commit))
			a.must(err)
			keyless, err := Diff(a.at(honest), a.at(commit), prod)
			a.must(err)
			for _, changes := range [][]Change{draft.Changes, keyless} {
				if len(changes) != 1 || !changes[0].Versions.Equal(c.want) || changes[0].Action != Changed {
					t.Fatalf("%+v", changes)
				}
				was, is, ok := changes[0].EncryptsWith()
				if uses := fmt.Sprintf("%d>%d", was, is); ok != (c.uses != "") || ok && uses != c.uses {
					t.Errorf("encrypts with %s, %v", uses, ok)
				}
			}
		})
	}
	wantNamed(t, a.pinned(pin, "bob"), "K", "ab")

	// Another number alone is a change of what the app decrypts: the key does not open.
	far := *k
	far.Versions = slices.Clone(k.Versions)
	far.Versions[0].Number, far.Versions[1].Number = 2, 7
	far.Versions[0].Value, far.Versions[1].Value = k.Versions[0].Value, k.Versions[1].Value
	a.putFile(prod, "K", far)
	changes, err := Diff(a.at(honest), a.at(a.commit()), prod)
	a.must(err)
	want := VersionsChange{Added: []uint32{7}, Dropped: []uint32{1}, Replaced: []uint32{2}}
	if len(changes) != 1 || changes[0].Action != Changed || !changes[0].Versions.Equal(want) {
		t.Errorf("%+v", changes)
	}
}

// Who opens both sides sees that a version has another number only.
func TestKeyRenumbered(t *testing.T) {
	a := newApp(t)
	a.putFile(prod, "K", *a.keyFile("K", 128, "1=a 2=b"))
	a.commit()
	a.publish("alice")
	for _, c := range []struct {
		versions        string
		seen, told      VersionsChange
		another         bool
		newOnes, goners string
	}{
		{"1=a 3=b", VersionsChange{Added: []uint32{3}, Dropped: []uint32{2}},
			VersionsChange{Renumbered: []MovedVersion{{2, 3}}}, false, "[]", "[]"},
		{"1=a 2=c 3=b", VersionsChange{Added: []uint32{3}, Replaced: []uint32{2}},
			VersionsChange{Replaced: []uint32{2}, Renumbered: []MovedVersion{{2, 3}}}, false, "[2]", "[]"},
		{"1=a 2=b 3=b", VersionsChange{Added: []uint32{3}},
			VersionsChange{Renumbered: []MovedVersion{{2, 3}}}, false, "[]", "[]"},
		{"1=a 2=c", VersionsChange{Replaced: []uint32{2}}, VersionsChange{Replaced: []uint32{2}}, true, "[2]", "[2]"},
		{"1=b 2=a", VersionsChange{Replaced: []uint32{1, 2}},
			VersionsChange{Replaced: []uint32{1, 2}, Renumbered: []MovedVersion{{1, 2}, {2, 1}}}, true, "[]", "[]"},
	} {
		f := a.keyFile("K", 128, c.versions)
		old, err := a.at(a.commit()).File(prod, "K")
		a.must(err)
		for i, v := range f.Versions { // what is the same is not sealed anew
			if j := slices.IndexFunc(old.Versions, func(w KeyVersion) bool { return w.Number == v.Number }); j >= 0 &&
				strings.Contains(" 1=a 2=b", fmt.Sprintf(" %d=%s", v.Number, strings.Fields(c.versions)[i][2:])) {
				f.Versions[i] = old.Versions[j]
			}
		}
		a.putFile(prod, "K", *f)
		commit := a.commit()
		for who, want := range map[string]VersionsChange{"ci": c.seen, "alice": c.told} {
			d, err := a.ledger().Prepare(context.Background(), a.proposal(who, commit))
			a.must(err)
			if got := d.Changes[0]; got.Action != Changed || !got.Versions.Equal(want) {
				t.Errorf("%s, %s: %s %+v", c.versions, who, got.Action, got.Versions)
			}
			_, _, another := d.Changes[0].EncryptsWith()
			v := d.Changes[0].Versions
			if who == "alice" && (another != c.another || fmt.Sprint(v.New()) != c.newOnes || fmt.Sprint(v.Gone()) != c.goners) {
				t.Errorf("%s: encrypts with another: %v; new %v, gone %v", c.versions, another, v.New(), v.Gone())
			}
		}
		a.putFile(prod, "K", *old)
	}
}

// wantNamed wants a key of a set to decrypt what versions of these letters encrypt.
func wantNamed(t *testing.T, s *Set, name, letters string) {
	t.Helper()
	key, _, err := s.NamedKey(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, letter := range letters {
		one, err := seal.NewNamedKey(seal.NamedKeyVersion{Number: 1, Text: seal.NewSecret([]byte(keyText(string(letter), 128)))})
		if err != nil {
			t.Fatal(err)
		}
		payload, err := one.Encrypt(nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if plain, version, err := key.Decrypt(nil, payload); err != nil || string(plain) != "x" || int(version) != i+1 {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// A new read key is where another value can pass for one that is sealed anew, of any
// version: who opens both sides is not taken in.
func TestKeyResealedOrNot(t *testing.T) {
	a := newApp(t)
	a.putFile(prod, "K", *a.keyFile("K", 128, "1=a 2=b"))
	a.commit()
	a.publish("alice")
	a.rotate(readProd, nil)
	for _, c := range []struct {
		versions string
		action   Action
		want     VersionsChange
	}{
		{"1=a 2=b", Resealed, VersionsChange{Resealed: []uint32{1, 2}}},
		{"1=x 2=b", Changed, VersionsChange{Replaced: []uint32{1}, Resealed: []uint32{2}}},
		{"1=a 2=x", Changed, VersionsChange{Replaced: []uint32{2}, Resealed: []uint32{1}}},
		{"1=x 2=b 3=c", Changed, VersionsChange{Added: []uint32{3}, Replaced: []uint32{1}, Resealed: []uint32{2}}},
	} {
		a.putFile(prod, "K", *a.keyFile("K", 128, c.versions))
		d, err := a.ledger().Prepare(context.Background(), a.proposal("alice", a.commit()))
		a.must(err)
		if got := d.Changes[0]; got.Action != c.action || !got.Versions.Equal(c.want) {
			t.Errorf("%s: %s %+v", c.versions, got.Action, got.Versions)
		}
		// Who publishes without reading says no more than what is seen.
		d, err = a.ledger().Prepare(context.Background(), a.proposal("ci", a.commit()))
		a.must(err)
		if got := d.Changes[0]; got.Action != Changed || len(got.Versions.Replaced) != 2 {
			t.Errorf("%s, without a key: %s %+v", c.versions, got.Action, got.Versions)
		}
	}
}

// A key with versions that nobody tries is refused before what it encrypted is lost.
func TestGateOfManyVersions(t *testing.T) {
	a := newApp(t)
	f := a.keyFile("K", 128, "1=a")
	for n := uint32(2); n <= 33; n++ {
		at := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: n}
		f.Versions = append(f.Versions, KeyVersion{n, a.sealedAt(at, newestOf(a.note, readProd), keyText(fmt.Sprintf("b%02d", n), 128))})
	}
	a.putFile(prod, "K", *f)
	_, err := a.ledger().Prepare(context.Background(), a.proposal("alice", a.commit()))
	refused, ok := errors.AsType[*GateError](err)
	if !ok || refused.Problems[0].Try != "pinseal key rm K -e production --before 2" || refused.Problems[0].Reason != "has 33 versions, and decrypting tries the newest 32" {
		t.Errorf("%v", err)
	}
	for _, structure := range []bool{false, true} { // as a server looks at it, too
		wantFault(t, a.verify(VerifyOptions{Structure: structure}).all(), ErrRefused, ".pinseal/shop/production/K.yaml", "has 33 versions")
	}
	f.Versions = nil
	a.putFile(prod, "K", *f)
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrRefused, ".pinseal/shop/production/K.yaml", "blank encryption key")
	_, err = a.ledger().Prepare(context.Background(), a.proposal("alice", a.commit()))
	if refused, ok = errors.AsType[*GateError](err); !ok || refused.Problems[0].Try != "pinseal key create K -e production" {
		t.Errorf("%v", err)
	}
}
