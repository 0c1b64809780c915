package versions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// Side branches count, merged or not.
func TestExposureOfBranches(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.commit()
	tgit(t, a.dir, "branch", "side")
	a.leave("bob", prod)
	a.set(prod, "A", "two")
	a.commit()
	a.set(prod, "A", "three")
	main := a.commit()

	// A secret that only a side branch has is nothing that is in use here.
	tgit(t, a.dir, "checkout", "-q", "side")
	note := a.note
	a.note, _ = seal.ParseNote(a.workTreeNote())
	a.set(prod, "A", "on the side")
	a.set(prod, "B", "on the side")
	side := a.commit()
	a.note = note
	tgit(t, a.dir, "checkout", "-q", "main")
	a.wantBoth("bob", []string{"removed production/B 1/1"}, []string{"removed production/B 1/1"})
	a.set(prod, "A", "on the side")
	if got := shown(a.exposure("bob", "alice")); got[0] != "rotate production/A 2/2" {
		t.Errorf("a side branch's value is not found: %q", got)
	}

	// Merged, the old generation's value is in use again, and stays when it is
	// sealed anew in the merge.
	tgit(t, a.dir, "reset", "-q", "--hard", string(main))
	commit := tgit(t, a.dir, "commit-tree", "-p", string(main), "-p", string(side), "-m", "merge", tgit(t, a.dir, "rev-parse", "HEAD^{tree}"))
	tgit(t, a.dir, "reset", "-q", "--hard", commit)
	tgit(t, a.dir, "checkout", "-q", string(side), "--", appDir+"/"+FilePath(prod, "A"))
	a.wantBoth("bob", []string{"rotate production/A 2/2", "removed production/B 1/1"}, []string{"rotate production/A 2/2", "removed production/B 1/1"})
	a.reseal(prod)
	tgit(t, a.dir, "add", "-A")
	tgit(t, a.dir, "commit", "-q", "--amend", "--no-edit")
	resealed := []string{"unsure production/A 2/2: " + onlyResealed, "removed production/B 1/1"}
	a.wantBoth("bob", []string{"rotate production/A 2/2", "removed production/B 1/1"}, resealed)

	// So does one that was sealed anew on the side, and again to the same generation
	// when the merge was resolved.
	tgit(t, a.dir, "checkout", "-q", "-b", "again", string(side))
	tgit(t, a.dir, "checkout", "-q", string(main), "--", appDir+"/"+NoteName, appDir+"/"+KeysDir)
	a.reseal(prod)
	side = a.commit()
	commit = tgit(t, a.dir, "commit-tree", "-p", string(main), "-p", string(side), "-m", "merge", tgit(t, a.dir, "rev-parse", "HEAD^{tree}"))
	tgit(t, a.dir, "reset", "-q", "--hard", commit)
	a.reseal(prod)
	tgit(t, a.dir, "add", "-A")
	tgit(t, a.dir, "commit", "-q", "--amend", "--no-edit")
	a.wantBoth("bob", []string{"rotate production/A 2/2", "rotate production/B 1/1"},
		[]string{"unsure production/A 2/2: " + onlyResealed, "unsure production/B 1/1: " + onlyResealed})
}

func (a *testApp) workTreeNote() []byte {
	a.t.Helper()
	signed, err := a.workTree().Note()
	a.must(err)
	return signed
}

func TestExposureOfPins(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set(prod, "B", "one")
	a.publish("alice")
	a.publish("alice")
	a.set(prod, "A", "two")
	a.publish("alice")
	a.leave("bob", prod)
	a.set(prod, "A", "three")
	a.wantBoth("bob", []string{"rotate production/B 1/1 [1 2 3] now 3", "pinned production/A 2/2 [1 2 3] now 3"},
		[]string{"unsure production/A 2/2 [1 2 3] now 3: " + onlyResealed, "unsure production/B 1/1 [1 2 3] now 3: " + onlyResealed})
	a.drop(FilePath(prod, "B"))
	a.commit()
	a.set(prod, "A", "four")
	a.wantBoth("bob", []string{"pinned production/A 2/2 [1 2 3] now 3", "pinned production/B 1/1 [1 2 3] now 3"},
		[]string{"pinned production/A 2/2 [1 2 3] now 3", "pinned production/B 1/1 [1 2 3] now 3"})
	a.publish("alice")
	a.wantBoth("bob", []string{"removed production/B 1/1 [1 2 3]"}, []string{"removed production/B 1/1 [1 2 3]"})

	// The commits are gone, and the pins still have it.
	tgit(t, a.dir, "checkout", "-q", "--orphan", "new")
	a.commit()
	tgit(t, a.dir, "branch", "-q", "-D", "main")
	tgit(t, a.dir, "reflog", "expire", "--expire=all", "--all")
	tgit(t, a.dir, "gc", "-q", "--prune=all")
	a.r = openRepo(t, a.dir)
	a.wantBoth("bob", []string{"removed production/B 1/0 [1 2 3]"},
		[]string{"unsure production/A 2/0 [1 2 3] now 4: " + maybeBack, "removed production/B 1/0 [1 2 3]"})
	a.set(prod, "A", "one")
	if got := shown(a.exposure("bob", "alice")); got[0] != "rotate production/A 2/0 [1 2 3]" {
		t.Errorf("a pin's value is not found: %q", got)
	}
}

// A ledger whose files are not those that were pinned tells nothing of them, and
// keeps nobody from the rest: whoever can push can make one.
func TestExposureOfForgedPins(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	pin := a.publish("alice")
	tgit(t, a.dir, "update-ref", "-d", "refs/heads/main")
	tgit(t, a.dir, "reflog", "expire", "--expire=all", "--all")
	files := a.tree(pin)
	files[FilePath(prod, "A")] = a.bytes(SecretFile{Kind: KindSecret})
	commit, _ := a.writeCommit(files, nil)
	tgit(t, a.dir, "update-ref", LedgerRef(a.id, prod), string(commit))
	e, err := a.history().Exposure(context.Background(), "bob", a.workTree(), nil)
	if err != nil || e.Complete {
		t.Errorf("a file that is not the one that was pinned: %v", err)
	}
}

// Old pins without their files, put there by who can push, and the newest as it was.
func TestExposureOfDamagedPins(t *testing.T) {
	for _, without := range []string{SumName, NoteName, FilePath(prod, "A")} {
		a := newApp(t)
		a.set(prod, "A", "one")
		a.commit()
		first := a.publish("alice")
		a.leave("bob", prod)
		a.set(prod, "B", "two")
		a.commit()
		second := a.publish("alice")
		files := a.tree(first)
		delete(files, without)
		commit, _ := a.writeCommit(files, nil)
		commit, _ = a.writeCommit(a.tree(second), []repo.Hash{commit})
		tgit(t, a.dir, "update-ref", LedgerRef(a.id, prod), string(commit))
		e, err := a.history().Exposure(context.Background(), "bob", a.workTree(), nil)
		if err != nil {
			t.Errorf("without %s: %v", without, err)
			continue
		}
		if got := shown(e); len(got) != 1 || !strings.HasPrefix(got[0], "unsure production/A") {
			t.Errorf("without %s: %q", without, got)
		}
		if without == FilePath(prod, "A") {
			continue // the commit has it
		}
		if e.Complete || len(e.Damaged) != 1 || e.Damaged[0] != "pin 1 of production" {
			t.Errorf("without %s: complete %v, damaged %q", without, e.Complete, e.Damaged)
		}
		if got := a.prepareRotated("alice", a.commit()); len(got) != 1 || !strings.Contains(got[0], "pin 1 of production") {
			t.Errorf("without %s the gate says %q", without, got)
		}
	}
}

// A branch that is not merged can know an environment that the newest note does
// not.
func TestExposureOfUnmergedEnvironment(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.commit()
	note := a.note
	tgit(t, a.dir, "checkout", "-q", "-b", "side")
	me := map[seal.Slot][]string{"staging.read": {"alice", "bob"}, "staging.publish": {"alice"}}
	a.mustAmend("alice", func(am *Amendment) error { return am.DeclareEnvironment("staging", me) })
	a.set("staging", "S", "two")
	a.commit()
	tgit(t, a.dir, "checkout", "-q", "main")
	a.note = note
	a.mustAmend("alice", removal("bob", []seal.Slot{seal.ReadSlot(prod)}, nil))
	a.commit()
	for _, keys := range []string{"alice", ""} {
		if got := shown(a.exposure("bob", keys)); len(got) == 0 {
			t.Errorf("with %q: %q", keys, got)
		}
	}
}

// Each version of a named key counts, and so does what has no spelling of ours.
func TestExposureOfFiles(t *testing.T) {
	a := newApp(t)
	key := SecretFile{Kind: KindKey, Bits: 128}
	sealed := func(version uint32, text string) {
		e, _ := a.note.Newest("production.read")
		place := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: version}
		key.Versions = append(key.Versions, KeyVersion{version, a.sealedAt(place, e, text)})
		a.putFile(prod, "K", key)
	}
	sealed(1, "AAAAAAAAAAAAAAAAAAAAAA==")
	a.commit()
	a.leave("bob", prod)
	a.commit()
	key.Versions = key.Versions[:0]
	f, err := a.workTree().File(prod, "K")
	a.must(err)
	key.Versions = f.Versions
	sealed(2, "BBBBBBBBBBBBBBBBBBBBBA==")
	a.commit()
	a.wantBoth("bob", []string{"rewrap production/K 1/1"}, []string{"rewrap production/K 1/1: " + onlyResealed})
	if s := a.exposure("bob", "alice").Secrets[0]; s.Kind != KindKey || !slices.Equal(s.KeyVersions, []uint32{1}) {
		t.Errorf("%+v", s)
	}
	key.Versions = key.Versions[1:]
	a.putFile(prod, "K", key)
	a.wantBoth("bob", []string{}, []string{})

	b := newApp(t)
	value := b.sealed(prod, "A", "one")
	other := b.sealed(prod, "A", "two")
	b.put(FilePath(prod, "A"), []byte("<<<<<<< a\r\n value: '"+value+"'\r\n=======\n\"value\": "+other+"\n>>>>>>> b\n"))
	b.put(FilePath(prod, "BIG"), make([]byte, MaxSecretFile+1))
	b.commit()
	b.drop(FilePath(prod, "BIG"))
	b.remove("bob")
	b.rotate("production.read", nil)
	for i, text := range []string{"one", "two", "three"} {
		b.set(prod, "A", text)
		want := []string{"rotate production/A 2/1"}
		if i == 2 {
			want = []string{}
		}
		e := b.exposure("bob", "alice")
		wantShown(t, e, want...)
		if e.Skipped != 1 {
			t.Errorf("%d files passed over", e.Skipped)
		}
	}
}

func TestSealedIn(t *testing.T) {
	v := fakeSealed("7")
	for text, want := range map[string]string{
		"kind: secret\nvalue: " + v + "\n":                          "[0]",
		"bits: 128\nvalue.1: " + v + "\nvalue.12: " + v:             "[1 12]",
		"\"value.3\" : \"" + v + "\"\r\n":                           "[3]",
		"value: blank\n":                                            "[]",
		"about: \"s1. and s1.1.AAAA\"\n":                            "[]",
		"value: " + v + "A\n":                                       "[]",
		"s1.":                                                       "[]",
		"{kind: secret, value: " + v + "}":                          "[0]",
		"<<<<<<< a\nvalue: " + v + "\n=======\nvalue: " + v + "\n>": "[0 0]",
	} {
		got := []uint32{}
		for found, generation := range sealedIn([]byte(text)) {
			got = append(got, found.Number)
			if found.Value != v || generation != 7 {
				t.Errorf("%.30q: another value", text)
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%.30q: %v, want %s", text, got, want)
		}
	}
}

func TestExposureShallow(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.commit()
	a.leave("bob", prod)
	a.commit()
	a.set(prod, "A", "two")
	a.commit()
	dir := t.TempDir()
	tgit(t, dir, "clone", "-q", "--depth=1", "file://"+a.dir, "r")
	b := *a
	b.dir = dir + "/r"
	b.r = openRepo(t, b.dir)
	h, err := ReadHistory(context.Background(), b.r, appDir, a.note, nil, NoteCandidate{Signed: a.oldNote(t, "HEAD~2")})
	a.must(err)
	e, err := h.Exposure(context.Background(), "bob", b.workTree(), nil)
	a.must(err)
	if e.Complete {
		t.Error("a shallow clone is complete")
	}
	wantShown(t, e, "unsure production/A 0/0: "+unexplained)
	if !a.exposure("bob", "").Complete {
		t.Error("the whole repository is not complete")
	}
}

func (a *testApp) oldNote(t *testing.T, rev string) []byte {
	t.Helper()
	signed, err := a.at(repo.Hash(tgit(t, a.dir, "rev-parse", rev))).Note()
	a.must(err)
	return signed
}
