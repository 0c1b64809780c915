package versions

import (
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"

	"pinseal/seal"
)

// Amendment is a change of an app note that an admin makes: members and slots
// first, one call each, then [Amendment.Finish]. It writes nothing.
type Amendment struct {
	note   *seal.Note // the next one, not signed
	before []byte     // what the work tree's must be when it is written; nil for anything
	keys   *Keyring   // of the note that is changed
	plugin func(string) (age.Recipient, error)
	made   map[slotGeneration]*seal.Key
	given  []need // wraps of older keys for who was given their slot
	taken  []need // generation 0: all wraps of that slot
}

// RefusedError says why a change of people or keys cannot be. It is an
// ErrRefused.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// Is makes a RefusedError an ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

func refused(format string, args ...any) error {
	return &RefusedError{fmt.Sprintf(format, args...)}
}

// Amend begins a change of the note that the keys follow, by who holds them. With
// plugin, which may be nil, keys are wrapped for the recipients of age plugins.
func Amend(keys *Keyring, plugin func(string) (age.Recipient, error)) *Amendment {
	next := keys.Note().Clone()
	next.Version++
	return &Amendment{note: next, before: keys.Note().Signed(), keys: keys, plugin: plugin, made: map[slotGeneration]*seal.Key{}}
}

// Version returns the number of the note that is being made.
func (a *Amendment) Version() int { return a.note.Version }

// Add adds a member, whose slots are given to it as [Amendment.Grant] does.
// Recipient must be canonical. Errors: *RefusedError, ErrConflict when the name
// or the recipient is taken, those of Grant.
func (a *Amendment) Add(m seal.Member) error {
	if err := seal.CheckMember(m.Name); err != nil {
		return err
	}
	for _, other := range a.note.Members {
		switch {
		case other.Name == m.Name:
			return fmt.Errorf("member %q is there already: %w", m.Name, ErrConflict)
		case other.Recipient == m.Recipient:
			return fmt.Errorf("that recipient is a member already, %q: %w", other.Name, ErrConflict)
		}
	}
	if len(a.note.Members) >= seal.MaxMembers {
		return refused("an app has at most %d members", seal.MaxMembers)
	}
	slots := m.Slots
	m.Slots = nil
	a.note.Members = append(a.note.Members, m)
	slices.SortFunc(a.note.Members, func(x, y seal.Member) int { return strings.Compare(x.Name, y.Name) })
	return a.Grant(m.Name, slots...)
}

// Grant gives slots to a member: the wraps of every generation of a read slot,
// and of the newest of a slot that signs, for an older key signs nothing that
// counts. A slot that nobody holds gets a new generation first, for nobody could
// wrap the old one. What the member has already stays. Errors: *NotFoundError,
// *RefusedError.
func (a *Amendment) Grant(member string, slots ...seal.Slot) error {
	m := a.member(member)
	if m == nil {
		return &NotFoundError{What: "member", Name: member, In: "the app note"}
	}
	for _, slot := range slots {
		if slices.Contains(m.Slots, slot) {
			continue
		}
		newest, ok := a.note.Newest(slot)
		if !ok || slot != seal.Admin && !slices.Contains(a.note.Environments(), slot.Environment()) {
			return &NotFoundError{What: "environment", Name: slot.Environment(), In: "app " + a.note.ID.String()}
		}
		if m.Service && slot == seal.Admin {
			return refused("a service cannot be an admin: it remembers nothing, and so could be shown an old app note")
		}
		if len(a.note.Holders(slot)) == 0 {
			if err := a.Rekey(slot, nil); err != nil {
				return err
			}
			newest.Generation++
		}
		m.Slots = append(m.Slots, slot)
		slices.Sort(m.Slots)
		first := newest.Generation
		if slot.Power() == seal.Read {
			first = 1
		}
		for g := first; g <= newest.Generation; g++ {
			a.given = append(a.given, need{slotGeneration{slot, g}, member})
		}
	}
	return nil
}

// Revoke takes slots from a member; a member that is left without any is
// removed. The keys stay what they are: see [Amendment.Rekey]. The last admin and
// the last reader of an environment are refused, for nobody could do their part
// again. Errors: *NotFoundError, *RefusedError.
func (a *Amendment) Revoke(member string, slots ...seal.Slot) error {
	m := a.member(member)
	if m == nil {
		return &NotFoundError{What: "member", Name: member, In: "the app note"}
	}
	for _, slot := range slots {
		at := slices.Index(m.Slots, slot)
		if at < 0 {
			return &NotFoundError{What: "slot", Name: string(slot), In: "what " + member + " holds"}
		}
		if len(a.note.Holders(slot)) == 1 {
			switch slot.Power() {
			case seal.Administer:
				return refused("%s is the only admin, and an app needs one", member)
			case seal.Read:
				return refused("%s is the only reader of %s: what is sealed there could never be opened again", member, slot.Environment())
			}
		}
		m.Slots = slices.Delete(m.Slots, at, at+1)
		a.taken = append(a.taken, need{slotGeneration{slot: slot}, member})
	}
	a.dropEmpty()
	return nil
}

// DropEnvironment takes an environment's slots from everybody, without the
// checks of [Amendment.Revoke], and returns the members that held nothing else,
// who are no members any more. Its publish key signs no more pins: last is the
// newest pin, nil for none. *RefusedError when that would leave no environment.
func (a *Amendment) DropEnvironment(env string, last *Entry) (gone []string, err error) {
	if envs := a.note.Environments(); !slices.Contains(envs, env) {
		return nil, &NotFoundError{What: "environment", Name: env, In: "app " + a.note.ID.String()}
	} else if len(envs) == 1 {
		return nil, refused("%s is the only environment, and an app needs one", env)
	}
	a.retire(seal.PublishSlot(env), last)
	for i := range a.note.Members {
		m := &a.note.Members[i]
		for _, slot := range slices.Clone(m.Slots) {
			if slot.Environment() == env {
				m.Slots = slices.DeleteFunc(m.Slots, func(s seal.Slot) bool { return s == slot })
				a.taken = append(a.taken, need{slotGeneration{slot: slot}, m.Name})
			}
		}
		if len(m.Slots) == 0 {
			gone = append(gone, m.Name)
		}
	}
	a.dropEmpty()
	return gone, nil
}

// DeclareEnvironment makes the slots of an environment and gives them away. One
// that was there before and was dropped goes on with further generations. Errors:
// ErrConflict, *seal.NameError, *RefusedError, those of Grant.
func (a *Amendment) DeclareEnvironment(env string, holders map[seal.Slot][]string) error {
	if err := seal.CheckEnvironment(env); err != nil {
		return err
	}
	if slices.Contains(a.note.Environments(), env) {
		return fmt.Errorf("environment %q is there already: %w", env, ErrConflict)
	}
	for _, slot := range []seal.Slot{seal.PublishSlot(env), seal.ReadSlot(env)} {
		if err := a.Rekey(slot, nil); err != nil {
			return err
		}
		for _, name := range holders[slot] {
			m := a.member(name)
			if m == nil {
				return &NotFoundError{What: "member", Name: name, In: "the app note"}
			}
			m.Slots = append(m.Slots, slot)
			slices.Sort(m.Slots)
		}
		if len(holders[slot]) == 0 {
			return refused("nobody would hold %s", slot)
		}
	}
	return nil
}

// Rekey makes the next generation of a slot, or the first; once in an amendment,
// however often it is asked for. For a publish slot last is the newest pin that
// counts, nil when there is none: what the old key signs above it is void.
// Errors: *RefusedError at 64 generations; for admin those of Keyring.Key.
func (a *Amendment) Rekey(slot seal.Slot, last *Entry) error {
	newest, _ := a.note.Newest(slot)
	if a.made[slotGeneration{slot, newest.Generation}] != nil {
		return nil
	}
	if newest.Generation >= seal.MaxGenerations {
		return refused("%s has had %d keys, which is the limit", slot, seal.MaxGenerations)
	}
	key, err := seal.GenerateKey(slot, newest.Generation+1)
	if err != nil {
		return err
	}
	entry := seal.NewEntry(key)
	switch slot.Power() {
	case seal.Administer:
		old, err := a.keys.Newest(slot)
		if err != nil {
			return err
		}
		entry = seal.NewAdminEntry(old, a.note.ID, key)
	case seal.Publish:
		a.retire(slot, last)
	}
	a.note.Slots = append(a.note.Slots, entry)
	a.made[slotGeneration{slot, key.Generation()}] = key
	return nil
}

// retire ends what the newest key of a publish slot may sign.
func (a *Amendment) retire(slot seal.Slot, last *Entry) {
	newest, ok := a.note.Newest(slot)
	if !ok || newest.Retired {
		return
	}
	for i := range a.note.Slots {
		e := &a.note.Slots[i]
		if e.Slot == slot && e.Generation == newest.Generation {
			e.Retired = true
			if last != nil && last.Generation == e.Generation {
				e.Until, e.Head = last.Number, last.Hash()
			}
		}
	}
}

func (a *Amendment) member(name string) *seal.Member {
	for i := range a.note.Members {
		if a.note.Members[i].Name == name {
			return &a.note.Members[i]
		}
	}
	return nil
}

func (a *Amendment) dropEmpty() {
	a.note.Members = slices.DeleteFunc(a.note.Members, func(m seal.Member) bool { return len(m.Slots) == 0 })
}
