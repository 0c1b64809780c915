package versions

import (
	"fmt"
	"strings"
	"testing"

	"pinseal/seal"
)

// A value of a newer generation and the same length was most likely sealed anew,
// when nothing beside it differs.
func TestDiffResealed(t *testing.T) {
	a := newApp(t)
	first, _ := a.note.Newest("production.read")
	a.rotate("production.read", nil)
	second, _ := a.note.Newest("production.read")
	value := func(e seal.Entry, text string) SecretFile {
		return SecretFile{Kind: KindSecret, Value: a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "A"}, e, text)}
	}
	key := func(entries ...seal.Entry) SecretFile {
		f := SecretFile{Kind: KindKey, Bits: 128}
		for i, e := range entries {
			place := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "A", Version: uint32(i + 1)}
			f.Versions = append(f.Versions, KeyVersion{place.Version, a.sealedAt(place, e, "AAAAAAAAAAAAAAAAAAAAAA==")})
		}
		return f
	}
	about := value(second, "one")
	about.About = "about it"
	half := key(first, second)
	half.Versions[0] = key(second).Versions[0]
	for name, test := range map[string]struct {
		old, new SecretFile
		want     Action
	}{
		"newer":             {value(first, "one"), value(second, "one"), Resealed},
		"newer, of others":  {value(first, "one"), value(second, "two"), Resealed}, // a reader can tell
		"longer":            {value(first, "one"), value(second, strings.Repeat("one", 100)), Changed},
		"same generation":   {value(second, "one"), value(second, "one"), Changed},
		"older":             {value(second, "one"), value(first, "one"), Changed},
		"edited too":        {value(first, "one"), about, Changed},
		"was blank":         {SecretFile{Kind: KindSecret}, value(second, "one"), Changed},
		"now blank":         {value(first, "one"), SecretFile{Kind: KindSecret}, Changed},
		"key":               {key(first, first), key(second, second), Resealed},
		"key with another":  {key(first), key(second, second), Changed},
		"key with one less": {key(first, first), key(second), Changed},
		"one of a key":      {key(first, second), half, Changed}, // the other is of the same generation
	} {
		a.putFile(prod, "A", test.old)
		old := a.at(a.commit())
		a.putFile(prod, "A", test.new)
		changes, err := Diff(old, a.workTree(), prod)
		a.must(err)
		if len(changes) != 1 || changes[0].Action != test.want {
			t.Errorf("%s: %+v", name, changes)
		}
		a.putFile(prod, "A", SecretFile{Kind: KindSecret})
	}
}

// The message names a few of each kind, and the error has all.
func TestGateErrorShort(t *testing.T) {
	g := gate{}
	for i := range 100 {
		g.refuse(fmt.Sprintf("B%d", i), "", "is blank and not optional")
		g.refuse(fmt.Sprintf("E%d", i), "", "expired on %d", i)
	}
	g.refuse("", "", "reader %q has no wrap", "bob")
	err := &GateError{Environment: prod, Problems: g.problems}
	text := err.Error()
	if strings.Count(text, "is blank") != 5 || strings.Count(text, "expired on") != 5 || !strings.HasSuffix(text, `; reader "bob" has no wrap; and 190 more`) {
		t.Error(text)
	}
	if len(err.Problems) != 201 {
		t.Error("problems are lost")
	}
}
