package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// chain is an app note in its versions. The second has a new admin key; beside is
// another third; removed is what the old admin key signed later.
type chain struct{ first, second, third, beside, removed *seal.Note }

func newChain(t *testing.T) chain {
	t.Helper()
	key := func(slot seal.Slot, generation int) *seal.Key {
		k, err := seal.GenerateKey(slot, generation)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	one, two := key(seal.Admin, 1), key(seal.Admin, 2)
	sign := func(n *seal.Note, version int, by *seal.Key) *seal.Note {
		n.Version = version
		signed, err := n.Sign(by)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	n := seal.NewNote(one)
	n.Members = []seal.Member{{Name: "ada", Recipient: quantumRecipient(t), Slots: []seal.Slot{seal.Admin}}}
	var c chain
	c.first = sign(n, 1, one)
	n = c.first.Clone()
	n.Slots = append(n.Slots, seal.NewAdminEntry(one, n.ID, two))
	c.second = sign(n, 2, two)
	c.third = sign(c.second.Clone(), 3, two)
	n = c.third.Clone()
	n.Members[0].Recipient = quantumRecipient(t)
	c.beside = sign(n, 3, two)
	c.removed = sign(c.first.Clone(), 9, one)
	return c
}

// remembering loads the memory of a directory, as another command would.
func remembering(t *testing.T, dir string) *memory {
	t.Helper()
	m, err := loadMemory(dir, t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *memory) must(t *testing.T, note *seal.Note) {
	t.Helper()
	if err := m.rememberNote(note); err != nil {
		t.Fatal(err)
	}
}

// remembers fails unless a directory holds this note and no other of its app.
func remembers(t *testing.T, dir string, note *seal.Note) {
	t.Helper()
	got, err := remembering(t, dir).note(note.ID)
	if err != nil || got == nil || got.Hash() != note.Hash() {
		t.Errorf("remembered is %+v, %v; want version %d", got, err, note.Version)
	}
	files, err := os.ReadDir(filepath.Join(dir, "notes"))
	if err != nil || len(files) != 1 {
		t.Errorf("notes: %v, %v", files, err)
	}
}

// Two commands began with one memory. What the first remembers, the second's
// note has to follow.
func TestNotesRace(t *testing.T) {
	c := newChain(t)
	for _, test := range []struct {
		name          string
		first, second *seal.Note
		want          error
		left          *seal.Note
	}{
		{"a removed admin's", c.second, c.removed, versions.ErrNotAuthentic, c.second},
		{"an older one", c.third, c.second, nil, c.third},
		{"the same", c.second, c.second, nil, c.second},
		{"a newer one", c.second, c.third, nil, c.third},
		{"two of one version", c.third, c.beside, versions.ErrConflict, c.third},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			remembering(t, dir).must(t, c.first)
			a, b := remembering(t, dir), remembering(t, dir)
			a.must(t, test.first)
			if err := b.rememberNote(test.second); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			remembers(t, dir, test.left)
			a.must(t, test.first) // nothing has changed for who wrote it
		})
	}
	t.Run("both the first", func(t *testing.T) {
		dir := t.TempDir()
		a, b := remembering(t, dir), remembering(t, dir)
		a.must(t, c.second)
		if err := b.rememberNote(c.removed); !errors.Is(err, versions.ErrNotAuthentic) {
			t.Errorf("%v, want not authentic", err)
		}
		remembers(t, dir, c.second)
	})
}

// A kill leaves the old note or the new one, and a reader without the lock finds
// one or the other.
func TestNotesKilled(t *testing.T) {
	c := newChain(t)
	dir := t.TempDir()
	m := remembering(t, dir)
	m.must(t, c.first)
	// The bytes are written and known_apps.yaml is not.
	file := m.notePath(knownNote{id: c.second.ID, hash: c.second.Hash()})
	if err := os.WriteFile(file, c.second.Signed(), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := remembering(t, dir).note(c.first.ID); err != nil || got.Hash() != c.first.Hash() {
		t.Fatalf("%+v, %v; want the first", got, err)
	}
	// The next time goes through, and cleans up.
	reader := remembering(t, dir)
	m.must(t, c.third)
	remembers(t, dir, c.third)
	// known_apps.yaml was read before, the note is read after.
	if got, err := reader.note(c.first.ID); err != nil || got.Hash() != c.third.Hash() {
		t.Errorf("%+v, %v; want the third", got, err)
	}
	// Gone for good.
	if err := os.Remove(m.notePath(knownNote{id: c.third.ID, hash: c.third.Hash()})); err != nil {
		t.Fatal(err)
	}
	if _, err := remembering(t, dir).note(c.first.ID); err == nil || !strings.Contains(strings.Join(hints(err), " "), "pinseal trust") {
		t.Errorf("a note that is gone: %v", err)
	}
	if err := reader.rememberNote(c.second); err == nil {
		t.Error("a note went back where the remembered one is gone")
	}
}

// The same race with pins: what another command has seen meanwhile must be in
// the chain.
func TestPinsRace(t *testing.T) {
	id := seal.AppID{1}
	pin := func(n int, hash byte) versions.Seen {
		return versions.Seen{Number: n, Generation: 1, Hash: [32]byte{hash}}
	}
	refuse := errors.New("another chain")
	for _, test := range []struct {
		name          string
		first, second versions.Seen
		verify        error
		asked         bool
		left          versions.Seen
	}{
		{"further on the chain", pin(6, 6), pin(7, 7), nil, true, pin(7, 7)},
		{"another chain, further", pin(6, 6), pin(7, 8), refuse, true, pin(6, 6)},
		{"another chain, as far", pin(6, 6), pin(6, 8), refuse, true, pin(6, 6)},
		{"the same", pin(6, 6), pin(6, 6), refuse, false, pin(6, 6)},
		{"behind", pin(7, 7), pin(6, 6), refuse, false, pin(7, 7)},
		{"alone", pin(5, 5), pin(6, 6), refuse, false, pin(6, 6)},
	} {
		dir := t.TempDir()
		asked := false
		keep := func(m *memory, seen versions.Seen) error {
			return m.rememberSeen(id, "dev", m.known.seen(id, "dev"), seen, func(now versions.Seen) error {
				asked = true
				if now != test.first {
					t.Errorf("%s: asked about %+v", test.name, now)
				}
				return test.verify
			})
		}
		start := remembering(t, dir)
		err := keep(start, pin(5, 5))
		a, b := remembering(t, dir), remembering(t, dir)
		err = errors.Join(err, keep(a, test.first))
		if err != nil || asked {
			t.Fatalf("%s: %v, asked %v", test.name, err, asked)
		}
		err = keep(b, test.second)
		if left := remembering(t, dir).known.seen(id, "dev"); asked != test.asked || (err != nil) != (asked && test.verify != nil) || left != test.left {
			t.Errorf("%s: %v, asked %v, left %+v", test.name, err, asked, left)
		}
	}
}
