package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// Who can push, and cannot sign a pin, puts another validly signed note beside
// the newest pin. It is not taken for the newest, nor remembered.
func TestNoteBesideAPin(t *testing.T) {
	s, ref := published(t)
	was := s.note
	s.add("mallory", quantumRecipient(t), seal.ReadSlot("dev"))
	other := filepath.Join(t.TempDir(), "note")
	s.check(os.WriteFile(other, s.note.Signed(), 0o600))
	s.check(os.WriteFile(s.path(versions.NoteName), was.Signed(), 0o644))

	blob := s.gitOut("hash-object", "-w", other)
	s.git("read-tree", ref)
	s.git("update-index", "--cacheinfo", "100644,"+blob+",app.note")
	forged := s.gitOut("commit-tree", "-m", "x", s.gitOut("write-tree"))
	s.git("read-tree", "HEAD")
	s.git("update-ref", ref, forged)

	s.run(5, "", "pins", "dev")
	_, talk := s.run(5, "", "get", "A", "--at", "pin")
	s.has(talk, "its app note is not the one that the pin names")
	if known := s.known().note(was.ID); known.version != was.Version || known.hash != was.Hash() {
		t.Errorf("version %d is remembered", known.version)
	}
	s.run(0, "new", "set", "A")
	s.git("update-ref", ref, "start")
	s.run(0, "", "get", "A", "--at", "pin")
}

func (s *shop) gitOut(args ...string) string {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), "out")
	s.git(append([]string{"-c", "alias.into=!f() { o=$1; shift; git \"$@\" > \"$o\"; }; f", "into", out}, args...)...)
	data, err := os.ReadFile(out)
	s.check(err)
	return strings.TrimSpace(string(data))
}
