package cmd_test

import (
	"bytes"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// A history is what a reader of production must be able to open: a value by
// version, told as --at takes it.
type history map[string]string

// opensAll opens every version of a history.
func (p *person) opensAll(h history) {
	p.Helper()
	for at, value := range h {
		p.opens(value, "get", "KEY", "-e", "production", "--at", at)
	}
}

// opensNone tries every version of a history, and wants code.
func (p *person) opensNone(code int, h history) {
	p.Helper()
	for at := range h {
		for _, args := range [][]string{{"get", "KEY"}, {"export"}, {"run", "--", "echo", "started"}} {
			p.refused(code, append([]string{args[0], "-e", "production", "--at", at}, args[1:]...)...)
		}
	}
}

// head is the commit that is checked out.
func (p *person) head() string { return p.git(p.dir, "rev-parse", "HEAD") }

// A removed member opens nothing that is sealed later, at any version, whatever
// it puts back by hand. The others open all that they did.
func TestLeaver(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "dev.read,production.read")
	carol := tm.joins("carol", "production.read")
	before := history{ada.head(): prodValue, "pin:1": prodValue}
	ada.sets("CANARYtwo", "KEY", "-e", "production")
	ada.shares("two")
	ada.ok("publish", "production")
	before[ada.head()], before["pin:2"] = "CANARYtwo", "CANARYtwo"
	for _, p := range []*person{ada, bob, carol} {
		p.pulls()
		p.ok("fetch")
		p.opensAll(before)
	}
	stolen := map[string]*seal.Key{"dev": bob.key(seal.ReadSlot("dev"), 1), "production": bob.key(seal.ReadSlot("production"), 1)}
	oldNote, oldWrap := bob.read(bob.file("app.note")), bob.read(bob.wrap(seal.ReadSlot("production"), 1, "bob"))

	ada.says(ada.ok("member", "rm", "bob").stderr, "Removed bob", "dev.read 2", "production.read 2", "sealed anew: 2 values")
	ada.shares("bob leaves")
	removed := ada.head()
	ada.sets("CANARYthree", "KEY", "-e", "production")
	ada.shares("three")
	ada.ok("publish", "production")
	ada.ok("publish", "dev")
	ada.ok("bundle", "production", "-o", ada.path("b"))
	after := history{"worktree": "CANARYthree", "HEAD": "CANARYthree", "pin": "CANARYthree", "pin:3": "CANARYthree", removed: "CANARYtwo"}
	for _, p := range []*person{ada, carol} {
		p.pulls()
		p.ok("fetch")
		p.opensAll(before)
		p.opensAll(after)
		p.opens("CANARYthree", "get", "KEY", "--bundle", ada.path("b"))
	}

	// On his machine, which learns that he is out, and on one that knows nothing.
	bob.opensAll(before) // nobody has told it yet
	bob.pulls()
	bob.ok("fetch")
	bob.opensNone(4, before)
	bob.opensNone(4, after)
	bob.refused(4, "get", "KEY", "--bundle", ada.path("b"))
	bob.forgets()
	bob.ok("trust", "--app", tm.id)
	bob.opensNone(4, after)

	// He puts back what he kept: wrap, note, or both; in the work tree, in a commit.
	wrap1, wrap2 := bob.wrap(seal.ReadSlot("production"), 1, "bob"), bob.wrap(seal.ReadSlot("production"), 2, "bob")
	for _, put := range []func(){
		func() { bob.write(wrap1, oldWrap) },
		func() { bob.write(wrap2, oldWrap) },
		func() { bob.write(bob.file("app.note"), oldNote) },
		func() { bob.write(wrap1, oldWrap); bob.write(bob.file("app.note"), oldNote) },
		func() {
			bob.write(wrap1, oldWrap)
			bob.write(wrap2, oldWrap)
			bob.write(bob.file("app.note"), oldNote)
		},
	} {
		put()
		bob.commit(bob.dir, "put back")
		for _, at := range []string{"worktree", "HEAD", "pin", "pin:3"} {
			bob.forgets()
			if r := bob.run(bob.dir, "", "get", "KEY", "-e", "production", "--at", at, "--app", tm.id); r.stdout != "" || r.code != 4 && r.code != 5 {
				t.Errorf("get --at %s: exit code %d, stdout %q\n%s", at, r.code, r.stdout, r.stderr)
			}
		}
		bob.git(bob.dir, "reset", "-q", "--hard", "origin/main")
	}

	// With a tool of his own: the keys that he had open no value that was sealed
	// since, and nothing new is wrapped for him.
	for env, key := range stolen {
		f, err := versions.ParseSecretFile(bob.read(bob.file(env, "KEY.yaml")))
		if err != nil {
			t.Fatal(err)
		}
		place := seal.Place{App: bob.note().ID, Environment: env, Kind: f.Kind, Name: "KEY"}
		if !strings.HasPrefix(f.Value, "s1.2.") {
			t.Errorf("%s is sealed as %.8q", env, f.Value)
		}
		for _, value := range []string{f.Value, strings.Replace(f.Value, "s1.2.", "s1.1.", 1)} {
			if _, err := key.OpenValue(place, value); err == nil {
				t.Errorf("%s: the old key opens what is sealed since", env)
			}
		}
	}
	for _, tree := range []string{"HEAD", "refs/pinseal/" + tm.id + "/production", "refs/pinseal/" + tm.id + "/dev"} {
		if files := ada.git(ada.dir, "ls-tree", "-r", "--name-only", tree); strings.Contains(files, "bob") {
			t.Errorf("%s has wraps for who is out:\n%s", tree, files)
		}
	}
	for _, word := range []string{"bob.age", "name: bob"} { // "bob" alone can stand in any base64
		if bytes.Contains(ada.read(ada.path("b")), []byte(word)) {
			t.Errorf("the bundle has %q", word)
		}
	}
}
