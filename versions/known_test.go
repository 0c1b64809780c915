package versions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// listed is what was collected: "VALUE: NAME ENV, …", sorted.
func (k *KnownValues) listed() []string {
	var all []string
	for _, v := range k.List {
		var in []string
		for _, h := range v.In {
			in = append(in, h.Name+" "+h.Environment)
		}
		all = append(all, string(v.Secret.Reveal())+": "+strings.Join(in, ", "))
	}
	slices.Sort(all)
	return all
}

func TestKnownValues(t *testing.T) {
	a := newApp(t)
	ctx := context.Background()
	a.set(prod, "A", "one")
	a.set(prod, "B", "two")
	a.set("dev", "A", "two")
	a.putFile(prod, "EMPTY", SecretFile{Kind: KindSecret})
	first := a.commit()
	a.set(prod, "A", "three")
	// What does not open is not a value, and a file in the middle of a merge holds two.
	a.put(FilePath(prod, "COPY"), a.bytes(SecretFile{Kind: KindSecret, Value: a.sealed(prod, "B", "two")}))
	a.put(FilePath(prod, "BOTH"), []byte("kind: secret\n<<<<<<< a\nvalue: "+a.sealed(prod, "BOTH", "ours")+"\n=======\nvalue: "+a.sealed(prod, "BOTH", "theirs")+"\n>>>>>>> b\n"))
	keys := a.keyring("alice", a.workTree())
	k := NewKnownValues()
	foreign, noKey, err := k.AddSet(ctx, "shop", &Set{Source: a.workTree(), Environment: prod, Keys: keys})
	if err != nil || !slices.Equal(foreign, []string{"COPY"}) || noKey != nil {
		t.Fatal(foreign, noKey, err)
	}
	if want := []string{"ours: BOTH production", "theirs: BOTH production", "three: A production", "two: B production"}; !slices.Equal(k.listed(), want) {
		t.Errorf("%q", k.listed())
	}
	for _, set := range []*Set{{Source: a.at(first), Environment: prod, Keys: keys}, {Source: a.at(first), Environment: "dev", Keys: keys}, {Source: a.at(first), Environment: "none", Keys: keys}} {
		if foreign, _, err := k.AddSet(ctx, "shop", set); err != nil || foreign != nil {
			t.Error(foreign, err)
		}
	}
	if want := []string{"one: A production", "ours: BOTH production", "theirs: BOTH production", "three: A production", "two: B production, A dev"}; !slices.Equal(k.listed(), want) {
		t.Errorf("%q", k.listed())
	}
	if s := fmt.Sprintf("%v %+v %#v", k, k.List[0], *k.List[0]); strings.Contains(s, "three") || strings.Contains(s, "ours") {
		t.Errorf("a value prints: %s", s)
	}
	// Who reads production alone.
	k = NewKnownValues()
	_, noKey, err = k.AddSet(ctx, "shop", &Set{Source: a.at(first), Environment: "dev", Keys: a.keyring("bob", a.workTree())})
	if err != nil || !slices.Equal(noKey, []string{"A"}) || len(k.List) > 0 {
		t.Error(noKey, err, k.listed())
	}
}

// TestKnownCurrent: a value that a version in use has is current, wherever else it was.
func TestKnownCurrent(t *testing.T) {
	a := newApp(t)
	ctx := context.Background()
	a.set(prod, "A", "old")
	a.set("dev", "B", "kept")
	first := a.commit()
	a.set(prod, "A", "new")
	a.set(prod, "C", "kept")
	a.commit()
	a.set("dev", "B", "other")
	a.commit()
	h, err := ReadHistory(ctx, a.r, appDir, a.note, map[string]*Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	keys := a.keyring("alice", a.workTree())
	k := NewKnownValues()
	for _, env := range []string{"dev", prod} {
		if _, _, err := k.AddSet(ctx, "shop", &Set{Source: a.workTree(), Environment: env, Keys: keys}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.AddPastSet(ctx, "shop", &Set{Source: a.at(first), Environment: env, Keys: keys}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.AddHistory(ctx, "shop", h, env, keys); err != nil {
			t.Fatal(err)
		}
	}
	var current []string
	for _, v := range k.List {
		if v.Current {
			current = append(current, string(v.Secret.Reveal()))
		}
	}
	slices.Sort(current)
	if want := []string{"kept", "new", "other"}; !slices.Equal(current, want) || len(k.List) != 4 {
		t.Errorf("%q are current of %q", current, k.listed())
	}
}

func TestKnownHistory(t *testing.T) {
	a := newApp(t)
	ctx := context.Background()
	for i := range 4 {
		a.set(prod, "A", fmt.Sprint("value ", i))
		a.commit()
		if i == 1 {
			a.rotate(seal.ReadSlot(prod), nil)
		}
	}
	tgit(t, a.dir, "switch", "-q", "-c", "side")
	a.set(prod, "GONE", "side")
	a.commit()
	tgit(t, a.dir, "switch", "-q", "main")
	h, err := ReadHistory(ctx, a.r, appDir, a.note, map[string]*Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]int{"alice": 5, "ci": 0} {
		k := NewKnownValues()
		noKey, missing, err := k.AddHistory(ctx, "shop", h, prod, a.keyring(who, a.workTree()))
		if err != nil || missing || len(k.List) != want || (want == 0) != slices.Equal(noKey, []string{"A", "GONE"}) {
			t.Errorf("%s: %v, %v, %q, without %q", who, err, missing, k.listed(), noKey)
		}
	}
	if h, err = ReadHistory(ctx, a.r, appDir, a.note, map[string]*Ledger{}); err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, _, err := NewKnownValues().AddHistory(stopped, "shop", h, prod, a.keyring("alice", a.workTree())); err == nil {
		t.Error("it goes on after its context has ended")
	}
}
