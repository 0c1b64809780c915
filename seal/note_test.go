package seal

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestNoteReads(t *testing.T) {
	f := newFixture(t)
	n, err := ParseNote(f.note.Signed())
	if err != nil {
		t.Fatal(err)
	}
	checkReprint(t, n)
	if n.ID != f.id || n.Version != 1 || !reflect.DeepEqual(n.Slots, f.unsigned.Slots) || !reflect.DeepEqual(n.Members, f.unsigned.Members) {
		t.Error("note reads as another")
	}
	if n.Hash() != f.unsigned.Hash() || n.Hash() == [32]byte{} {
		t.Error("hash of a signed note is not that of its text")
	}
	if got := n.Environments(); !slices.Equal(got, []string{"dev", "production"}) {
		t.Errorf("environments %v", got)
	}
	names := func(members []Member) (out []string) {
		for _, m := range members {
			out = append(out, m.Name)
		}
		return out
	}
	if got := names(n.Readers("production")); !slices.Equal(got, []string{"alice", "web"}) {
		t.Errorf("readers %v", got)
	}
	if got := names(n.Holders("production.publish")); !slices.Equal(got, []string{"alice"}) {
		t.Errorf("holders %v", got)
	}
	if m, ok := n.Member("web"); !ok || !m.Service {
		t.Error("no member web")
	}
	if _, ok := n.Member("bob"); ok || n.Readers("staging") != nil {
		t.Error("finds what is not there")
	}
	if _, ok := n.Newest("staging.read"); ok {
		t.Error("finds a slot that is not there")
	}
	if _, ok := n.Entry("dev.read", 2); ok {
		t.Error("finds a generation that is not there")
	}
	// The library opens it too.
	vkey, _ := note.NewEd25519VerifierKey(f.id.String(), f.admin.Public())
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(n.Signed(), note.VerifierList(verifier)); err != nil {
		t.Errorf("library: %v", err)
	}
}

func TestRotatedNote(t *testing.T) {
	f := newFixture(t)
	n, _ := f.rotated(t)
	e, ok := n.Newest(Admin)
	if !ok || e.Generation != 2 || len(e.Endorsed) != 64 {
		t.Error("newest admin")
	}
	old, ok := n.Entry("production.publish", 1)
	if !ok || !old.Retired || old.Until != 12 || old.Head != [32]byte{1, 2, 3} {
		t.Error("retired publisher")
	}
	if e, _ := n.Newest("production.publish"); e.Retired || e.Generation != 2 {
		t.Error("newest publisher")
	}
	// Environments that nobody holds are gone.
	gone := n.Clone()
	gone.Members[0].Slots = []Slot{Admin, "production.publish", "production.read"}
	if got := gone.Environments(); !slices.Equal(got, []string{"production"}) {
		t.Errorf("environments %v", got)
	}
}

// TestUntilZero: a publisher that left before it signed anything.
func TestUntilZero(t *testing.T) {
	f := newFixture(t)
	n := f.note.Clone()
	n.Version++
	n.Slots[2].Retired = true
	n.Slots = append(n.Slots, NewEntry(seedKey(t, "production.publish", 2, 6)))
	signed := f.sign(t, n)
	if !bytes.Contains(signed.Signed(), []byte("    until: 0\n  - slot: production.read\n")) {
		t.Error("until 0 is not printed without head")
	}
	if e, _ := signed.Entry("production.publish", 1); !e.Retired || e.Until != 0 {
		t.Error("until 0 does not come back")
	}
}

func TestParseNoteKnown(t *testing.T) {
	f := newFixture(t)
	hash := f.note.Hash()
	if _, err := ParseNote(f.note.Signed(), [32]byte{1}, hash); err != nil {
		t.Error(err)
	}
	// Of a known text the signature is not looked at, but all the rest is.
	bad := bytes.Clone(f.note.Signed())
	bad = replaceSignature(t, bad)
	if _, err := ParseNote(bad); !errors.Is(err, ErrAuth) {
		t.Errorf("a false signature: %v", err)
	}
	if _, err := ParseNote(bad, hash); err != nil {
		t.Errorf("known: %v", err)
	}
	if _, err := ParseNote(bad, [32]byte{}); !errors.Is(err, ErrAuth) {
		t.Errorf("known others: %v", err)
	}
	if _, err := ParseNote(append(bytes.Clone(bad), '\n'), hash); !errors.Is(err, ErrAuth) {
		t.Errorf("known, another envelope: %v", err)
	}
}

// replaceSignature changes a bit of the signature itself, not of the key id.
func replaceSignature(t *testing.T, signed []byte) []byte {
	e, err := splitText(signed)
	if err != nil {
		t.Fatal(err)
	}
	e.signature = bytes.Clone(e.signature)
	e.signature[10] ^= 1
	return appendSignature(e.text, e.name, e.keyID, e.signature)
}

// TestEveryNoteByte changes each byte of a note, and cuts it everywhere.
func TestEveryNoteByte(t *testing.T) {
	f := newFixture(t)
	n, _ := f.rotated(t)
	signed := n.Signed()
	// Long keys are many alike characters: most of them need no turn.
	for i := 0; i < len(signed); i++ {
		if i%41 != 0 && i > 120 && i < len(signed)-250 {
			continue
		}
		changed := bytes.Clone(signed)
		changed[i] ^= 1
		if _, err := ParseNote(changed); !errors.Is(err, ErrAuth) && !isNeeds(err) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := ParseNote(signed[:i]); !errors.Is(err, ErrAuth) {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
}

func isNeeds(err error) bool {
	needs := new(NeedsError)
	return errors.As(err, &needs)
}

func TestSignNoteRefuses(t *testing.T) {
	f := newFixture(t)
	bob := hybrid(t).Recipient().String()
	for name, change := range map[string]func(*Note){
		"version 0":                  func(n *Note) { n.Version = 0 },
		"version too high":           func(n *Note) { n.Version = 1 << 31 },
		"another id":                 func(n *Note) { n.ID[0] ^= 1 },
		"no members":                 func(n *Note) { n.Members = nil },
		"no admin holder":            func(n *Note) { n.Members[0].Slots = n.Members[0].Slots[1:] },
		"member name":                func(n *Note) { n.Members[0].Name = "Alice" },
		"member twice":               func(n *Note) { n.Members[1].Name = "alice" },
		"members out of order":       func(n *Note) { n.Members[0], n.Members[1] = n.Members[1], n.Members[0] },
		"recipient twice":            func(n *Note) { n.Members[1].Recipient = n.Members[0].Recipient },
		"recipient with comment":     func(n *Note) { n.Members[1].Recipient = sshLine(t) + " web@host" },
		"recipient unknown":          func(n *Note) { n.Members[1].Recipient = "gpg:ABCD" },
		"recipient empty":            func(n *Note) { n.Members[1].Recipient = "" },
		"recipient cut":              func(n *Note) { n.Members[1].Recipient = bob[:len(bob)-1] },
		"recipient with newline":     func(n *Note) { n.Members[1].Recipient = bob + "\n" },
		"no slots":                   func(n *Note) { n.Members[1].Slots = nil },
		"slot unknown":               func(n *Note) { n.Members[1].Slots = []Slot{"staging.read"} },
		"slot twice":                 func(n *Note) { n.Members[1].Slots = []Slot{"dev.read", "dev.read"} },
		"slots out of order":         func(n *Note) { n.Members[1].Slots = []Slot{"production.read", "dev.read"} },
		"slot name":                  func(n *Note) { n.Slots[1].Slot = "dev.write" },
		"generation gap":             func(n *Note) { n.Slots[1].Generation = 2 },
		"generation 0":               func(n *Note) { n.Slots[1].Generation = 0 },
		"key length":                 func(n *Note) { n.Slots[1].Key = n.Slots[1].Key[1:] },
		"key of another kind":        func(n *Note) { n.Slots[1].Key = f.publish.Public() },
		"key out of range":           func(n *Note) { n.Slots[1].Key = bytes.Repeat([]byte{0xff}, readKeySize) },
		"key twice":                  func(n *Note) { n.Slots[3].Key = n.Slots[1].Key },
		"admin key published":        func(n *Note) { n.Slots[2].Key = n.Slots[0].Key },
		"endorsed first":             func(n *Note) { n.Slots[0].Endorsed = make([]byte, 64) },
		"endorsed publisher":         func(n *Note) { n.Slots[2].Endorsed = make([]byte, 64) },
		"retired read":               func(n *Note) { n.Slots[1].Retired = true },
		"retired admin":              func(n *Note) { n.Slots[0].Retired = true },
		"until without retired":      func(n *Note) { n.Slots[2].Until, n.Slots[2].Head = 1, [32]byte{1} },
		"until without head":         func(n *Note) { n.Slots[2].Retired, n.Slots[2].Until = true, 1 },
		"head without until":         func(n *Note) { n.Slots[2].Retired, n.Slots[2].Head = true, [32]byte{1} },
		"head alone":                 func(n *Note) { n.Slots[2].Head = [32]byte{1} },
		"until negative":             func(n *Note) { n.Slots[2].Retired, n.Slots[2].Until, n.Slots[2].Head = true, -1, [32]byte{1} },
		"successor without until":    func(n *Note) { n.Slots = append(n.Slots, NewEntry(seedKey(t, "production.publish", 2, 6))) },
		"admin 2 signed by admin 1":  func(n *Note) { n.Slots = append(n.Slots, NewAdminEntry(f.admin, n.ID, seedKey(t, Admin, 2, 5))) },
		"too many members":           func(n *Note) { n.Members = append(n.Members, manyMembers(MaxMembers-1)...) },
		"more than 64 generations":   func(n *Note) { addGenerations(t, n, 65) },
		"entry without a name":       func(n *Note) { n.Slots = append(n.Slots, Entry{}) },
		"generation before its turn": func(n *Note) { n.Slots = slices.Insert(n.Slots, 1, NewEntry(seedKey(t, "dev.read", 2, 6))) },
	} {
		n := f.unsigned.Clone()
		change(n)
		before := fmt.Sprint(n)
		if signed, err := n.Sign(f.admin); err == nil || signed != nil {
			t.Errorf("%s: signed", name)
		} else if errors.Is(err, ErrAuth) {
			t.Errorf("%s: a mistake of the caller's is called not authentic: %v", name, err)
		}
		if fmt.Sprint(n) != before {
			t.Errorf("%s: Sign modified the note", name)
		}
	}
	ok := f.unsigned.Clone()
	addGenerations(t, ok, 64)
	if _, err := ok.Sign(f.admin); err != nil {
		t.Errorf("64 generations: %v", err)
	}
	for name, k := range map[string]*Key{"no key": nil, "zero key": {}, "stranger": seedKey(t, Admin, 1, 9), "publisher": f.publish, "reader": f.dev, "admin 2": seedKey(t, Admin, 2, 1)} {
		if _, err := f.unsigned.Sign(k); err == nil {
			t.Errorf("%s signs", name)
		}
	}
	rotated, _ := f.rotated(t)
	if _, err := rotated.Clone().Sign(f.admin); err == nil {
		t.Error("a replaced admin key signs")
	}
}

func addGenerations(t *testing.T, n *Note, upTo int) {
	t.Helper()
	for g := 2; g <= upTo; g++ {
		// NewKey refuses 65, and so must the note.
		k := seedKey(t, "dev.read", 2, byte(100+g))
		e := NewEntry(k)
		e.Generation = g
		n.Slots = append(n.Slots, e)
	}
}

func manyMembers(n int) []Member {
	members := make([]Member, n)
	for i := range members {
		members[i] = Member{Name: fmt.Sprintf("z%03d", i), Recipient: fmt.Sprintf("age1x%d", i), Slots: []Slot{"dev.read"}}
	}
	return members
}

func TestEndorseKey(t *testing.T) {
	f := newFixture(t)
	admin2, admin3 := seedKey(t, Admin, 2, 5), seedKey(t, Admin, 3, 6)
	if len(EndorseKey(f.admin, f.id, admin2)) != 64 {
		t.Error("no endorsement of the next admin key")
	}
	for name, sig := range map[string][]byte{
		"skipping one": EndorseKey(f.admin, f.id, admin3), "backwards": EndorseKey(admin2, f.id, f.admin),
		"by a publisher": EndorseKey(f.publish, f.id, admin2), "of a publisher": EndorseKey(f.admin, f.id, seedKey(t, "production.publish", 2, 6)),
		"by nobody": EndorseKey(nil, f.id, admin2), "of nobody": EndorseKey(f.admin, f.id, nil), "zero keys": EndorseKey(new(Key), f.id, new(Key)),
	} {
		if sig != nil {
			t.Errorf("endorsement %s", name)
		}
	}
	if NewNote(nil) != nil || NewNote(f.publish) != nil || NewNote(admin2) != nil || NewNote(new(Key)) != nil {
		t.Error("a note without a first admin key")
	}
}

func TestClone(t *testing.T) {
	f := newFixture(t)
	n, _ := f.rotated(t)
	before := fmt.Sprint(n)
	c := n.Clone()
	if c.Signed() != nil || c.Hash() != n.Hash() {
		t.Error("a clone is signed or another")
	}
	for i := range c.Slots {
		c.Slots[i].Key[0] ^= 1
		if len(c.Slots[i].Endorsed) > 0 {
			c.Slots[i].Endorsed[0] ^= 1
		}
	}
	c.Members[0].Slots[0] = "x"
	c.Members[0].Name = "x"
	if fmt.Sprint(n) != before {
		t.Error("a clone shares memory with its note")
	}
	c.Members[0].Recipient = "\n"
	if c.Hash() != [32]byte{} {
		t.Error("a note without a spelling has a hash")
	}
}

// TestLargestNote: 500 members, and what goes over 4 MiB is refused.
func TestLargestNote(t *testing.T) {
	f := newFixture(t)
	n := f.unsigned.Clone()
	for i := 2; i < MaxMembers; i++ {
		n.Members = append(n.Members, Member{Name: fmt.Sprintf("z%03d", i), Recipient: sshLine(t), Slots: []Slot{"dev.read"}})
	}
	signed := f.sign(t, n)
	if len(signed.Members) != MaxMembers {
		t.Errorf("%d members", len(signed.Members))
	}
	if _, err := ParseNote(append(bytes.Clone(signed.Signed()), make([]byte, MaxNote)...)); !errors.Is(err, ErrAuth) {
		t.Errorf("over 4 MiB: %v", err)
	}
}

func TestErrorsQuoteNothing(t *testing.T) {
	f := newFixture(t)
	text, _ := f.note.Text()
	for _, edit := range []string{"name: hunter22=x", "name: \"hunter22\"", "hunter22: x", "name: hunter22\u202e", "name: [hunter22]", "slots: [hunter22]", "- hunter22"} {
		for _, signed := range [][]byte{f.forge(replaceOnce(t, text, "name: alice", edit)), f.forge(replaceOnce(t, text, "version: 1", edit))} {
			_, err := ParseNote(signed)
			if err == nil || strings.Contains(err.Error(), "hunter22=") || strings.Contains(err.Error(), "\u202e") || strings.Contains(err.Error(), "hunter22") && !strings.Contains(err.Error(), `"hunter22"`) {
				t.Errorf("%s: %v", edit, err)
			}
		}
	}
}
