package versions

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"

	"pinseal/seal"
)

// Keyring opens an app's slot keys for the identities at hand, each when it is
// first needed. It follows the newest note, wherever the secrets come from. It
// is safe for concurrent use.
type Keyring struct {
	note    *seal.Note
	ids     *seal.Identities
	sources []*Source
	members []seal.Member // whose recipients the identities have, in the note's order

	mu   sync.Mutex
	keys map[slotGeneration]*seal.Key
}

type slotGeneration struct {
	slot       seal.Slot
	generation int
}

// NoKeyError says that the identities at hand do not open what was asked for.
// It is a seal.ErrNoKey.
type NoKeyError struct {
	Slot    seal.Slot
	Reason  string
	Holders []string // members who can
}

func (e *NoKeyError) Error() string {
	s := e.Reason
	if len(e.Holders) > 0 {
		s += "; who can: " + strings.Join(e.Holders, ", ")
	}
	return s
}

// Is makes a NoKeyError a seal.ErrNoKey.
func (e *NoKeyError) Is(target error) bool { return target == seal.ErrNoKey }

// NewKeyring makes a keyring of the newest note for ids, which may be nil for
// someone without any. Wraps are looked up in the sources in order. A service
// identity must be of this app and of a note no newer than this one, else
// *AuthError.
func NewKeyring(note *seal.Note, ids *seal.Identities, sources ...*Source) (*Keyring, error) {
	k := &Keyring{note: note, ids: ids, sources: sources, keys: map[slotGeneration]*seal.Key{}}
	if ids == nil {
		return k, nil
	}
	if s := ids.Service; s != nil {
		if s.App != note.ID {
			return nil, &AuthError{What: "service identity", Reason: fmt.Sprintf("is for app %s, not %s", s.App, note.ID)}
		}
		if s.NoteVersion > note.Version {
			return nil, &AuthError{What: "app note", Reason: fmt.Sprintf(
				"version %d is older than version %d, under which this service was added", note.Version, s.NoteVersion)}
		}
	}
	for _, m := range note.Members {
		if slices.ContainsFunc(ids.List, func(id seal.Identity) bool { return id.Recipient != "" && id.Recipient == m.Recipient }) {
			k.members = append(k.members, m)
		}
	}
	return k, nil
}

// Note returns the newest note.
func (k *Keyring) Note() *seal.Note { return k.note }

// Member returns who the identities are in the newest note, the first by name if
// they are several. A member known only by a plugin cannot be told before a wrap
// opens; then it is false too.
func (k *Keyring) Member() (seal.Member, bool) {
	if len(k.members) == 0 {
		return seal.Member{}, false
	}
	return k.members[0], true
}

// Newest opens the newest generation of a slot.
func (k *Keyring) Newest(slot seal.Slot) (*seal.Key, error) {
	e, ok := k.note.Newest(slot)
	if !ok {
		return nil, &NotFoundError{What: "slot", Name: string(slot), In: "the app note"}
	}
	return k.Key(slot, e.Generation)
}

// Key opens one generation of a slot. Errors: *NoKeyError, *AuthError.
func (k *Keyring) Key(slot seal.Slot, generation int) (*seal.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := slotGeneration{slot, generation}
	if key := k.keys[at]; key != nil {
		return key, nil
	}
	if _, ok := k.note.Entry(slot, generation); !ok {
		return nil, &AuthError{What: fmt.Sprintf("%s generation %d", slot, generation), Reason: "is not in the newest app note"}
	}
	candidates, err := k.candidates(slot)
	if err != nil {
		return nil, err
	}
	key, err := k.unwrap(slot, generation, candidates)
	if err == nil {
		k.keys[at] = key
	}
	return key, err
}

// candidates returns the members whose wraps of a slot the identities may open:
// the members they are, or every holder when an identity is a plugin's.
func (k *Keyring) candidates(slot seal.Slot) ([]string, error) {
	holders := memberNames(k.note.Holders(slot))
	noKey := &NoKeyError{Slot: slot, Holders: holders}
	if k.ids == nil || len(k.ids.List) == 0 {
		noKey.Reason = "there is no identity here to open " + string(slot)
		return nil, noKey
	}
	var names []string
	for _, m := range k.members {
		if slices.Contains(m.Slots, slot) {
			names = append(names, m.Name)
		}
	}
	switch {
	case len(names) > 0:
		return names, nil
	case len(k.members) > 0:
		noKey.Reason = fmt.Sprintf("member %q has not been given %s", k.members[0].Name, slot)
		return nil, noKey
	}
	if slices.ContainsFunc(k.ids.List, func(id seal.Identity) bool { return id.Recipient == "" }) {
		names = holders
	}
	if len(names) == 0 {
		noKey.Reason = "the identity here is not a member of this app"
		return nil, noKey
	}
	return names, nil
}

// unwrap tries the sources in order: the first wrap that proves itself. What is
// wrong with the others, or with reading them, is the reason, should none do.
func (k *Keyring) unwrap(slot seal.Slot, generation int, members []string) (*seal.Key, error) {
	ids := k.identities()
	var bad error
	found := false
	for _, s := range k.sources {
		for _, member := range members {
			wrap, err := s.Wrap(slot, generation, member)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			found = true
			if err != nil {
				bad = err
				continue
			}
			key, err := seal.UnwrapKey(wrap, k.note, slot, generation, ids...)
			what := WrapPath(slot, generation, member) + " of the " + s.What
			switch {
			case err == nil:
				return key, nil
			case errors.Is(err, seal.ErrNoKey) && len(k.members) == 0:
				// A plugin's identity, tried on the wraps of others. A member's
				// own wrap opens for that member, or it is not one.
			case errors.Is(err, seal.ErrPassphrase), errors.Is(err, seal.ErrPlugin):
				bad = fmt.Errorf("%s: %w", what, err) // the wrap is not to blame
			case errors.Is(err, seal.ErrNoKey) && s.isForAnother(member, k.note):
				found = false // the member had another recipient when it was made
			case errors.Is(err, seal.ErrNoKey):
				// Not a want of a key: what stands under the member's name is not the member's.
				bad = &AuthError{What: what, Reason: "is not a wrap of that key: no identity here opens it"}
			default:
				bad = &AuthError{What: what, Reason: "is not a wrap of that key", Err: err}
			}
		}
	}
	if bad != nil {
		return nil, bad
	}
	reason := fmt.Sprintf("no wrap of %s generation %d opens for the identity here", slot, generation)
	if !found {
		reason = fmt.Sprintf("%s generation %d has not been wrapped for %s yet: pending", slot, generation, strings.Join(members, ", "))
	}
	return nil, &NoKeyError{Slot: slot, Reason: reason, Holders: without(memberNames(k.note.Holders(slot)), members)}
}

// isForAnother reports whether a wrap that does not open never was meant to.
func (s *Source) isForAnother(member string, newest *seal.Note) bool {
	under, err := s.noteUnder(newest)
	return err == nil && !sameRecipient(under, newest, member)
}

func memberNames(members []seal.Member) []string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	return names
}

func without(names, drop []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(drop, n) })
}

// disproves reports whether a wrap for one of the members that the identities are
// does not hold the key. Of others' wraps nothing can be said.
func (k *Keyring) disproves(wrap []byte, slot seal.Slot, generation int, member string) bool {
	if !slices.ContainsFunc(k.members, func(m seal.Member) bool { return m.Name == member }) {
		return false
	}
	_, err := seal.UnwrapKey(wrap, k.note, slot, generation, k.identities()...)
	return errors.Is(err, seal.ErrNoKey) || errors.Is(err, seal.ErrAuth)
}

func (k *Keyring) identities() []age.Identity {
	ids := make([]age.Identity, len(k.ids.List))
	for i, id := range k.ids.List {
		ids[i] = id.Identity
	}
	return ids
}
