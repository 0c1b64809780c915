package versions

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// sideNote commits a note on a branch of its own, and goes back.
func (a *testApp) sideNote(branch string, signed []byte) {
	a.t.Helper()
	tgit(a.t, a.dir, "checkout", "-q", "-b", branch)
	a.put(NoteName, signed)
	a.commit()
	tgit(a.t, a.dir, "checkout", "-q", "main")
}

// with is a further version of the newest note, not signed.
func (a *testApp) with(edit func(*seal.Note)) *seal.Note {
	n := a.note.Clone()
	n.Version++
	edit(n)
	return n
}

func giveBob(n *seal.Note) {
	for i := range n.Members {
		if n.Members[i].Name == "bob" {
			n.Members[i].Slots = []seal.Slot{"dev.read", "production.read"}
		}
	}
}

// Who can push can put any note into a side commit. It gives nobody more than an
// admin gave.
func TestExposureOfForgedNotes(t *testing.T) {
	stranger, err := seal.GenerateKey(seal.Admin, 1)
	if err != nil {
		t.Fatal(err)
	}
	other := newApp(t)
	for name, forge := range map[string]func(*testApp) []byte{
		"text changed": func(a *testApp) []byte {
			return bytes.Replace(a.note.Signed(), []byte("slots: [production.read]"), []byte("slots: [dev.read, production.read]"), 1)
		},
		"another admin key": func(a *testApp) []byte {
			n := a.with(giveBob)
			n.Slots[0] = seal.NewEntry(stranger)
			text, err := n.Text()
			a.must(err)
			signed, err := stranger.Sign(a.id, text)
			a.must(err)
			return signed
		},
		"another app": func(a *testApp) []byte {
			other.change(giveBob)
			return other.note.Signed()
		},
		"removed admin": func(a *testApp) []byte {
			signed := a.sign(a.with(func(n *seal.Note) { n.Version += 5; giveBob(n) })).Signed()
			a.rotate(seal.Admin, nil)
			a.commit()
			return signed
		},
		"newer program": func(a *testApp) []byte {
			return bytes.Replace(a.sign(a.with(giveBob)).Signed(), []byte("needs: 1"), []byte("needs: 2"), 1)
		},
		"not a note": func(a *testApp) []byte {
			return append([]byte("<<<<<<< a\n"), a.sign(a.with(giveBob)).Signed()...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			a.set(prod, "A", "one")
			a.set("dev", "D", "one")
			a.commit()
			a.sideNote("side", forge(a))
			e := a.exposure("bob", "alice")
			wantShown(t, e, "reads production/A 1/1")
			if e.Passed != 1 {
				t.Errorf("%d notes were passed over", e.Passed)
			}
		})
	}
}

// What an admin signed on a branch counts, merged or not, and dropped or not, as
// long as the key that signed it is the admins'.
func TestExposureOfBranchNotes(t *testing.T) {
	a := newApp(t)
	a.set("dev", "D", "one")
	a.commit()
	more := func() *seal.Note {
		return a.with(func(n *seal.Note) {
			giveBob(n)
			n.Slots = append(n.Slots, seal.NewEntry(a.newKey("dev.read", 2)))
		})
	}
	branch := a.sign(more())
	a.sideNote("side", branch.Signed())
	if e := a.exposure("bob", "alice"); e.Reach["dev"] != 2 || e.Passed != 0 {
		t.Errorf("follows: %v, %d", e.Reach, e.Passed)
	}
	a.rotate("dev.read", nil)
	if r := seal.Compare(a.note, branch); r != seal.Diverged {
		t.Fatal(r)
	}
	if e := a.exposure("bob", "alice"); e.Reach["dev"] != 2 || e.Passed != 0 {
		t.Errorf("diverged: %v, %d", e.Reach, e.Passed)
	}
	a.change(func(*seal.Note) {}) // resolved: ours
	if r := seal.Compare(a.note, branch); r != seal.Foreign {
		t.Fatal(r)
	}
	if e := a.exposure("bob", "alice"); e.Reach["dev"] != 2 || e.Passed != 0 {
		t.Errorf("dropped: %v, %d", e.Reach, e.Passed)
	}
	a.rotate(seal.Admin, nil)
	if e := a.exposure("bob", "alice"); e.Reach["dev"] != 0 || e.Passed != 1 {
		t.Errorf("dropped by who may be no admin any more: %v, %d", e.Reach, e.Passed)
	}
}

// An app that stands beside this one is none of its business, and a directory's
// name is not what makes an app.
func TestExposureOfDirectories(t *testing.T) {
	a, other := newApp(t), newApp(t)
	other.set(prod, "OTHERS", "one")
	a.set(prod, "A", "one")
	a.must(os.CopyFS(filepath.Join(a.dir, ".pinseal", "blog"), os.DirFS(filepath.Join(other.dir, appDir))))
	a.commit()
	a.leave("bob", prod)
	a.set(prod, "A", "two")
	a.commit()
	e := a.exposure("bob", "alice")
	if wantShown(t, e); e.Passed != 0 {
		t.Errorf("%d notes were passed over", e.Passed)
	}

	tgit(t, a.dir, "mv", appDir, ".pinseal/store")
	commit := a.commit()
	h, err := ReadHistory(context.Background(), a.r, ".pinseal/store", a.note, nil)
	a.must(err)
	fsys, err := a.r.FS(context.Background(), commit, ".pinseal/store")
	a.must(err)
	src := &Source{FS: fsys, What: "commit"}
	e, err = h.Exposure(context.Background(), "bob", src, a.keyring("alice", src))
	a.must(err)
	wantShown(t, e)
	w, err := repo.OpenWorkTree(a.r.Top(), ".pinseal/store")
	a.must(err)
	defer w.Close()
	a.must(w.WriteFile(FilePath(prod, "A"), a.bytes(SecretFile{Kind: KindSecret, Value: a.sealed(prod, "A", "one")})))
	src = &Source{FS: w, What: "work tree"}
	e, err = h.Exposure(context.Background(), "bob", src, a.keyring("alice", src))
	a.must(err)
	wantShown(t, e, "rotate production/A 1/1")
}

// Lines alone give the claims that the parsed note gives.
func TestClaims(t *testing.T) {
	a := newApp(t)
	a.rotate("production.read", nil)
	a.add("zoe", true, "dev.publish", "dev.read")
	c := newClaims(a.note)
	id, version, list := claimsIn(a.note.Signed())
	if id != a.id.String() || version != a.note.Version || !slices.Equal(list, c.held) {
		t.Errorf("%s %d\n%v\n%v", id, version, list, c.held)
	}
	if slices.ContainsFunc(list, c.isNews) {
		t.Error("what is known is news")
	}
	for _, news := range []claim{{"bob", a.person("bob").Recipient().String(), "dev", 1}, {"bob", a.person("bob").Recipient().String(), prod, 3}, {"eve", "age1", "", 1}} {
		if !c.isNews(news) {
			t.Errorf("%v is no news", news)
		}
	}
	claimsIn([]byte("  - name: x\n    slots: []\n    slots: [\nversion: 99999999999999999999\n    generation: x\nid"))
}
