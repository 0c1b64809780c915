package versions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// branches are three notes of one app, made by editing: what both began with and
// the two sides. Keys are told by who made them.
type branches struct {
	*testApp
	label  map[string]string // by public key: "production.read.2 ours"
	signer map[string]*seal.Key
}

func newBranches(t *testing.T) *branches {
	a := newApp(t)
	b := &branches{a, map[string]string{}, map[string]*seal.Key{}}
	for _, e := range a.note.Slots {
		b.label[string(e.Key)] = fmt.Sprintf("%s.%d", e.Slot, e.Generation)
	}
	b.signer[string(newestOf(a.note, seal.Admin).Key)] = a.key(seal.Admin, 1)
	return b
}

type noteEdit func(b *branches, n *seal.Note, side string)

// from makes the next version of a note.
func (b *branches) from(n *seal.Note, side string, edits ...noteEdit) *seal.Note {
	b.t.Helper()
	next := n.Clone()
	next.Version++
	for _, edit := range edits {
		edit(b, next, side)
	}
	slices.SortFunc(next.Members, func(x, y seal.Member) int { return strings.Compare(x.Name, y.Name) })
	return b.signed(next)
}

func (b *branches) signed(n *seal.Note) *seal.Note {
	b.t.Helper()
	signed, err := n.Sign(b.signer[string(newestOf(n, seal.Admin).Key)])
	b.must(err)
	return signed
}

func add(name string, slots ...seal.Slot) noteEdit { return addAs(name, name, slots...) }

// addAs adds a member with the recipient of a person.
func addAs(name, person string, slots ...seal.Slot) noteEdit {
	return func(b *branches, n *seal.Note, _ string) {
		m := b.member(person, false, slots...)
		m.Name = name
		n.Members = append(n.Members, m)
	}
}

func rm(names ...string) noteEdit {
	return func(_ *branches, n *seal.Note, _ string) {
		n.Members = slices.DeleteFunc(n.Members, func(m seal.Member) bool { return slices.Contains(names, m.Name) })
	}
}

// can gives a member exactly these slots.
func can(name string, slots ...seal.Slot) noteEdit {
	return func(b *branches, n *seal.Note, _ string) {
		for i := range n.Members {
			if n.Members[i].Name == name {
				slices.Sort(slots)
				n.Members[i].Slots = slots
			}
		}
	}
}

func newRecipient(name, person string) noteEdit {
	return func(b *branches, n *seal.Note, _ string) {
		for i := range n.Members {
			if n.Members[i].Name == name {
				n.Members[i].Recipient = b.person(person).Recipient().String()
			}
		}
	}
}

func asService(name string) noteEdit {
	return func(_ *branches, n *seal.Note, _ string) {
		for i := range n.Members {
			n.Members[i].Service = n.Members[i].Service || n.Members[i].Name == name
		}
	}
}

func rekey(slots ...seal.Slot) noteEdit {
	return func(b *branches, n *seal.Note, side string) {
		for _, slot := range slots {
			old := newestOf(n, slot)
			k, err := seal.GenerateKey(slot, old.Generation+1)
			b.must(err)
			e := seal.NewEntry(k)
			switch slot.Power() {
			case seal.Administer:
				e = seal.NewAdminEntry(b.signer[string(old.Key)], n.ID, k)
				b.signer[string(e.Key)] = k
			case seal.Publish:
				retire(n, slot, old.Generation, nil)
			}
			b.label[string(e.Key)] = fmt.Sprintf("%s.%d %s", slot, e.Generation, side)
			n.Slots = append(n.Slots, e)
		}
	}
}

func until(slot seal.Slot, generation, number int) noteEdit {
	return func(_ *branches, n *seal.Note, _ string) {
		for i := range n.Slots {
			if e := &n.Slots[i]; e.Slot == slot && e.Generation == generation {
				e.Retired, e.Until, e.Head = true, number, [32]byte{byte(number)}
			}
		}
	}
}

func newEnv(env string, holders ...string) noteEdit {
	return func(b *branches, n *seal.Note, side string) {
		slots := []seal.Slot{seal.PublishSlot(env), seal.ReadSlot(env)}
		for _, slot := range slots {
			if _, there := n.Newest(slot); there {
				rekey(slot)(b, n, side)
				continue
			}
			k, err := seal.GenerateKey(slot, 1)
			b.must(err)
			e := seal.NewEntry(k)
			b.label[string(e.Key)] = fmt.Sprintf("%s.%d %s", slot, 1, side)
			n.Slots = append(n.Slots, e)
		}
		for i := range n.Members {
			if m := &n.Members[i]; slices.Contains(holders, m.Name) {
				m.Slots = append(m.Slots, slots...)
				slices.Sort(m.Slots)
			}
		}
	}
}

func rmEnv(env string) noteEdit {
	return func(_ *branches, n *seal.Note, _ string) {
		retire(n, seal.PublishSlot(env), newestOf(n, seal.PublishSlot(env)).Generation, nil)
		for i := range n.Members {
			n.Members[i].Slots = slices.DeleteFunc(n.Members[i].Slots, func(s seal.Slot) bool { return s.Environment() == env })
		}
		n.Members = slices.DeleteFunc(n.Members, func(m seal.Member) bool { return len(m.Slots) == 0 })
	}
}

// short prints the members and the keys above generation 1 of a note.
func (b *branches) short(n *seal.Note, all []seal.Entry) (members, keys string) {
	var ms, ks []string
	for _, m := range n.Members {
		var slots []string
		for _, s := range m.Slots {
			slots = append(slots, string(s))
		}
		ms = append(ms, m.Name+"="+strings.Join(slots, ","))
	}
	for _, e := range all {
		if label := b.label[string(e.Key)]; strings.Contains(label, " ") {
			ks = append(ks, label)
		}
	}
	return strings.Join(ms, " "), strings.Join(ks, ", ")
}
