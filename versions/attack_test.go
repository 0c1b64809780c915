package versions

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"pinseal/repo"
	"pinseal/seal"
)

// A value opens in its place and in no other, for somebody with all keys.
func TestValueMoved(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "two")
	a.set("dev", "A", "dev")
	b := newApp(t)
	b.set(prod, "A", "other app")
	read := func(x *testApp, p string) []byte {
		data, err := os.ReadFile(filepath.Join(x.dir, appDir, p))
		x.must(err)
		return data
	}
	e, _ := a.note.Newest("production.read")
	key := a.place("K")
	key.Kind, key.Version = KindKey, 1
	k1 := a.sealedAt(key, e, "AAAAAAAAAAAAAAAAAAAAAA==")
	asSecret := a.bytes(SecretFile{Kind: KindSecret, Value: k1})
	asKey := a.bytes(SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{1, a.sealed(prod, "K", "x")}}})
	asTwo := a.bytes(SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{2, k1}}})
	// A twin of this app's read key under dev: even with the same key the place counts.
	sameKeyOtherName := a.bytes(SecretFile{Kind: KindSecret, Value: a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "AB"}, e, "x")})
	otherEnv := a.bytes(SecretFile{Kind: KindSecret, Value: a.sealedAt(seal.Place{App: a.id, Environment: "productio", Kind: KindSecret, Name: "nA"}, e, "x")})
	otherApp := a.bytes(SecretFile{Kind: KindSecret, Value: a.sealedAt(seal.Place{App: b.id, Environment: prod, Kind: KindSecret, Name: "A"}, e, "x")})
	good := a.bytes(SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{1, k1}}})
	for name, c := range map[string]struct {
		env, name string
		data      []byte
		ok        bool
	}{
		"in place":               {prod, "K", good, true},
		"other name":             {prod, "C", read(a, "production/A.yaml"), false},
		"swapped":                {prod, "B", read(a, "production/A.yaml"), false},
		"other case":             {prod, "aa", read(a, "production/A.yaml"), false},
		"other environment":      {"dev", "C", read(a, "production/A.yaml"), false},
		"from dev":               {prod, "C", read(a, "dev/A.yaml"), false},
		"other app":              {prod, "C", read(b, "production/A.yaml"), false},
		"other app, same key":    {prod, "C", otherApp, false},
		"longer name, same key":  {prod, "C", sameKeyOtherName, false},
		"moved border, same key": {prod, "C", otherEnv, false},
		"key as secret":          {prod, "K", asSecret, false},
		"secret as key":          {prod, "K", asKey, false},
		"other version":          {prod, "K", asTwo, false},
		"other generation":       {prod, "C", bytes.Replace(read(a, "production/A.yaml"), []byte("s1.1."), []byte("s1.2."), 1), false},
	} {
		a.put(FilePath(c.env, c.name), c.data)
		src := a.workTree()
		v, err := (&Set{Source: src, Environment: c.env, Keys: a.keyring("alice", src)}).Get(c.name)
		if c.ok != (err == nil) || err != nil && (!errors.Is(err, ErrNotAuthentic) || v.Secret.Len() != 0) {
			t.Errorf("%s: %v", name, err)
		}
		a.drop(FilePath(c.env, c.name))
	}
}

// One bit anywhere in a secret file is refused, by the seal or by the spelling.
// What stands beside the value is not sealed: that is the pin's.
func TestSecretFileBits(t *testing.T) {
	a := newApp(t)
	a.putFile(prod, "A", SecretFile{Kind: KindSecret, About: "text", Value: a.sealed(prod, "A", "one")})
	good, err := a.workTree().FileBytes(prod, "A")
	a.must(err)
	e := a.publish("alice")
	about := bytes.Index(good, []byte("text"))
	set := &Set{Source: a.workTree(), Environment: prod, Keys: a.keyring("alice", a.workTree())}
	files := a.tree(e)
	wantValue(t, set, "A", "one")
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		f, err := ParseSecretFile(bad)
		if err == nil {
			_, err = set.Open("A", f)
		}
		if err == nil && (i < about || i >= about+4) {
			t.Fatalf("byte %d: opens", i)
		}
		if i%97 != 0 && (i < about || i >= about+4) {
			continue
		}
		// In a pin it is not even parsed.
		files["production/A.yaml"] = bad
		src, err := pinSource(mapFS(files), e.Pin, "pin")
		a.must(err)
		if _, err := src.File(prod, "A"); !errors.Is(err, ErrNotAuthentic) || !strings.Contains(err.Error(), "is not the file that was pinned") {
			t.Fatalf("byte %d in a pin: %v", i, err)
		}
	}
}

// The work tree alone proves places, not age: what a committer can do and what
// the diff before a publish shows of it.
func TestCommitterAttacksShowInDiff(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	oldest, err := a.workTree().FileBytes(prod, "A")
	a.must(err)
	a.set(prod, "A", "two")
	a.set(prod, "B", "b")
	pin := a.publish("alice")
	before := a.commit()
	e, _ := a.note.Newest("production.read")
	for name, c := range map[string]struct {
		edit func()
		want string
	}{
		"rolled back": {func() { a.put("production/A.yaml", oldest) }, "A changed"},
		"deleted":     {func() { a.drop("production/B.yaml") }, "B removed"},
		"own value":   {func() { a.putFile(prod, "A", SecretFile{Kind: KindSecret, Value: a.sealedAt(a.place("A"), e, "mine")}) }, "A changed"},
		"described": {func() {
			f, err := a.workTree().File(prod, "A")
			a.must(err)
			f.About = "do not use"
			a.putFile(prod, "A", *f)
		}, "A edited"},
		"added": {func() { a.set(prod, "C", "c") }, "C added"},
	} {
		c.edit()
		d, err := a.prepare(a.proposal("alice", a.commit()))
		a.must(err)
		if len(d.Changes) != 1 || d.Changes[0].Name+" "+string(d.Changes[0].Action) != c.want {
			t.Errorf("%s: %+v", name, d.Changes)
		}
		// The pin is as it was.
		wantValue(t, a.pinned(pin, "web"), "A", "two")
		wantValue(t, a.pinned(pin, "web"), "B", "b")
		tgit(t, a.dir, "rm", "-rq", "--cached", ".")
		tgit(t, a.dir, "clean", "-fdq")
		tgit(t, a.dir, "checkout", "-q", string(before), "--", ".")
		a.commit()
	}
}

// A whole older pin with its set is authentic. Only memory, a minimum or the
// newer ledger tells that it is old: this test says so.
func TestWholeOlderPin(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	one := a.publish("alice")
	a.set(prod, "A", "two")
	two := a.publish("alice")
	l, err := a.openAt(one, Seen{})
	a.must(err)
	src, err := l.Source(context.Background(), l.Tip())
	a.must(err)
	wantValue(t, &Set{Source: src, Environment: prod, Keys: a.keyring("web", src)}, "A", "one")
	_, err = a.openAt(one, seenOf(two))
	wantErr(t, err, ErrNotAuthentic, "went back from pin 2 to pin 1")
}

// Wraps that an attacker put in place of the right ones.
func TestWrapReplaced(t *testing.T) {
	a, b := newApp(t), newApp(t)
	a.set(prod, "A", "one")
	src := a.at(a.commit())
	seed, err := seal.GenerateKey("production.read", 1)
	a.must(err)
	b.people["bob"] = a.person("bob") // one person in both apps
	bobs := WrapPath("production.read", 1, "bob")
	for name, wrap := range map[string][]byte{
		"attacker's seed":             a.wrapped(seed, a.id, "bob"),
		"other app's key":             a.wrapped(b.key("production.read", 1), b.id, "bob"),
		"other app's key, this id":    a.wrapped(b.key("production.read", 1), a.id, "bob"),
		"right key, other id":         a.wrapped(a.key("production.read", 1), b.id, "bob"),
		"other slot":                  a.wrapped(a.key("dev.read", 1), a.id, "bob"),
		"other power":                 a.wrapped(a.key("production.publish", 1), a.id, "bob"),
		"right key, armored in space": append([]byte("\n"), a.wrapped(a.key("production.read", 1), a.id, "bob")...),
	} {
		a.put(bobs, wrap)
		tree := a.workTree()
		_, err := (&Set{Source: tree, Environment: prod, Keys: a.keyring("bob", tree)}).Get("A")
		if !errors.Is(err, ErrNotAuthentic) || errors.Is(err, seal.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
		// The commit before still has the right one.
		wantValue(t, &Set{Source: tree, Environment: prod, Keys: a.keyring("bob", tree, src)}, "A", "one")
	}
	// For somebody else: age says "no key", but bob's own wrap that does not open
	// for bob is not one.
	a.put(bobs, a.wrapped(a.key("production.read", 1), a.id, "ci"))
	_, err = a.keyring("bob", a.workTree()).Newest("production.read")
	wantErr(t, err, ErrNotAuthentic, "is not a wrap of that key")
	// Each bit of the right one counts, also where age reads whom it is for.
	good := a.wrapped(a.key("production.read", 1), a.id, "bob")
	for i := range good {
		if i%17 != 0 && i > 400 {
			continue
		}
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		tree := &Source{FS: mapFS(map[string][]byte{bobs: bad}), What: "tree"}
		if _, err := a.keyring("bob", tree).Newest("production.read"); !errors.Is(err, ErrNotAuthentic) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

// B publishes A's read key as its own, and copies A's values and wraps: a member
// of both must not open A's secrets for B.
func TestForeignPublicKey(t *testing.T) {
	a, b := newApp(t), newApp(t)
	a.set(prod, "A", "secret of a")
	b.people["alice"] = a.person("alice")
	n := b.note.Clone()
	n.Version++
	stolen, _ := a.note.Entry("production.read", 1)
	for i := range n.Slots {
		if n.Slots[i].Slot == "production.read" {
			n.Slots[i].Key = stolen.Key
		}
	}
	for i := range n.Members {
		if n.Members[i].Name == "alice" {
			n.Members[i].Recipient = a.person("alice").Recipient().String()
		}
	}
	b.accept(n)
	copyOf := func(p string) {
		data, err := os.ReadFile(filepath.Join(a.dir, appDir, p))
		a.must(err)
		b.put(p, data)
	}
	copyOf("production/A.yaml")
	copyOf(WrapPath("production.read", 1, "alice"))
	src := b.workTree()
	keys, err := NewKeyring(b.note, a.identities("alice"), src)
	b.must(err)
	set := &Set{Source: src, Environment: prod, Keys: keys}
	_, err = set.Get("A")
	wantErr(t, err, ErrNotAuthentic, "is not a wrap of that key") // it names app a
	// With the key in hand all the same, the value does not open under b's id.
	keys.keys[slotGeneration{"production.read", 1}] = a.key("production.read", 1)
	_, err = set.Get("A")
	wantErr(t, err, ErrNotAuthentic, "was not sealed for this place")
}

// The app note says who may do what: no edit of it is taken.
func TestNoteAttacks(t *testing.T) {
	a, mallory := newApp(t), newApp(t)
	good := string(a.note.Signed())
	swapKey := func(slot seal.Slot) []byte {
		mine, _ := a.note.Entry(slot, 1)
		theirs, _ := mallory.note.Entry(slot, 1)
		n, m := a.note.Clone(), mallory.note.Clone()
		n.Slots, m.Slots = []seal.Entry{mine}, []seal.Entry{theirs}
		x, err := n.Text()
		a.must(err)
		y, err := m.Text()
		a.must(err)
		return []byte(strings.Replace(good, keyLine(x), keyLine(y), 1))
	}
	stranger := a.note.Clone()
	stranger.Version++
	text, err := stranger.Text()
	a.must(err)
	byStranger, err := mallory.key(seal.Admin, 1).Sign(a.id, text)
	a.must(err)
	byPublisher, err := a.key("production.publish", 1).Sign(a.id, text)
	a.must(err)
	for name, signed := range map[string][]byte{
		"read key":    swapKey("production.read"),
		"publish key": swapKey("production.publish"),
		"admin key":   swapKey(seal.Admin),
		"stranger":    byStranger,
		"publisher":   byPublisher,
		"other app":   mallory.note.Signed(),
		"member":      []byte(strings.Replace(good, a.person("bob").Recipient().String(), mallory.person("bob").Recipient().String(), 1)),
	} {
		if string(signed) == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		for _, remembered := range []*seal.Note{nil, a.note} {
			if _, err := NewestNote(a.id, remembered, NoteCandidate{signed, "work tree"}); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func keyLine(noteText []byte) string {
	for line := range strings.Lines(string(noteText)) {
		if strings.HasPrefix(line, "    key: ") {
			return line
		}
	}
	return ""
}

// Names that differ only in case come with a merge, where the file system keeps
// them apart.
func TestTwins(t *testing.T) {
	a := newApp(t)
	a.set(prod, "Aa", "one")
	a.set(prod, "B", "b")
	a.set(prod, "aA", "two")
	for _, src := range []*Source{a.at(a.commit()), a.workTree()} {
		set := &Set{Source: src, Environment: prod, Keys: a.keyring("alice", src)}
		for _, name := range []string{"Aa", "aA"} {
			_, err := set.Get(name)
			wantErr(t, err, ErrConflict, `"Aa", "aA"`)
		}
		_, err := set.Get("AA")
		wantErr(t, err, ErrNotFound, `no secret "AA"`)
		wantValue(t, set, "B", "b") // a single read minds its own path
		_, err = src.Names(prod)
		wantErr(t, err, ErrConflict, "differ only in case")
	}
}

// Whatever is not a plain file on the path is refused.
func TestOddTrees(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(a *testApp, p string)
	}{
		"link to a file": {func(a *testApp, p string) { a.must(os.Symlink("B.yaml", filepath.Join(p, "production/A.yaml"))) }},
		"dangling link":  {func(a *testApp, p string) { a.must(os.Symlink("nowhere", filepath.Join(p, "production/A.yaml"))) }},
		"directory":      {func(a *testApp, p string) { a.put("production/A.yaml/x", []byte("x")) }},
		"link for the folder": {func(a *testApp, p string) {
			a.must(os.Rename(p+"/production", p+"/real"))
			a.must(os.Symlink("real", p+"/production"))
		}},
	} {
		a := newApp(t)
		a.set(prod, "B", "b")
		c.edit(a, filepath.Join(a.dir, appDir))
		keys := a.keyring("alice", a.workTree())
		for where, src := range map[string]*Source{"commit": a.at(a.commit()), "work tree": a.workTree()} {
			_, err := (&Set{Source: src, Environment: prod, Keys: keys}).Get("A")
			_, odd := errors.AsType[*repo.OddEntryError](err)
			if !odd && !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s, %s: %v", name, where, err)
			}
			if _, err := src.Names(prod); err == nil {
				t.Errorf("%s, %s: listed", name, where)
			}
		}
	}
}

// mapFS is what a tree holds, as a file system.
func mapFS(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for p, data := range files {
		m[p] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return m
}
