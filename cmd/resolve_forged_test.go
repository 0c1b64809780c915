package cmd_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"pinseal/cmd"
	"pinseal/seal"
)

// A change by who is no admin any more, or never was, is not taken.
func TestResolveForged(t *testing.T) {
	m := newMergeTeam(t)
	mallory := m.joins("mallory", "admin,production.read")
	m.bob.pulls()
	m.ada.ok("member", "rm", "mallory")
	m.ada.shares("mallory leaves")
	m.bob.pulls()
	m.bob.ok("get", "KEY", "-e", "production")
	// He lets himself in again, and a friend, on the branch of his day.
	forged := mallory.note().Clone()
	forged.Version++
	forged.Members[0].Slots = forged.Members[0].Slots[1:] // ada is no admin
	planted, err := seal.GenerateKey(seal.ReadSlot("dev"), 2)
	if err != nil {
		t.Fatal(err)
	}
	forged.Slots = append(forged.Slots, seal.NewEntry(planted))
	signed, err := forged.Sign(mallory.key(seal.Admin, 1))
	if err != nil {
		t.Fatal(err)
	}
	mallory.write(mallory.file("app.note"), signed.Signed())
	mallory.commit(mallory.dir, "a small fix")
	mallory.git(mallory.dir, "push", "-q", "origin", "HEAD:fix")
	m.bob.git(m.bob.dir, "fetch", "-q", "origin")
	if _, err := m.bob.tryGit(m.bob.dir, nil, "merge", "origin/fix"); err == nil {
		t.Fatal("the merge was clean")
	}
	for _, flag := range []string{"--both", "--theirs"} {
		m.bob.says(m.bob.refused(5, "resolve", flag), "app note of theirs", "pinseal resolve --ours")
	}
	m.bob.ok("resolve", "--ours")
	if _, ok := m.bob.note().Member("mallory"); ok || m.bob.note().Version != 7 {
		t.Errorf("version %d, with mallory: %v", m.bob.note().Version, ok)
	}
	if _, ok := m.bob.note().Entry(seal.ReadSlot("dev"), 2); ok {
		t.Error("the key that he has planted is in")
	}
	m.merged(m.bob, m.ada, m.bob, m.carol, m.eve)
}

// An old note, genuine to the bit, on a branch: what was changed since is not
// undone, whoever of the two sides it is.
func TestResolveOldNote(t *testing.T) {
	m := newMergeTeam(t)
	old := m.ada.read(m.ada.file("app.note")) // with carol, and without bob
	dan, addDan := m.asks("dan", "dev.read")
	m.bob.ok("member", "rm", "carol")
	m.bob.commit(m.bob.dir, "carol leaves")
	m.bob.git(m.bob.dir, "push", "-q", "origin", "HEAD:main")
	m.carol.git(m.carol.dir, "pull", "-q", "--ff-only", "origin", "main")
	m.carol.write(m.carol.file("app.note"), old)
	m.carol.commit(m.carol.dir, "a small fix")
	m.carol.git(m.carol.dir, "push", "-q", "origin", "HEAD:fix")
	m.ada.pulls()
	addDan(m.ada)
	m.ada.shares("dan")
	m.ada.git(m.ada.dir, "fetch", "-q", "origin")
	if _, err := m.ada.tryGit(m.ada.dir, nil, "merge", "origin/fix"); err == nil {
		t.Fatal("the merge was clean")
	}
	for _, flag := range []string{"--both", "--theirs"} {
		m.ada.says(m.ada.refused(5, "resolve", flag), "it would bring back what was changed since", "pinseal resolve --ours")
	}
	m.ada.ok("resolve", "--ours")
	if _, ok := m.ada.note().Member("carol"); ok {
		t.Error("carol is back")
	}
	m.merged(m.ada, m.ada, m.bob, m.eve)
	dan.pulls()
	dan.opens(devValue, "get", "KEY")
}

// A note that is known is not lost by merging two that do not go on from it.
func TestResolveNewerSeen(t *testing.T) {
	m := newMergeTeam(t)
	_, addDan := m.asks("dan", "dev.read")
	m.bob.pulls()
	m.bob.git(m.bob.dir, "branch", "old")
	m.bob.ok("member", "rm", "eve")
	m.bob.commit(m.bob.dir, "eve leaves")
	addDan(m.ada)
	m.ada.shares("dan")
	m.bob.git(m.bob.dir, "branch", "leaves")
	m.bob.git(m.bob.dir, "checkout", "-q", "old")
	n := m.bob.note().Clone()
	n.Version++
	signed, err := n.Sign(m.bob.key(seal.Admin, 1))
	if err != nil {
		t.Fatal(err)
	}
	m.bob.write(m.bob.file("app.note"), signed.Signed())
	m.bob.commit(m.bob.dir, "another")
	m.bob.conflicts("merge")
	for _, flag := range []string{"--ours", "--theirs", "--both"} {
		m.bob.says(m.bob.refused(5, "resolve", flag), "neither side has version 5, which has been seen here", "git merge --abort")
	}
	m.bob.git(m.bob.dir, "merge", "--abort")
	m.bob.git(m.bob.dir, "checkout", "-q", "leaves")
	m.bob.conflicts("merge")
	m.bob.ok("resolve", "--both")
	m.merged(m.bob, m.ada, m.bob, m.carol)
}

// Nothing of a note that does not verify is taken, and no other app's.
func TestResolveNotANote(t *testing.T) {
	m := newMergeTeam(t)
	_, addDan := m.asks("dan", "dev.read")
	good := m.ada.read(m.ada.file("app.note"))
	other := newTeam(t).ada
	m.bob.pulls()
	addDan(m.bob)
	m.bob.commit(m.bob.dir, "ours")
	for name, theirs := range map[string][]byte{
		"more slots":  bytes.Replace(good, []byte("slots: [production.read]"), []byte("slots: [dev.read, production.read]"), 1),
		"markers":     bytes.Replace(good, []byte("version: 4"), []byte("<<<<<<< HEAD\nversion: 4"), 1),
		"another app": other.read(other.file("app.note")),
	} {
		t.Run(name, func(t *testing.T) {
			bob := m.bob.in(t)
			bob.git(bob.dir, "checkout", "-q", "-B", "evil", "origin/main")
			bob.write(bob.file("app.note"), theirs)
			bob.commit(bob.dir, "evil")
			bob.git(bob.dir, "checkout", "-q", "main")
			if _, err := bob.tryGit(bob.dir, nil, "merge", "evil"); err == nil {
				t.Fatal("the merge was clean")
			}
			code := map[string]int{"markers": 6}[name]
			if code == 0 {
				code = 5
			}
			for _, flag := range []string{"--both", "--theirs"} {
				bob.refused(code, "resolve", flag)
			}
			bob.git(bob.dir, "merge", "--abort")
		})
	}
}

// types runs a command at a terminal, where answers are typed.
func (p *person) types(answers, hidden string, args ...string) result {
	p.Helper()
	var stdout, stderr bytes.Buffer
	env := &cmd.Env{Environ: p.env, Dir: p.dir, Stdin: strings.NewReader(answers), Stdout: &stdout, Stderr: &stderr, Now: time.Now, StdinTTY: true, StdoutTTY: true}
	env.ReadHidden = func(string) ([]byte, error) { return []byte(hidden), nil }
	code := cmd.Run(context.Background(), env, args)
	return result{code, stdout.String(), stderr.String()}
}

func TestResolveAsks(t *testing.T) {
	m := newMergeTeam(t)
	m.sides(func(p *person) {
		p.sets("CANARYtheirs", "A", "-e", "production")
		does("member rm carol")(p)
	}, func(p *person) {
		p.sets("CANARYours", "A", "-e", "production")
		does("rekey dev")(p)
	})
	m.bob.conflicts("merge")
	if r := m.bob.types("b\n", "", "resolve"); r.code != 6 || strings.Contains(r.stderr, "[o/t/b") {
		t.Errorf("asked before all is decided: %d\n%s", r.code, r.stderr)
	}
	if r := m.bob.types("", "CANARYtyped", "resolve", "A", "--set"); r.code != 0 {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	m.want["A"] = "CANARYtyped"
	note := m.bob.read(m.bob.file("app.note"))
	if r := m.bob.types("what?\n\n", "", "resolve"); r.code != 6 || strings.Count(r.stderr, "[o/t/b") != 2 || !strings.Contains(r.stderr, "Nothing was changed") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	if r := m.bob.types("", "", "resolve"); r.code != 6 || !strings.Contains(r.stderr, "Nothing was changed") {
		t.Errorf("at the end of input: exit code %d\n%s", r.code, r.stderr)
	}
	if !bytes.Equal(note, m.bob.read(m.bob.file("app.note"))) {
		t.Error("the note was changed")
	}
	if r := m.bob.types("both\n", "", "resolve"); r.code != 0 {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	m.merged(m.bob, m.ada, m.bob, m.eve)
	if _, err := os.Stat(m.bob.file("keys", string(seal.ReadSlot("production"))+".2", "carol.age")); err == nil {
		t.Error("carol has a wrap of the new key")
	}
}
