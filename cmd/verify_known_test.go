package cmd

import (
	"path/filepath"
	"strings"
	"testing"

	"pinseal/seal"
)

// What is worked on is held to the newest app note that is known, an older commit
// that is asked for is not.
func TestVerifyOlderNote(t *testing.T) {
	s := full(t)
	s.git("branch", "old")
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.wrap(s.key(seal.ReadSlot("dev"), 1), "bob")
	s.commit()
	s.run(0, "", "verify") // remembers the note
	s.git("checkout", "-q", "old")

	refuses := func(why string, args ...string) {
		t.Helper()
		out, talk := s.run(5, "", args...)
		s.has(talk, "app note of shop in the "+why, " trust      only if")
		if out != "" || strings.Count(talk, "app note of shop") != 1 {
			t.Errorf("%v printed %q and %q", args, out, talk)
		}
	}
	refuses("work tree: is version 1; version 2 was seen on this machine", "verify")
	refuses("work tree: is version 1; version 2 was seen on this machine", "verify", "--json", "-e", "dev")
	s.run(0, "", "verify", "HEAD")
	s.run(0, "", "verify", "old")
	s.run(0, "", "verify", "pin")
	bare := filepath.Join(filepath.Dir(s.dir), "bare")
	s.git("clone", "-q", "--bare", "-b", "old", ".", bare)
	refuses("commit "+s.gitOut("rev-parse", "--short=12", "old")+": is version 1; version 2 was seen", "-C", bare, "verify")
	s.run(0, "", "-C", bare, "verify", "HEAD")
	s.run(0, "", "-C", bare, "verify", "main")

	// A machine that has seen nothing still has the ledger.
	s.git("checkout", "-q", "main")
	s.run(0, "", "publish", "production")
	s.environ = append(s.environ, "XDG_STATE_HOME="+t.TempDir())
	s.run(0, "", "verify")
	s.git("checkout", "-q", "old")
	refuses("work tree: is version 1; version 2 is in the ledger of production", "verify")
	s.run(0, "", "verify", "HEAD")
	s.run(0, "", "verify", "-e", "dev") // whose own ledger has none
}
