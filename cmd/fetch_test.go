package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/versions"
)

// withRemote gives a full shop a bare remote and a further pin, which was fetched.
func withRemote(t *testing.T) (s *shop, remote, ref string) {
	t.Helper()
	s = full(t)
	remote = filepath.Join(filepath.Dir(s.dir), "origin.git")
	s.git("init", "-q", "--bare", remote)
	s.git("remote", "add", "origin", remote)
	ref = versions.LedgerRef(s.note.ID, "production")
	return s, remote, ref
}

// What the remote never had is only told; what it had and lost ends fetch until it
// is there again, and is published on all the same.
func TestFetchBehind(t *testing.T) {
	s, remote, ref := withRemote(t)
	_, talk := s.run(0, "", "fetch")
	s.has(talk, "warning: production: pin 1 is here, and origin has none", "production  #1, which origin does not have")
	s.run(0, "", "publish", "production")
	s.run(0, "", "fetch")

	s.git("--git-dir", remote, "update-ref", ref, ref+"~1")
	for range 2 {
		_, talk = s.run(5, "", "fetch", "--json")
		s.has(talk, "ledger of production on origin: went back from pin 2 to pin 1; the ledger here, up to pin 2, is kept",
			"git push origin "+ref+"      puts it back")
	}
	out, _ := s.run(0, "", "pins", "production")
	s.has(out, "#2 *")
	_, talk = s.run(0, "", "publish", "production")
	s.has(talk, "warning: production: pin 2 is here, and origin has pin 1", "publishing puts what is missing there again", "#2 -> #3")
	_, talk = s.run(0, "", "fetch")
	s.has(talk, "production  #3, up to date")

	// Gone from everywhere, there is no history to look at.
	s.git("--git-dir", remote, "update-ref", "-d", ref)
	_, talk = s.run(5, "", "fetch")
	s.has(talk, "ledger of production on origin: went away: it had pin 3; the ledger here, up to pin 3, is kept", "git log "+ref)
	s.git("update-ref", "-d", ref)
	for _, args := range [][]string{{"fetch"}, {"pins", "production"}, {"get", "B", "-e", "production", "--at", "pin"}} {
		_, talk = s.run(5, "", args...)
		s.has(talk, "pin 3 was seen, and now there is none")
		if strings.Contains(talk, "git log") {
			t.Errorf("%v offers the history of a ref that is gone:\n%s", args, talk)
		}
	}
}

// Two chains are looked at by a line that git takes.
func TestFetchTwoChains(t *testing.T) {
	s, remote, ref := withRemote(t)
	s.run(0, "", "publish", "production")
	s.run(0, "", "fetch")
	fork := s.gitOut("rev-parse", ref)
	s.git("--git-dir", remote, "update-ref", ref, ref+"~1")
	s.git("update-ref", ref, ref+"~1")
	s.environ = append(s.environ, "XDG_STATE_HOME="+t.TempDir(), "PINSEAL_APP="+s.note.ID.String())
	s.run(0, "", "publish", "production", "-m", "another")
	s.git("update-ref", ref, fork)
	_, talk := s.run(6, "", "fetch")
	s.has(talk, "two chains")
	_, line, _ := strings.Cut(talk, "try:  git ")
	line, _, _ = strings.Cut(line, "     ")
	if out := s.gitOut(strings.Fields(line)...); len(strings.Split(out, "\n")) < 3 {
		t.Errorf("%q shows %q", line, out)
	}
	if _, err := os.Stat(remote); err != nil {
		t.Error(err)
	}
}
