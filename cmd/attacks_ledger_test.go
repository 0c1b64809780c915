package cmd_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// ledgerRef is the ref of an environment's ledger.
func (tm *team) ledgerRef(env string) string { return "refs/pinseal/" + tm.id + "/" + env }

// A removed publisher's next pin is void for everybody, and the next that counts
// takes its number.
func TestRemovedPublisherSignsOn(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "dev.read,production.read,production.publish")
	carol := tm.joins("carol", "production.read")
	bob.pulls()
	bob.sets("CANARYbob", "KEY", "-e", "production")
	bob.shares("bob's")
	bob.ok("publish", "production", "-m", "counts")
	ada.pulls()
	ada.says(ada.ok("member", "rm", "bob").stderr, "production.publish 2")
	ada.shares("bob leaves")
	ada.says(string(ada.read(ada.file("app.note"))), "until: 2\n")

	// He does not pull, and signs with what he has: his clone has not heard of it.
	bob.sets("CANARYlate", "KEY", "-e", "production")
	bob.commit(bob.dir, "late")
	for _, message := range []string{"late one", "late two"} {
		bob.ok("publish", "production", "-m", message)
	}
	carol.pulls()
	carol.ok("fetch")
	for _, p := range []*person{carol, ada} {
		p.opens("CANARYbob", "get", "KEY", "-e", "production", "--at", "pin")
		p.opens("CANARYbob", "get", "KEY", "-e", "production", "--at", "pin:2")
		p.refused(3, "get", "KEY", "-e", "production", "--at", "pin:3")
		if out := p.ok("pins", "production").stdout; strings.Contains(out, "late") {
			t.Errorf("%s: void pins are listed:\n%s", p.name, out)
		}
	}
	// A machine that saw them before it heard that he left, too.
	dora := tm.machine("dora")
	dora.git(dora.dir, "reset", "-q", "--hard", "HEAD^")
	dora.forgets()
	dora.ok("trust", "--app", tm.id)
	dora.says(dora.ok("pins", "production").stdout+dora.ok("fetch").stderr+dora.ok("pins", "production").stdout, "late two")
	dora.pulls()
	if out := dora.ok("pins", "production").stdout; strings.Contains(out, "late") || !strings.Contains(out, "counts") {
		t.Errorf("void pins are listed:\n%s", out)
	}

	ada.sets("CANARYada", "KEY", "-e", "production")
	ada.shares("ada's")
	ada.says(ada.ok("publish", "production", "-m", "honest").stderr, "#2 -> #3")
	for _, p := range []*person{carol, dora, ada} {
		p.pulls()
		p.ok("fetch")
		out := p.ok("pins", "production").stdout
		p.says(out, "#3 *", "honest", "counts")
		if strings.Contains(out, "late") {
			t.Errorf("%s: void pins are listed:\n%s", p.name, out)
		}
	}
	carol.opens("CANARYada", "get", "KEY", "-e", "production", "--at", "pin")

	// Once his clone has heard of it, nothing more is signed.
	bob.git(bob.dir, "fetch", "-q", "origin")
	bob.git(bob.dir, "reset", "-q", "--hard", "origin/main")
	bob.ok("fetch")
	bob.refused(4, "publish", "production")
	bob.refused(4, "rollback", "production", "1")
	// Not even his old clone can, for the ledger brings the note.
	bob.git(bob.dir, "reset", "-q", "--hard", "HEAD~2")
	bob.forgets()
	bob.ok("trust", "--app", tm.id)
	if r := bob.run(bob.dir, "", "publish", "production"); r.code == 0 || r.stdout != "" {
		t.Errorf("publish from an old clone: exit code %d\n%s", r.code, r.stderr)
	}
}

// A pin that is signed by hand with a retired key is refused or void, wherever
// it stands in the chain, and whatever generation it claims.
func TestRetiredKeySigns(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "production.read,production.publish")
	old := bob.key(seal.PublishSlot("production"), 1)
	ref := tm.ledgerRef("production")
	ada.ok("member", "rm", "bob")
	ada.shares("bob leaves")
	ada.sets("CANARYnew", "KEY", "-e", "production")
	ada.shares("new")
	ada.ok("publish", "production")
	tip := ada.git(ada.dir, "rev-parse", ref)

	text := func(rev string) string {
		text, _, _ := strings.Cut(ada.git(ada.dir, "show", rev+":pin.note"), "\n\n")
		return text + "\n"
	}
	first, second := text(tip+"^"), text(tip)
	hash := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	third := strings.NewReplacer("number: 2", "number: 3", "previous: "+hash(first), "previous: "+hash(second)).Replace(second)
	byOld := strings.NewReplacer("generation: 2", "generation: 1")
	tests := []struct {
		name  string
		on    string // the commit of the pin that it stands on
		text  string
		fresh string // what a machine reads that has seen no pin; "" where it is refused
		code  int    // for who has the good one
	}{
		{"on the newest", tip, byOld.Replace(third), "CANARYnew", 0},
		{"on the newest, mislabelled", tip, third, "", 5},
		// The same as a ledger that went back, which who has seen more notices.
		{"in the place of the newest", tip + "^", byOld.Replace(second) + "rollback_of: 1\n", prodValue, 0},
		{"in the place of the newest, mislabelled", tip + "^", second + "rollback_of: 1\n", "", 5},
		{"in the place of one that counts", "", strings.Replace(first, `publisher: "ada"`, `publisher: "bob"`, 1), "", 6},
	}
	bob.git(bob.dir, "fetch", "-q", "origin", ref+":refs/forged")
	carol := tm.joins("carol", "production.read")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signed, err := old.Sign(ada.note().ID, []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			bob.plants("refs/forged", tip, test.on, signed)
			bob.git(bob.dir, "push", "-q", "--force", "origin", "refs/forged:"+ref)
			ada, carol := ada.in(t), carol.in(t)
			carol.forgets()
			carol.git(carol.dir, "update-ref", "-d", ref)
			carol.ok("trust", "--app", tm.id)
			if test.fresh != "" {
				ada.ok("fetch")
				carol.opens(test.fresh, "get", "KEY", "-e", "production", "--at", "pin")
			} else {
				for _, args := range [][]string{{"fetch"}, {"publish", "production"}, {"rollback", "production", "1"}, {"rekey", "production"}, {"env", "rm", "production", "--yes"}} {
					ada.refused(test.code, args...)
				}
				for _, at := range []string{"pin", "pin:1"} {
					carol.refused(5, "get", "KEY", "-e", "production", "--at", at)
				}
			}
			ada.opens("CANARYnew", "get", "KEY", "-e", "production", "--at", "pin")
			if out := ada.ok("pins", "production").stdout; strings.Contains(out, "#3") || !strings.Contains(out, "#2 *") {
				t.Errorf("pins:\n%s", out)
			}
		})
	}
	ada.git(ada.dir, "push", "-q", "--force", "origin", tip+":"+ref)
	ada.says(ada.ok("publish", "production", "-m", "honest").stderr, "#2 -> #3")
}

// plants puts the tree of a ledger's tip, with another pin, on a commit ("" for
// none), and moves the ledger there.
func (p *person) plants(ref, tip, on string, pin []byte) {
	p.Helper()
	tree := p.path("planted")
	p.git(p.dir, "worktree", "add", "-q", "--detach", tree, tip)
	p.write(tree+"/"+versions.PinName, pin)
	p.git(tree, "add", "-A")
	args := []string{"commit-tree", "-m", "planted", p.git(tree, "write-tree")}
	if on != "" {
		args = append(args, "-p", on)
	}
	p.git(p.dir, "update-ref", ref, p.git(tree, args...))
	p.git(p.dir, "worktree", "remove", "--force", tree)
}

// A ledger that went back on the remote is refused by all who have seen more,
// also after they lost their own, and by what would be built on it.
func TestRewoundLedger(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	ref := tm.ledgerRef("production")
	bob := tm.joins("bob", "production.read")
	web := tm.service("web", "production.read")
	one := ada.git(ada.dir, "rev-parse", ref)
	ada.sets("CANARYtwo", "KEY", "-e", "production")
	ada.shares("two")
	ada.ok("publish", "production")
	two := ada.git(ada.dir, "rev-parse", ref)
	bob.ok("fetch")
	ada.git(ada.dir, "push", "-q", "--force", "origin", one+":"+ref)
	// Who has it keeps it; who publishes brings it back.
	bob.says(bob.refused(5, "fetch"), "went back from pin 2 to pin 1; the ledger here, up to pin 2, is kept")
	bob.opens("CANARYtwo", "get", "KEY", "-e", "production", "--at", "pin")
	// Who has only seen it does not go back.
	for _, p := range []*person{ada, bob} {
		p.git(p.dir, "update-ref", ref, one)
		for _, args := range [][]string{{"get", "KEY", "-e", "production", "--at", "pin"}, {"get", "KEY", "-e", "production", "--at", "pin:1"},
			{"export", "-e", "production", "--at", "pin"}, {"fetch"}, {"pins", "production"}, {"bundle", "production", "-o", "b"}} {
			p.says(p.refused(5, args...), "went back from pin 2 to pin 1")
		}
	}
	for _, args := range [][]string{{"publish", "production"}, {"rollback", "production", "1"}, {"promote", "dev", "production"},
		{"rekey", "production"}, {"member", "rm", "ada", "--can", "production.publish"}, {"env", "rm", "production", "--yes"}} {
		ada.says(ada.refused(5, args...), "went back from pin 2 to pin 1")
	}
	for _, p := range []*person{ada, bob} {
		p.git(p.dir, "update-ref", "-d", ref)
		p.refused(5, "get", "KEY", "-e", "production", "--at", "pin")
	}
	// A service remembers nothing: the number has to come with it.
	web.opens(prodValue, "get", "KEY")
	web.says(web.refused(5, "get", "KEY", "--at", "pin", "--min-pin", "2"), "below --min-pin 2")

	// Once the publish key was replaced the note itself knows, for who remembers
	// nothing.
	ada.git(ada.dir, "push", "-q", "--force", "origin", two+":"+ref)
	ada.ok("rekey", "production")
	ada.shares("rekey")
	ada.git(ada.dir, "push", "-q", "--force", "origin", one+":"+ref)
	bob.forgets()
	for _, p := range []*person{bob, web} {
		p.pulls()
		p.git(p.dir, "update-ref", "-d", ref)
		p.says(p.refused(5, "get", "KEY", "-e", "production", "--at", "pin", "--app", tm.id), "the app note knows pin 2")
	}
}

// TestFetchAfterPublish: the remote loses the pin that was just published.
func TestFetchAfterPublish(t *testing.T) {
	tm := newTeam(t)
	ref := "refs/pinseal/" + tm.id + "/production"
	first := tm.ada.git(tm.hub, "rev-parse", ref)
	tm.ada.ok("publish", "production")
	tm.ada.git(tm.hub, "update-ref", ref, first)
	r := tm.ada.run(tm.ada.dir, "", "fetch")
	tm.ada.says(r.stderr, "went back from pin 2 to pin 1")
	if r.code != 5 {
		t.Errorf("exit code %d", r.code)
	}
}
