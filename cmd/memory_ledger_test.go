package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// stateDir is where ada's machine remembers.
func (s *shop) stateDir() string {
	return filepath.Join(filepath.Dir(s.dir), "home", ".local", "state", "pinseal")
}

func (s *shop) known() *knownApps { return remembering(s.t, s.stateDir()).known }

// keepState returns a function that puts back what is remembered now.
func (s *shop) keepState() (restore func()) {
	s.t.Helper()
	saved := filepath.Join(s.t.TempDir(), "state")
	s.check(os.CopyFS(saved, os.DirFS(s.stateDir())))
	return func() {
		s.check(os.RemoveAll(s.stateDir()))
		s.check(os.CopyFS(s.stateDir(), os.DirFS(saved)))
	}
}

func (s *shop) open() *session {
	s.t.Helper()
	env := &Env{Environ: s.environ, Dir: s.dir, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Now: func() time.Time { return s.now }}
	opened, err := (&cli{Env: env}).open(context.Background(), use)
	s.check(err)
	s.t.Cleanup(opened.Close)
	return opened
}

// published is a shop with one pin, to which the tag "start" points.
func published(t *testing.T) (s *shop, ref string) {
	s = newShop(t)
	s.run(0, "one", "set", "A")
	s.commit()
	s.run(0, "", "publish", "dev", "--first")
	ref = versions.LedgerRef(s.note.ID, "dev")
	s.git("tag", "start", ref)
	return s, ref
}

// A slow command reads a ledger that parts from the one that another command
// has seen meanwhile.
func TestLedgersRace(t *testing.T) {
	s, ref := published(t)
	restore := s.keepState()
	s.run(0, "", "publish", "dev", "-m", "theirs")
	s.run(0, "", "publish", "dev", "-m", "theirs too")
	s.git("tag", "theirs", ref)
	s.git("update-ref", ref, "start")
	restore()

	slow, late := s.open(), s.open()
	s.run(0, "", "publish", "dev", "-m", "ours")
	ours := s.known().seen(s.note.ID, "dev")
	read := func(s *session) error {
		tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, "dev")
		if err == nil {
			_, err = s.openTips("dev", tips)
		}
		return err
	}
	s.check(read(late)) // on the same chain
	s.git("update-ref", ref, "theirs")
	if err := read(slow); !errors.Is(err, versions.ErrNotAuthentic) {
		t.Errorf("%v, want not authentic", err)
	}
	if seen := s.known().seen(s.note.ID, "dev"); seen != ours {
		t.Errorf("seen is %+v, was %+v", seen, ours)
	}
}

// Anybody may put any note into a ledger. It is remembered with pins that verify
// under it, and not before.
func TestLedgerNoteWaitsForItsPins(t *testing.T) {
	s, ref := published(t)
	hub, tree := filepath.Join(t.TempDir(), "hub"), filepath.Join(t.TempDir(), "tree")
	s.git("init", "-q", "--bare", hub)
	s.git("remote", "add", "origin", hub)
	n := s.note.Clone()
	n.Version = 2
	n, err := n.Sign(s.key(seal.Admin, 1))
	s.check(err)
	s.git("worktree", "add", "-q", "--detach", tree, "start")
	s.check(os.WriteFile(filepath.Join(tree, versions.NoteName), n.Signed(), 0o600))
	s.git("-C", tree, "commit", "-qam", "a note and no pin")
	s.git("-C", tree, "tag", "bad")
	s.git("push", "-q", "origin", "bad:"+ref)
	wantVersion := func(want int) {
		t.Helper()
		if got := s.known().note(s.note.ID).version; got != want {
			t.Errorf("version %d is remembered, want %d", got, want)
		}
	}

	s.run(5, "", "fetch")
	wantVersion(1)
	s.git("update-ref", ref, "bad")
	s.run(5, "", "pins", "dev")
	s.run(5, "", "get", "A", "--at", "pin")
	wantVersion(1)
	out, _ := s.run(0, "", "trust", "--app", s.note.ID.String())
	s.has(out, "does not verify", "version 1, as remembered")
	wantVersion(1)

	s.git("update-ref", ref, "start")
	s.git("push", "-q", "-f", "origin", "start:"+ref)
	restore := s.keepState()
	s.change(func(*seal.Note) {})
	s.commit()
	s.run(0, "", "publish", "dev")
	s.git("reset", "-q", "--hard", "HEAD^")
	restore()
	wantVersion(1)
	s.run(0, "", "pins", "dev")
	wantVersion(2)
}

// A service opens its app only under a note that knows it, whatever environment
// an older note would give it.
func TestServiceUnderAnOldNote(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A")
	file, recipient, err := seal.NewIdentity()
	s.check(err)
	ids := strings.Fields(string(file))
	line := seal.FormatService(s.note.ID, 2, ids[len(ids)-1])
	s.environ = append(s.environ, "PINSEAL_IDENTITY="+line)
	for _, args := range [][]string{{"get", "A", "--at", "worktree"}, {"get", "A", "--at", "worktree", "-e", "dev"}} {
		_, talk := s.run(5, "", args...)
		s.has(talk, "version 1", "version 2", "service")
	}
	s.add("web", recipient, seal.ReadSlot("dev"))
	s.wrap(s.key(seal.ReadSlot("dev"), 1), "web")
	s.run(0, "", "get", "A", "--at", "worktree")
}

// Trust replaces what was shown, and nothing that was remembered meanwhile. It
// also mends a remembered note that is gone.
func TestTrustReplacesWhatWasShown(t *testing.T) {
	s, _ := published(t)
	facts, err := s.open().trustFacts()
	s.check(err)
	s.check(facts.accept())
	facts, err = s.open().trustFacts()
	s.check(err)
	s.run(0, "", "publish", "dev")
	if err := facts.accept(); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("a pin is seen meanwhile: %v", err)
	}
	facts, err = s.open().trustFacts()
	s.check(err)
	s.change(func(*seal.Note) {})
	s.run(0, "", "get", "A")
	if err := facts.accept(); !errors.Is(err, versions.ErrConflict) {
		t.Errorf("a note is remembered meanwhile: %v", err)
	}

	s.check(os.RemoveAll(filepath.Join(s.stateDir(), "notes")))
	_, talk := s.run(1, "", "pins", "dev")
	s.has(talk, "pinseal trust")
	s.run(0, "", "trust", "--app", s.note.ID.String())
	s.run(0, "", "pins", "dev")
}
