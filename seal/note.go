package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
)

const (
	// MaxNote is the largest signed text in bytes, 4 MiB.
	MaxNote = 4 << 20
	// MaxMembers is the largest number of members of an app.
	MaxMembers = 500
	// noteLevel is the highest `needs` that this program understands.
	noteLevel = 1
)

// Entry is one generation of a slot.
type Entry struct {
	Slot       Slot
	Generation int    // from 1, without gaps
	Key        []byte // public key: 32 bytes Ed25519, or 1,216 bytes X-Wing for read slots
	// Endorsed is the signature of the admin key before, 64 bytes; only for
	// admin keys above generation 1, see [EndorseKey].
	Endorsed []byte
	// Retired is set when a publish generation signs no more: then Until is the
	// number of the last pin it signed, 0 for none, and Head, only if Until is
	// above 0, the SHA-256 of that pin's text.
	Retired bool
	Until   int
	Head    [32]byte
}

// Member is a person or a service with the slots it was given.
type Member struct {
	Name      string
	Service   bool
	Recipient string // canonical, see [ParseRecipient]
	Slots     []Slot // sorted, at least one
}

// Note is an app note: who the app is, its keys and its members. A note that
// was parsed or signed must not be modified, nor the slices it hands out;
// [Note.Clone] gives one that may be, to be signed again.
type Note struct {
	ID      AppID
	Version int      // from 1
	Slots   []Entry  // in order of creation
	Members []Member // sorted by name

	signed []byte   // as parsed; nil for a note that is not signed
	hash   [32]byte // of the text, when signed is set
}

// NewNote returns the first note of a new app, not signed and without members:
// version 1, and admin, an admin key of generation 1, as its only entry. It
// returns nil for another key.
func NewNote(admin *Key) *Note {
	if admin == nil || admin.hold == nil || admin.slot != Admin || admin.generation != 1 {
		return nil
	}
	return &Note{ID: NewAppID(admin.hold().public), Version: 1, Slots: []Entry{NewEntry(admin)}}
}

// NewEntry returns the entry of a key, for every slot and generation but admin
// keys above 1, which need [NewAdminEntry].
func NewEntry(k *Key) Entry {
	return Entry{Slot: k.slot, Generation: k.generation, Key: k.Public()}
}

// NewAdminEntry returns the entry of an admin key that follows previous.
func NewAdminEntry(previous *Key, id AppID, next *Key) Entry {
	e := NewEntry(next)
	e.Endorsed = EndorseKey(previous, id, next)
	return e
}

// EndorseKey returns the signature by which an admin key names its successor:
// Ed25519 by previous over E("pinseal/v1/succession", id, u32 generation of
// next, public key of next). It returns nil unless next is the admin key that
// comes right after previous. A message begins with a zero byte, which no
// signed text can, so the two kinds of signature cannot stand for each other.
func EndorseKey(previous *Key, id AppID, next *Key) []byte {
	if previous == nil || next == nil || previous.hold == nil || next.hold == nil ||
		previous.slot != Admin || next.slot != Admin || next.generation != previous.generation+1 {
		return nil
	}
	return ed25519.Sign(previous.hold().sign, succession(id, next.generation, next.hold().public))
}

func succession(id AppID, generation int, public []byte) []byte {
	return encode([]byte(labelSuccession), id[:], u32(uint32(generation)), public)
}

// Clone returns a deep copy that is not signed.
func (n *Note) Clone() *Note {
	c := &Note{ID: n.ID, Version: n.Version, Slots: slices.Clone(n.Slots), Members: slices.Clone(n.Members)}
	for i := range c.Slots {
		c.Slots[i].Key = slices.Clone(c.Slots[i].Key)
		c.Slots[i].Endorsed = slices.Clone(c.Slots[i].Endorsed)
	}
	for i := range c.Members {
		c.Members[i].Slots = slices.Clone(c.Members[i].Slots)
	}
	return c
}

// Hash returns the SHA-256 of the note's text, which is what names a note: not
// of the signed bytes. It is zero for a note that has no spelling.
func (n *Note) Hash() [32]byte {
	if n.signed != nil {
		return n.hash
	}
	text, err := n.Text()
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(text)
}

// Signed returns the note as it was parsed or signed, nil when it was not. Do
// not modify the result.
func (n *Note) Signed() []byte { return n.signed }

// Entry returns one generation of a slot.
func (n *Note) Entry(slot Slot, generation int) (Entry, bool) {
	for i := range n.Slots {
		if n.Slots[i].Slot == slot && n.Slots[i].Generation == generation {
			return n.Slots[i], true
		}
	}
	return Entry{}, false
}

// Newest returns the newest generation of a slot.
func (n *Note) Newest(slot Slot) (Entry, bool) {
	for i := len(n.Slots) - 1; i >= 0; i-- { // generations ascend
		if n.Slots[i].Slot == slot {
			return n.Slots[i], true
		}
	}
	return Entry{}, false
}

// Environments returns the environments that a member holds a slot of, in the
// order of their first slot. The first is the default.
func (n *Note) Environments() []string {
	held := make(map[string]bool)
	for _, m := range n.Members {
		for _, s := range m.Slots {
			held[s.Environment()] = true
		}
	}
	var envs []string
	for i := range n.Slots {
		if env := n.Slots[i].Slot.Environment(); env != "" && held[env] {
			envs = append(envs, env)
			delete(held, env)
		}
	}
	return envs
}

// Member returns the member of that name.
func (n *Note) Member(name string) (Member, bool) {
	for _, m := range n.Members {
		if m.Name == name {
			return m, true
		}
	}
	return Member{}, false
}

// Readers returns the members that hold the read slot of an environment, sorted
// by name.
func (n *Note) Readers(environment string) []Member { return n.Holders(ReadSlot(environment)) }

// Holders returns the members that hold a slot, sorted by name.
func (n *Note) Holders(slot Slot) []Member {
	var holders []Member
	for _, m := range n.Members {
		if slices.Contains(m.Slots, slot) {
			holders = append(holders, m)
		}
	}
	return holders
}
