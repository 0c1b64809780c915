package cmd_test

import (
	"testing"

	"pinseal/seal"
)

func TestResolveAddAndAdd(t *testing.T) {
	m := newMergeTeam(t)
	dan, addDan := m.asks("dan", "production.read")
	fay, addFay := m.asks("fay", "production.read,dev.read")
	m.sides(addDan, addFay)
	m.bob.conflicts("merge")
	m.bob.says(m.bob.refused(2, "resolve"), "ours, version 5", "+ fay: read dev, production", "theirs, version 5", "+ dan: read production", "pinseal resolve --both")
	m.bob.says(m.bob.ok("resolve", "--both").stderr, "version 6", "Next: git commit")
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
	for _, p := range []*person{dan, fay} {
		p.pulls()
		m.opens(p)
	}
}

func TestResolveAddAndRemove(t *testing.T) {
	m := newMergeTeam(t)
	dan, addDan := m.asks("dan", "production.read")
	m.sides(does("member rm carol"), addDan)
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	if n, _ := m.bob.note().Newest(seal.ReadSlot("production")); n.Generation != 2 {
		t.Errorf("generation %d, though nobody lost the newest key", n.Generation)
	}
	m.merged(m.bob, m.ada, m.bob, m.eve)
	dan.pulls()
	m.opens(dan)
}

// Each side has removed a reader and sealed every value anew to a key of its own.
func TestResolveRemoveAndRemove(t *testing.T) {
	m := newMergeTeam(t)
	m.sides(does("member rm carol"), does("member rm eve"))
	m.bob.conflicts("merge")
	talk := m.bob.ok("resolve", "--both").stderr
	m.bob.says(talk, "- carol: read production", "- eve: read production", "does not go on from version 5 of theirs", "with: pinseal trust")
	if n, _ := m.bob.note().Newest(seal.ReadSlot("production")); n.Generation != 3 {
		t.Errorf("generation %d", n.Generation)
	}
	// ada remembers a note whose key is gone.
	m.bob.git(m.bob.dir, "commit", "-q", "-m", "merged")
	m.bob.git(m.bob.dir, "push", "-q", "origin", "HEAD:main")
	m.ada.pulls()
	m.ada.says(m.ada.refused(5, "get", "KEY", "-e", "production"), "pinseal trust")
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob)
}

// Both sides made a key of the same number, and one of them a wrap of it that the
// other has none of: it is made again for the key that stays.
func TestResolveSameGeneration(t *testing.T) {
	m := newMergeTeam(t)
	dan, addDan := m.asks("dan", "production.read")
	m.sides(func(p *person) {
		does("rekey production")(p)
		addDan(p)
	}, does("rekey production"))
	ours := m.bob.head()
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
	dan.pulls()
	m.opens(dan)
	dan.opens(prodValue, "get", "KEY", "-e", "production", "--at", ours)
}

// A value and the members were changed: the value is decided first, and nothing is
// written before.
func TestResolveNoteWithSecrets(t *testing.T) {
	m := newMergeTeam(t)
	m.sides(func(p *person) {
		p.sets("CANARYtheirs", "A", "-e", "production")
		p.sets("CANARYtheirs", "B", "-e", "production")
		does("rm KEY -e production", "member rm carol")(p)
	}, func(p *person) {
		p.sets("CANARYours", "A", "-e", "production")
		p.sets("CANARYours", "NEW", "-e", "production")
		does("member rm eve")(p)
	})
	m.bob.conflicts("merge")
	m.bob.says(m.bob.refused(6, "resolve", "--both"), "A in production: changed on both sides: value")
	m.bob.pinseal(m.bob.dir, "CANARYset", "resolve", "A", "--set", "-e", "production")
	m.bob.ok("resolve", "--both")
	m.want = map[string]string{"A": "CANARYset", "B": "CANARYtheirs", "NEW": "CANARYours"}
	m.dropped = true
	m.merged(m.bob, m.ada, m.bob)
}

// ada has published under her key: hers stays.
func TestResolveKeepsWhatIsPublished(t *testing.T) {
	for name, lines := range map[string][2][]string{
		"read keys alone":  {{"member rm eve"}, {"member rm carol"}},
		"publish keys too": {{"rekey production", "member rm eve"}, {"member rm carol", "rekey production"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMergeTeam(t)
			does(lines[0]...)(m.bob)
			m.bob.commit(m.bob.dir, "ours")
			does(lines[1]...)(m.ada)
			m.ada.shares("theirs")
			m.ada.ok("publish", "production")
			m.bob.conflicts("merge")
			m.bob.says(m.bob.ok("resolve", "--both").stderr, "of ours, keys of which were dropped")
			m.merged(m.bob, m.ada, m.bob)
		})
	}
}

func TestResolveOneSide(t *testing.T) {
	for _, flag := range []string{"--ours", "--theirs"} {
		t.Run(flag, func(t *testing.T) {
			m := newMergeTeam(t)
			m.sides(does("member rm carol"), does("member rm eve"))
			m.bob.conflicts("merge")
			m.bob.ok("resolve", flag)
			m.dropped = true
			third := map[string]*person{"--ours": m.carol, "--theirs": m.eve}[flag]
			m.merged(m.bob, m.ada, m.bob, third)
		})
	}
}

// Who may not, or cannot, is told who can.
func TestResolveRefused(t *testing.T) {
	m := newMergeTeam(t)
	amy := m.joins("amy", "admin")
	m.bob.pulls()
	m.carol.pulls()
	m.sides(does("member rm eve"), does("rekey production"))
	m.bob.git(m.bob.dir, "push", "-q", "origin", "HEAD:bob")
	for _, p := range []*person{m.carol, amy} {
		p.git(p.dir, "fetch", "-q", "origin")
		p.git(p.dir, "reset", "-q", "--hard", "origin/bob")
		p.ok("fetch")
		p.conflicts("merge")
	}
	m.carol.says(m.carol.refused(4, "resolve", "--both"), `has not been given admin`, "who can: ada, amy, bob", "git merge --abort")
	// Every value is sealed to another key on each side, and she opens neither.
	m.bob.says(amy.refused(6, "resolve", "--both"), "cannot be opened to compare")
	for name := range m.want {
		amy.ok("resolve", name, "--ours")
	}
	amy.says(amy.refused(4, "resolve", "--both"), "would be dropped", "who can: ada, bob")
}
