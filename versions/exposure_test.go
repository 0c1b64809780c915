package versions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// reseal seals every value of the work tree's environment to its newest key.
func (a *testApp) reseal(env string) {
	a.t.Helper()
	src := a.workTree()
	set := &Set{Source: src, Environment: env, Keys: a.keyring("alice", src)}
	names, files, err := src.Files(env)
	a.must(err)
	for i, name := range names {
		f, err := set.Reseal(name, files[i], a.sealer(env), seal.Place{App: a.id, Environment: env, Name: name})
		a.must(err)
		a.putFile(env, name, *f)
	}
}

// leave removes a member, makes the next read key of an environment and seals its
// values anew, in the work tree.
func (a *testApp) leave(name, env string) {
	a.t.Helper()
	a.remove(name)
	a.rotate(seal.ReadSlot(env), nil)
	a.reseal(env)
}

// move renames a secret, or copies it when it stays.
func (a *testApp) move(env, old, name string, stays bool) {
	a.t.Helper()
	src := a.workTree()
	set := &Set{Source: src, Environment: env, Keys: a.keyring("alice", src)}
	f, err := src.File(env, old)
	a.must(err)
	f, err = set.Reseal(old, f, a.sealer(env), seal.Place{App: a.id, Environment: env, Name: name})
	a.must(err)
	a.putFile(env, name, *f)
	if !stays {
		a.drop(FilePath(env, old))
	}
}

func (a *testApp) history() *History {
	a.t.Helper()
	h, err := ReadHistory(context.Background(), a.r, appDir, a.note, map[string]*Ledger{prod: a.ledger(), "dev": nil})
	a.must(err)
	return h
}

// exposure is the report on a member by who has keys, "" for nobody's.
func (a *testApp) exposure(member, by string) *Exposure {
	a.t.Helper()
	var keys *Keyring
	src := a.workTree()
	if by != "" {
		keys = a.keyring(by, src)
	}
	e, err := a.history().Exposure(context.Background(), member, src, keys)
	a.must(err)
	return e
}

// shown is a line per secret: "STATE ENV/NAME VALUES/COMMITS [pins] [newest] [= AS] [REASON]".
func shown(e *Exposure) []string {
	lines := []string{}
	for _, s := range e.Secrets {
		line := fmt.Sprintf("%s %s/%s %d/%d", s.State, s.Environment, s.Name, s.Versions, len(s.Commits))
		if len(s.Pins) > 0 {
			line += fmt.Sprintf(" %v", s.Pins)
		}
		if s.Pinned > 0 {
			line += fmt.Sprintf(" now %d", s.Pinned)
		}
		if len(s.As) > 0 {
			line += " = " + strings.Join(s.As, ",")
		}
		if s.Reason != "" {
			line += ": " + s.Reason
		}
		lines = append(lines, line)
	}
	return lines
}

func wantShown(t *testing.T, e *Exposure, want ...string) {
	t.Helper()
	if got := shown(e); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// wantBoth wants the report of a reader and that of somebody without a key.
func (a *testApp) wantBoth(member string, reader, keyless []string) {
	a.t.Helper()
	for _, by := range []struct {
		who  string
		want []string
	}{{"alice", reader}, {"", keyless}, {"ci", keyless}} {
		if got := shown(a.exposure(member, by.who)); !slices.Equal(got, by.want) {
			a.t.Errorf("as %q, got\n  %s\nwant\n  %s", by.who, strings.Join(got, "\n  "), strings.Join(by.want, "\n  "))
		}
	}
}

// What there was before somebody joined was given too, and what came after he had
// left one environment only there.
func TestExposureOfWhom(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set("dev", "D", "one")
	a.commit()
	a.rotate("production.read", nil)
	a.reseal(prod)
	a.commit()
	a.add("carol", false, "production.read")
	a.set(prod, "A", "two")
	a.commit()
	wantShown(t, a.exposure("carol", "alice"), "reads production/A 3/3")
	if e := a.exposure("carol", ""); !slices.Equal(e.Reads, []string{prod}) || e.Reach[prod] != 2 || e.Reach["dev"] != 0 || !e.Complete {
		t.Errorf("%+v", e)
	}
	wantShown(t, a.exposure("ci", "alice"))
	wantShown(t, a.exposure("alice", "bob"), "reads production/A 3/3", "reads dev/D 1/1")
	_, err := a.history().Exposure(context.Background(), "nobody", a.workTree(), nil)
	wantErr(t, err, ErrNotFound, `no member "nobody"`)

	// A name that somebody else has now is about both; the gate tells them apart.
	a.leave("carol", prod)
	a.set(prod, "A", "three")
	a.commit()
	delete(a.people, "carol")
	a.add("carol", false, "dev.read")
	a.commit()
	e := a.exposure("carol", "alice")
	wantShown(t, e, "reads dev/D 1/1")
	if len(e.Recipients) != 2 || e.Reach[prod] != 2 || !slices.Equal(e.Reads, []string{"dev"}) {
		t.Errorf("%v %v %v", e.Recipients, e.Reach, e.Reads)
	}
	// A new name is the same person.
	a.change(func(n *seal.Note) {
		for i := range n.Members {
			if n.Members[i].Name == "carol" {
				n.Members[i].Name = "dora"
			}
		}
	})
	wantShown(t, a.exposure("dora", "alice"), "reads dev/D 1/1")
	if got := a.history().Members(); !slices.Equal(got, []string{"alice", "bob", "carol", "ci", "dora", "web"}) {
		t.Errorf("%q", got)
	}
}

// Of an environment that was given up nothing is to be published.
func TestExposureOfGivenUp(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.publish("alice")
	a.drop(FilePath(prod, "A"))
	a.remove("bob")
	a.wantBoth("bob", []string{"pinned production/A 1/1 [1] now 1"}, []string{"pinned production/A 1/1 [1] now 1"})
	a.change(func(n *seal.Note) {
		n.Members = []seal.Member{a.member("alice", false, "admin", "dev.publish", "dev.read")}
	})
	a.wantBoth("bob", []string{"removed production/A 1/1 [1]"}, []string{"removed production/A 1/1 [1]"})
}

// Who has not been given an old key cannot tell what was sealed to it.
func TestExposureByNewReader(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "one")
	a.commit()
	a.leave("bob", prod)
	a.set(prod, "B", strings.Repeat("two", 100))
	a.commit()
	a.add("dora", false, "production.read")
	a.drop(WrapPath("production.read", 1, "dora"))
	e := a.exposure("bob", "dora")
	wantShown(t, e, "unsure production/A 1/1: "+onlyResealed)
	if can := e.Secrets[0].Can; !slices.Equal(can, []string{"alice", "dora", "web"}) {
		t.Errorf("%q can tell", can)
	}
}

// A value that does not open is not passed over where it is in use.
func TestExposureOfBroken(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.commit()
	a.leave("bob", prod)
	e, _ := a.note.Newest("production.read")
	broken := a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "OTHER"}, e, "one")
	a.putFile(prod, "A", SecretFile{Kind: KindSecret, Value: broken})
	src := a.workTree()
	_, err := a.history().Exposure(context.Background(), "bob", src, a.keyring("alice", src))
	wantErr(t, err, ErrNotAuthentic, `value of "A" in production: was not sealed for this place`)
	a.publish("ci") // who cannot tell
	a.set(prod, "A", "two")
	wantShown(t, a.exposure("bob", "alice"))
	wantShown(t, a.exposure("bob", ""), "pinned production/A 1/1 now 1: "+onlyResealed)
	a.put(FilePath(prod, "A"), []byte("<<<<<<< a\n"))
	_, err = a.history().Exposure(context.Background(), "bob", src, nil)
	wantErr(t, err, ErrConflict, "conflict markers")
}
