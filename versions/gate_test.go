package versions

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

func (a *testApp) prepare(p Proposal) (*Draft, error) {
	a.t.Helper()
	return a.ledger().Prepare(context.Background(), p)
}

func reasons(err error) []string {
	var all []string
	if g, ok := errors.AsType[*GateError](err); ok {
		for _, p := range g.Problems {
			all = append(all, strings.TrimSpace(p.Name+" "+p.Reason))
		}
	}
	return all
}

// The gate says everything that is wrong at once, and each thing is enough.
func TestGateProblems(t *testing.T) {
	a := newApp(t)
	a.set(prod, "RETIRED", "old")
	a.rotate("production.read", nil)
	a.set(prod, "GOOD", "value")
	past := "2023-11-13" // the day before the builder's clock
	files := map[string]SecretFile{
		"BLANK":    {Kind: KindSecret},
		"OPTIONAL": {Kind: KindSecret, Optional: true},
		"EXPIRED":  {Kind: KindSecret, Expires: past, Value: a.sealed(prod, "EXPIRED", "x")},
		"TODAY":    {Kind: KindSecret, Expires: "2023-11-14", Value: a.sealed(prod, "TODAY", "x")},
		"KEY":      {Kind: KindKey, Bits: 128},
	}
	for name, f := range files {
		a.putFile(prod, name, f)
	}
	a.drop(WrapPath("production.read", 1, "bob"))
	all := a.commit()
	only := func(keep ...string) repo.Hash {
		for _, name := range []string{"RETIRED", "BLANK", "EXPIRED", "KEY"} {
			p := filepath.Join(a.dir, appDir, FilePath(prod, name))
			if !slices.Contains(keep, name) {
				a.must(os.RemoveAll(p))
			}
		}
		h := a.commit()
		tgit(t, a.dir, "checkout", "-q", string(all), "--", ".")
		return h
	}
	for name, c := range map[string]struct {
		commit repo.Hash
		allow  Allow
		want   []string
	}{
		"everything": {all, Allow{}, []string{"this is the first pin of production", "BLANK is blank and not optional", "EXPIRED expired on 2023-11-13", "KEY is a blank encryption key, and those cannot be optional",
			"RETIRED is sealed to read key 1, retired since; key 2 is the newest", `reader "bob" has no wrap of read key 1 and could not open this pin`}},
		"first":          {only(), Allow{}, []string{"this is the first pin of production"}},
		"good":           {only(), Allow{First: true}, nil},
		"blank":          {only("BLANK"), Allow{First: true}, []string{"BLANK is blank and not optional"}},
		"blank key":      {only("KEY"), Allow{First: true}, []string{"KEY is a blank encryption key, and those cannot be optional"}},
		"expired":        {only("EXPIRED"), Allow{First: true}, []string{"EXPIRED expired on 2023-11-13"}},
		"expired, fine":  {only("EXPIRED"), Allow{First: true, Expired: []string{"EXPIRED"}}, nil},
		"other may":      {only("EXPIRED"), Allow{First: true, Expired: []string{"expired", "GOOD"}}, []string{"EXPIRED expired on 2023-11-13"}},
		"retired":        {only("RETIRED"), Allow{First: true}, []string{"RETIRED is sealed to read key 1, retired since; key 2 is the newest", `reader "bob" has no wrap of read key 1 and could not open this pin`}},
		"retired, fine":  {only("RETIRED"), Allow{First: true, Retired: true}, []string{`reader "bob" has no wrap of read key 1 and could not open this pin`}},
		"rollback":       {only("BLANK", "EXPIRED"), Allow{First: true, Blank: true}, nil},
		"rollback first": {only("BLANK", "EXPIRED"), Allow{Blank: true}, []string{"this is the first pin of production"}},
	} {
		p := a.proposal("alice", c.commit)
		p.Wraps, p.Allow = p.Wraps[:1], c.allow
		d, err := a.prepare(p)
		if got := reasons(err); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if (err == nil) != (d != nil) || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not a matter of judgement ends it at once.
func TestGateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		is   error
		want string
		edit func(a *testApp)
	}{
		"bad spelling":   {ErrNotAuthentic, "is not a secret file of ours", func(a *testApp) { a.put("production/B.yaml", []byte("kind:   secret\nvalue: blank\n")) }},
		"plaintext":      {ErrNotAuthentic, "sealed value", func(a *testApp) { a.put("production/B.yaml", []byte("kind: secret\nvalue: hunter2\n")) }},
		"odd name":       {ErrNotAuthentic, "is not named like a secret", func(a *testApp) { a.put("production/README", []byte("x\n")) }},
		"temporary file": {ErrNotAuthentic, "is not named like a secret", func(a *testApp) { a.put("production/.tmp-1", []byte("x\n")); tgit(t, a.dir, "add", "-f", ".") }},
		"directory":      {ErrNotAuthentic, "is not a plain file", func(a *testApp) { a.put("production/B.yaml/x", []byte("x\n")) }},
		"executable": {ErrNotAuthentic, "is not a plain file", func(a *testApp) {
			a.set(prod, "B", "x")
			tgit(t, a.dir, "add", "-A")
			tgit(t, a.dir, "update-index", "--chmod=+x", appDir+"/production/B.yaml")
			tgit(t, a.dir, "config", "core.fileMode", "false")
		}},
		"symlink": {ErrNotAuthentic, "is not a plain file", func(a *testApp) { a.must(os.Symlink("A.yaml", filepath.Join(a.dir, appDir, "production/B.yaml"))) }},
		"unmerged": {ErrConflict, "production/B.yaml", func(a *testApp) {
			a.put("production/B.yaml", []byte("kind: secret\n<<<<<<< HEAD\nvalue: blank\n=======\n>>>>>>> x\n"))
		}},
		"twins": {ErrConflict, `"A", "a"`, func(a *testApp) { a.set(prod, "a", "x") }},
		"unknown generation": {ErrNotAuthentic, "generation 2, which the app note does not know", func(a *testApp) {
			e, _ := a.note.Newest("production.read")
			e.Generation = 2
			a.putFile(prod, "B", SecretFile{Kind: KindSecret, Value: a.sealedAt(a.place("B"), e, "x")})
		}},
		"other name": {ErrNotAuthentic, `value of "B" in production`, func(a *testApp) { a.putFile(prod, "B", SecretFile{Kind: KindSecret, Value: a.sealed(prod, "A", "x")}) }},
		"garbage":    {ErrNotAuthentic, `value of "B" in production`, func(a *testApp) { a.putFile(prod, "B", SecretFile{Kind: KindSecret, Value: fakeSealed("1")}) }},
		"old key version": {ErrNotAuthentic, `value of "K" in production`, func(a *testApp) {
			e, _ := a.note.Newest("production.read")
			p := a.place("K")
			p.Kind, p.Version = KindKey, 2
			good := a.sealedAt(p, e, "x")
			a.putFile(prod, "K", SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{1, good}, {2, good}}})
		}},
		"wrap of nonsense": {ErrNotAuthentic, "is not a wrap", func(a *testApp) { a.put(WrapPath("production.read", 1, "bob"), []byte("hello\n")) }},
		"wrap with crlf": {ErrNotAuthentic, "is not a wrap", func(a *testApp) {
			p := WrapPath("production.read", 1, "bob")
			w, err := a.workTree().read(p, MaxWrap)
			a.must(err)
			a.put(p, bytes.ReplaceAll(w, []byte("\n"), []byte("\r\n")))
		}},
		"wrap with a tail": {ErrNotAuthentic, "is not a wrap", func(a *testApp) {
			p := WrapPath("production.read", 1, "bob")
			w, err := a.workTree().read(p, MaxWrap)
			a.must(err)
			a.put(p, append(w, '\n'))
		}},
		"wrap too large": {ErrNotAuthentic, "is larger than", func(a *testApp) { a.put(WrapPath("production.read", 1, "bob"), make([]byte, MaxWrap+1)) }},
		"own wrap of others": {ErrNotAuthentic, "is not a wrap of that key", func(a *testApp) {
			k, err := seal.GenerateKey("production.read", 1)
			a.must(err)
			a.put(WrapPath("production.read", 1, "alice"), a.wrapped(k, a.id, "alice"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			a.set(prod, "A", "one")
			c.edit(a)
			d, err := a.prepare(a.proposal("alice", a.commit()))
			wantErr(t, err, c.is, c.want)
			if d != nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, %v", d, err)
			}
		})
	}
}

func (a *testApp) place(name string) seal.Place {
	return seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: name}
}

func TestGateExpect(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	commit := a.commit()
	try := func(expect int) error {
		p := a.proposal("ci", commit)
		p.Expect = expect
		_, err := a.prepare(p)
		return err
	}
	a.must(try(0))
	a.must(try(-1))
	wantErr(t, try(1), ErrConflict, "newest pin of production is 0, not 1")
	a.publishCommit("ci", commit)
	a.must(try(1))
	wantErr(t, try(0), ErrConflict, "newest pin of production is 1, not 0")
}

// Three powers: each does what it was given and no more.
func TestGatePowers(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	good := a.commit()
	a.putFile(prod, "B", SecretFile{Kind: KindSecret, Value: fakeSealed("1")})
	broken := a.commit()
	// Who cannot read publishes, also what does not open: nobody could tell.
	for _, commit := range []repo.Hash{good, broken} {
		if _, err := a.prepare(a.proposal("ci", commit)); err != nil {
			t.Error(err)
		}
	}
	_, err := a.prepare(a.proposal("alice", broken))
	wantErr(t, err, ErrNotAuthentic, `value of "B"`)
	// Who reads does not publish.
	for _, who := range []string{"bob", "web"} {
		_, err := a.prepare(a.proposal(who, good))
		wantErr(t, err, seal.ErrNoKey, "has not been given production.publish")
	}
	// A stranger and nobody do not either.
	p := a.proposal("mallory", good)
	_, err = a.prepare(p)
	wantErr(t, err, seal.ErrNoKey, "not a member")
	p.Keys, err = NewKeyring(a.note, nil)
	a.must(err)
	_, err = a.prepare(p)
	wantErr(t, err, seal.ErrNoKey, "no identity here")
}

// A publisher who lacks one of two read keys still opens what the other opens.
func TestGateOpensWhatItCan(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "old")
	a.rotate("production.read", nil)
	a.putFile(prod, "B", SecretFile{Kind: KindSecret, Value: fakeSealed("2")})
	p := a.proposal("alice", a.commit())
	p.Allow.Retired = true
	a.drop(WrapPath("production.read", 1, "alice"))
	without := a.at(a.commit())
	p.Keys = a.keyring("alice", without)
	_, err := a.prepare(p)
	wantErr(t, err, ErrNotAuthentic, `value of "B"`)
}

// What the diff before a publish says, without a key.
func TestDraftChanges(t *testing.T) {
	a := newApp(t)
	a.set(prod, "CHANGED", "one")
	a.set(prod, "GONE", "x")
	a.set(prod, "SAME", "x")
	a.set(prod, "KIND", "x")
	about := SecretFile{Kind: KindSecret, Value: a.sealed(prod, "ABOUT", "x")}
	a.putFile(prod, "ABOUT", about)
	first, err := a.prepare(a.proposal("ci", a.commit()))
	a.must(err)
	if len(first.Changes) != 5 || len(first.Readers) != 3 || first.Previous != nil {
		t.Errorf("first: %+v, %+v", first.Changes, first.Readers)
	}
	a.publish("ci")
	a.set(prod, "CHANGED", "one") // the same plaintext sealed anew
	a.set(prod, "NEW", "x")
	a.drop(FilePath(prod, "GONE"))
	about.About, about.Expires = "text", "2099-01-01"
	a.putFile(prod, "ABOUT", about)
	e, _ := a.note.Newest("production.read")
	key := a.place("KIND")
	key.Kind, key.Version = KindKey, 1
	a.putFile(prod, "KIND", SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{1, a.sealedAt(key, e, "x")}}})
	a.remove("bob")
	a.add("dora", false, "production.read")
	d, err := a.prepare(a.proposal("ci", a.commit()))
	a.must(err)
	var got []string
	for _, c := range d.Changes {
		got = append(got, strings.TrimSpace(c.Name+" "+string(c.Action)+" "+strings.Join(c.Fields, ",")))
	}
	if want := []string{"ABOUT edited about,expires", "CHANGED changed", "GONE removed", "KIND changed kind,bits", "NEW added"}; !slices.Equal(got, want) {
		t.Errorf("changes: %q", got)
	}
	if want := []ReaderChange{{"bob", false}, {"dora", true}}; !slices.Equal(d.Readers, want) {
		t.Errorf("readers: %+v", d.Readers)
	}
	if d.Previous.Number != 1 || d.Pin.Number != 2 || d.Pin.Publisher != "ci" {
		t.Errorf("pin %d after %d", d.Pin.Number, d.Previous.Number)
	}
}

// A pin of the same set again is fine: readers may have changed.
func TestPublishUnchanged(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	one := a.publish("ci")
	two := a.publish("ci")
	if two.Number != 2 || two.Set != one.Set || two.Previous != one.Hash() {
		t.Errorf("%+v", two.Pin)
	}
	sum := string(a.tree(two)[SumName])
	if !strings.HasSuffix(sum, "  production/A.yaml\n") || strings.Count(sum, "\n") != 1 {
		t.Errorf("set.sum is %q", sum)
	}
	for p := range a.tree(two) {
		if _, ok := bundlePath(p); !ok {
			t.Errorf("%q is in the ledger", p)
		}
	}
}
