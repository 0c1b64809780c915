package versions

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/seal"
)

// Holding is a secret that has, or once had, a certain value.
type Holding struct {
	App         string // its directory's name
	Environment string
	Name        string
}

// Known is a value to look for, and the secrets that have it.
type Known struct {
	Secret seal.Secret
	In     []Holding // in the order they were added
	// Current says that a version in use has it, and not only history.
	Current bool
}

// KnownValues collects values to look for, each plaintext once. It is not safe
// for concurrent use.
type KnownValues struct {
	List []*Known

	mac     [32]byte
	sealed  map[[32]byte]bool   // what was opened, or tried
	byPlain map[[32]byte]*Known // by keyed hash of the plaintext
}

// NewKnownValues returns an empty collection.
func NewKnownValues() *KnownValues {
	k := &KnownValues{sealed: map[[32]byte]bool{}, byPlain: map[[32]byte]*Known{}}
	rand.Read(k.mac[:]) // never fails, see crypto/rand
	return k
}

// toOpen is a sealed value that is looked at for the first time.
type toOpen struct {
	name   string
	found  KeyVersion
	key    *seal.Key
	opened seal.Secret
	err    error
}

// AddSet opens what set holds, on all cores, and adds it. It takes whatever is
// sealed in a secret's file, also where the spelling is off or a merge left its
// markers. foreign are the names of secrets with a value that does not open with
// the key that it is sealed to; noKey those sealed to a key that is not at hand.
// Errors: of reading, and of ctx.
func (k *KnownValues) AddSet(ctx context.Context, app string, set *Set) (foreign, noKey []string, err error) {
	return k.addSet(ctx, app, set, true)
}

// AddPastSet is AddSet for a version that is not in use.
func (k *KnownValues) AddPastSet(ctx context.Context, app string, set *Set) (foreign, noKey []string, err error) {
	return k.addSet(ctx, app, set, false)
}

func (k *KnownValues) addSet(ctx context.Context, app string, set *Set, current bool) (foreign, noKey []string, err error) {
	entries, err := fs.ReadDir(set.Source.FS, set.Environment)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var todo []*toOpen
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), fileSuffix)
		if !ok || seal.CheckSecretName(name) != nil || !e.Type().IsRegular() {
			continue
		}
		data, err := set.Source.read(FilePath(set.Environment, name), MaxSecretFile)
		if err != nil {
			return nil, nil, err
		}
		for found, generation := range sealedIn(data) {
			if !k.first(app, set.Environment, name, found) {
				continue
			}
			key, err := keyFor(set.Keys, set.Environment, generation)
			if err != nil {
				return nil, nil, err
			}
			if key == nil {
				noKey = append(noKey, name)
				continue
			}
			todo = append(todo, &toOpen{name: name, found: found, key: key})
		}
	}
	opened, err := k.open(ctx, app, set.Environment, set.Keys.Note().ID, todo)
	if err != nil {
		return nil, nil, err
	}
	for _, known := range opened {
		known.Current = known.Current || current
	}
	for _, t := range todo {
		if t.err != nil {
			foreign = append(foreign, t.name)
		}
	}
	return slices.Compact(foreign), slices.Compact(noKey), nil
}

// AddHistory opens every value that was ever sealed in an environment, as far as
// the keys at hand go, and adds it. What does not open was never a value. noKey are
// the names of secrets with a value that was sealed to a key which is not at hand;
// missing says that there were objects that are not here.
func (k *KnownValues) AddHistory(ctx context.Context, app string, h *History, environment string, keys *Keyring) (noKey []string, missing bool, err error) {
	p, err := h.read(ctx, environment)
	if err != nil {
		return nil, false, err
	}
	var todo []*toOpen
	for _, v := range p.values {
		key, err := keyFor(keys, environment, v.generation)
		if err != nil {
			return nil, false, err
		}
		if key == nil {
			if _, known := keys.Note().Entry(seal.ReadSlot(environment), v.generation); known {
				noKey = append(noKey, v.name)
			}
			continue
		}
		text, err := h.text(ctx, v)
		if err != nil {
			return nil, false, err
		}
		t := &toOpen{name: v.name, found: KeyVersion{Number: v.version, Value: text}, key: key}
		if k.first(app, environment, t.name, t.found) {
			todo = append(todo, t)
		}
	}
	slices.SortFunc(todo, func(a, b *toOpen) int { return strings.Compare(a.name, b.name) })
	slices.Sort(noKey)
	_, err = k.open(ctx, app, environment, h.note.ID, todo)
	return slices.Compact(noKey), p.missing, err
}

// first reports whether a sealed value has not been looked at yet.
func (k *KnownValues) first(app, environment, name string, found KeyVersion) bool {
	id := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d %s", app, environment, name, found.Number, found.Value))
	was := k.sealed[id]
	k.sealed[id] = true
	return !was
}

// notAtHand reports whether err says that a key is not at hand, as opposed to that
// something is wrong with it.
func notAtHand(err error) bool {
	return errors.Is(err, seal.ErrNoKey) || errors.Is(err, seal.ErrPassphrase) || errors.Is(err, seal.ErrPlugin)
}

// keyFor is a read key, nil when it is not at hand: a passphrase or a plugin that
// is not to be had is as good as none, and so is a key that the note does not know.
func keyFor(keys *Keyring, environment string, generation int) (*seal.Key, error) {
	slot := seal.ReadSlot(environment)
	if _, known := keys.Note().Entry(slot, generation); !known {
		return nil, nil
	}
	key, err := keys.Key(slot, generation)
	if notAtHand(err) {
		return nil, nil
	}
	return key, err
}

// open opens what todo lists and adds what it gets, which is what it returns.
func (k *KnownValues) open(ctx context.Context, app, environment string, id seal.AppID, todo []*toOpen) ([]*Known, error) {
	err := InParallel(len(todo), func(i int) error {
		t := todo[i]
		place := seal.Place{App: id, Environment: environment, Kind: KindSecret, Name: t.name, Version: t.found.Number}
		if t.found.Number > 0 {
			place.Kind = KindKey
		}
		t.opened, t.err = t.key.OpenValue(place, t.found.Value)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	var opened []*Known
	for _, t := range todo {
		if t.err == nil {
			opened = append(opened, k.add(t.opened, Holding{app, environment, t.name}))
		}
	}
	return opened, nil
}

func (k *KnownValues) add(value seal.Secret, in Holding) *Known {
	m := hmac.New(sha256.New, k.mac[:])
	m.Write(value.Reveal())
	sum := [32]byte(m.Sum(nil))
	known := k.byPlain[sum]
	if known == nil {
		known = &Known{Secret: value}
		k.byPlain[sum] = known
		k.List = append(k.List, known)
	}
	if !slices.Contains(known.In, in) {
		known.In = append(known.In, in)
	}
	return known
}
