package versions

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// prepareRotated makes a draft of a commit with the check of what leavers know, and
// returns what the gate said of it: "NAME: REASON".
func (a *testApp) prepareRotated(who string, commit repo.Hash) []string {
	a.t.Helper()
	p := a.proposal(who, commit)
	p.Rotated = a.history()
	_, err := a.ledger().Prepare(context.Background(), p)
	refused, ok := errors.AsType[*GateError](err)
	if !ok {
		a.must(err)
		return nil
	}
	var lines []string
	for _, p := range refused.Problems {
		lines = append(lines, p.Name+": "+p.Reason+" ["+p.Try+"]")
	}
	return lines
}

func TestGateOfLeavers(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "one")
	a.add("carol", false, "production.read", "dev.read")
	if got := a.prepareRotated("alice", a.commit()); got != nil {
		t.Errorf("nobody has left: %q", got)
	}
	a.leave("bob", prod)
	a.leave("carol", prod)
	rekeyed := a.commit()
	known := func(name, who string) string {
		return name + ": its value is known to who left: " + who + " [pinseal set " + name + " -e production]"
	}
	if got, want := a.prepareRotated("alice", rekeyed), []string{known("A", "bob, carol"), known("B", "bob, carol")}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	may := "A: its value may be known to who left: bob, carol; who can tell: alice, web [pinseal set A -e production]"
	if got := a.prepareRotated("ci", rekeyed); len(got) != 2 || got[0] != may {
		t.Errorf("%q", got)
	}

	a.set(prod, "A", "two")
	a.set(prod, "B", "two")
	a.putFile(prod, "C", SecretFile{Kind: KindSecret, Optional: true})
	fresh := a.commit()
	a.set(prod, "A", "one") // what is not committed is not asked
	for _, who := range []string{"alice", "ci"} {
		if got := a.prepareRotated(who, fresh); got != nil {
			t.Errorf("%s: %q", who, got)
		}
	}
	// Without the check it is not asked at all.
	if _, err := a.ledger().Prepare(context.Background(), a.proposal("alice", rekeyed)); err != nil {
		t.Error(err)
	}
	// What one of them could read elsewhere counts too.
	a.set("dev", "D", "a value of dev")
	a.set(prod, "B", "a value of dev")
	if got, want := a.prepareRotated("alice", a.commit()), []string{known("A", "bob, carol"), known("B", "carol")}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Who has another identity now has left with the old one; who has only another
// name has not; who never read the environment is asked about copies alone.
func TestGateOfIdentities(t *testing.T) {
	a := newApp(t)
	a.add("carol", false, "dev.read")
	a.set(prod, "A", "one")
	a.set("dev", "A", "one")
	a.commit()
	a.remove("carol")
	rename := func(from, to string) {
		a.change(func(n *seal.Note) {
			for i := range n.Members {
				if n.Members[i].Name == from {
					n.Members[i].Name = to
				}
			}
		})
	}
	rename("bob", "robert")
	a.people["robert"] = a.people["bob"]
	a.wrapAll("robert")
	if got := a.prepareRotated("alice", a.commit()); got != nil {
		t.Errorf("nobody has left: %q", got)
	}
	a.leave("robert", prod)
	delete(a.people, "robert")
	a.add("robert", false, "production.read")
	if got := a.prepareRotated("alice", a.commit()); len(got) != 1 || got[0] != "A: its value is known to who left: robert [pinseal set A -e production]" {
		t.Errorf("%q", got)
	}
}

// A set whose commit no ref reaches has no history to be told from, and in a
// shallow clone there is none.
func TestGateWithoutHistory(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.commit()
	a.leave("bob", prod)
	a.set(prod, "A", "two")
	a.commit()
	a.set(prod, "A", "three")
	lost := a.commit()
	tgit(t, a.dir, "reset", "-q", "--hard", "HEAD~1")
	if got := a.prepareRotated("ci", lost); got != nil {
		t.Errorf("who made the commit has it in the reflog: %q", got)
	}
	tgit(t, a.dir, "reflog", "expire", "--expire=all", "--all")
	if got := a.prepareRotated("ci", lost); len(got) != 1 {
		t.Errorf("%q", got)
	}
	if got := a.prepareRotated("alice", lost); got != nil {
		t.Errorf("%q", got)
	}

	dir := t.TempDir()
	tgit(t, dir, "clone", "-q", "--depth=1", "file://"+a.dir, "r")
	a.dir = dir + "/r"
	a.r = openRepo(t, a.dir)
	if got := a.prepareRotated("alice", repo.Hash(tgit(t, a.dir, "rev-parse", "HEAD"))); len(got) != 1 || got[0] != ": what those who left could open is not all here: this clone is shallow, or lacks objects [git fetch --unshallow]" {
		t.Errorf("%q", got)
	}
}
