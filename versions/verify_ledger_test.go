package versions

import (
	"context"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// push has one ledger pushed in place of another.
func (a *testApp) push(from, to *Entry) []Fault {
	a.t.Helper()
	faults, err := VerifyPush(context.Background(), a.r, a.note, prod, commitOf(from), commitOf(to))
	a.must(err)
	return faults
}

// rewritten puts a pin into another commit, with other files.
func (a *testApp) rewritten(e *Entry, edit func(map[string][]byte)) *Entry {
	a.t.Helper()
	files := a.tree(e)
	edit(files)
	commit, err := a.r.Commit(context.Background(), e.LedgerCommit)
	a.must(err)
	again, tree := a.writeCommit(files, commit.Parents)
	return &Entry{Pin: e.Pin, LedgerCommit: again, tree: tree}
}

func TestVerifyPush(t *testing.T) {
	a := sound(t)
	one := a.publish("alice")
	a.set(prod, "A", "second")
	two := a.publish("alice")
	three := a.forge(two, nil)
	side := a.forge(one, func(h *handmade) { h.Message = "another two" })
	stranger, err := seal.GenerateKey(seal.PublishSlot(prod), 1)
	a.must(err)
	byStranger := a.forge(two, func(h *handmade) { h.key = stranger })
	noPin, tree := a.writeCommit(map[string][]byte{"x": nil}, nil)

	tests := []struct {
		name     string
		from, to *Entry
		was, now int
		part     string // "" when it may be pushed
	}{
		{"first", nil, one, 0, 1, ""},
		{"several at once", nil, three, 0, 3, ""},
		{"next", one, two, 1, 2, ""},
		{"went back", two, one, 2, 1, "went back from pin 2 to pin 1"},
		{"the same", two, two, 2, 2, "no pin beyond 2"},
		{"the same pins in other commits", two, a.rewritten(two, func(m map[string][]byte) { m["dev/x"] = nil; delete(m, "dev/x") }), 2, 2, "no pin beyond 2"},
		{"forked", two, side, 2, 2, "is not the pin 2 that was seen"},
		{"forked and longer", two, a.forge(side, nil), 2, 3, "is not the pin 2 that was seen"},
		{"gap", two, a.forge(two, func(h *handmade) { h.Number = 4 }), 2, 4, "stands on pin 2"},
		{"another previous", two, a.forge(two, func(h *handmade) { h.Previous[0] ^= 1 }), 2, 3, "does not name the pin below"},
		{"signed by a stranger", two, byStranger, 2, 3, "does not verify"},
		{"a stranger's below", two, a.forge(byStranger, nil), 2, 4, "does not verify"},
		{"of another environment", two, a.forge(two, func(h *handmade) { h.Environment = "dev" }), 2, 3, "is of environment dev"},
		{"not a ledger", two, &Entry{Pin: &Pin{}, LedgerCommit: noPin, tree: tree}, 2, 0, "without a pin"},
		{"in place of what is none", &Entry{Pin: &Pin{}, LedgerCommit: noPin, tree: tree}, one, 0, 1, "no ledger to go on from"},
		{"no object", two, &Entry{Pin: &Pin{}, LedgerCommit: repo.Hash(strings.Repeat("1", 40))}, 2, 0, "cannot be read"},
		{"another file", one, a.rewritten(two, func(m map[string][]byte) { m["production/A.yaml"] = m["app.note"] }), 1, 2, "is not the file that was pinned"},
		{"a file more", one, a.rewritten(two, func(m map[string][]byte) { m["production/B.yaml"] = m["production/A.yaml"] }), 1, 2, "are not those that set.sum lists"},
		{"a stray file", one, a.rewritten(two, func(m map[string][]byte) { m["plaintext"] = []byte("hunter2") }), 1, 2, `"plaintext": has no place here`},
		{"a file less", one, a.rewritten(two, func(m map[string][]byte) { delete(m, "production/A.yaml") }), 1, 2, "are not those that set.sum lists"},
		{"another set.sum", one, a.rewritten(two, func(m map[string][]byte) { m[SumName] = nil }), 1, 2, "is not the one that was pinned"},
		{"another note", one, a.rewritten(two, func(m map[string][]byte) { m[NoteName] = m[PinName] }), 1, 2, "is not the one that the pin names"},
		{"a wrap that is none", one, a.rewritten(two, func(m map[string][]byte) { m["keys/production.read.1/bob.age"] = []byte("hunter2") }), 1, 2, "is not a wrap"},
		{"a bad pin under a good one", one, a.forge(a.rewritten(two, func(m map[string][]byte) { m["plaintext"] = nil }), nil), 1, 3, `"plaintext": has no place here`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			faults := a.push(test.from, test.to)
			was, now := PinNumber(context.Background(), a.r, commitOf(test.from)), PinNumber(context.Background(), a.r, commitOf(test.to))
			if was != test.was || now != test.now {
				t.Errorf("from pin %d to pin %d, want %d and %d", was, now, test.was, test.now)
			}
			var text []string
			for _, f := range faults {
				wantErr(t, f.Err, ErrNotAuthentic, "")
				text = append(text, f.Err.Error())
			}
			if all := strings.Join(text, "\n"); (test.part == "") != (all == "") || !strings.Contains(all, test.part) {
				t.Errorf("faults %q, want %q", all, test.part)
			}
		})
	}
}

// Pins by a retired key are void: they may not be pushed, and an honest pin takes
// their place where they got in before it was retired.
func TestVerifyPushRetired(t *testing.T) {
	a := sound(t)
	one := a.publish("alice")
	late := a.forge(one, nil)
	a.rotate(seal.PublishSlot(prod), one)
	if p := a.push(one, late); len(p) != 1 || !strings.Contains(p[0].Err.Error(), "by a retired key") {
		t.Errorf("a pin by a retired key: %v", p)
	}
	if p := a.push(late, a.forge(one, nil)); len(p) > 0 {
		t.Errorf("an honest pin in place of a void one: %v", p)
	}
	if p := a.push(one, a.forge(late, nil)); len(p) != 1 {
		t.Errorf("an honest pin on a void one: %v", p)
	}
	two := a.forge(one, nil)
	if p := a.push(two, a.forge(two, func(h *handmade) { h.Generation = 1 })); len(p) != 1 {
		t.Errorf("a generation that falls: %v", p)
	}
	if p := a.push(one, nil); len(p) != 1 {
		t.Errorf("no pin at all: %v", p)
	}
}

func TestCheckNote(t *testing.T) {
	a := sound(t)
	one := a.note
	a.add("dora", false, "dev.read")
	two := a.note
	three := func() *seal.Note { a.add("eve", false, "dev.read"); return a.note }()
	a.note = one
	a.rotate("dev.read", nil)
	other := a.note // a second version 2, with a key of its own
	stranger := newApp(t).note
	tests := []struct {
		name     string
		was, now *seal.Note
		is       error
		part     string
		older    bool // and may it be older
	}{
		{"same", two, two, nil, "", true},
		{"follows", one, three, nil, "", true},
		{"precedes", three, two, ErrNotAuthentic, "went back to version 2 from version 3 of A", true},
		{"diverged", two, other, ErrConflict, "differs between A and B", false},
		{"not on from", three, other, ErrNotAuthentic, "version 2 does not go on from version 3 of A", false},
		{"another app", one, stranger, ErrNotAuthentic, "is of app " + stranger.ID.String(), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := CheckNote(test.was, test.now, "A", "B", false)
			if test.is == nil {
				a.must(err)
			} else {
				wantErr(t, err, test.is, test.part)
			}
			if older := CheckNote(test.was, test.now, "A", "B", true); (older == nil) != test.older {
				t.Errorf("where an older one will do: %v", older)
			}
		})
	}
}
