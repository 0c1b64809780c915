package seal

import (
	"bytes"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// fixture is an app with fixed keys and two members. Seeds are one byte
// repeated, so that vectors can name them.
type fixture struct {
	id       AppID
	admin    *Key
	publish  *Key // production.publish 1
	read     *Key // production.read 1
	dev      *Key // dev.read 1
	alice    *age.HybridIdentity
	web      *age.HybridIdentity
	unsigned *Note
	note     *Note
}

func seedKey(t testing.TB, slot Slot, generation int, seed byte) *Key {
	t.Helper()
	k, err := NewKey(slot, generation, bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func hybrid(t testing.TB) *age.HybridIdentity {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{
		admin:   seedKey(t, Admin, 1, 1),
		publish: seedKey(t, "production.publish", 1, 3),
		read:    seedKey(t, "production.read", 1, 4),
		dev:     seedKey(t, "dev.read", 1, 2),
		alice:   hybrid(t),
		web:     hybrid(t),
	}
	n := NewNote(f.admin)
	f.id = n.ID
	n.Slots = append(n.Slots, NewEntry(f.dev), NewEntry(f.publish), NewEntry(f.read))
	n.Members = []Member{
		{Name: "alice", Recipient: f.alice.Recipient().String(), Slots: []Slot{Admin, "dev.read", "production.publish", "production.read"}},
		{Name: "web", Service: true, Recipient: f.web.Recipient().String(), Slots: []Slot{"production.read"}},
	}
	f.unsigned = n
	f.note = f.sign(t, n)
	return f
}

func (f *fixture) sign(t testing.TB, n *Note) *Note {
	t.Helper()
	signed, err := n.Sign(f.admin)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// place is where the tests' secret lives.
func (f *fixture) place() Place {
	return Place{App: f.id, Environment: "production", Kind: KindSecret, Name: "DATABASE_URL"}
}

// forge signs any text as the admin would, which Note.Sign would refuse.
func (f *fixture) forge(text []byte) []byte {
	return forgeAs(f.admin, f.id, text)
}

// rearmor armors any bytes as WrapKey would.
func rearmor(t testing.TB, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sealValue is NewSealer and Seal for one value.
func sealValue(public []byte, generation int, p Place, v Secret) (string, error) {
	s, err := NewSealer(public, generation)
	if err != nil {
		return "", err
	}
	return s.Seal(p, v)
}
