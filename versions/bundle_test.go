package versions

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"pinseal/seal"
)

// rebundle puts files together as a bundle with a right digest, without asking
// whether they make sense.
func rebundle(files map[string][]byte) []byte {
	var arc txtar.Archive
	for _, name := range slices.Sorted(maps.Keys(files)) {
		arc.Files = append(arc.Files, txtar.File{Name: name, Data: files[name]})
	}
	return withDigest(txtar.Format(&arc))
}

func withDigest(body []byte) []byte {
	return append(fmt.Appendf(nil, "%s%x\n", bundleFormat, sha256.Sum256(body)), body...)
}

func unbundle(data []byte) map[string][]byte {
	_, body, _ := bytes.Cut(data, []byte("\n"))
	files := map[string][]byte{}
	for _, f := range txtar.Parse(body).Files {
		files[f.Name] = f.Data
	}
	return files
}

func (a *testApp) bundle(e *Entry, member string) []byte {
	a.t.Helper()
	src, err := a.ledger().Source(context.Background(), e)
	a.must(err)
	data, err := FormatBundle(src, member)
	a.must(err)
	return data
}

// openBundle does what a host does: no repository, the bundle's own note.
func (a *testApp) openBundle(data []byte, who string) (*Pin, *Set, error) {
	b, err := ParseBundle(data)
	if err != nil {
		return nil, nil, err
	}
	c, err := b.Note()
	if err != nil {
		return nil, nil, err
	}
	note, err := NewestNote(a.id, nil, c)
	if err != nil {
		return nil, nil, err
	}
	pin, src, err := b.Open(note)
	if err != nil {
		return nil, nil, err
	}
	keys, err := NewKeyring(note, a.identities(who), src)
	return pin, &Set{Source: src, Environment: b.Environment, Keys: keys}, err
}

func TestBundle(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "two")
	a.set("dev", "A", "not in it")
	e := a.publish("ci")
	for _, member := range []string{"", "web"} {
		data := a.bundle(e, member)
		pin, set, err := a.openBundle(data, "web")
		a.must(err)
		if pin.Hash() != e.Hash() {
			t.Error("another pin")
		}
		wantValue(t, set, "A", "one")
		wantValue(t, set, "B", "two")
		if _, err := set.Get("C"); !errors.Is(err, ErrNotFound) {
			t.Errorf("absent: %v", err)
		}
		if _, err := set.Source.File("dev", "A"); !errors.Is(err, ErrNotFound) {
			t.Errorf("other environment: %v", err)
		}
		_, _, err = set.All(context.Background())
		a.must(err)
	}
	files := unbundle(a.bundle(e, "web"))
	want := []string{"app.note", "keys/production.read.1/web.age", "pin.note", "production/A.yaml", "production/B.yaml", "set.sum"}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("for web: %q", got)
	}
	_, set, err := a.openBundle(a.bundle(e, "web"), "bob")
	a.must(err)
	if _, err := set.Get("A"); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("bob's wrap was left out: %v", err)
	}
}

func TestEmptyBundle(t *testing.T) {
	a := newApp(t)
	e := a.publish("alice")
	pin, set, err := a.openBundle(a.bundle(e, "bob"), "bob")
	a.must(err)
	if names, err := set.Source.Names(prod); err != nil || len(names) != 0 || pin.Environment != prod {
		t.Errorf("%q, %v", names, err)
	}
}

func TestBundlePaths(t *testing.T) {
	for p, env := range map[string]string{
		"pin.note": "", "set.sum": "", "app.note": "", "production/A.yaml": prod, "dev/A.B-c_.yaml": "dev", "keys/production.read.1/bob.age": prod, "keys/dev.read.64/web-1.age": "dev",
	} {
		if got, ok := bundlePath(p); !ok || got != env {
			t.Errorf("%q: %q, %v", p, got, ok)
		}
	}
	for _, p := range []string{
		"", ".", "..", "/", "x", "README.md", "pin.note/x", "APP.NOTE", "/app.note", "./app.note", "production", "production/", "production/A", "production/A.yml", "production/.yaml",
		"production/1.yaml", "production/A..yaml", "production/con.yaml", "Production/A.yaml", "keys/A.yaml", "admin/A.yaml", "default/A.yaml", "production/x/A.yaml", "../production/A.yaml", "production/../A.yaml",
		"production//A.yaml", "production\\A.yaml", "keys/production.read.1/bob.yaml", "keys/production.read.1/Bob.age", "keys/production.read.1/.age", "keys/production.read.1/x/bob.age",
		"keys/production.read.0/bob.age", "keys/production.read.01/bob.age", "keys/production.read./bob.age", "keys/production.read/bob.age", "keys/production.publish.1/bob.age", "keys/admin.1/bob.age",
		"keys/keys.read.1/bob.age", "keys/.read.1/bob.age", "keys/production.read.1", "keys/production.read.1/admin.age", "pin.note ", "production/A.yaml\x00",
	} {
		if env, ok := bundlePath(p); ok {
			t.Errorf("%q is accepted, of %q", p, env)
		}
	}
}

func TestParseBundleRefuses(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	data := a.bundle(a.publish("alice"), "")
	line, body, _ := bytes.Cut(data, []byte("\n"))
	files := unbundle(data)
	with := func(name, content string) []byte {
		more := maps.Clone(files)
		more[name] = []byte(content)
		return rebundle(more)
	}
	for name, in := range map[string][]byte{
		"empty": nil, "one line": line, "other version": bytes.Replace(data, []byte("/v1 "), []byte("/v2 "), 1), "upper digest": append(bytes.ToUpper(line), data[len(line):]...),
		"no digest": body, "cut": data[:len(data)-1], "more": append(bytes.Clone(data), 'x'), "crlf": withDigest(bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))),
		"comment": withDigest(append([]byte("hello\n"), body...)), "twice": withDigest(append(bytes.Clone(body), body...)), "loose marker": withDigest(bytes.Replace(body, []byte("-- app.note --"), []byte("--  app.note --"), 1)),
		"unsorted": withDigest(append(bytes.Clone(body), "-- a/A.yaml --\n"...)), "no last newline": withDigest(body[:len(body)-1]), "odd name": with("README", "x\n"), "second environment": with("staging/A.yaml", "x\n"),
		"key of another": with("keys/dev.read.1/bob.age", "x\n"), "up": with("../A.yaml", "x\n"), "too large": append(bytes.Clone(data), make([]byte, MaxBundle)...), "space before": append([]byte(" "), data...),
	} {
		if b, err := ParseBundle(in); !errors.Is(err, ErrNotAuthentic) || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again := rebundle(files); !bytes.Equal(again, data) {
		t.Error("files put together anew are another bundle")
	}
}

// A digest is no signature: whoever changes a bundle can make it anew. Then the
// pin has to find out.
func TestBundleForged(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "two")
	first := a.publish("alice")
	old := unbundle(a.bundle(first, ""))
	a.set(prod, "A", "newer")
	second := a.publish("alice")
	files := unbundle(a.bundle(second, ""))
	mallory := newApp(t)
	e, _ := a.note.Newest("production.read")
	digests := func(f map[string][]byte) []byte {
		d := map[string][32]byte{}
		for p, data := range f {
			if name, ok := strings.CutPrefix(p, "production/"); ok {
				d[strings.TrimSuffix(name, ".yaml")] = digestOf(data)
			}
		}
		return MakeSum(prod, d)
	}
	own := a.bytes(SecretFile{Kind: KindSecret, Value: a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "A"}, e, "mine")})
	for name, edit := range map[string]func(f map[string][]byte){
		"rolled back": func(f map[string][]byte) { f["production/A.yaml"] = old["production/A.yaml"] },
		"rolled back with sum": func(f map[string][]byte) {
			f["production/A.yaml"] = old["production/A.yaml"]
			f[SumName] = old[SumName]
		},
		"own value":          func(f map[string][]byte) { f["production/A.yaml"] = own },
		"own value with sum": func(f map[string][]byte) { f["production/A.yaml"] = own; f[SumName] = digests(f) },
		"swapped": func(f map[string][]byte) {
			f["production/A.yaml"], f["production/B.yaml"] = f["production/B.yaml"], f["production/A.yaml"]
		},
		"deleted":          func(f map[string][]byte) { delete(f, "production/A.yaml") },
		"deleted with sum": func(f map[string][]byte) { delete(f, "production/A.yaml"); f[SumName] = digests(f) },
		"added":            func(f map[string][]byte) { f["production/C.yaml"] = own },
		"added with sum":   func(f map[string][]byte) { f["production/C.yaml"] = own; f[SumName] = digests(f) },
		"about": func(f map[string][]byte) {
			f["production/A.yaml"] = bytes.Replace(f["production/A.yaml"], []byte("value:"), []byte("about: \"x\"\nvalue:"), 1)
		},
		"no pin":              func(f map[string][]byte) { delete(f, PinName) },
		"no sum":              func(f map[string][]byte) { delete(f, SumName) },
		"no note":             func(f map[string][]byte) { delete(f, NoteName) },
		"older pin":           func(f map[string][]byte) { f[PinName] = old[PinName] },
		"pin of another app":  func(f map[string][]byte) { f[PinName] = mallory.tree(mallory.forge(nil, nil))[PinName] },
		"note of another app": func(f map[string][]byte) { f[NoteName] = mallory.note.Signed() },
		"pin by another key": func(f map[string][]byte) {
			f[PinName] = a.tree(a.forge(first, func(h *handmade) { h.key = mallory.key("production.publish", 1) }))[PinName]
		},
		"pin by the key of dev": func(f map[string][]byte) {
			f[PinName] = a.tree(a.forge(first, func(h *handmade) { h.Environment = "dev" }))[PinName]
		},
		"signature of another pin": func(f map[string][]byte) { f[PinName] = mixSignature(f[PinName], old[PinName]) },
	} {
		forged := maps.Clone(files)
		edit(forged)
		_, set, err := a.openBundle(rebundle(forged), "web")
		if !errors.Is(err, ErrNotAuthentic) || set != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Known: without a minimum a whole older bundle opens. It is what it says.
	pin, set, err := a.openBundle(rebundle(old), "web")
	if err != nil || pin.Number != 1 {
		t.Errorf("a whole older bundle: %v", err)
	} else {
		wantValue(t, set, "A", "one")
	}
}

// mixSignature is the text of one signed text under the signature of another.
func mixSignature(text, signature []byte) []byte {
	i, j := bytes.LastIndex(text, []byte("\n\n")), bytes.LastIndex(signature, []byte("\n\n"))
	return append(bytes.Clone(text[:i]), signature[j:]...)
}

// One bit in any byte of a bundle; and, with the digest made right, in places all
// over each of its files and in each marker.
func TestBundleBits(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	data := a.bundle(a.publish("alice"), "web")
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		if _, err := ParseBundle(bad); !errors.Is(err, ErrNotAuthentic) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	_, body, _ := bytes.Cut(data, []byte("\n"))
	tried := 0
	for start := 0; start < len(body); {
		// From one marker to the next.
		end := len(body)
		if n := bytes.Index(body[start+1:], []byte("\n-- ")); n >= 0 {
			end = start + 1 + n + 1
		}
		for i := start; i < end; i += 1 + (end-start)/60 {
			bad := bytes.Clone(body)
			bad[i] ^= 1 << (i % 8)
			a.refusesBundle(withDigest(bad), i)
			tried++
		}
		start = end
	}
	if tried < 5*30 {
		t.Fatalf("only %d places were tried", tried)
	}
}

func (a *testApp) refusesBundle(data []byte, i int) {
	a.t.Helper()
	_, set, err := a.openBundle(data, "web")
	if err == nil {
		_, err = set.Get("A")
	}
	switch {
	case err == nil:
		a.t.Fatalf("byte %d: opens", i)
	case errors.Is(err, seal.ErrNoKey): // the line of a wrap that says whom it is for
	case !errors.Is(err, ErrNotAuthentic) && !isNeeds(err):
		a.t.Fatalf("byte %d: %v", i, err)
	}
}

func isNeeds(err error) bool {
	_, ok := errors.AsType[*seal.NeedsError](err)
	return ok
}

// A bundle is one pin without its chain. What the newest note says of the chain
// holds for it all the same.
func TestBundleOfRetiredKey(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	one := a.publish("alice")
	two := a.publish("alice")
	void := a.publish("alice")
	other := a.forge(one, func(h *handmade) {
		maps.Copy(h.files, a.tree(two))
		delete(h.files, PinName)
		h.Message = "not the head"
	})
	bundles := map[string][]byte{"until": a.bundle(two, ""), "void": a.bundle(void, ""), "below": a.bundle(one, ""), "other": rebundle(a.tree(other))}
	a.setRef(LedgerRef(a.id, prod), two)
	a.rotate("production.publish", two)
	for name, want := range map[string]string{"until": "", "below": "", "void": "retired", "other": "not the one"} {
		b, err := ParseBundle(bundles[name])
		a.must(err)
		_, _, err = b.Open(a.note)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantErr(t, err, ErrNotAuthentic, want)
	}
	b, err := ParseBundle(a.bundle(a.publish("alice"), ""))
	a.must(err)
	older := a.note
	a.add("dora", false, "production.read")
	newer, err := ParseBundle(a.bundle(a.publish("alice"), ""))
	a.must(err)
	if _, _, err := b.Open(older); err != nil {
		t.Error(err)
	}
	_, _, err = newer.Open(older)
	wantErr(t, err, ErrNotAuthentic, "newer than any here")
}

func FuzzParseBundle(f *testing.F) {
	a := newApp(f)
	a.set(prod, "A", "one")
	e := a.publish("alice")
	data := a.bundle(e, "web")
	_, body, _ := bytes.Cut(data, []byte("\n"))
	addSeeds(f, [][]byte{body, []byte("-- app.note --\nx\n-- production/A.yaml --\n"), []byte("-- pin.note --\n"), {}})
	f.Fuzz(func(t *testing.T, body []byte) {
		// The digest is made right here: a fuzzer never would.
		data := withDigest(body)
		b, err := ParseBundle(data)
		if err != nil {
			if !errors.Is(err, ErrNotAuthentic) {
				t.Fatal(err)
			}
			return
		}
		files, err := filesOf(b.fsys)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(rebundle(files), data) {
			t.Fatal("what it holds makes another bundle")
		}
		if _, _, err := b.Open(a.note); err == nil && !bytes.Equal(files[PinName], unbundle(data)[PinName]) {
			t.Fatal("opens with another pin")
		}
	})
}
