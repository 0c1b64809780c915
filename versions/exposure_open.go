package versions

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"pinseal/seal"
)

// minShared is the length in bytes from which the value of another secret is
// taken for the same one: "yes" and "5432" are anybody's.
const minShared = 8

// opener tells which sealed values are equal, for the keys at hand. Of a plaintext
// nothing is kept but a keyed hash, and the key of that is its own.
type opener struct {
	h       *History
	keys    *Keyring // nil for none
	mac     [32]byte
	slots   map[slotGeneration]*seal.Key // nil for a key that is not at hand
	digests map[*pastValue]digest
}

type digest struct {
	sum   [32]byte
	long  bool // of minShared bytes at least
	opens bool // else it was never a value of its place
}

func newOpener(h *History, keys *Keyring) *opener {
	o := &opener{h: h, keys: keys, slots: map[slotGeneration]*seal.Key{}, digests: map[*pastValue]digest{}}
	rand.Read(o.mac[:]) // never fails, see crypto/rand
	return o
}

// can reports whether the key of a value is at hand. A passphrase or a plugin
// that is not to be had is as good as no identity.
func (o *opener) can(v *pastValue) (bool, error) {
	at := slotGeneration{seal.ReadSlot(v.of.environment), v.generation}
	if key, asked := o.slots[at]; asked {
		return key != nil, nil
	}
	o.slots[at] = nil
	if _, known := o.h.note.Entry(at.slot, at.generation); !known || o.keys == nil {
		return false, nil
	}
	key, err := o.keys.Key(at.slot, at.generation)
	if err == nil {
		o.slots[at] = key
		return true, nil
	}
	if notAtHand(err) {
		return false, nil
	}
	return false, err
}

// open opens those of some values whose keys are at hand, each once however often
// it is asked for.
func (o *opener) open(ctx context.Context, values []*pastValue) error {
	var todo []*pastValue
	for _, v := range values {
		if _, done := o.digests[v]; done {
			continue
		}
		ok, err := o.can(v)
		if err != nil {
			return err
		}
		if ok {
			o.digests[v] = digest{}
			todo = append(todo, v)
		}
	}
	digests := make([]digest, len(todo))
	err := InParallel(len(todo), func(i int) (err error) {
		if err = ctx.Err(); err == nil {
			digests[i], err = o.digest(ctx, todo[i])
		}
		return err
	})
	for i, v := range todo {
		o.digests[v] = digests[i]
	}
	return err
}

func (o *opener) digest(ctx context.Context, v *pastValue) (digest, error) {
	text, err := o.h.text(ctx, v)
	if err != nil {
		return digest{}, err
	}
	env := v.of.environment
	p := seal.Place{App: o.h.note.ID, Environment: env, Kind: KindSecret, Name: v.name, Version: v.version}
	if v.version > 0 {
		p.Kind = KindKey
	}
	secret, err := o.slots[slotGeneration{seal.ReadSlot(env), v.generation}].OpenValue(p, text)
	if err != nil {
		return digest{}, nil
	}
	d := digest{opens: true, long: secret.Len() >= minShared}
	m := hmac.New(sha256.New, o.mac[:])
	m.Write(secret.Reveal())
	m.Sum(d.sum[:0])
	return d, nil
}

// text reads a sealed value again: all texts of a long history would be too much
// to keep.
func (h *History) text(ctx context.Context, v *pastValue) (string, error) {
	if v.text != "" {
		return v.text, nil
	}
	_, data, err := h.repo.Object(ctx, v.blob, MaxSecretFile)
	if err != nil {
		return "", err
	}
	for found := range sealedIn(data) {
		if h.past[v.of.environment].values[idOf(v.name, found)] == v {
			return found.Value, nil
		}
	}
	return "", fmt.Errorf("object %s changed while it was read", v.blob)
}
