package cmd_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Two branches that touch different secrets must merge without a driver and
// without a conflict, whatever each of them did and wherever it stands.
func TestMergesOfDifferentSecrets(t *testing.T) {
	const before, after = "value from before", "value from a branch"
	places := []struct {
		name   string
		others []string
		x, y   string // neighbours in the directory; x is touched on one branch, y on the other
	}{
		{"first", []string{"M", "N"}, "A", "B"},
		{"middle", []string{"A", "Z"}, "KEY", "KEY_2"},
		{"last", []string{"A", "B"}, "Y", "Z"},
		{"alone", nil, "KEY", "KEYS"},
		{"dotted", []string{"A.b.c"}, "A.b", "A.b-c"},
	}
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dir, _ := w.newApp("r")
			w.commit(dir, "init")
			merges := 0
			for _, x := range touches {
				for _, y := range touches {
					m := &merging{world: w, dir: dir, base: fmt.Sprintf("%s-%s", x.name, y.name), want: map[string]string{}}
					w.git(dir, "checkout", "-qf", "-b", m.base, "main")
					for _, name := range place.others {
						m.set(name, before)
					}
					x.prepare(m, place.x, before)
					y.prepare(m, place.y, before)
					w.commit(dir, "base")
					m.branch("x", x, place.x, after)
					m.branch("y", y, place.y, after)
					m.check("x", "y")
					m.check("y", "x")
					merges += 2
				}
			}
			if merges != 18 {
				t.Errorf("%d merges were tried, not all 9 pairs in both orders", merges)
			}
		})
	}
}

// touch is what a branch does to its secret.
type touch struct {
	name    string
	prepare func(m *merging, name, value string)
	do      func(m *merging, name, value string)
}

var touches = []touch{
	{"add", func(*merging, string, string) {}, (*merging).set},
	{"change", (*merging).set, (*merging).set},
	{"remove", (*merging).set, func(m *merging, name, _ string) {
		m.pinseal(m.dir, "", "rm", name)
		delete(m.want, name)
	}},
}

type merging struct {
	*world
	dir, base string
	want      map[string]string // the values after everything
}

func (m *merging) set(name, value string) {
	m.Helper()
	m.pinseal(m.dir, value, "set", name)
	m.want[name] = value
}

func (m *merging) branch(name string, t touch, secret, value string) {
	m.Helper()
	m.git(m.dir, "checkout", "-qf", "-b", m.base+"-"+name, m.base)
	t.do(m, secret, value)
	m.commit(m.dir, name)
}

// check merges theirs into ours, in a work tree and as a host does: in a bare
// index, where not even the contents of files are merged.
func (m *merging) check(ours, theirs string) {
	m.Helper()
	ours, theirs = m.base+"-"+ours, m.base+"-"+theirs
	m.git(m.dir, "checkout", "-qf", "--detach", ours)
	if _, err := m.tryGit(m.dir, nil, "merge", "-q", "--no-edit", theirs); err != nil {
		m.Errorf("merge %s into %s: %v", theirs, ours, err)
		return
	}
	m.open("worktree")

	index := []string{"GIT_INDEX_FILE=" + filepath.Join(m.TempDir(), "index")}
	if _, err := m.tryGit(m.dir, index, "read-tree", "-i", "-m", "--aggressive", m.base, ours, theirs); err != nil {
		m.Errorf("read-tree %s into %s: %v", theirs, ours, err)
		return
	}
	tree, err := m.tryGit(m.dir, index, "write-tree")
	if err != nil {
		m.Errorf("merge %s into %s in an index: %v", theirs, ours, err)
		return
	}
	m.open(m.git(m.dir, "commit-tree", "-m", "host", "-p", ours, "-p", theirs, tree))
}

// open reads every value of a version and looks for anything left over.
func (m *merging) open(at string) {
	m.Helper()
	for name, value := range m.want {
		if r := m.run(m.dir, "", "get", name, "--at", at); r.code != 0 || r.stdout != value {
			m.Errorf("%s at %s: exit code %d, %d bytes\n%s", name, at, r.code, len(r.stdout), r.stderr)
		}
	}
	var names []string
	if at == "worktree" {
		entries, err := os.ReadDir(filepath.Join(m.dir, ".pinseal", "shop", "dev"))
		if err != nil && !os.IsNotExist(err) {
			m.Error(err)
		}
		for _, e := range entries {
			names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
		}
	} else {
		for _, file := range strings.Fields(m.git(m.dir, "ls-tree", "-r", "--name-only", at, ".pinseal/shop/dev/")) {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		}
	}
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(m.want)); !slices.Equal(names, want) {
		m.Errorf("%s of %s holds %v, want %v", at, m.base, names, want)
	}
}
