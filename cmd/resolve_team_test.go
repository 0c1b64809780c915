package cmd_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
)

// mergeTeam is a team in which two admins have gone apart: ada has shared her side,
// bob has committed his and then merges.
type mergeTeam struct {
	*team
	bob, carol, eve *person           // bob can all; carol and eve read production
	want            map[string]string // values of production
	dropped         bool              // keys that somebody has seen
}

func newMergeTeam(t *testing.T) *mergeTeam {
	t.Helper()
	t.Parallel()
	m := &mergeTeam{team: newTeam(t), want: map[string]string{"KEY": prodValue, "A": "CANARYa", "B": "CANARYb"}}
	m.ada.sets(m.want["A"], "A", "-e", "production")
	m.ada.sets(m.want["B"], "B", "-e", "production", "--about", "B")
	m.carol = m.joins("carol", "production.read")
	m.eve = m.joins("eve", "production.read")
	m.bob = m.joins("bob", "admin,dev.read,dev.publish,production.read,production.publish")
	return m
}

// sides has ada and bob change something apart.
func (m *mergeTeam) sides(theirs, ours func(p *person)) {
	m.Helper()
	theirs(m.ada)
	m.ada.shares("theirs")
	ours(m.bob)
	m.bob.commit(m.bob.dir, "ours")
}

// conflicts merges what ada has shared into p's branch, which must conflict.
func (p *person) conflicts(how ...string) {
	p.Helper()
	p.git(p.dir, "fetch", "-q", "origin")
	if _, err := p.tryGit(p.dir, nil, append(how, "origin/main")...); err == nil {
		p.Fatalf("git %s was clean", strings.Join(how, " "))
	}
}

// merged commits what was resolved, publishes it, and has everybody look: readers
// open every value, the others none.
func (m *mergeTeam) merged(p *person, readers ...*person) {
	m.Helper()
	if left := p.git(p.dir, "ls-files", "-u"); left != "" {
		m.Fatalf("unmerged:\n%s", left)
	}
	if _, err := p.tryGit(p.dir, nil, "rev-parse", "-q", "--verify", "MERGE_HEAD"); err == nil {
		p.git(p.dir, "commit", "-q", "-m", "merged")
	}
	if dirty := p.git(p.dir, "status", "--porcelain"); dirty != "" {
		m.Errorf("after the commit:\n%s", dirty)
	}
	p.ok("publish", "production")
	p.git(p.dir, "push", "-q", "origin", "HEAD:main")
	if out := p.ok("status").stdout; strings.Contains(out, "pending") {
		m.Errorf("something is pending:\n%s", out)
	}
	newest, _ := p.note().Newest(seal.ReadSlot("production"))
	for _, q := range []*person{m.ada, m.bob, m.carol, m.eve} {
		if q != p {
			q.git(q.dir, "fetch", "-q", "origin")
			q.git(q.dir, "reset", "-q", "--hard", "origin/main")
			if m.dropped {
				q.ok("trust", "--app", m.id)
			}
			q.ok("fetch")
		}
		reads := slices.Contains(readers, q)
		if _, err := os.Stat(q.wrap(newest.Slot, newest.Generation, q.name)); (err == nil) != reads {
			m.Errorf("%s has a wrap of the newest key: %v", q.name, err == nil)
		}
		if !reads {
			q.refused(4, "get", "A", "-e", "production")
			continue
		}
		m.opens(q)
	}
}

func (m *mergeTeam) opens(p *person) {
	m.Helper()
	names := strings.Fields(p.ok("list", "-e", "production", "-q").stdout)
	for name, value := range m.want {
		p.opens(value, "get", name, "-e", "production")
		p.opens(value, "get", name, "-e", "production", "--at", "pin")
		if !slices.Contains(names, name) {
			m.Errorf("%s is not listed: %s", name, names)
		}
	}
	for _, name := range []string{"A", "B", "A2"} {
		if _, ok := m.want[name]; !ok && slices.Contains(names, name) {
			m.Errorf("%s is still listed", name)
		}
	}
}

// asks is the line by which somebody asks to be added, run by an admin.
func (m *mergeTeam) asks(name, can string) (p *person, run func(*person)) {
	m.Helper()
	p = m.machine(name)
	line := p.ok("member", "request", name, "--can", can).stdout
	return p, func(admin *person) { admin.runs(line) }
}

// remembers is what the machine knows of apps, for recalls to put back.
func (p *person) remembers() string {
	p.Helper()
	copied := p.TempDir()
	if err := os.CopyFS(copied, os.DirFS(p.path("home", ".local", "state"))); err != nil {
		p.Fatal(err)
	}
	return copied
}

func (p *person) recalls(remembered string) {
	p.Helper()
	p.forgets()
	if err := os.CopyFS(p.path("home", ".local", "state"), os.DirFS(remembered)); err != nil {
		p.Fatal(err)
	}
}

func does(lines ...string) func(*person) {
	return func(p *person) {
		p.Helper()
		for _, line := range lines {
			p.ok(strings.Fields(line)...)
		}
	}
}
