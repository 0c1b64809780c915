package versions

import (
	"context"
	"errors"
	"testing"

	"pinseal/seal"
)

// Pins that a key signed after it was retired are as if they were not there.
func TestVoidTip(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.publish("alice")
	two := a.publish("alice")
	a.rotate("production.publish", two)
	three := a.forge(two, func(h *handmade) { h.Generation = 1 })
	four := a.forge(three, func(h *handmade) { h.Generation = 1 })
	a.setRef(LedgerRef(a.id, prod), four)
	l := a.ledger()
	if l.Tip().Hash() != two.Hash() || l.Ref() != four.LedgerCommit || l.Seen() != seenOf(two) {
		t.Fatalf("tip is %d", l.Tip().Number)
	}
	_, err := l.At(context.Background(), 3)
	wantErr(t, err, ErrNotFound, "no pin 3")
	// Publishing builds below them, and takes the ref away from them.
	next := a.publish("alice")
	if next.Number != 3 || next.Previous != two.Hash() || next.Generation != 2 {
		t.Fatalf("built pin %d of generation %d", next.Number, next.Generation)
	}
	if _, err := a.open(seenOf(two)); err != nil {
		t.Error(err)
	}
	// A void pin that jumps cannot hide what is below it from memory.
	far := a.forge(two, func(h *handmade) { h.Generation, h.Number = 1, 99 })
	l, err = a.openAt(far, seenOf(two))
	if err != nil || l.Tip().Number != 2 {
		t.Errorf("%v", err)
	}
	_, err = a.openAt(far, seenOf(next))
	wantErr(t, err, ErrNotAuthentic, "went back from pin 3 to pin 2")
}

// A removed publisher, who still can push, against each client.
func TestRemovedPublisher(t *testing.T) {
	a := newApp(t)
	a.add("eve", false, "production.publish")
	pins := a.chain(nil, 3)
	eve := a.key("production.publish", 1)
	seenByBob := a.forge(pins[2], nil) // pin 4, which bob saw before eve was removed
	a.remove("eve")
	a.rotate("production.publish", pins[2]) // until 3
	five := a.forge(a.forge(pins[2], nil), nil)
	as := func(h *handmade) { h.Generation, h.key = 1, eve }
	other3 := a.forge(pins[1], as)
	for name, c := range map[string]struct {
		tip  *Entry
		seen Seen
		n    int // 0: refused
	}{
		"next pin":                    {a.forge(pins[2], as), Seen{}, 3},
		"next pin, seen":              {a.forge(pins[2], as), seenOf(pins[2]), 3},
		"next pin on the new key's":   {a.forge(five, as), seenOf(five), 5},
		"the pin before, again":       {pins[1], Seen{}, 0},
		"the last pin, another":       {other3, Seen{}, 0},
		"the last pin but one":        {a.forge(a.forge(pins[0], as), as), Seen{}, 0},
		"all anew":                    {a.forge(a.forge(a.forge(nil, as), as), as), Seen{}, 0},
		"all anew, shorter":           {a.forge(nil, as), Seen{}, 0},
		"nothing":                     {nil, Seen{}, 0},
		"new key on another last":     {a.forge(other3, nil), Seen{}, 0},
		"new key on another, deeper":  {a.forge(a.forge(other3, nil), nil), Seen{}, 0},
		"memory of void, at head":     {pins[2], seenOf(seenByBob), 3},
		"memory of void, void there":  {seenByBob, seenOf(seenByBob), 3},
		"memory of void, new chain":   {five, seenOf(seenByBob), 5},
		"memory of void, other void":  {a.forge(pins[2], as), seenOf(seenByBob), 3},
		"memory of void, below head":  {pins[1], seenOf(seenByBob), 0},
		"memory of void, other head":  {other3, seenOf(seenByBob), 0},
		"memory of void, nothing":     {nil, seenOf(seenByBob), 0},
		"memory of the new key's":     {pins[2], seenOf(five), 0},
		"claims the new generation":   {a.forge(pins[2], func(h *handmade) { h.signed = signAs(a, h, eve) }), Seen{}, 0},
		"claims an unknown one":       {a.forge(pins[2], func(h *handmade) { h.Generation = 3; h.signed = signAs(a, h, eve) }), Seen{}, 0},
		"honest, on the head of hers": {a.forge(a.forge(pins[2], as), func(h *handmade) { h.Number = 4; h.Previous = pins[2].Hash() }), Seen{}, 0},
	} {
		l, err := a.openAt(c.tip, c.seen)
		switch {
		case c.n == 0 && (!errors.Is(err, ErrNotAuthentic) || l != nil):
			t.Errorf("%s: %v", name, err)
		case c.n > 0 && (err != nil || l.Tip().Number != c.n):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// until: 0 is a key that never signed.
func TestUntilZero(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	void := a.publish("alice")
	a.rotate("production.publish", nil)
	l, err := a.open(seenOf(void))
	a.must(err)
	if l.Tip() != nil || l.Ref() != void.LedgerCommit || l.Seen() != (Seen{}) {
		t.Fatal("a void pin counts")
	}
	next := a.publish("alice")
	if next.Number != 1 || next.parent != "" || next.Generation != 2 {
		t.Errorf("pin %d of generation %d", next.Number, next.Generation)
	}
	// Generation 2 never signs and is followed by 3: generation 1's end holds.
	b := newApp(t)
	pins := b.chain(nil, 2)
	b.rotate("production.publish", pins[1])
	b.rotate("production.publish", nil)
	bySecond := b.forge(pins[1], func(h *handmade) { h.Generation = 2 })
	l, err = b.openAt(bySecond, seenOf(bySecond))
	if err != nil || l.Tip().Number != 2 {
		t.Errorf("%v", err)
	}
	_, err = b.openAt(pins[0], seenOf(bySecond))
	wantErr(t, err, ErrNotAuthentic, "the app note knows pin 2")
	if l, err = b.openAt(b.forge(pins[1], nil), Seen{}); err != nil || l.Tip().Generation != 3 {
		t.Errorf("%v", err)
	}
}

// The newest key can be retired without a successor. Then nobody publishes, and
// nothing is written that readers would pass over.
func TestRetiredWithoutSuccessor(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	one := a.publish("alice")
	a.change(func(n *seal.Note) { retire(n, "production.publish", 1, one) })
	commit := a.commit()
	_, err := a.ledger().Prepare(context.Background(), a.proposal("alice", commit))
	wantErr(t, err, seal.ErrNoKey, "signs no more pins")
}

// A keyring of an older note would sign with an older key.
func TestPublishWithOldKeyring(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	one := a.publish("alice")
	p := a.proposal("alice", a.commit())
	a.rotate("production.publish", one)
	_, err := a.ledger().Prepare(context.Background(), p)
	wantErr(t, err, seal.ErrNoKey, "signs no more pins")
	p = a.proposal("alice", a.commit())
	p.Environment = "dev"
	if _, err := a.ledger().Prepare(context.Background(), p); err == nil {
		t.Error("dev was pinned in the ledger of production")
	}
}
