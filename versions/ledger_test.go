package versions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

func TestLedgerChain(t *testing.T) {
	a := newApp(t)
	empty, err := a.openAt(nil, Seen{})
	a.must(err)
	if empty.Tip() != nil || empty.Ref() != "" || empty.Seen() != (Seen{}) {
		t.Error("an empty ledger has a pin")
	}
	pins := a.chain(nil, 4)
	l, err := a.openAt(pins[3], Seen{})
	a.must(err)
	if l.Seen() != seenOf(pins[3]) || l.Ref() != pins[3].LedgerCommit {
		t.Errorf("seen: %+v", l.Seen())
	}
	for n := 1; n <= 4; n++ {
		e, err := l.At(context.Background(), n)
		if err != nil || e.Hash() != pins[n-1].Hash() || e.LedgerCommit != pins[n-1].LedgerCommit {
			t.Errorf("pin %d: %v", n, err)
		}
	}
	for _, n := range []int{-1, 0, 5, 1 << 30} {
		_, err := l.At(context.Background(), n)
		wantErr(t, err, ErrNotFound, fmt.Sprintf("no pin %d", n))
	}
	var walked []int
	a.must(l.Walk(context.Background(), func(e *Entry) bool { walked = append(walked, e.Number); return e.Number > 2 }))
	if fmt.Sprint(walked) != "[4 3 2]" {
		t.Errorf("walked %v", walked)
	}
}

// One thing wrong with the third of four pins, or with the fourth.
func TestLedgerRefuses(t *testing.T) {
	a := newApp(t)
	one := a.forge(nil, nil)
	two := a.forge(one, nil)
	mallory := newApp(t)
	stranger := mallory.key("production.publish", 1)
	for name, c := range map[string]struct {
		want string
		edit func(*handmade)
	}{
		"gap":                 {"stands on pin 2", func(h *handmade) { h.Number = 4 }},
		"repeated number":     {"stands on pin 2", func(h *handmade) { h.Number = 2 }},
		"number 1 anew":       {"parent and number", func(h *handmade) { h.Number, h.Previous = 1, [32]byte{} }},
		"previous wrong":      {"does not name", func(h *handmade) { h.Previous = one.Hash() }},
		"previous random":     {"does not name", func(h *handmade) { h.Previous = digestOf([]byte("x")) }},
		"no parent":           {"parent and number", func(h *handmade) { h.parents = nil }},
		"parent skipped":      {"stands on pin 1", func(h *handmade) { h.parents = []repo.Hash{one.LedgerCommit} }},
		"two parents":         {"more than one parent", func(h *handmade) { h.parents = append(h.parents, one.LedgerCommit) }},
		"other app":           {"is of environment", func(h *handmade) { h.App, h.key = mallory.id, stranger }},
		"other environment":   {"is of environment dev", func(h *handmade) { h.Environment = "dev" }},
		"stranger's key":      {"does not verify", func(h *handmade) { h.key = stranger }},
		"unknown generation":  {"does not know", func(h *handmade) { h.Generation, h.key = 2, nil; h.signed = signAs(a, h, stranger) }},
		"newer note":          {"newer than any here", func(h *handmade) { h.NoteVersion = 2 }},
		"no pin in it":        {"is not a signed text", func(h *handmade) { h.signed = []byte("hello\n") }},
		"another's signature": {"does not verify", func(h *handmade) { h.signed = mixSignature(mustSign(a, h), a.tree(two)[PinName]) }},
		"text edited":         {"does not verify", func(h *handmade) { h.signed = []byte(strings.Replace(string(mustSign(a, h)), "alice", "alicf", 1)) }},
		"pin too large":       {"larger than", func(h *handmade) { h.signed = make([]byte, MaxPinNote+1) }},
	} {
		bad := a.forge(two, c.edit)
		_, err := a.openAt(bad, Seen{})
		wantErr(t, err, ErrNotAuthentic, c.want)
		// An honest pin on top does not make it better.
		top := a.forge(bad, func(h *handmade) { h.Number, h.Previous = 4, bad.Hash() })
		if l, err := a.openAt(top, Seen{}); !errors.Is(err, ErrNotAuthentic) || l != nil {
			t.Errorf("%s, below the tip: %v", name, err)
		}
		// Whoever remembers pin 2 finds out as well, without reading below.
		if _, err := a.openAt(bad, seenOf(two)); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s, with memory: %v", name, err)
		}
	}
	for name, tip := range map[string]repo.Hash{
		"absent":                repo.Hash(strings.Repeat("1", 40)),
		"tree":                  two.tree,
		"commit of the project": a.commit(),
	} {
		if _, err := OpenLedger(context.Background(), a.r, a.note, prod, tip, Seen{}); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func mustSign(a *testApp, h *handmade) []byte {
	a.t.Helper()
	return signAs(a, h, a.key("production.publish", h.Generation))
}

// signAs signs a pin with any key, which Pin.Sign would refuse.
func signAs(a *testApp, h *handmade, k *seal.Key) []byte {
	a.t.Helper()
	h.Set = digestOf(h.files[SumName])
	text, err := h.text()
	a.must(err)
	signed, err := k.Sign(h.App, text)
	a.must(err)
	return signed
}

func TestLedgerNeverFalls(t *testing.T) {
	a := newApp(t)
	one := a.forge(nil, nil)
	old := a.note
	a.rotate("production.publish", one)
	two := a.forge(one, nil)
	if two.Generation != 2 || two.NoteVersion != 2 {
		t.Fatal("not what this test is about")
	}
	// A note_version that falls, by the right key.
	bad := a.forge(two, func(h *handmade) { h.NoteVersion, h.Note = old.Version, old.Hash(); h.files[NoteName] = old.Signed() })
	_, err := a.openAt(bad, Seen{})
	wantErr(t, err, ErrNotAuthentic, "older than those of pin 2")
	// The retired key on top of the new one is void: as if absent.
	void := a.forge(two, func(h *handmade) { h.Generation = 1 })
	l, err := a.openAt(void, Seen{})
	a.must(err)
	if l.Tip().Number != 2 || l.Ref() != void.LedgerCommit {
		t.Errorf("tip is %d", l.Tip().Number)
	}
	// But not below a good one.
	_, err = a.openAt(a.forge(void, nil), Seen{})
	wantErr(t, err, ErrNotAuthentic, "stands on a pin by a retired key")
	// A generation that falls within until: all of it signed, and the last the head
	// that the note knows, and yet the old key on top of the new.
	b := newApp(t)
	b.newKey("production.publish", 2)
	b.change(func(n *seal.Note) {
		retire(n, "production.publish", 1, nil)
		n.Slots = append(n.Slots, seal.NewEntry(b.key("production.publish", 2)))
	})
	first := b.forge(nil, func(h *handmade) { h.Generation = 1 })
	second := b.forge(first, nil)
	third := b.forge(second, func(h *handmade) { h.Generation = 1 })
	for i := range b.note.Slots {
		if e := &b.note.Slots[i]; e.Retired {
			e.Until, e.Head = 3, third.Hash()
		}
	}
	b.accept(b.note.Clone())
	for _, tip := range []*Entry{third, b.forge(third, nil)} {
		_, err = b.openAt(tip, Seen{})
		wantErr(t, err, ErrNotAuthentic, "older than those of pin 2")
	}
}

// What a client remembers against a ledger that went back, sideways or away.
func TestLedgerSeen(t *testing.T) {
	a := newApp(t)
	pins := a.chain(nil, 3)
	other3 := a.forge(pins[1], func(h *handmade) { h.Message = "fork" })
	other4 := a.forge(other3, nil)
	again3 := a.forge(pins[1], func(h *handmade) { h.signed = a.tree(pins[2])[PinName]; h.files["extra"] = []byte("x\n") })
	again3.Pin = pins[2].Pin
	four := a.forge(pins[2], nil)
	fourAgain := a.forge(again3, nil)
	seen := seenOf(pins[2])
	forgotten := seen
	forgotten.Commit = ""
	for name, c := range map[string]struct {
		tip  *Entry
		want string
	}{
		"same":                         {pins[2], ""},
		"one more":                     {four, ""},
		"same pin in another commit":   {again3, ""},
		"one more on it":               {fourAgain, ""},
		"rewound":                      {pins[1], "went back from pin 3 to pin 2"},
		"rewound to the first":         {pins[0], "went back from pin 3 to pin 1"},
		"deleted":                      {nil, "went back: pin 3 was seen"},
		"forked, no longer":            {other3, "is not the pin 3 that was seen"},
		"forked and overtaken":         {other4, "is not the pin 3 that was seen"},
		"begun anew":                   {a.forge(nil, nil), "went back from pin 3 to pin 1"},
		"begun anew, as long and more": {a.chain(a.forge(nil, func(h *handmade) { h.Message = "anew" }), 4)[3], "is not the pin 3"},
	} {
		for _, s := range []Seen{seen, forgotten} {
			l, err := a.openAt(c.tip, s)
			if c.want != "" {
				wantErr(t, err, ErrNotAuthentic, c.want)
				continue
			}
			if err != nil || l.Tip().Hash() != c.tip.Hash() {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Nothing remembered: each is a ledger like any other.
		if _, err := a.openAt(c.tip, Seen{}); err != nil {
			t.Errorf("%s, first use: %v", name, err)
		}
	}
}

// Below the remembered commit nothing is read again; a pin there that is asked
// for is.
func TestLedgerIncremental(t *testing.T) {
	a := newApp(t)
	one := a.forge(nil, nil)
	bad := a.forge(one, func(h *handmade) { h.Previous = digestOf([]byte("x")) })
	three := a.forge(bad, nil)
	l, err := a.openAt(a.forge(three, nil), seenOf(three))
	a.must(err)
	if _, err := l.At(context.Background(), 2); err != nil {
		t.Error(err)
	}
	_, err = l.At(context.Background(), 1)
	wantErr(t, err, ErrNotAuthentic, "pin 2 does not name")
}

// A pin fixes its set and note, whatever else stands in the commit that holds it.
func TestPinTree(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "two")
	e := a.publish("alice")
	b := newApp(t)
	b.set(prod, "A", "other")
	other := b.tree(b.publish("alice"))
	for name, c := range map[string]struct {
		edit func(f map[string][]byte)
		at   string // where it shows: source, names, get
	}{
		"other set.sum":     {func(f map[string][]byte) { f[SumName] = other[SumName] }, "source"},
		"no set.sum":        {func(f map[string][]byte) { delete(f, SumName) }, "source"},
		"set.sum of dev":    {func(f map[string][]byte) { f[SumName] = []byte(strings.ReplaceAll(string(f[SumName]), prod, "dev")) }, "source"},
		"digest in set.sum": {func(f map[string][]byte) { f[SumName] = MakeSum(prod, map[string][32]byte{"A": digestOf(nil)}) }, "source"},
		"other app.note":    {func(f map[string][]byte) { f[NoteName] = other[NoteName] }, "source"},
		"no app.note":       {func(f map[string][]byte) { delete(f, NoteName) }, "source"},
		"other file":        {func(f map[string][]byte) { f["production/A.yaml"] = other["production/A.yaml"] }, "get"},
		"files swapped": {func(f map[string][]byte) {
			f["production/A.yaml"], f["production/B.yaml"] = f["production/B.yaml"], f["production/A.yaml"]
		}, "get"},
		"missing file":           {func(f map[string][]byte) { delete(f, "production/A.yaml") }, "get"},
		"no files":               {func(f map[string][]byte) { delete(f, "production/A.yaml"); delete(f, "production/B.yaml") }, "get"},
		"extra file":             {func(f map[string][]byte) { f["production/C.yaml"] = f["production/B.yaml"] }, "names"},
		"extra odd file":         {func(f map[string][]byte) { f["production/README"] = []byte("x") }, "names"},
		"directory for the file": {func(f map[string][]byte) { delete(f, "production/A.yaml"); f["production/A.yaml/x"] = []byte("x") }, "get"},
	} {
		files := a.tree(e)
		c.edit(files)
		bad := a.forge(nil, func(h *handmade) {
			h.signed = files[PinName]
			h.files = files
		})
		bad.Pin = e.Pin
		l, err := a.openAt(bad, seenOf(e))
		a.must(err) // the chain is right; the set is not
		src, err := l.Source(context.Background(), l.Tip())
		if c.at == "source" {
			if !errors.Is(err, ErrNotAuthentic) || src != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		a.must(err)
		set := &Set{Source: src, Environment: prod, Keys: a.keyring("alice", src)}
		if _, err := src.Names(prod); c.at == "names" && !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: names: %v", name, err)
		}
		if _, _, err := set.All(context.Background()); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: all: %v", name, err)
		}
		_, err = set.Get("A")
		if c.at == "get" && !errors.Is(err, ErrNotAuthentic) || c.at == "names" && err != nil {
			t.Errorf("%s: get: %v", name, err)
		}
		if _, err := FormatBundle(src, ""); err == nil {
			if _, _, err := a.openBundle(mustBundle(src), "alice"); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s: bundle: %v", name, err)
			}
		}
	}
}

func mustBundle(s *Source) []byte {
	files, _ := filesOf(s.FS)
	return rebundle(files)
}

// Two publishers with one repository: every pin lands, none twice.
func TestPublishersRace(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	commit := a.commit()
	proposals := []Proposal{a.proposal("alice", commit), a.proposal("ci", commit)}
	repos := []*repo.Repo{openRepo(t, a.dir), openRepo(t, a.dir)}
	const each = 5
	errs := make([]error, 2)
	moved := make([]int, 2)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			for done := 0; done < each && errs[i] == nil; {
				errs[i] = publishOnce(repos[i], a.note, proposals[i])
				switch {
				case errs[i] == nil:
					done++
				case errors.Is(errs[i], repo.ErrMoved), errors.Is(errs[i], repo.ErrLocked):
					moved[i]++
					errs[i] = nil
				}
			}
		})
	}
	wg.Wait()
	a.must(errors.Join(errs...))
	l := a.ledger()
	by := map[string]int{}
	a.must(l.Walk(context.Background(), func(e *Entry) bool { by[e.Publisher]++; return true }))
	if l.Tip().Number != 2*each || !maps.Equal(by, map[string]int{"alice": each, "ci": each}) {
		t.Errorf("tip %d, %v", l.Tip().Number, by)
	}
	t.Logf("lost races: %v", moved)
}

func publishOnce(r *repo.Repo, note *seal.Note, p Proposal) error {
	ctx := context.Background()
	tip, err := r.Ref(ctx, LedgerRef(note.ID, prod))
	if err != nil {
		return err
	}
	l, err := OpenLedger(ctx, r, note, prod, tip, Seen{})
	if err != nil {
		return err
	}
	d, err := l.Prepare(ctx, p)
	if err != nil {
		return err
	}
	_, err = d.Commit(ctx, Target{Ident: testIdent})
	return err
}

// A publisher who lost writes nothing that counts.
func TestPublishMoved(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	commit := a.commit()
	l := a.ledger()
	d, err := l.Prepare(context.Background(), a.proposal("alice", commit))
	a.must(err)
	winner := a.publishCommit("ci", commit)
	if _, err := d.Commit(context.Background(), Target{Ident: testIdent}); !errors.Is(err, repo.ErrMoved) {
		t.Fatalf("%v", err)
	}
	if a.ledger().Tip().Hash() != winner.Hash() {
		t.Error("the ledger moved")
	}
}
