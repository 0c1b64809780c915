package versions

import (
	"slices"
	"testing"

	"pinseal/seal"
)

// rotateKey adds a version to a named key of production in the work tree.
func (a *testApp) rotateKey(name, letter string) {
	a.t.Helper()
	f, err := a.workTree().File(prod, name)
	a.must(err)
	a.must(f.AddVersion(a.sealer(prod), a.id, prod, name, seal.NewSecret([]byte(keyText(letter, f.Bits)))))
	a.putFile(prod, name, *f)
}

// A key that who left could open is to be rotated, then rewrapped; publishing does not
// wait for the rewrapping, which needs both versions pinned.
func TestExposureOfKeys(t *testing.T) {
	a := newApp(t)
	a.putFile(prod, "K", *a.keyFile("K", 128, "1=a 2=b"))
	a.set(prod, "COPY", keyText("b", 128))
	a.commit()
	a.publish("alice")
	a.leave("bob", prod)
	commit := a.commit()
	rotate := "K: its value is known to who left: bob [pinseal key rotate K -e production]"
	if got := a.prepareRotated("alice", commit); len(got) != 2 || got[1] != rotate {
		t.Errorf("%q", got)
	}
	a.set(prod, "COPY", "another")
	a.wantBoth("bob", []string{"rotate production/K 2/1 [1] now 1", "pinned production/COPY 1/1 [1] now 1"},
		[]string{"unsure production/K 2/1 [1] now 1: it may only have been sealed anew", "pinned production/COPY 1/1 [1] now 1"})

	a.rotateKey("K", "c")
	commit = a.commit()
	for _, who := range []string{"alice", "ci"} {
		if got := a.prepareRotated(who, commit); got != nil {
			t.Errorf("%s, rotated: %q", who, got)
		}
	}
	wantShown(t, a.exposure("bob", "alice"), "pinned production/COPY 1/1 [1] now 1", "pinned production/K 2/1 [1] now 1")
	a.publish("alice")
	a.wantBoth("bob", []string{"rewrap production/K 2/1 [1]"}, []string{"rewrap production/K 2/1 [1]: it may only have been sealed anew"})
	if e := a.exposure("bob", "alice"); !slices.Equal(e.Secrets[0].KeyVersions, []uint32{1, 2}) || e.Secrets[0].Before != 3 {
		t.Errorf("key versions %v, before %d", e.Secrets[0].KeyVersions, e.Secrets[0].Before)
	}

	f, err := a.workTree().File(prod, "K")
	a.must(err)
	f.Versions = f.Versions[2:]
	a.putFile(prod, "K", *f)
	a.commit()
	a.wantBoth("bob", []string{}, []string{})

	// A version of before that comes back under another number is known.
	a.rotateKey("K", "b")
	e := a.exposure("bob", "alice")
	wantShown(t, e, "rotate production/K 2/1 [1]")
	if e.Secrets[0].Before != 5 {
		t.Errorf("before %d", e.Secrets[0].Before)
	}
}
