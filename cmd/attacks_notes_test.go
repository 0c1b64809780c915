package cmd_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// changesPeople is every command that makes keys or changes who is in.
func changesPeople(t *testing.T) [][]string {
	return [][]string{
		{"rekey", "dev"}, {"rekey", "--all"}, {"member", "add", "carol", quantum(t), "--can", "dev.read"},
		{"member", "add", "web", "--service", "--can", "dev.read"}, {"member", "add", "bob", "--can", "dev.publish"},
		{"member", "rm", "bob"}, {"member", "sync"}, {"env", "add", "staging"}, {"env", "rm", "production", "--yes"},
	}
}

// Who writes himself into the note by hand gets nothing, and stops the next
// change of people instead of being part of it.
func TestMemberByHand(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "dev.read")
	signed := ada.read(ada.file("app.note"))
	member := bytes.Index(signed, []byte("  - name: bob\n"))
	if member < 0 {
		t.Fatalf("no member bob in\n%s", signed)
	}
	for name, forged := range map[string][]byte{
		"more slots":      bytes.Replace(signed, []byte("slots: [dev.read]"), []byte("slots: [dev.read, production.read]"), 1),
		"another member":  bytes.Replace(signed, []byte("\n\n— "), []byte("\n  - name: mallory\n    recipient: "+quantum(t)+"\n    slots: [production.read]\n\n— "), 1),
		"another key":     bytes.Replace(signed, []byte(ada.recipientOf("bob")), []byte(quantum(t)), 1),
		"nobody but ada":  append(bytes.Clone(signed[:member]), signed[bytes.Index(signed, []byte("\n\n— "))+1:]...),
		"another version": bytes.Replace(signed, []byte("version: 2"), []byte("version: 3"), 1),
	} {
		t.Run(name, func(t *testing.T) {
			if bytes.Equal(forged, signed) {
				t.Fatal("nothing was forged")
			}
			for _, p := range []*person{ada, bob} {
				p := p.in(t)
				p.write(p.file("app.note"), forged)
				p.commit(p.dir, "me too")
				for _, args := range append(changesPeople(t), []string{"get", "KEY"}, []string{"get", "KEY", "--at", "HEAD"},
					[]string{"set", "NEW"}, []string{"publish", "dev", "HEAD"}, []string{"member", "list"}, []string{"status"}) {
					p.says(p.refused(5, args...), "does not verify")
				}
				p.git(p.dir, "reset", "-q", "--hard", "HEAD^")
			}
		})
	}
	// A wrap put there for who is not in the note: nothing is ever added to it,
	// and who can finishes by taking it away.
	for _, dir := range []string{"dev.read.1", "production.read.1", "production.read.2"} {
		ada.write(ada.file("keys", dir, "mallory.age"), ada.read(ada.wrap(seal.ReadSlot("dev"), 1, "bob")))
		ada.write(ada.file("keys", dir, "bob.age"), ada.read(ada.wrap(seal.ReadSlot("dev"), 1, "bob")))
	}
	ada.commit(ada.dir, "wraps by hand")
	planted := ada.read(ada.file("keys", "production.read.2", "mallory.age"))
	ada.ok("rekey", "--all")
	for _, dir := range []string{"production.read.1", "production.read.2"} {
		for _, name := range []string{"mallory.age", "bob.age"} {
			if got := ada.read(ada.file("keys", dir, name)); !bytes.Equal(got, planted) {
				t.Errorf("%s/%s was made by rekey", dir, name)
			}
		}
	}
	if _, err := os.Stat(ada.file("keys", "dev.read.2", "mallory.age")); err == nil {
		t.Error("rekey made a wrap for who is not a member")
	}
	ada.ok("member", "sync")
	if files := ada.git(ada.dir, "ls-files", "-co", "--exclude-standard", "--deduplicate"); strings.Contains(files, "mallory") {
		for line := range strings.Lines(files) {
			if _, err := os.Stat(ada.path("ada", strings.TrimSpace(line))); err == nil && strings.Contains(line, "mallory") {
				t.Errorf("still there after sync: %s", line)
			}
		}
	}
	ada.opens(prodValue, "get", "KEY", "-e", "production")
}

// recipientOf is a member's recipient in the note.
func (p *person) recipientOf(member string) string {
	p.Helper()
	m, ok := p.note().Member(member)
	if !ok {
		p.Fatalf("%s is no member", member)
	}
	return m.Recipient
}

// An old note that is put back revives nobody on a machine that has seen the
// newer one, and nothing is written under it.
func TestOldNotePutBack(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "dev.read,production.read")
	withBob := ada.head()
	ada.ok("member", "rm", "bob")
	ada.shares("bob leaves")
	bob.pulls()
	bob.refused(4, "get", "KEY")
	for _, what := range [][]string{{".pinseal/shop/app.note"}, {".pinseal"}} {
		for _, p := range []*person{ada, bob} {
			p.git(p.dir, append([]string{"checkout", withBob, "--"}, what...)...)
			p.commit(p.dir, "as it was")
		}
		for _, at := range []string{"worktree", "HEAD", withBob} {
			bob.refused(4, "get", "KEY", "--at", at)
			bob.refused(4, "get", "KEY", "-e", "production", "--at", at)
		}
		for _, args := range append(changesPeople(t), []string{"set", "NEW"}, []string{"generate", "NEW"}, []string{"mv", "KEY", "NEW"}) {
			ada.says(ada.refused(5, args...), "version 3 has been seen")
		}
		ada.says(ada.ok("status").stdout, "The app note here is version 2; version 3 has been seen")
		for _, p := range []*person{ada, bob} {
			p.git(p.dir, "reset", "-q", "--hard", "origin/main")
		}
	}
	// A pin of the commit in which he was a member speaks of the newer note.
	ada.ok("publish", "production", withBob, "--allow-retired")
	pin := ada.git(ada.dir, "show", "refs/pinseal/"+tm.id+"/production:pin.note")
	ada.says(pin, "note_version: 3")
	bob.forgets()
	bob.git(bob.dir, "checkout", "-q", withBob)
	bob.ok("trust", "--app", tm.id)
	bob.ok("fetch")
	bob.refused(4, "get", "KEY", "-e", "production", "--at", "pin")
}

// A removed admin has the admin key of his day, and can sign with it: a newer
// note of his own, a successor of his own. Who has seen him go takes neither.
func TestRemovedAdmin(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	mallory := tm.joins("mallory", "admin,production.read")
	old, before := mallory.key(seal.Admin, 1), mallory.note()
	ada.says(ada.ok("member", "rm", "mallory").stderr, "admin 2", "production.read 2")
	ada.shares("mallory leaves")
	carol := tm.joins("carol", "dev.read") // sees the newer note first
	now := ada.note()

	// What he can make of it: his own newer version of the note of his day, also
	// one with a successor of his own, and the newest note with him in it.
	mine := func(base *seal.Note, version int) *seal.Note {
		n := base.Clone()
		n.Version = version
		return n
	}
	back := mine(now, 9)
	m, _ := before.Member("mallory")
	back.Members = append(back.Members, m)
	successor, err := seal.GenerateKey(seal.Admin, 2)
	if err != nil {
		t.Fatal(err)
	}
	own := mine(before, 9)
	own.Slots = append(own.Slots, seal.NewAdminEntry(old, own.ID, successor))
	same := mine(before, now.Version)
	same.Members[0].Slots = same.Members[0].Slots[:1]
	tests := []struct {
		name  string
		note  *seal.Note
		key   *seal.Key
		reads bool // under the newest note that was seen: an older one gives nobody anything
	}{
		{"a newer note of his day", mine(before, 9), old, false},
		{"a successor of his own", own, successor, false},
		{"another note of the newest version", same, old, false},
		{"the next note of his day", mine(before, before.Version+1), old, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signed, err := test.note.Sign(test.key)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*person{ada, carol} {
				p := p.in(t)
				p.write(p.file("app.note"), signed.Signed())
				p.commit(p.dir, "back again")
				refused := changesPeople(t)
				if !test.reads { // else it is sealed to the newest key that was seen, which both notes have
					refused = append(refused, []string{"set", "NEW"})
				}
				for _, args := range refused {
					p.says(p.refused(5, args...), "app note in")
				}
				for _, args := range [][]string{{"get", "KEY"}, {"get", "KEY", "--at", "HEAD"}, {"export"}, {"member", "list"}} {
					if !test.reads {
						p.says(p.refused(5, args...), "app note in")
					} else if out := p.ok(args...).stdout; strings.Contains(out, "mallory") {
						t.Errorf("%s: %s", args, out)
					}
				}
				p.git(p.dir, "reset", "-q", "--hard", "HEAD^")
				p.opens(devValue, "get", "KEY")
			}
		})
	}
	// The newest note with him in it he cannot sign.
	if _, err := back.Sign(old); err == nil {
		t.Error("the first admin key signs under its successor")
	}
	// Nor does it get in beside a pin that stands.
	ledger := "refs/pinseal/" + tm.id + "/production"
	signed, err := mine(before, 9).Sign(old)
	if err != nil {
		t.Fatal(err)
	}
	mallory.ok("fetch")
	mallory.replants(ledger, versions.NoteName, signed.Signed())
	mallory.git(mallory.dir, "push", "-q", "--force", "origin", ledger)
	ada.says(ada.refused(5, "fetch"), "version 9 does not go back to, or on from, version 4")
	ada.refused(5, "publish", "production")
	ada.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin")
	if strings.Contains(ada.ok("member", "list").stdout, "mallory") {
		t.Error("the removed admin is back")
	}
}

// replants commits a ref's tree with one file changed, in the place of its tip.
func (p *person) replants(ref, file string, data []byte) {
	p.Helper()
	tree := p.path("replanted")
	p.git(p.dir, "worktree", "add", "-q", "--detach", tree, ref)
	p.write(tree+"/"+file, data)
	p.git(tree, "add", "-A")
	parents := []string{"commit-tree", "-m", "replanted", p.git(tree, "write-tree")}
	if _, err := p.tryGit(tree, nil, "rev-parse", "--verify", "-q", "HEAD^"); err == nil {
		parents = append(parents, "-p", "HEAD^")
	}
	p.git(p.dir, "update-ref", ref, p.git(tree, parents...))
	p.git(p.dir, "worktree", "remove", "--force", tree)
}
