package cmd_test

import (
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

func TestResolveSetAndRekey(t *testing.T) {
	for _, swapped := range []bool{false, true} {
		t.Run(map[bool]string{false: "rekey comes in", true: "rekey is here"}[swapped], func(t *testing.T) {
			m := newMergeTeam(t)
			m.want["A"], m.want["NEW"] = "CANARYa2", "CANARYnew"
			delete(m.want, "B")
			set := func(p *person) {
				p.sets(m.want["A"], "A", "-e", "production")
				p.sets(m.want["NEW"], "NEW", "-e", "production")
				p.ok("rm", "B", "-e", "production")
			}
			theirs, ours := does("rekey production"), set
			if swapped {
				theirs, ours = ours, theirs
			}
			m.sides(theirs, ours)
			m.bob.conflicts("merge")
			m.bob.refused(6, "get", "A", "-e", "production")
			m.bob.ok("resolve", "-n")
			if m.bob.git(m.bob.dir, "ls-files", "-u") == "" {
				t.Fatal("a dry run resolved")
			}
			m.bob.says(m.bob.ok("resolve").stderr, "A in production: "+map[bool]string{false: "ours", true: "theirs"}[swapped], "removed", "Next: git commit")
			m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
		})
	}
}

// What is settled before the rest is decided is sealed to the newest key already.
func TestResolveInParts(t *testing.T) {
	m := newMergeTeam(t)
	m.want["A"], m.want["B"] = "CANARYa2", "CANARYtheirs"
	m.sides(func(p *person) {
		p.sets("CANARYtheirs", "B", "-e", "production")
		does("rekey production")(p)
	}, func(p *person) {
		p.sets(m.want["A"], "A", "-e", "production")
		p.sets("CANARYours", "B", "-e", "production")
	})
	m.bob.conflicts("merge")
	if r := m.bob.run(m.bob.dir, "", "resolve"); r.code != 6 || !strings.Contains(r.stderr, "A in production: ours") {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	m.bob.says(m.bob.ok("resolve", "B", "--ours", "-n").stderr, "B in production: ours")
	m.bob.ok("resolve", "B", "--theirs")
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
}

// The side that is taken by name is sealed to a key that the other has replaced.
func TestResolveWarnsOfOldKey(t *testing.T) {
	m := newMergeTeam(t)
	m.want["A"] = "CANARYours"
	m.sides(func(p *person) {
		p.sets("CANARYtheirs", "A", "-e", "production")
		does("rekey production")(p)
	}, func(p *person) { p.sets("CANARYours", "A", "-e", "production") })
	m.bob.conflicts("merge")
	m.bob.says(m.bob.ok("resolve", "A", "--ours").stderr, "A is sealed to a read key that has been replaced", "pinseal member sync")
	m.bob.git(m.bob.dir, "commit", "-q", "-m", "merged")
	m.bob.ok("fetch")
	m.bob.refused(1, "publish", "production")
	m.bob.ok("member", "sync")
	m.bob.commit(m.bob.dir, "sealed anew")
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
}

func TestResolveSetAndSet(t *testing.T) {
	for flag, value := range map[string]string{"--ours": "CANARYours", "--theirs": "CANARYtheirs", "--set": "CANARYagain"} {
		t.Run(flag, func(t *testing.T) {
			m := newMergeTeam(t)
			m.sides(func(p *person) { p.sets("CANARYtheirs", "A", "-e", "production") }, func(p *person) { p.sets("CANARYours", "A", "-e", "production") })
			m.bob.conflicts("merge")
			m.bob.says(m.bob.refused(6, "resolve"), "A in production: changed on both sides: value", "pinseal resolve A -e production --ours")
			m.want["A"] = value
			stdin := ""
			if flag == "--set" {
				stdin = value
			}
			m.bob.pinseal(m.bob.dir, stdin, "resolve", "A", flag)
			m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
		})
	}
}

func TestResolveMoveAndRekey(t *testing.T) {
	m := newMergeTeam(t)
	m.want["A2"] = m.want["A"]
	delete(m.want, "A")
	m.sides(does("rekey production"), does("mv A A2 -e production"))
	m.bob.conflicts("merge")
	m.bob.ok("resolve")
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
}

// Two wraps of one key for one member, made on two branches.
func TestResolveWraps(t *testing.T) {
	m := newMergeTeam(t)
	m.sides(does("member sync carol"), does("member sync carol"))
	m.bob.conflicts("merge")
	p := versions.WrapPath(seal.ReadSlot("production"), 1, "carol")
	m.bob.says(m.bob.refused(6, "member", "sync"), p, "pinseal resolve")
	m.bob.ok("resolve")
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
}
