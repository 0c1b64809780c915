package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// siege is a server with the hook whose second admin, eve, was removed, and has a
// clone from before with a note of her own on branch fork.
func siege(t *testing.T, head string) (r *remoteTeam, eve *person, old string) {
	t.Helper()
	r = newRemoteTeam(t, transport{"file", serveFile})
	r.ada.git(r.dir, "symbolic-ref", "HEAD", "refs/heads/main")
	eve = r.clones("eve")
	r.ada.runs(eve.ok("member", "request", "eve", "--can", "admin,dev.read,production.read,production.publish").stdout)
	r.ada.shares("add eve")
	eve.pulls()
	old = eve.git(eve.dir, "rev-parse", "HEAD")
	eve.git(eve.dir, "checkout", "-q", "-b", "fork")
	eve.ok("member", "add", "ci", "--service", "--can", "production.read")
	eve.commit(eve.dir, "her own")
	r.ada.ok("member", "rm", "eve")
	r.ada.shares("remove eve")
	r.ada.git(r.dir, "symbolic-ref", "HEAD", head)
	return r, eve, old
}

// honest publishes and pushes as on any day.
func (r *remoteTeam) honest(message string) {
	r.Helper()
	r.ada.sets("CANARY"+message, "KEY", "-e", "production")
	r.ada.shares(message)
	said := r.ada.ok("publish", "production", "-m", message).stderr
	if strings.Contains(said, "refused") {
		r.Errorf("publish of %s: %s", message, said)
	}
}

// A removed admin goes on from an older release to a note of her own.
func TestPreReceiveTakeover(t *testing.T) {
	t.Parallel()
	for head, from := range map[string]string{"refs/heads/main": "HEAD there", "refs/heads/none": "refs/heads/main there"} {
		r, eve, old := siege(t, head)
		goes := "does not go on from version 3 of " + from
		said := []string{goes}
		if head == "refs/heads/none" {
			said = append(said, "git symbolic-ref HEAD refs/heads/BRANCH")
		}
		r.blocked(eve, []string{"fork:new"}, said...)
		eve.pushes(old + ":refs/heads/aaa")
		r.blocked(eve, []string{"fork:aaa"}, "refs/heads/aaa", goes)
		r.blocked(eve, []string{"fork:refs/tags/v9"}, goes)
		ref := eve.publishesAlone(r)
		r.blocked(eve, []string{ref}, ref, "version 3 of "+from)
		r.honest("one")
		if head != "refs/heads/main" {
			continue
		}
		// It came there while she was in: it decides nothing.
		r.ada.git(r.dir, "fetch", "-q", eve.dir, "fork:refs/heads/aaa")
		r.honest("two")
	}
}

// publishesAlone makes a pin that goes on from the hub's, and leaves it here.
func (p *person) publishesAlone(r *remoteTeam) (ref string) {
	p.Helper()
	ref = r.ledgerRef("production")
	p.git(p.dir, "fetch", "-q", "origin", ref+":"+ref)
	p.git(p.dir, "remote", "remove", "origin")
	p.ok("publish", "production")
	p.git(p.dir, "remote", "add", "origin", r.hub)
	return ref
}

// An app is who it says it is, whatever its directory and whether or not it was
// away.
func TestPreReceiveSameApp(t *testing.T) {
	t.Parallel()
	r, eve, old := siege(t, "refs/heads/main")
	eve.rewind()
	note := ".pinseal/shop/app.note"
	eve.git(eve.dir, "mv", ".pinseal/shop", ".pinseal/zshop")
	eve.commit(eve.dir, "renamed")
	eve.git(eve.dir, "checkout", "-q", "-b", "renamed")
	for _, from := range []string{"fork", old} {
		eve.write(filepath.Join(eve.dir, ".pinseal", "zshop", "app.note"), []byte(eve.git(eve.dir, "show", from+":"+note)+"\n"))
		eve.commit(eve.dir, "another note")
		r.blocked(eve, []string{"HEAD:main"}, ".pinseal/zshop/app.note", "version 3 of refs/heads/main there")
	}

	eve.git(eve.dir, "checkout", "-q", "main")
	eve.git(eve.dir, "reset", "-q", "--hard", "origin/main")
	eve.git(eve.dir, "rm", "-qr", ".pinseal")
	eve.commit(eve.dir, "gone")
	gone := eve.git(eve.dir, "rev-parse", "HEAD")
	eve.git(eve.dir, "checkout", "-q", "fork", "--", ".pinseal")
	eve.commit(eve.dir, "hers")
	eve.git(eve.dir, "rm", "-qr", ".pinseal")
	eve.commit(eve.dir, "gone again")
	r.blocked(eve, []string{"main"}, "the history of refs/heads/main", "version 3")
	eve.git(eve.dir, "reset", "-q", "--hard", gone)
	eve.pushes("main")
	for _, from := range []string{"fork", old} {
		eve.git(eve.dir, "checkout", "-q", from, "--", ".pinseal")
		eve.commit(eve.dir, "back again")
		r.blocked(eve, []string{"main"}, note, "version 3 of refs/heads/main there")
		r.blocked(eve, []string{"fork:other"}, note, "version 3 of HEAD there")
		eve.git(eve.dir, "rm", "-qr", ".pinseal")
		eve.commit(eve.dir, "away")
		if from == "fork" {
			r.blocked(eve, []string{"main"}, "the history of refs/heads/main")
		}
		eve.git(eve.dir, "reset", "-q", "--hard", gone)
	}
	eve.git(eve.dir, "checkout", "-q", gone+"~1", "--", ".pinseal")
	eve.commit(eve.dir, "as it was")
	eve.pushes("main")

	// Nor does a past without it.
	empty := eve.git(eve.dir, "commit-tree", "-m", "x", eve.git(eve.dir, "mktree"))
	r.blocked(eve, []string{"--force", empty + ":main"}, "is not in the history that is pushed")
	eve.pushes(empty + ":refs/heads/pages")
}

// Two admins change the note on two branches, one of them for long: neither is in
// the way of what is merged, nor of what is published.
func TestPreReceiveTwoAdmins(t *testing.T) {
	t.Parallel()
	r := newRemoteTeam(t, transport{"file", serveFile})
	ada := r.ada
	ada.git(r.dir, "symbolic-ref", "HEAD", "refs/heads/main")
	bob := r.clones("bob")
	ada.runs(bob.ok("member", "request", "bob", "--can", "admin,dev.read,dev.publish,production.read,production.publish").stdout)
	ada.shares("add bob")
	bob.pulls()
	bob.git(bob.dir, "checkout", "-q", "-b", "aaa")
	bob.ok("rekey", "production")
	bob.commit(bob.dir, "rekey")
	bob.pushes("aaa")
	r.honest("before") // by the key that ends on bob's branch

	bob.git(bob.dir, "checkout", "-q", "-b", "aab", "main")
	bob.ok("trust", "--app", r.id)
	bob.ok("rekey", "dev")
	bob.commit(bob.dir, "rekey")
	bob.pushes("aab")
	ada.ok("env", "add", "qa")
	ada.shares("add qa")
	r.honest("meanwhile")

	// It may go on, but for the note, until it is merged.
	bob.sets("CANARYfeature", "NEW", "-e", "dev")
	bob.commit(bob.dir, "a secret")
	bob.pushes("aab")
	bob.ok("member", "add", "cd", "--service", "--can", "dev.read")
	bob.commit(bob.dir, "apart")
	r.blocked(bob, []string{"aab"}, "app.note", "HEAD there", "pinseal resolve")
	bob.git(bob.dir, "fetch", "-q", "origin")
	bob.tryGit(bob.dir, nil, "merge", "-q", "origin/main")
	bob.ok("resolve", "--both")
	bob.commit(bob.dir, "merged")
	bob.pushes("aab", "aab:main")
	ada.pulls()
	r.honest("after")
}

// A push from a shallow clone says what it is.
func TestPreReceiveShallow(t *testing.T) {
	t.Parallel()
	r := newRemoteTeam(t, transport{"file", serveFile})
	r.ada.sets("CANARYtwo", "KEY", "-e", "dev")
	r.ada.shares("two")
	other := r.ada.path("other")
	r.ada.git(r.ada.root, "init", "-q", "--bare", other)
	if err := os.Rename(filepath.Join(r.dir, "hooks", "pre-receive"), filepath.Join(other, "hooks", "pre-receive")); err != nil {
		t.Fatal(err)
	}
	r.ada.git(other, "config", "receive.shallowUpdate", "true")
	shallow := r.ada.path("shallow")
	r.ada.git(r.ada.root, "clone", "-q", "--depth=1", "--branch=main", r.hub, shallow)
	_, err := r.ada.tryGit(shallow, nil, "push", "file://"+filepath.ToSlash(other), "main")
	if err == nil || !strings.Contains(err.Error(), "as those of a shallow clone") || strings.Contains(err.Error(), "fatal: ") {
		t.Errorf("the push ended with %v", err)
	}
}
