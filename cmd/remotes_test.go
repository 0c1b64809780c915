package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func (w *world) writePrivate(file string, data []byte) {
	w.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		w.Fatal(err)
	}
}

// remoteTeam is a team whose hub is reached over a transport and has our hook.
type remoteTeam struct {
	*team
	dir string // of the hub
	env []string
}

func newRemoteTeam(t *testing.T, over transport) *remoteTeam {
	t.Helper()
	tm := newTeam(t)
	r := &remoteTeam{team: tm, dir: tm.hub}
	tm.hub, r.env = over.serve(t, tm.hub)
	tm.ada.env = append(tm.ada.env, r.env...)
	tm.ada.git(tm.ada.dir, "remote", "set-url", "origin", tm.hub)
	r.hook()
	return r
}

// hook installs the hook that the help shows.
func (r *remoteTeam) hook() {
	r.Helper()
	bin, err := exec.LookPath("pinseal")
	if err != nil {
		r.Fatal(err)
	}
	file := filepath.Join(r.dir, "hooks", "pre-receive")
	r.ada.write(file, []byte("#!/bin/sh\nexec "+bin+" verify --pre-receive\n"))
	if err := os.Chmod(file, 0o755); err != nil {
		r.Fatal(err)
	}
}

// clones is a machine that reaches the hub over the transport, as machine.
func (r *remoteTeam) clones(name string) *person {
	r.Helper()
	p := &person{world: newWorld(r.T), team: r.team, name: name}
	p.env = append(p.env, r.env...)
	p.dir = p.path(name)
	p.git(p.root, "clone", "-q", r.hub, p.dir)
	p.ok("identity", "new")
	p.ok("trust", "--app", r.id)
	return p
}

// refs is what the hub holds.
func (r *remoteTeam) refs() string {
	r.Helper()
	return r.ada.git(r.dir, "for-each-ref")
}

// blocked pushes what the server must refuse, all of it, saying each part.
func (r *remoteTeam) blocked(p *person, push []string, parts ...string) {
	p.Helper()
	before := r.refs()
	_, err := p.tryGit(p.dir, nil, append([]string{"push", "origin"}, push...)...)
	if err == nil {
		p.Errorf("git push %v was accepted", push)
	} else {
		p.says(err.Error(), append(parts, "push refused", "pre-receive hook declined")...)
		if strings.Contains(err.Error(), "CANARY") {
			p.Errorf("git push %v shows a value: %v", push, err)
		}
	}
	if after := r.refs(); after != before {
		p.Errorf("git push %v was refused and moved a ref:\n%s", push, after)
	}
}

func (p *person) pushes(args ...string) {
	p.Helper()
	p.git(p.dir, append([]string{"push", "-q", "origin"}, args...)...)
}

// rewind puts the work tree back to what the hub has.
func (p *person) rewind() {
	p.Helper()
	p.git(p.dir, "fetch", "-q", "origin")
	p.git(p.dir, "checkout", "-qf", "main")
	p.git(p.dir, "reset", "-q", "--hard", "origin/main")
	p.git(p.dir, "clean", "-qfdx")
}

// Everyday work and attacks, over each transport, against a server with the hook.
func TestRemotes(t *testing.T) {
	for _, over := range transports() {
		t.Run(over.name, func(t *testing.T) {
			t.Parallel()
			r := newRemoteTeam(t, over)
			ada := r.ada
			bob := r.clones("bob")
			ada.runs(bob.ok("member", "request", "bob", "--can", "production.read,production.publish").stdout)
			ada.shares("add bob")
			ada.sets("CANARYtwo", "KEY", "-e", "production")
			ada.shares("two")
			ada.ok("publish", "production", "-m", "two")
			bob.pulls()
			bob.ok("fetch")
			bob.opens("CANARYtwo", "get", "KEY", "-e", "production", "--at", "pin")
			bob.opens(prodValue, "get", "KEY", "-e", "production", "--at", "HEAD~2")
			bob.ok("publish", "production", "-m", "three")
			ada.git(ada.dir, "tag", "-a", "-m", "x", "v1")
			ada.pushes("main:refs/heads/feature", "v1")
			ada.pushes(":feature")
			r.attacks(bob)
			// Not one of them is in the way of honest work.
			bob.rewind()
			bob.sets("CANARYfour", "KEY", "-e", "production")
			bob.shares("four")
			bob.ok("publish", "production", "-m", "four")
			ada.pulls()
			ada.ok("fetch")
			ada.opens("CANARYfour", "get", "KEY", "-e", "production", "--at", "pin")
			r.wentBack()
		})
	}
}

// attacks are what somebody with push access may try.
func (r *remoteTeam) attacks(p *person) {
	r.Helper()
	ledger := r.ledgerRef("production")
	key := p.file("production", "KEY.yaml")

	p.write(key, []byte("kind: secret\nvalue: CANARYtyped\n"))
	p.commit(p.dir, "typed")
	r.blocked(p, []string{"main"}, "commit "+p.git(p.dir, "rev-parse", "HEAD")[:12], "-- .pinseal/shop/production/KEY.yaml:2 | what stands there as the value is not sealed",
		"pinseal rm KEY -e production && pinseal set KEY -e production")
	bad := p.git(p.dir, "rev-parse", "HEAD")
	p.git(p.dir, "revert", "--no-edit", "HEAD")
	r.blocked(p, []string{"main"}, "commit "+bad[:12], "KEY.yaml:2 | ", "1 problem")
	r.blocked(p, []string{bad + ":refs/tags/bad", "main:other"}, "KEY.yaml:2 | ")
	p.rewind()

	p.git(p.dir, "checkout", "-q", "HEAD~2", "--", ".pinseal/shop/app.note")
	p.commit(p.dir, "the note before bob")
	r.blocked(p, []string{"main"}, "refs/heads/main", "-- .pinseal/shop/app.note", "went back to version 1 from version 2")
	p.rewind()

	p.forgedPin("forged")
	r.blocked(p, []string{"forged:" + ledger}, ledger, "pin 3 is there, pin 4 is pushed", "does not verify")
	r.blocked(p, []string{"--force", ledger + "~1:" + ledger}, "pin 3 is there, pin 2 is pushed", "went back from pin 3 to pin 2")
	r.blocked(p, []string{":" + ledger}, ledger, "pin 3 is there, and the push deletes it")
	r.blocked(p, []string{ledger + ":refs/pinseal/x"}, "is not the ref of a ledger")
}

// forgedPin makes a tag of a ledger commit whose pin nobody signed.
func (p *person) forgedPin(tag string) {
	p.Helper()
	ref := p.team.ledgerRef("production")
	pin := p.git(p.dir, "show", ref+":pin.note") + "\n"
	pin = strings.Replace(pin, "number: 3", "number: 4", 1)
	p.write(p.path("pin"), []byte(pin))
	blob := p.git(p.dir, "hash-object", "-w", p.path("pin"))
	tree := strings.Replace(p.git(p.dir, "ls-tree", ref), p.git(p.dir, "rev-parse", ref+":pin.note"), blob, 1)
	p.write(p.path("tree"), []byte(tree+"\n"))
	made := p.git(p.dir, "-c", "alias.made=!git mktree <\"$1\" #", "made", p.path("tree"))
	p.git(p.dir, "tag", tag, p.git(p.dir, "commit-tree", "-p", ref, "-m", "x", made))
}

// wentBack is a server without the hook, whose ledger somebody moves: who saw the
// newer pin is told both numbers, and reads on what is here.
func (r *remoteTeam) wentBack() {
	r.Helper()
	ada, ledger := r.ada, r.ledgerRef("production")
	if err := os.Remove(filepath.Join(r.dir, "hooks", "pre-receive")); err != nil {
		r.Fatal(err)
	}
	eve := r.clones("eve")
	eve.git(eve.dir, "fetch", "-q", "origin", ledger)
	for _, attack := range []struct {
		push             []string
		went, says, gone string
	}{
		{[]string{"--force", "FETCH_HEAD~1:" + ledger}, "went back from pin 4 to pin 3; the ledger here", "pin 4 is here, and origin has pin 3", "went back from pin 4 to pin 3"},
		{[]string{":" + ledger}, "went away: it had pin 4; the ledger here", "pin 4 is here, and origin has none", "pin 4 was seen, and now there is none"},
	} {
		eve.git(eve.dir, "fetch", "-q", r.dir, ledger)
		eve.pushes(attack.push...)
		if fetched := ada.run(ada.dir, "", "fetch", "-q"); fetched.code != 5 || !strings.Contains(fetched.stderr, attack.went) {
			ada.Errorf("fetch: exit code %d\n%s", fetched.code, fetched.stderr)
		}
		ada.opens("CANARYfour", "get", "KEY", "-e", "production", "--at", "pin")

		// A clone anew on a machine that saw it has nothing to go on from.
		again := &person{world: ada.world, team: r.team, name: "ada", dir: ada.path("again")}
		again.git(again.root, "clone", "-q", r.hub, again.dir)
		if fetched := again.run(again.dir, "", "fetch"); fetched.code != 5 || !strings.Contains(fetched.stderr, attack.gone) {
			ada.Errorf("fetch in a new clone: exit code %d\n%s", fetched.code, fetched.stderr)
		}
		for _, args := range [][]string{{"get", "KEY", "-e", "production", "--at", "pin"}, {"publish", "production"}} {
			again.says(again.refused(5, append(args, "--app", r.id)...), attack.gone)
		}
		if err := os.RemoveAll(again.dir); err != nil {
			r.Fatal(err)
		}
		ada.says(ada.ok("publish", "production", "-m", "again").stderr, attack.says)
		ada.git(ada.dir, "update-ref", ledger, ledger+"~1")
		ada.git(ada.dir, "push", "-qf", "origin", ledger)
		ada.forgets()
		ada.ok("trust", "--app", r.id)
		ada.ok("fetch")
	}
}
