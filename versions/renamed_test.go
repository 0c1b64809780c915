package versions

import (
	"errors"
	"testing"

	"pinseal/seal"
)

// A member's name can be given to another recipient. What was wrapped for the
// first is then nobody's: a pin does not carry it, and to the second it is a
// wrap that is still to be made, not a forged one.
func TestNameGivenToAnother(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	before := a.commit()
	a.remove("bob")
	delete(a.people, "bob")
	a.change(func(n *seal.Note) { n.Members = append(n.Members, a.member("bob", false, "production.read")) })
	a.commit()

	old, tree := a.at(before), a.workTree()
	_, err := a.keyring("bob", old, tree).Newest("production.read")
	if !errors.Is(err, seal.ErrNoKey) || errors.Is(err, ErrNotAuthentic) {
		t.Errorf("a wrap for the first bob, read by the second: %v", err)
	}
	p := a.proposal("alice", before)
	p.Wraps = []*Source{old, tree}
	_, err = a.ledger().Prepare(t.Context(), p)
	wantErr(t, err, ErrRefused, `reader "bob" has no wrap`)

	a.wrapAll("bob")
	a.commit()
	tree = a.workTree()
	p = a.proposal("alice", before)
	p.Wraps = []*Source{a.at(before), tree}
	d, err := a.ledger().Prepare(t.Context(), p)
	a.must(err)
	_, err = d.Commit(t.Context(), Target{Ident: "Ada <ada@example.com> 1700000000 +0000"})
	a.must(err)
	// From the pin alone, as a bundle has it.
	wantValue(t, a.pinned(a.ledger().Tip(), "bob"), "A", "one")
}
