package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"pinseal/seal/spelling"
)

// check holds a note to all rules but those about signatures and recipients'
// keys, which are checkKeys'. Errors name slots and members only after their
// names were checked.
func (n *Note) check() error {
	if n.Version < 1 || n.Version > spelling.MaxNumber {
		return errors.New("version is out of range")
	}
	slots, err := n.checkEntries()
	if err != nil {
		return err
	}
	first, ok := n.Entry(Admin, 1)
	if !ok {
		return errors.New("there is no admin key")
	}
	if NewAppID(first.Key) != n.ID {
		return errors.New("id is not that of the first admin key")
	}
	if err := n.checkMembers(slots); err != nil {
		return err
	}
	if len(n.Holders(Admin)) == 0 {
		return errors.New("no member holds admin")
	}
	return nil
}

// checkEntries returns the newest generation of every slot.
func (n *Note) checkEntries() (map[Slot]int, error) {
	newest := make(map[Slot]int)
	keys := make(map[string]bool, len(n.Slots))
	for i := range n.Slots {
		e := &n.Slots[i]
		if _, err := ParseSlot(string(e.Slot)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		if err := e.check(newest[e.Slot]); err != nil {
			return nil, fmt.Errorf("slot %q, entry %d: %w", e.Slot, i+1, err)
		}
		if keys[string(e.Key)] {
			return nil, fmt.Errorf("slot %q, generation %d: key occurs twice", e.Slot, e.Generation)
		}
		newest[e.Slot] = e.Generation
		keys[string(e.Key)] = true
	}
	// A generation that could still sign beside its successor would leave a
	// removed publisher his key.
	for i := range n.Slots {
		e := &n.Slots[i]
		if e.Slot.Power() == Publish && e.Generation < newest[e.Slot] && !e.Retired {
			return nil, fmt.Errorf("slot %q, generation %d: has a successor but no until", e.Slot, e.Generation)
		}
	}
	return newest, nil
}

// check holds one entry to its rules; before is the generation before it.
func (e *Entry) check(before int) error {
	size := readKeySize
	if e.Slot.signs() {
		size = ed25519.PublicKeySize
	}
	endorsed := 0
	if e.Slot == Admin && e.Generation > 1 {
		endorsed = ed25519.SignatureSize
	}
	switch {
	case e.Generation != before+1:
		return errors.New("generation is not the next")
	case e.Generation > MaxGenerations:
		return fmt.Errorf("there are more than %d generations", MaxGenerations)
	case len(e.Key) != size:
		return errors.New("key has the wrong length")
	case len(e.Endorsed) != endorsed:
		return errors.New("endorsement is missing, of the wrong length, or has no place here")
	case e.Retired && e.Slot.Power() != Publish:
		return errors.New("only publish keys have an until")
	case !e.Retired && e.Until != 0, e.Until < 0, e.Until > spelling.MaxNumber:
		return errors.New("until is out of range")
	case (e.Head == [32]byte{}) != (e.Until == 0):
		return errors.New("head and until do not go together")
	}
	return nil
}

func (n *Note) checkMembers(slots map[Slot]int) error {
	if len(n.Members) > MaxMembers {
		return fmt.Errorf("there are more than %d members", MaxMembers)
	}
	recipients := make(map[string]bool, len(n.Members))
	for i := range n.Members {
		m := &n.Members[i]
		if err := CheckMember(m.Name); err != nil {
			return fmt.Errorf("member %d: %w", i+1, err)
		}
		if i > 0 && n.Members[i-1].Name >= m.Name {
			return fmt.Errorf("member %q is not in order", m.Name)
		}
		if recipients[m.Recipient] {
			return fmt.Errorf("member %q has the recipient of another", m.Name)
		}
		recipients[m.Recipient] = true
		if len(m.Slots) == 0 {
			return fmt.Errorf("member %q holds no slot", m.Name)
		}
		for j, s := range m.Slots {
			if slots[s] == 0 {
				return fmt.Errorf("member %q holds a slot that does not exist", m.Name)
			}
			if j > 0 && m.Slots[j-1] >= s {
				return fmt.Errorf("member %q has slots out of order", m.Name)
			}
		}
	}
	return nil
}

// checkKeys verifies the succession of admin keys, and that recipients are keys
// in their one spelling. It needs a note that passed check.
func (n *Note) checkKeys() error {
	var previous []byte
	for i := range n.Slots {
		e := &n.Slots[i]
		if e.Slot != Admin {
			continue
		}
		if e.Generation > 1 && !ed25519.Verify(previous, succession(n.ID, e.Generation, e.Key), e.Endorsed) {
			return fmt.Errorf("admin generation %d is not endorsed by the one before", e.Generation)
		}
		previous = e.Key
	}
	for i := range n.Members {
		m := &n.Members[i]
		_, canonical, _, err := ParseRecipient(m.Recipient, nil)
		if err != nil && !errors.Is(err, ErrPlugin) {
			return fmt.Errorf("member %q: %w", m.Name, err)
		}
		if canonical != m.Recipient {
			return fmt.Errorf("member %q has a recipient that is not in its one spelling", m.Name)
		}
	}
	return nil
}

// sameKey reports whether a and b are the same generation of the same slot with
// the same key, whatever became of it.
func (e *Entry) sameKey(b *Entry) bool {
	return e.Slot == b.Slot && e.Generation == b.Generation && bytes.Equal(e.Key, b.Key) && bytes.Equal(e.Endorsed, b.Endorsed)
}

// grows reports whether b is e, or e with until and head set since.
func (e *Entry) grows(b *Entry) bool {
	return e.sameKey(b) && (!e.Retired || b.Retired && e.Until == b.Until && e.Head == b.Head)
}
