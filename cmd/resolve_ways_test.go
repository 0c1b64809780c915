package cmd_test

import (
	"os"
	"testing"
)

// The branch has two changes of the members, the other side one.
func TestResolveRebase(t *testing.T) {
	m := newMergeTeam(t)
	dan, addDan := m.asks("dan", "production.read")
	m.sides(does("member rm carol"), func(p *person) {
		does("member rm eve")(p)
		p.commit(p.dir, "first")
		addDan(p)
	})
	m.bob.conflicts("rebase")
	talk := m.bob.ok("resolve", "--both").stderr
	m.bob.says(talk, "Next: git rebase --continue")
	if _, err := m.bob.tryGit(m.bob.dir, []string{"GIT_EDITOR=true"}, "rebase", "--continue"); err == nil {
		t.Fatal("the second change did not conflict")
	}
	m.bob.ok("resolve", "--both")
	m.bob.git(m.bob.dir, "-c", "core.editor=true", "rebase", "--continue")
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob)
	dan.pulls()
	m.opens(dan)
}

// A change that was not committed meets another that was pulled.
func TestResolveStash(t *testing.T) {
	m := newMergeTeam(t)
	dan, addDan := m.asks("dan", "production.read")
	m.ada.ok("member", "rm", "carol")
	m.ada.shares("theirs")
	addDan(m.bob)
	m.bob.git(m.bob.dir, "stash", "-q", "-u")
	m.bob.pulls()
	if _, err := m.bob.tryGit(m.bob.dir, nil, "stash", "pop"); err == nil {
		t.Fatal("git stash pop was clean")
	}
	m.bob.says(m.bob.ok("resolve", "--both").stderr, "Next: git commit")
	m.bob.commit(m.bob.dir, "both")
	m.merged(m.bob, m.ada, m.bob, m.eve)
	dan.pulls()
	m.opens(dan)
}

// crosses has each of the two merge the other's branch and settle it for himself.
func (m *mergeTeam) crosses(theirs, ours func(*person)) {
	m.Helper()
	m.sides(theirs, ours)
	m.bob.git(m.bob.dir, "push", "-q", "origin", "HEAD:bob")
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	m.bob.git(m.bob.dir, "commit", "-q", "-m", "both")
	m.ada.git(m.ada.dir, "fetch", "-q", "origin")
	if _, err := m.ada.tryGit(m.ada.dir, nil, "merge", "origin/bob"); err == nil {
		m.Fatal("the merge was clean")
	}
	m.ada.ok("resolve", "--both")
	m.ada.shares("both")
}

// Without a further key to make, both settle it to the same bytes.
func TestResolveTwice(t *testing.T) {
	m := newMergeTeam(t)
	m.crosses(does("member rm carol"), does("rekey dev"))
	m.bob.git(m.bob.dir, "fetch", "-q", "origin")
	m.bob.git(m.bob.dir, "merge", "-q", "--no-edit", "origin/main")
	m.merged(m.bob, m.ada, m.bob, m.eve)
}

// Each has made a key of his own: there is no one version that both began with.
func TestResolveCrissCross(t *testing.T) {
	m := newMergeTeam(t)
	m.crosses(does("member rm carol"), does("member rm eve"))
	m.bob.conflicts("merge")
	m.bob.says(m.bob.refused(6, "resolve", "--both"), "no version that both began with", "pinseal resolve --ours")
	m.bob.ok("resolve", "--ours")
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob)
}

// An environment of one name was added on both sides, and given secrets.
func TestResolveSameEnvironment(t *testing.T) {
	m := newMergeTeam(t)
	adds := func(name, value string) func(*person) {
		return func(p *person) {
			does("env add staging")(p)
			p.sets(value, name, "-e", "staging")
		}
	}
	m.sides(adds("THEIRS", "CANARYtheirs"), adds("OURS", "CANARYours"))
	m.bob.conflicts("merge")
	// bob cannot open what ada has sealed, so it is his key that goes.
	m.bob.says(m.bob.ok("resolve", "--both").stderr, "does not go on from version 5 of ours", "staging: sealed to retired key 1: THEIRS; who can finish: ada")
	m.bob.git(m.bob.dir, "commit", "-q", "-m", "both")
	m.bob.git(m.bob.dir, "push", "-q", "origin", "HEAD:main")
	m.ada.pulls()
	m.ada.ok("member", "sync")
	m.ada.shares("finished")
	m.bob.pulls()
	for _, p := range []*person{m.ada, m.bob} {
		p.opens("CANARYtheirs", "get", "THEIRS", "-e", "staging")
		p.opens("CANARYours", "get", "OURS", "-e", "staging")
	}
	m.bob.ok("publish", "staging", "--first")
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
}

// Killed before the index was written, resolve does not make another key of the
// number that values are sealed to already.
func TestResolveCutShort(t *testing.T) {
	m := newMergeTeam(t)
	m.sides(does("member rm carol"), does("member rm eve"))
	m.bob.conflicts("merge")
	index := m.bob.read(m.bob.path("bob", ".git", "index"))
	remembered := m.bob.remembers()
	m.bob.ok("resolve", "--both")
	m.bob.recalls(remembered)
	// The unmerged values are taken from the index again; this one was not.
	m.bob.write(m.bob.file("production", "NEW.yaml"), m.bob.read(m.bob.file("production", "B.yaml")))
	m.bob.write(m.bob.path("bob", ".git", "index"), index)
	m.bob.says(m.bob.refused(6, "resolve", "--both"), "cut short: NEW", "git checkout -m -- .pinseal/shop")
	if err := os.Remove(m.bob.file("production", "NEW.yaml")); err != nil {
		t.Fatal(err)
	}
	m.bob.git(m.bob.dir, "checkout", "-m", "--", ".pinseal/shop")
	m.bob.ok("resolve", "--both")
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob)
}

func TestResolveCherryPick(t *testing.T) {
	m := newMergeTeam(t)
	_, addDan := m.asks("dan", "production.read")
	m.sides(does("member rm carol"), addDan)
	m.bob.conflicts("cherry-pick")
	m.bob.says(m.bob.ok("resolve", "--both").stderr, "Next: git cherry-pick --continue")
	m.bob.git(m.bob.dir, "-c", "core.editor=true", "cherry-pick", "--continue")
	if dirty := m.bob.git(m.bob.dir, "status", "--porcelain"); dirty != "" {
		t.Errorf("after the cherry-pick:\n%s", dirty)
	}
	m.bob.ok("publish", "production")
	m.opens(m.bob)
}
