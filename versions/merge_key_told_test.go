package versions

import (
	"fmt"
	"strings"
	"testing"

	"pinseal/seal"
)

// told is what a merge of a key is said to do: "OF WAS>NUMBER[!]" for what encrypts, and
// "SIDE-NUMBER" for what that side has dropped.
func (a *testApp) told(base, ours, theirs secretSide) (versions, says string) {
	a.t.Helper()
	m, why := mergeSecret(base, ours, theirs)
	if why != "" {
		return "", why
	}
	one := Settled{Environment: prod, Name: "K", File: m.file, Took: m.took}
	one.tell(m, base, ours, theirs)
	f, err := one.sealed(a.note)
	a.must(err)
	e := one.Encrypts
	says = fmt.Sprintf("%s %d>%d", e.Of, e.Was, e.Number)
	if e.Retired {
		says += "!"
	}
	for _, d := range one.Dropped {
		says += fmt.Sprintf(" %s-%d", d.By, d.Number)
	}
	return a.letters("K", f), says
}

// What was made under a read key that the other side has replaced does not take the place
// of what came after it, and is said where there is nothing else.
func TestMergeKeyOfRetired(t *testing.T) {
	a := newApp(t)
	side := func(versions string) secretSide { return keySideOf{versions: versions}.side(a) }
	base, old, unchanged := side("1=a"), side("1=a 2=b"), side("1=a")
	a.rotate(readProd, nil)
	rotated, resealed := side("1=a 2=c"), side("1=a")
	for name, c := range map[string]struct {
		base, ours, theirs secretSide
		want, says         string
	}{
		"rotated before they left, and after": {base, rotated, old, "1=a 2=c 3=b 4=c", "ours 2>4"},
		"the other way round":                 {base, old, rotated, "1=a 2=b 3=c", "theirs 2>3"},
		"rotated before they left alone":      {base, resealed, old, "1=a 2=b", "theirs 2>2!"},
		"by ours":                             {base, old, resealed, "1=a 2=b", "ours 2>2!"},
		"sealed anew alone":                   {base, resealed, unchanged, "1=a", "ours 1>1"},
		"reset there":                         {base, resealed, side("2=d"), "2=d", "theirs 2>2 theirs-1"},
		"each dropped one":                    {side("1=a 2=b 3=c"), side("2=b 3=c 4=d"), side("1=a 3=c 4=e"), "3=c 4=d 5=e", "theirs 4>5 theirs-2 ours-1"},
		"a revert of what got another number": {side("1=a 2=c"), side("1=a 2=b 3=c"), side("1=a"), "1=a 2=b", "ours 2>2 theirs-3"},
	} {
		if versions, says := a.told(c.base, c.ours, c.theirs); versions != c.want || says != c.says {
			t.Errorf("%s: %q, %q", name, versions, says)
		}
	}

	// What both have is kept as sealed to the newer key.
	m, why := mergeSecret(base, old, rotated)
	if g, err := seal.ParseSealed(m.file.Versions[0].Value); why != "" || err != nil || g != 2 {
		t.Errorf("version 1 is sealed to generation %d (%s)", g, why)
	}
}

// A version that does not open where it stands is merged with no other, whatever it is
// beside: the key would not open at all.
func TestMergeKeyThatDoesNotOpen(t *testing.T) {
	a := newApp(t)
	base := a.keyFile("K", 128, "1=a")
	wrong := a.keyFile("K", 128, "1=a 3=c")
	wrong.Versions[1].Number = 4
	open := func(f *SecretFile) secretSide {
		a.putFile(prod, "K", *f)
		return openSecretSide(a.workTree(), prod, "K", []*Keyring{a.keyring("alice", a.workTree())})
	}
	far := a.keyFile("K", 128, "1=a")
	far.Versions[0].Number = 1<<31 - 1
	good := open(a.keyFile("K", 128, "1=a 2=b"))
	for _, c := range []struct {
		theirs *SecretFile
		want   string
	}{{wrong, "version 4 of theirs does not open where it stands"}, {far, "version 2147483647 of theirs does not open where it stands"}} {
		if m, why := mergeSecret(open(base), good, open(c.theirs)); m.file != nil || !strings.Contains(why, c.want) {
			t.Errorf("merged (%q)", why)
		}
		if m, why := mergeSecret(open(base), open(c.theirs), open(base)); m.file != nil || !strings.Contains(why, "of ours does not open") {
			t.Errorf("taken as it is (%q)", why)
		}
	}
}

// A person who decides for a side decides what stands beside the versions; where there is
// nothing that both began with, nothing was dropped.
func TestMergeKeyDecided(t *testing.T) {
	a := newApp(t)
	base := keySideOf{versions: "1=a"}.side(a)
	ours, theirs := keySideOf{versions: "1=a 2=b", about: "x"}.side(a), keySideOf{versions: "1=a 2=c", about: "y"}.side(a)
	for take, about := range map[Side]string{Ours: "x", Theirs: "y"} {
		m, why := mergeTaking(take, base, ours, theirs)
		if why != "" || m.file.About != about || len(m.keys.toSeal) != 1 {
			t.Errorf("%v: %q", take, why)
		}
	}
	if _, why := mergeTaking(Ours, base, ours, keySideOf{versions: "1=a 2=c", bits: 256}.side(a)); !strings.Contains(why, "bits") {
		t.Errorf("of other bits: %q", why)
	}
	lost := secretSide{lost: &UnmergedError{}}
	ours, theirs = keySideOf{versions: "1=a 2=b"}.side(a), keySideOf{versions: "2=c"}.side(a)
	if versions, says := a.told(lost, ours, theirs); versions != "1=a 2=b 3=c" || says != "theirs 2>3" {
		t.Errorf("without a base: %q, %q", versions, says)
	}
}
