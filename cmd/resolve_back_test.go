package cmd_test

import (
	"strings"
	"testing"
)

// noteCommit is the commit of main that made a version of the app note.
func (p *person) noteCommit(version int) string {
	p.Helper()
	all := strings.Fields(p.git(p.dir, "log", "--reverse", "--format=%H", "main", "--", ".pinseal/shop/app.note"))
	return all[version-1]
}

// A branch that has the app note of its day brings nobody back who was removed
// since, whatever git takes for what both began with.
func TestResolveBringsNobodyBack(t *testing.T) {
	stale := map[string]func(*person){
		// Of an older commit, with the note of the newest put on top.
		"old commit": func(p *person) {
			p.git(p.dir, "checkout", "-q", "-b", "fix", p.noteCommit(2))
			p.git(p.dir, "checkout", "-q", "main", "--", ".pinseal")
			p.git(p.dir, "commit", "-q", "-m", "catch up")
		},
		"no common commit": func(p *person) {
			p.git(p.dir, "checkout", "-q", "--orphan", "fix")
			p.git(p.dir, "commit", "-q", "-m", "all of it")
		},
	}
	for name, makes := range stale {
		t.Run(name, func(t *testing.T) {
			m := newMergeTeam(t)
			m.eve.pulls()
			makes(m.eve)
			m.eve.git(m.eve.dir, "push", "-q", "origin", "fix")
			does("member rm eve")(m.ada)
			m.want["A"] = "CANARYrotated"
			m.ada.sets(m.want["A"], "A", "-e", "production")
			m.ada.shares("eve left")
			m.bob.pulls()
			m.bob.git(m.bob.dir, "fetch", "-q", "origin")
			if _, err := m.bob.tryGit(m.bob.dir, nil, "merge", "--allow-unrelated-histories", "origin/fix"); err == nil {
				t.Fatal("no conflict")
			}
			for _, secret := range []string{"KEY", "A", "B"} {
				if out := m.bob.git(m.bob.dir, "ls-files", "-u", "--", ".pinseal/shop/production/"+secret+".yaml"); out != "" {
					m.bob.ok("resolve", secret, "-e", "production", "--ours")
				}
			}
			m.bob.says(m.bob.refused(2, "resolve", "--theirs"), "theirs has changed nothing")
			m.bob.ok("resolve", "--both")
			m.merged(m.bob, m.ada, m.bob, m.carol)
		})
	}
}

// Nor does a branch that took main in by a squash and goes on from there.
func TestResolveAfterSquash(t *testing.T) {
	m := newMergeTeam(t)
	m.bob.pulls()
	m.bob.git(m.bob.dir, "checkout", "-q", "-b", "feature", m.bob.noteCommit(2))
	m.bob.git(m.bob.dir, "merge", "-q", "--squash", "main")
	m.bob.git(m.bob.dir, "commit", "-q", "-m", "main so far")
	does("env add staging")(m.bob)
	m.bob.commit(m.bob.dir, "staging")
	does("member rm eve")(m.ada)
	m.ada.shares("eve left")
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	m.merged(m.bob, m.ada, m.bob, m.carol)
	m.bob.says(m.bob.ok("env", "list").stdout, "staging")
}

// What resolve did can be undone and done again, until another command has seen it.
func TestResolveAgain(t *testing.T) {
	m := newMergeTeam(t)
	m.sides(does("env add staging"), does("member rm eve"))
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	m.bob.git(m.bob.dir, "checkout", "-m", "--", ".pinseal/shop")
	m.bob.ok("resolve", "--ours")
	m.bob.git(m.bob.dir, "merge", "--abort")
	m.bob.sets("CANARYlater", "LATER", "-e", "production")
	m.want["LATER"] = "CANARYlater"
	m.bob.commit(m.bob.dir, "later")
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	m.merged(m.bob, m.ada, m.bob, m.carol)
}
