package cmd_test

import (
	"os"
	"strings"
	"testing"

	"pinseal/seal"
)

// Who comes later reads what was there before: old commits, old pins, across a
// rekey; and a rollback opens for everybody who reads now.
func TestLateMembers(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	bob := tm.joins("bob", "production.read")
	old := history{ada.head(): prodValue, "pin:1": prodValue}
	ada.ok("member", "rm", "bob")
	ada.shares("bob leaves")
	old[ada.head()] = prodValue
	ada.sets("CANARYtwo", "KEY", "-e", "production")
	ada.shares("two")
	ada.ok("publish", "production")
	old[ada.head()], old["pin:2"] = "CANARYtwo", "CANARYtwo"

	carol := tm.joins("carol", "production.read")
	web := tm.service("web", "production.read")
	carol.pulls()
	for _, p := range []*person{ada, carol, web} {
		p.opensAll(old)
	}
	web.opens("CANARYtwo", "get", "KEY") // its defaults: the pin, and what it reads
	ada.ok("bundle", "production", "-o", ada.path("b"), "--at", "pin:1")
	// The pin was made before carol and web came: its bundle is not for them.
	carol.refused(4, "get", "KEY", "--bundle", ada.path("b"))
	web.says(web.refused(5, "get", "KEY", "--bundle", ada.path("b")), "under which this service was added")
	ada.opens(prodValue, "get", "KEY", "--bundle", ada.path("b"))

	ada.says(ada.ok("rollback", "production", "1").stderr, "sealed to a retired read key, so whoever held it can open: KEY")
	for _, p := range []*person{ada, carol, web} {
		p.ok("fetch")
		p.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin")
		p.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin:3")
	}
	ada.ok("bundle", "production", "-o", ada.path("c"))
	for _, p := range []*person{carol, web} {
		p.opens(prodValue, "get", "KEY", "--bundle", ada.path("c"))
	}
	bob.pulls()
	bob.ok("fetch")
	bob.refused(4, "get", "KEY", "-e", "production", "--at", "pin")
	bob.refused(4, "get", "KEY", "--bundle", ada.path("c"))

	// An old release tag can be published after members have changed.
	ada.git(ada.dir, "tag", "v1", "HEAD~4")
	ada.says(ada.refused(1, "publish", "production", "v1"), "read key 1, retired since")
	ada.ok("publish", "production", "v1", "--allow-retired")
	web.ok("fetch")
	web.opens(prodValue, "get", "KEY")
}

// A reader whose wrap is missing is told so, and by whom it can be helped.
func TestPendingReader(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	// dora admits people and reads nothing.
	dora := tm.joins("dora", "admin")
	bob := tm.machine("bob")
	r := bob.ok("member", "request", "bob", "--can", "dev.read,production.read")
	words := strings.Fields(r.stdout)
	talk := dora.ok(words[1:]...).stderr
	dora.says(talk, "pending: bob has no wrap of production.read, key 1; who can finish: ada", "pinseal --app "+tm.id+" member sync")
	dora.shares("bob, pending")
	for _, p := range []*person{dora, bob, ada} {
		p.pulls()
		p.says(p.ok("status").stdout, "bob has no wrap of production.read, key 1; who can finish: ada")
		p.says(p.ok("member", "list").stdout, "production.read 1")
		p.says(p.ok("member", "list", "--json").stdout, `"can": [
            "ada"
          ]`)
	}
	for _, args := range [][]string{{"get", "KEY"}, {"export"}, {"run", "--", "echo", "started"}} {
		bob.says(bob.refused(4, append(args[:1:1], append([]string{"-e", "production"}, args[1:]...)...)...), "has not been wrapped for bob yet: pending", "who can: ada", "pinseal member sync")
	}
	// A pin would leave him out.
	ada.says(ada.refused(1, "publish", "production"), `reader "bob" has no wrap`, "pinseal member sync")
	// Neither he nor who let him in can finish it.
	bob.says(bob.ok("member", "sync").stderr, "pending", "Nothing here is yours to finish; ask: ada\n")
	dora.says(dora.ok("member", "sync").stderr, "pending", "Nothing here is yours to finish; ask: ada\n")

	ada.says(ada.ok("member", "sync").stderr, "Wrapped 2 keys for bob")
	ada.shares("for bob")
	bob.pulls()
	bob.opens(prodValue, "get", "KEY", "-e", "production")
	bob.opens(prodValue, "get", "KEY", "-e", "production", "--at", "pin:1")
	ada.ok("publish", "production")
	for _, p := range []*person{dora, bob, ada} {
		p.pulls()
		if out := p.ok("status").stdout; strings.Contains(out, "wrap") {
			t.Errorf("%s: still pending:\n%s", p.name, out)
		}
	}
	ada.says(ada.ok("member", "sync").stderr, "Nothing is pending")
}

// An admin who reads nothing can let people in and put them out; who reads
// finishes it, and until then everybody who stays reads on.
func TestAdminWithoutRead(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	dora := tm.joins("dora", "admin")
	bob := tm.joins("bob", "production.read,production.publish")
	carol := tm.joins("carol", "production.read")
	dora.pulls()
	talk := dora.ok("member", "rm", "bob").stderr
	dora.says(talk, "Removed bob", "production.read 2", "pending: production: sealed to retired key 1: KEY; who can finish: ada, carol")
	dora.shares("bob leaves")
	for _, p := range []*person{ada, carol, dora} {
		p.pulls()
		p.says(p.ok("status").stdout, "production: sealed to retired key 1: KEY; who can finish: ada, carol", "pinseal member sync")
	}
	for _, p := range []*person{ada, carol} {
		p.opens(prodValue, "get", "KEY", "-e", "production")
	}
	bob.pulls()
	bob.refused(4, "get", "KEY", "-e", "production")
	dora.refused(4, "get", "KEY", "-e", "production")
	ada.says(ada.refused(1, "publish", "production"), "retired since", "pinseal rekey production --values")
	dora.says(dora.ok("member", "sync").stderr, "Nothing here is yours to finish; ask: ada, carol\n")
	dora.says(dora.refused(4, "rekey", "production", "--values"), "ada")
	// What is set from now on bob has no key of.
	dora.sets("CANARYnew", "NEW", "-e", "production")
	dora.shares("new")
	carol.pulls()
	carol.opens("CANARYnew", "get", "NEW", "-e", "production")

	carol.says(carol.ok("member", "sync").stderr, "Sealed anew: 1 value")
	carol.shares("sync")
	ada.pulls()
	ada.opens(prodValue, "get", "KEY", "-e", "production")
	ada.ok("publish", "production")
	bob.pulls()
	key := bob.file("production", "KEY.yaml")
	if data := string(bob.read(key)); !strings.Contains(data, "s1.2.") {
		t.Errorf("not sealed anew: %.60s", data)
	}
	if _, err := os.Stat(bob.wrap(seal.ReadSlot("production"), 1, "bob")); err == nil {
		t.Error("bob's wrap is still there")
	}
}
