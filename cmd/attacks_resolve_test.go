package cmd_test

import (
	"bytes"
	"strings"
	"testing"
)

// merges brings in another's branch, which must end in a conflict in the note.
func (p *person) merges(branch string) {
	p.Helper()
	p.git(p.dir, "fetch", "-q", "origin")
	if _, err := p.tryGit(p.dir, nil, "merge", "-q", "--no-edit", "origin/"+branch); err == nil {
		p.Fatalf("%s: merging %s did not conflict", p.name, branch)
	}
	p.says(p.git(p.dir, "ls-files", "-u"), ".pinseal/shop/app.note")
}

// branches commits all as a branch of its own, and pushes that.
func (p *person) branches(name string) {
	p.Helper()
	p.git(p.dir, "checkout", "-q", "-b", name)
	p.commit(p.dir, name)
	p.git(p.dir, "push", "-q", "origin", name)
}

// Two admins' changes are put together by an admin alone; in the meantime nobody
// changes people, whatever they hold.
func TestResolveNeedsAnAdmin(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	dora := tm.joins("dora", "admin")
	bob := tm.joins("bob", "dev.read,production.read")
	ci := tm.joins("ci", "production.publish")
	dora.pulls()
	dora.ok("member", "add", "eve", quantum(t), "--can", "dev.publish")
	dora.branches("side")
	ada.ok("member", "add", "carol", quantum(t), "--can", "dev.publish")
	ada.shares("carol")
	for _, p := range []*person{bob, ci, ada} {
		p.git(p.dir, "pull", "-q", "--ff-only", "origin", "main")
		p.merges("side")
	}
	for _, p := range []*person{bob, ci} {
		for _, args := range [][]string{{"resolve", "--ours"}, {"resolve", "--theirs"}, {"resolve", "--both"}, {"resolve", "--both", "--dry-run"}} {
			p.refused(4, args...)
		}
	}
	for _, args := range changesPeople(t) {
		ada.says(ada.refused(6, args...), "app.note")
	}
	ada.ok("resolve", "--both")
	ada.shares("both")
	for _, p := range []*person{ada, bob} {
		p.git(p.dir, "fetch", "-q", "origin")
		p.git(p.dir, "reset", "-q", "--hard", "origin/main")
		p.says(p.ok("member", "list").stdout, "carol", "eve", "dora", "ci")
		p.opens(prodValue, "get", "KEY", "-e", "production")
	}
}

// In the middle of a merge nobody's keys change, also where the file that is
// unmerged looks like any other by now.
func TestPeopleInAMerge(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	ada.ok("member", "add", "bob", quantum(t), "--can", "dev.read")
	ada.shares("bob")
	ada.git(ada.dir, "checkout", "-q", "-b", "side")
	ada.sets("CANARYside", "KEY")
	ada.commit(ada.dir, "side")
	ada.git(ada.dir, "checkout", "-q", "main")
	ada.sets("CANARYmain", "KEY")
	ada.commit(ada.dir, "main")
	if _, err := ada.tryGit(ada.dir, nil, "merge", "-q", "side"); err == nil {
		t.Fatal("no conflict")
	}
	for _, taken := range []bool{false, true} {
		if taken {
			ada.git(ada.dir, "checkout", "--theirs", ".pinseal")
			ada.opens("CANARYside", "get", "KEY")
		}
		for _, args := range changesPeople(t) {
			ada.says(ada.refused(6, args...), "KEY.yaml")
		}
	}
	ada.commit(ada.dir, "merged")
	ada.ok("rekey", "--all")
	ada.opens("CANARYside", "get", "KEY")
}

// A conflict is no way in: what a branch brings that nobody signed is not taken,
// whichever side is asked for.
func TestResolveForgedNote(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"member by hand", "another key by hand"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := newTeam(t)
			ada := tm.ada
			mallory := tm.joins("mallory", "admin,dev.read")
			note := mallory.read(mallory.file("app.note"))
			switch name {
			case "member by hand":
				note = bytes.Replace(note, []byte("slots: [admin, dev.read]"), []byte("slots: [admin, dev.read, production.read]"), 1)
			case "another key by hand":
				note = bytes.Replace(note, []byte(ada.recipientOf("ada")), []byte(quantum(t)), 1)
				note = bytes.Replace(note, []byte("version: 2"), []byte("version: 9"), 1)
			}
			mallory.write(mallory.file("app.note"), note)
			mallory.branches("side")
			ada.ok("member", "rm", "mallory")
			ada.shares("mallory leaves")
			ada.merges("side")
			for _, side := range []string{"--theirs", "--both"} {
				ada.refused(5, "resolve", side)
				ada.refused(5, "resolve", side, "--dry-run")
			}
			if r := ada.run(ada.dir, "", "resolve", "--ours"); r.code != 0 && r.code != 5 {
				t.Errorf("resolve --ours: exit code %d\n%s", r.code, r.stderr)
			}
			ada.git(ada.dir, "reset", "-q", "--hard")
			if out := ada.ok("member", "list").stdout; strings.Contains(out, "mallory") {
				t.Errorf("back again:\n%s", out)
			}
			ada.opens(prodValue, "get", "KEY", "-e", "production")
		})
	}
}
