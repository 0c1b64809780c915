package cmd

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// staged runs the check of a pre-commit hook, wants its exit code, and returns
// what it says with its hints.
func (s *shop) staged(code int) string {
	s.t.Helper()
	c := &cli{Env: &Env{Environ: s.environ, Dir: s.dir, Stdout: os.Stdout, Stderr: os.Stderr}}
	r := s.openRepo()
	c.top = r.Top()
	staged, err := r.Staged(context.Background())
	if err == nil {
		err = c.checkStaged(context.Background(), r, staged)
	}
	if got := exitCode(err); got != code {
		s.t.Fatalf("exit code %d, want %d: %v", got, code, err)
	}
	if err == nil {
		return ""
	}
	return err.Error() + "\n" + strings.Join(hints(err), "\n")
}

func (s *shop) stage(name, data string) {
	s.t.Helper()
	s.putStore(name, data)
	s.git("add", "-A")
}

func TestCheckStaged(t *testing.T) {
	s := full(t)
	s.staged(0)
	s.putStore("junk", "x")
	s.staged(0) // it is not staged

	s.check(os.Remove(filepath.Join(s.dir, storeDir, "junk")))
	s.stage("shop/dev/NEW.yaml", "kind: secret\nvalue: hunter2\n")
	s.putStore("shop/dev/NEW.yaml", "kind: secret\nvalue: blank\n") // the work tree is not what is committed
	said := s.staged(5)
	s.has(said, `staged: ".pinseal/shop/dev/NEW.yaml", line 2: what stands there as the value is not sealed`, "If it was ever committed, take it for known",
		"pinseal rm NEW -e dev && pinseal set NEW -e dev")
	if strings.Contains(said, "hunter2") {
		t.Errorf("the value is shown: %s", said)
	}
	s.git("add", "-A")
	s.staged(0) // a blank is publish's to refuse
	s.stage("shop/dev/evil.txt", "x")
	s.stage("shop/dev/CR.yaml", "kind: secret\r\nvalue: blank\r\n")
	s.has(s.staged(5), "staged: 2 problems", "dev/evil.txt", "dev/CR.yaml", "pinseal fmt")
	s.git("rm", "-qf", "--", ".pinseal/shop/dev/evil.txt", ".pinseal/shop/dev/CR.yaml")
	s.staged(0)
	s.git("update-index", "--chmod=+x", ".pinseal/shop/dev/A.yaml")
	s.has(s.staged(5), "A.yaml", "git add --chmod=-x")
	s.git("update-index", "--chmod=-x", ".pinseal/shop/dev/A.yaml")

	// Something else alone is no business of ours, whatever else is wrong.
	s.git("commit", "-q", "-m", "blank")
	s.git("update-index", "--chmod=+x", ".pinseal/shop/dev/A.yaml")
	s.git("commit", "-q", "-m", "bad")
	s.check(os.WriteFile(filepath.Join(s.dir, "readme"), nil, 0o644))
	s.git("add", "readme")
	s.staged(0)
	s.git("rm", "-qr", "--cached", ".pinseal")
	s.staged(0)
}

// The index that git made for a commit is what counts.
func TestCheckStagedIndex(t *testing.T) {
	s := full(t)
	other := filepath.Join(t.TempDir(), "index")
	s.stage("shop/dev/A.yaml", "kind: secret\nvalue: hunter2\n")
	s.staged(5)
	s.environ = append(s.environ, "GIT_INDEX_FILE="+other)
	s.git("read-tree", "HEAD")
	s.staged(0)
}

func TestCheckStagedNote(t *testing.T) {
	s := full(t)
	one := s.note
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.git("add", "-A")
	s.staged(0)
	s.commit()
	two := s.note

	s.stage("shop/app.note", string(one.Signed()))
	s.has(s.staged(5), "app note in the index: went back to version 1 from version 2 of commit", "git log -p -- .pinseal/shop/app.note")
	s.git("reset", "-q", "--hard")
	s.staysOut(one, two)
	s.stage("shop/app.note", strings.Replace(string(two.Signed()), "name: bob", "name: eve", 1))
	s.has(s.staged(5), "does not verify")
	// A past that was rewritten is refused, also by who may sign it.
	s.note = one
	s.change(func(n *seal.Note) { n.Version += 2 })
	s.change(func(n *seal.Note) {
		next, err := seal.GenerateKey("dev.read", 2)
		s.check(err)
		n.Slots = append(n.Slots, seal.NewEntry(next))
	})
	gone := s.note
	s.stage("shop/app.note", string(gone.Signed()))
	s.staged(0)
	s.commit()
	s.note = two
	s.change(func(n *seal.Note) { n.Version += 9 })
	s.git("add", "-A")
	s.has(s.staged(5), "does not go on from version")
	s.git("reset", "-q", "--hard")

	// Another app in the directory's place is refused; the directory may go.
	away := newShop(t)
	s.stage("shop/app.note", string(away.note.Signed()))
	s.has(s.staged(5), "is of app "+away.note.ID.String())
	s.git("reset", "-q", "--hard")
	s.run(0, "", "fork", "mine")
	s.git("rm", "-qr", "--", ".pinseal/shop")
	s.git("add", "-A")
	s.staged(0)
	s.git("reset", "-q", "--hard")
	s.git("clean", "-qfdx")
	s.git("rm", "-q", "--", ".pinseal/shop/app.note")
	s.has(s.staged(5), "app.note", "is missing")

	// Before the first commit there is nothing to go back from.
	s.git("reset", "-q", "--hard")
	s.git("checkout", "-q", "--orphan", "new")
	s.staged(0)
}

// staysOut takes back the change of the newest commit's app note, and wants the way
// out that has no use after a further one.
func (s *shop) staysOut(one, two *seal.Note) {
	s.t.Helper()
	const soft = "git reset --soft HEAD~1 && git commit"
	s.stage("shop/app.note", string(one.Signed()))
	s.has(s.staged(5), soft)
	s.git("tag", "bob")
	s.git("reset", "-q", "--soft", "HEAD~1")
	s.staged(0)
	s.git("reset", "-q", "--hard", "bob")
	s.check(os.WriteFile(filepath.Join(s.dir, "readme"), nil, 0o644))
	s.commit()
	s.stage("shop/app.note", string(one.Signed()))
	if said := s.staged(5); strings.Contains(said, soft) {
		s.t.Errorf("a commit is taken back that made no note: %s", said)
	}
	s.git("reset", "-q", "--hard", "bob")
	s.note = two
}

// An octopus is judged against every side, not the first alone.
func TestCheckStagedOctopus(t *testing.T) {
	s := full(t)
	one := s.note
	for _, branch := range []string{"docs", "people"} {
		s.git("checkout", "-q", "-b", branch, "main")
		if branch == "people" {
			s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
		} else {
			s.check(os.WriteFile(filepath.Join(s.dir, "readme"), nil, 0o644))
		}
		s.commit()
	}
	s.git("checkout", "-q", "main")
	s.check(os.WriteFile(filepath.Join(s.dir, "code"), nil, 0o644))
	s.commit()
	s.git("merge", "-q", "--no-commit", "docs", "people")
	s.staged(0)
	s.stage("shop/app.note", string(one.Signed()))
	s.has(s.staged(5), "went back to version 1 from version 2")
}

// A merge is judged against both sides.
func TestCheckStagedMerge(t *testing.T) {
	s := full(t)
	one := s.note
	s.git("branch", "old")
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.commit()
	two := s.note
	s.git("checkout", "-q", "old")
	s.check(os.WriteFile(filepath.Join(s.dir, "readme"), nil, 0o644))
	s.commit()
	s.git("merge", "-q", "--no-commit", "main")
	s.staged(0)
	s.stage("shop/app.note", string(one.Signed()))
	s.has(s.staged(5), "went back to version 1 from version 2")
	s.git("merge", "--abort")

	// What resolve makes of two keys of one generation drops one of them.
	key := func(recipient string) {
		next, err := seal.GenerateKey("dev.read", 2)
		s.check(err)
		s.change(func(n *seal.Note) {
			n.Slots = append(n.Slots, seal.NewEntry(next))
			n.Members = append(n.Members, seal.Member{Name: recipient, Recipient: quantumRecipient(t), Slots: []seal.Slot{"dev.read"}})
		})
	}
	s.git("checkout", "-q", "main")
	s.git("branch", "-q", "side")
	key("eve")
	s.commit()
	s.git("checkout", "-q", "side")
	s.note = two
	key("dora")
	s.commit()
	if err := s.gitCommand("merge", "-q", "main").Run(); err == nil {
		t.Fatal("two notes merged by themselves")
	}
	if said := s.staged(6); !strings.Contains(said, "app.note") {
		t.Errorf("unmerged: %s", said)
	}
	s.change(func(n *seal.Note) { n.Version++ })
	s.git("add", "-A")
	s.staged(0)
	s.git("commit", "-q", "-m", "merged")
	s.git("reset", "-q", "--soft", "main") // no merge is going on: main's key is just gone
	s.has(s.staged(5), "does not go on from version 3")
}

func TestSettled(t *testing.T) {
	s := newShop(t)
	next := s.note.Clone()
	next.Version = 2
	if !settled(s.note, next) || settled(next, s.note) || settled(s.note, s.note) {
		t.Error("a later note that keeps the admin keys may be a merged one, and no other")
	}
	was := next.Clone()
	was.Version = 1
	was.Slots = append(slices.Clone(was.Slots), seal.Entry{Slot: seal.Admin, Generation: 2, Key: []byte("x")})
	if settled(was, next) {
		t.Error("a note without an admin key of a side passes for a merged one")
	}
	was.ID[0] ^= 1
	if settled(was, next) {
		t.Error("another app's note passes for a merged one")
	}
}
