package cmd_test

import (
	"strings"
	"testing"
)

// encrypts makes a payload with key K of production.
func (p *person) encrypts(plain string) string {
	p.Helper()
	return strings.TrimSuffix(p.pinseal(p.dir, plain, "encrypt", "-k", "K", "-e", "production"), "\n")
}

// Two have rotated a key apart, and one or both have replaced the read key: nothing that
// either has encrypted is lost, and every version is sealed to the newest read key.
func TestResolveKeysAndRekey(t *testing.T) {
	rotate := func(p *person) { p.ok("key", "rotate", "K", "-e", "production") }
	for name, c := range map[string]struct {
		theirs, ours []string // besides rotating
		rotates      []bool   // theirs, ours
		resolve      []string
	}{
		"rotated here, read key replaced there": {[]string{"rekey", "production"}, nil, []bool{false, true}, []string{"resolve"}},
		"rotated there, read key replaced here": {nil, []string{"rekey", "production"}, []bool{true, false}, []string{"resolve"}},
		"rotated on both, member removed there": {[]string{"member", "rm", "carol"}, nil, []bool{true, true}, []string{"resolve"}},
		"rotated on both, read key replaced on both": {[]string{"rekey", "production"}, []string{"rekey", "production"}, []bool{true, true},
			[]string{"resolve", "--both"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMergeTeam(t)
			m.ada.ok("key", "create", "K", "-e", "production")
			m.ada.shares("a key")
			m.bob.pulls()
			payloads := map[string]string{m.ada.encrypts("before"): "before"}
			side := func(word string, rotates bool, then []string) func(p *person) {
				return func(p *person) {
					if rotates {
						rotate(p)
						payloads[p.encrypts(word)] = word
					}
					if then != nil {
						p.ok(then...)
					}
				}
			}
			m.sides(side("theirs", c.rotates[0], c.theirs), side("ours", c.rotates[1], c.ours))
			m.bob.conflicts("merge")
			talk := m.bob.ok(c.resolve...).stderr
			if c.rotates[0] && c.rotates[1] {
				m.bob.says(talk, "K in production: the versions of both; version 2 of theirs is version 3 now")
			}
			m.bob.git(m.bob.dir, "commit", "-q", "-m", "merged")
			for payload, plain := range payloads {
				if got := m.bob.pinseal(m.bob.dir, payload, "decrypt", "-k", "K", "-e", "production"); got != plain {
					t.Errorf("what was %q came back as %q", plain, got)
				}
			}
			m.bob.ok("fetch")
			m.bob.ok("publish", "production")
		})
	}
}

// Who cannot read puts no versions together, and is told who can.
func TestResolveKeysWithoutKey(t *testing.T) {
	m := newMergeTeam(t)
	m.ada.ok("key", "create", "K", "-e", "production")
	m.ada.shares("a key")
	dora := m.joins("dora", "production.publish")
	rotate := does("key rotate K -e production")
	rotate(m.ada)
	m.ada.shares("theirs")
	rotate(dora)
	dora.commit(dora.dir, "ours")
	dora.conflicts("merge")
	dora.says(dora.refused(6, "resolve"), "put together by who can read it", "who can: ada", "or --theirs: says which versions of the other side would be lost")
	if dora.git(dora.dir, "ls-files", "-u") == "" {
		t.Error("it was merged all the same")
	}
}

// A member rotates a key on a branch and is removed: what that made does not encrypt after
// the merge where something newer does, and is said where nothing does. Who cannot read
// does not find it clean.
func TestResolveKeyOfLeaver(t *testing.T) {
	for name, rotates := range map[string]bool{"rotated since": true, "not rotated since": false} {
		t.Run(name, func(t *testing.T) {
			m := newMergeTeam(t)
			m.ada.ok("key", "create", "K", "-e", "production")
			m.ada.shares("a key")
			dora := m.joins("dora", "production.publish")
			m.bob.pulls()
			m.ada.pulls()
			m.bob.ok("key", "rotate", "K", "-e", "production")
			m.bob.shares("theirs")
			if rotates {
				m.ada.ok("key", "rotate", "K", "-e", "production")
			}
			m.ada.ok("member", "rm", "bob")
			m.ada.commit(m.ada.dir, "ours")
			m.ada.conflicts("merge")
			talk := m.ada.ok("resolve").stderr
			warning := "K in production encrypts with version 2, which theirs made under a read key that ours has replaced"
			if rotates {
				m.ada.says(talk, "version 2 of theirs is version 3 now; version 4 encrypts, which is version 2 of ours")
			} else {
				m.ada.says(talk, warning)
			}
			if strings.Contains(talk, warning) == rotates {
				t.Errorf("%s", talk)
			}
			m.ada.shares("merged")
			dora.pulls()
			report := dora.ok("member", "report", "bob").stdout
			dora.says(report, "ROTATE?", "production  K")
			dora.says(dora.refused(1, "publish", "production", "--require-rotated"), "K: its value may be known to who left: bob")
			if report = m.ada.ok("member", "report", "bob").stdout; strings.Contains(report, "REWRAP") != rotates {
				t.Errorf("who reads:\n%s", report)
			}
		})
	}
}
