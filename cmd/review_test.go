package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

var (
	hexIDs = regexp.MustCompile(`\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b`)
	appIDs = regexp.MustCompile(`\b[a-z2-7]{26}\b`)
	ageIDs = regexp.MustCompile(`\bage1[a-z0-9]+`)
)

// masked is a review without what differs from run to run.
func masked(text string) string {
	return appIDs.ReplaceAllString(hexIDs.ReplaceAllString(ageIDs.ReplaceAllString(text, "RECIPIENT"), "ID"), "APP")
}

// branch is a shop with a pin of dev and a branch "pr" that does some of everything.
func branch(t *testing.T) *shop {
	s := newShop(t)
	s.git("branch", "-M", "main")
	for _, name := range []string{"A", "B", "OLD"} {
		s.run(0, "one", "set", name)
	}
	s.run(0, "one", "set", "OLD", "--keep", "--about", "an old one")
	s.run(0, "one", "set", "P", "-e", "production")
	s.commit()
	s.run(0, "", "publish", "dev", "--first")
	s.git("checkout", "-q", "-b", "pr")
	s.run(0, "two", "set", "A")
	s.run(0, "", "rm", "B")
	s.run(0, "", "set", "BLANK", "--blank")
	s.run(0, "x", "set", "GONE", "--expires", "2026-02-28")
	s.run(0, "", "mv", "OLD", "NEW")
	s.commit()
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"), seal.ReadSlot("production"))
	s.wrap(s.key(seal.ReadSlot("dev"), 1), "bob")
	s.wrap(s.key(seal.ReadSlot("production"), 1), "bob")
	s.git("add", "-A")
	s.git("commit", "-q", "--author", "Bob <bob@example.com>", "-m", "bob reads")
	return s
}

func TestReviewText(t *testing.T) {
	s := branch(t)
	out, talk := s.run(0, "", "review", "main")
	want := `shop  app note 1 to 2  Bob ID
  ! bob reads dev, production (new member)
shop dev
  pin 1 (ID) would change: + reader bob, ~ A, - B, + BLANK, + GONE, + NEW, - OLD
  ~ A  Ada ID
  - B  Ada ID
  + BLANK  (blank)  Ada ID
  + GONE  (expired 2026-02-28)  Ada ID
  > NEW  (likely moved from OLD)  Ada ID
`
	if masked(out) != want || talk != "" {
		t.Errorf("got\n%s%s\nwant\n%s", masked(out), talk, want)
	}
	for _, same := range [][]string{{"main..pr"}, {"main...pr"}, {"main..HEAD"}, {"main", "--format", "text"}} {
		if again, _ := s.run(0, "", append([]string{"review"}, same...)...); again != out {
			t.Errorf("review %q is another:\n%s", same, again)
		}
	}
	out, _ = s.run(0, "", "review", "main", "-e", "production")
	if want := "shop  app note 1 to 2  Bob ID\n  ! bob reads dev, production (new member)\n"; masked(out) != want {
		t.Errorf("of production: %q", masked(out))
	}
	out, talk = s.run(0, "", "review", "pr..main")
	if out != "" || !strings.Contains(talk, "main changes nothing of .pinseal") {
		t.Errorf("of what the branch has: %q %q", out, talk)
	}
}

func TestReviewMarkdown(t *testing.T) {
	s := branch(t)
	out, _ := s.run(0, "", "review", "main..pr", "--format", "markdown")
	want := "### Secrets in `main..pr`\n\n" +
		"#### Who can, in `shop`\n\napp note 1 to 2 by `Bob` ID\n\n- **`bob` reads dev, production (new member)**\n\n" +
		"#### `shop` `dev`\n\n`pin 1 (ID) would change: + reader bob, ~ A, - B, + BLANK, + GONE, + NEW, - OLD`\n\n" +
		"- changed `A` by `Ada` ID\n- removed `B` by `Ada` ID\n- added `BLANK` (blank) by `Ada` ID\n" +
		"- added `GONE` (expired 2026-02-28) by `Ada` ID\n- changed `NEW` (likely moved from `OLD`) by `Ada` ID\n"
	if masked(out) != want {
		t.Errorf("got\n%s\nwant\n%s", masked(out), want)
	}
}

func TestReviewJSON(t *testing.T) {
	s := branch(t)
	out, _ := s.run(0, "", "review", "main..pr", "--json")
	want, err := os.ReadFile(filepath.Join("testdata", "review.json"))
	s.check(err)
	if masked(out) != string(want) {
		t.Errorf("testdata/review.json differs from\n%s", masked(out))
	}
	if again, _ := s.run(0, "", "review", "main..pr", "--format", "json"); again != out {
		t.Error("--format json is not --json")
	}
	s.run(2, "", "review", "main..pr", "--json", "--format", "text")
	out, _ = s.run(0, "", "review", "pr..main", "--json")
	var empty reviewReport
	s.check(json.Unmarshal([]byte(out), &empty))
	if empty.Schema != 1 || empty.Apps == nil || len(empty.Apps) != 0 || len(empty.Kinds) != 0 {
		t.Errorf("of nothing: %s", out)
	}
}

func TestReviewFailOn(t *testing.T) {
	s := branch(t)
	for _, kinds := range []string{"readers", "values", "blanks", "expired", "pins", "any", "problems,values", "keys,readers"} {
		out, talk := s.run(1, "", "review", "main", "--fail-on", kinds)
		if out == "" || !strings.Contains(talk, "stopped by --fail-on: ") {
			t.Errorf("%s: %q %q", kinds, out, talk)
		}
	}
	for _, kinds := range []string{"problems", "keys", "apps", "resealed", "metadata"} {
		s.run(0, "", "review", "main", "--fail-on", kinds)
	}
	s.run(0, "", "review", "pr..main", "--fail-on", "any")
	_, talk := s.run(2, "", "review", "main", "--fail-on", "hunter2")
	if strings.Contains(talk, "hunter2") {
		t.Errorf("echoes what was typed: %s", talk)
	}
	out, _ := s.run(1, "", "review", "main", "--fail-on", "readers", "--json")
	s.has(out, `"failed": [
    "readers"
  ]`)
}

// What reading commands refuse is shown, and is exit 5; a note that is not authentic
// shows nothing.
func TestReviewRefused(t *testing.T) {
	s := branch(t)
	s.check(os.WriteFile(s.path("dev/PLAIN.yaml"), []byte("kind: secret\nvalue: hunter2\n"), 0o644))
	s.commit()
	for _, format := range []string{"text", "markdown", "json"} {
		out, talk := s.run(5, "", "review", "main", "--format", format, "--fail-on", "values")
		s.has(out, "PLAIN", "value that is not sealed", "bob")
		s.has(talk, "error: ")
		if strings.Contains(out+talk, "hunter2") {
			t.Errorf("%s shows a value:\n%s%s", format, out, talk)
		}
	}
	s.check(os.WriteFile(s.path(versions.NoteName), bytes.Replace(s.read(versions.NoteName), []byte("bob"), []byte("eve"), 1), 0o644))
	s.commit()
	out, talk := s.run(5, "", "review", "main")
	s.has(talk, "app note in commit", "does not verify")
	if out != "" {
		t.Errorf("printed:\n%s", out)
	}
}

// A branch that was looked at has not been accepted: the machine keeps nothing of it.
func TestReviewRemembersNothing(t *testing.T) {
	s := branch(t)
	s.git("checkout", "-q", "main")
	known := filepath.Join(s.dir, "..", "home", ".local", "state", "pinseal", "known_apps.yaml")
	before, err := os.ReadFile(known)
	s.check(err)
	s.run(0, "", "review", "main..pr")
	after, err := os.ReadFile(known)
	s.check(err)
	if !bytes.Equal(before, after) {
		t.Errorf("remembered:\n%s", after)
	}
	s.run(0, "v", "set", "MORE") // under the note of main
	s.git("checkout", "-q", ".")
	s.check(os.Rename(filepath.Dir(known), filepath.Dir(known)+".away"))
	s.run(0, "", "review", "main..pr")
	if _, err := os.Stat(filepath.Dir(known)); err == nil {
		t.Error("remembers pins that were only looked at")
	}
	s.check(os.Rename(filepath.Dir(known)+".away", filepath.Dir(known)))

	// A newer note that this machine has accepted is another thing.
	old := s.note
	s.note, err = seal.ParseNote(s.read(versions.NoteName))
	s.check(err)
	s.change(func(n *seal.Note) {
		next, err := seal.GenerateKey(seal.ReadSlot("dev"), 2)
		s.check(err)
		n.Slots = append(n.Slots, seal.NewEntry(next))
	})
	s.run(0, "", "list")
	s.run(0, "v", "set", "P", "-e", "production")
	s.git("checkout", "-q", ".")
	if old.Version != s.note.Version {
		t.Fatalf("versions %d and %d", old.Version, s.note.Version)
	}
	out, talk := s.run(6, "", "review", "main..pr")
	s.has(talk, "two admins changed it apart")
	if out != "" {
		t.Errorf("printed:\n%s", out)
	}
}

func TestReviewPins(t *testing.T) {
	s := branch(t)
	s.git("checkout", "-q", "main")
	s.git("merge", "-q", "--ff-only", "pr")
	s.run(0, "", "set", "BLANK", "--keep", "--optional")
	s.commit()
	s.run(0, "", "publish", "dev", "--allow-expired", "GONE")
	out, _ := s.run(0, "", "review", "main~2..main~1", "-e", "dev")
	s.has(masked(out), "shop dev\n  pin 2 (ID) would change: ~ BLANK\n")

	// Without the ledger, nobody can tell where there is a remote.
	s.git("update-ref", "-d", versions.LedgerRef(s.note.ID, "dev"))
	s.check(os.RemoveAll(filepath.Join(s.dir, "..", "home", ".local", "state")))
	out, _ = s.run(0, "", "review", "main~2..main~1", "-e", "dev")
	if strings.Contains(out, "pin") {
		t.Errorf("pins, and there are none:\n%s", out)
	}
	s.git("remote", "add", "origin", s.dir)
	out, _ = s.run(0, "", "review", "main~2..main~1", "-e", "dev")
	s.has(out, "its pins are not here: pinseal fetch")
	out, _ = s.run(0, "", "review", "main~2..main~1", "-e", "dev", "--format", "markdown")
	s.has(out, "Its pins are not here: `pinseal fetch`")
}

func TestReviewMembers(t *testing.T) {
	s := newShop(t)
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.commit()
	s.git("branch", "-M", "main")
	s.git("checkout", "-q", "-b", "pr")
	s.change(func(n *seal.Note) {
		bob := slices.IndexFunc(n.Members, func(m seal.Member) bool { return m.Name == "bob" })
		n.Members[bob].Recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
		n.Members[bob].Slots = []seal.Slot{"admin", "dev.publish"}
		n.Members = append(n.Members, seal.Member{Name: "web", Service: true, Recipient: quantumRecipient(t), Slots: []seal.Slot{"production.publish"}})
	})
	s.commit()
	out, _ := s.run(0, "", "review", "main")
	s.has(out, "  ! bob stands for another key; says who is in; publishes dev; loses dev.read (not post-quantum)\n", "  + web publishes production (new member, service)\n")
	out, _ = s.run(0, "", "review", "main", "--format", "markdown")
	s.has(out, "\n- **`bob` stands for another key; says who is in; publishes dev; loses dev.read (not post-quantum)**\n- `web` publishes production")
}
