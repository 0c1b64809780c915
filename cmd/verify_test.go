package cmd

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// put writes a file below .pinseal.
func (s *shop) putStore(name, data string) {
	s.t.Helper()
	p := filepath.Join(s.dir, storeDir, filepath.FromSlash(name))
	s.check(os.MkdirAll(filepath.Dir(p), 0o755))
	s.check(os.WriteFile(p, []byte(data), 0o644))
}

// full is a shop with a value in each environment and a pin.
func full(t *testing.T) *shop {
	t.Helper()
	s := newShop(t)
	s.run(0, "v", "set", "A")
	s.run(0, "v", "set", "B", "-e", "production")
	s.commit()
	s.git("branch", "-M", "main")
	s.run(0, "", "publish", "production", "--first")
	return s
}

const fullTable = "shop  dev         1 secret  1 reader  no pin  ok\nshop  production  1 secret  1 reader  pin 1   ok\n"

func TestVerifyCommand(t *testing.T) {
	s := full(t)
	for _, rev := range [][]string{nil, {"HEAD"}, {"main"}, {"worktree"}} {
		out, talk := s.run(0, "", append([]string{"verify"}, rev...)...)
		if out != fullTable || talk != "" {
			t.Errorf("verify %v printed %q and %q", rev, out, talk)
		}
	}
	for _, args := range [][]string{{"pin"}, {"pin:1"}, {"pin", "-e", "production"}} {
		if out, _ := s.run(0, "", append([]string{"verify"}, args...)...); out != "shop  production  1 secret  1 reader  pin 1  ok\n" {
			t.Errorf("verify %v printed %q", args, out)
		}
	}
	s.run(3, "", "verify", "pin:2")
	s.run(3, "", "verify", "pin", "-e", "dev")
	s.run(3, "", "verify", "nothing")
	s.run(3, "", "verify", "-e", "qa")
	s.run(3, "", "verify", "--app", "other")
	s.run(2, "", "verify", "pin:0")
	s.run(2, "", "verify", "-e", "../x")
	s.run(2, "", "verify", "HEAD", "more")
	s.run(2, "", "verify", "--pre-receive", "HEAD")

	// What the check says no to is on stdout and stderr, and all of it.
	s.run(0, "", "set", "EMPTY", "--blank")
	s.run(0, "v", "set", "GONE", "--expires", "2026-02-28")
	out, talk := s.run(1, "", "verify")
	s.has(out, "shop  dev         3 secrets  1 reader  no pin  2 problems\n", "shop  production  1 secret   1 reader  pin 1   ok\n")
	s.has(talk, `EMPTY.yaml": is blank`, `GONE.yaml": expired on 2026-02-28`, "try:  pinseal set EMPTY -e dev\n", "pinseal set GONE -e dev --expires DATE")
	out, _ = s.run(1, "", "verify", "--json", "--allow-blank")
	s.has(out, `"schema": 1`, `"at": "worktree"`, `"path": ".pinseal/shop/dev/GONE.yaml"`, `"environment": "dev"`, `"exit_code": 1`)
	if strings.Contains(out, "EMPTY") {
		t.Errorf("--allow-blank did not:\n%s", out)
	}
	s.run(0, "", "verify", "-e", "production")
	s.run(0, "", "verify", "HEAD")

	// What is not authentic is on stderr alone, and does not hide the rest.
	s.putStore("shop/dev/A.yaml", "kind: secret\nvalue: hunter2\n")
	s.putStore("junk", "x")
	s.putStore("shop/production/B.yaml", "kind:  secret\nvalue: blank\n")
	for _, args := range [][]string{{"verify"}, {"verify", "--json"}} {
		out, talk = s.run(5, "", args...)
		s.has(talk, "5 problems", `".pinseal/junk"`, `dev/A.yaml", line 2: what stands there as the value is not sealed`, "B.yaml", "EMPTY", "GONE",
			"pinseal rm A -e dev && pinseal set A -e dev\n", "rm .pinseal/junk\n")
		if out != "" || strings.Contains(talk, "hunter2") {
			t.Errorf("verify printed %q and %q", out, talk)
		}
	}
	s.run(0, "", "verify", "HEAD")
	s.commit()
	s.run(5, "", "verify", "HEAD")
	s.run(0, "", "verify", "HEAD~1")
	s.run(0, "", "verify", "pin")
}

func TestVerifyUnmerged(t *testing.T) {
	s := full(t)
	s.git("checkout", "-q", "-b", "other")
	s.run(0, "w", "set", "A")
	s.run(0, "", "rm", "B", "-e", "production")
	s.commit()
	s.git("checkout", "-q", "main")
	s.run(0, "x", "set", "A")
	s.run(0, "x", "set", "B", "-e", "production")
	s.commit()
	if err := s.gitCommand("merge", "-q", "other").Run(); err == nil {
		t.Fatal("the branches do not conflict")
	}
	out, talk := s.run(6, "", "verify")
	s.has(out, "dev         1 secret  1 reader  no pin  1 problem", "production  1 secret  1 reader  pin 1   1 problem")
	s.has(talk, "2 problems", `unmerged: ".pinseal/shop/dev/A.yaml"`, `unmerged: ".pinseal/shop/production/B.yaml"`, "pinseal resolve")
	s.run(0, "", "verify", "HEAD")
}

// All apps, or the one that is asked for.
func TestVerifyApps(t *testing.T) {
	s := full(t)
	s.run(0, "", "fork", "mine")
	out, _ := s.run(1, "", "verify")
	s.has(out, "mine  dev ", "shop  dev ")
	out, _ = s.run(0, "", "verify", "--app", "shop")
	if out != fullTable {
		t.Errorf("printed %q", out)
	}
	s.putStore("mine/dev/A.yaml", "x")
	_, talk := s.run(5, "", "verify")
	s.has(talk, ".pinseal/mine/dev/A.yaml")
	s.run(0, "", "verify", "--app", "shop")
	s.putStore("mine/app.note", string(s.read(versions.NoteName)))
	_, talk = s.run(5, "", "verify")
	s.has(talk, "stands in two directories, mine and shop")
}

// A bare repository is its HEAD, and one without commits has nothing.
func TestVerifyBare(t *testing.T) {
	s := full(t)
	work := s.dir
	s.git("clone", "-q", "--bare", ".", "../bare")
	s.dir = filepath.Join(filepath.Dir(work), "bare")
	out, _ := s.run(0, "", "verify")
	s.has(out, "shop  dev         1 secret  1 reader  no pin  ok\n")
	s.dir = work
	s.putStore("junk", "x")
	s.commit()
	s.git("push", "-q", "../bare", "main")
	s.dir = filepath.Join(filepath.Dir(work), "bare")
	s.run(5, "", "verify")
	s.run(0, "", "verify", "HEAD~1")
	s.dir = filepath.Join(filepath.Dir(work), "new")
	s.check(os.Mkdir(s.dir, 0o755))
	s.git("init", "-q")
	s.run(3, "", "verify")
	s.git("config", "core.bare", "true")
	s.run(3, "", "verify")
}

// Ledgers are held to the note, to their files and to what was seen.
func TestVerifyLedgers(t *testing.T) {
	s := full(t)
	ref := versions.LedgerRef(s.note.ID, "production")
	s.run(0, "", "publish", "production")
	s.run(0, "", "verify")
	s.git("tag", "two", ref)

	s.git("update-ref", ref, ref+"~1")
	out, talk := s.run(5, "", "verify")
	s.has(talk, "ledger of production: went back from pin 2 to pin 1", "pinseal trust")
	if out != "" {
		t.Errorf("stdout %q", out)
	}
	s.run(5, "", "verify", "HEAD")
	s.run(5, "", "verify", "pin")
	s.run(0, "", "verify", "-e", "dev")
	// A machine that has seen nothing has nothing to hold it to.
	state := s.environ
	s.environ = append(s.environ, "XDG_STATE_HOME="+t.TempDir())
	s.run(0, "", "verify")
	s.environ = state

	s.git("update-ref", "-d", ref)
	_, talk = s.run(0, "", "verify")
	s.has(talk, "warning: shop: ledger of production: pin 2 was seen, and no ledger is here")
	_, talk = s.run(0, "", "verify", "-q")
	s.has(talk, "pin 2 was seen")
	for _, args := range [][]string{{"verify", "pin"}, {"verify", "pin:1"}, {"pins", "production"}} {
		_, talk = s.run(5, "", args...)
		s.has(talk, "pin 2 was seen", "pinseal trust")
		if strings.Contains(talk, "git log") {
			t.Errorf("the history of a ref that is gone is offered: %s", talk)
		}
	}
	_, talk = s.run(0, "", "pins", "-q")
	s.has(talk, "#2 has been seen")
	s.git("update-ref", ref, "two")
	s.run(0, "", "verify")

	// The newest pin's files are its own.
	s.forgeLedger("two", "100644 blob "+s.gitOut("hash-object", "-w", ".pinseal/default")+"\tplaintext\n")
	_, talk = s.run(5, "", "verify")
	s.has(talk, `pin 2 of production: "plaintext": has no place here`)
	s.run(5, "", "verify", "pin")
	s.git("update-ref", ref, "two")

	s.git("update-ref", versions.LedgerRef(s.note.ID, "qa"), "two")
	_, talk = s.run(5, "", "verify")
	s.has(talk, "is of no environment that the app note knows")
	s.git("update-ref", "-d", versions.LedgerRef(s.note.ID, "qa"))
	s.git("update-ref", versions.LedgerRef(s.note.ID, "dev"), "two")
	_, talk = s.run(5, "", "verify")
	s.has(talk, "a pin of dev: is of environment production")
}

// The newest note judges the ledgers, whichever commit is looked at.
func TestVerifyLedgersOfOlderCommit(t *testing.T) {
	s := full(t)
	s.environ = append(s.environ, "XDG_STATE_HOME="+t.TempDir()) // a machine that has seen nothing
	key, err := seal.GenerateKey(seal.PublishSlot("production"), 2)
	s.check(err)
	s.change(func(n *seal.Note) {
		for i := range n.Slots {
			if e := &n.Slots[i]; e.Slot == seal.PublishSlot("production") {
				e.Retired, e.Until, e.Head = true, 5, [32]byte{1}
			}
		}
		n.Slots = append(n.Slots, seal.NewEntry(key))
	})
	s.wrap(key, "ada")
	s.commit()
	for _, rev := range []string{"worktree", "HEAD", "HEAD~1"} {
		_, talk := s.run(5, "", "verify", rev)
		s.has(talk, "went back: the app note knows pin 5, and pin 1 is the newest")
	}
}

// forgeLedger puts the files of a ledger's commit, and more, into another that has
// the same parent.
func (s *shop) forgeLedger(from, more string) {
	s.t.Helper()
	tree := s.gitIn(s.gitOut("ls-tree", from)+"\n"+more, "mktree")
	commit := s.gitOut("commit-tree", "-p", from+"^", "-m", "x", tree)
	s.git("update-ref", versions.LedgerRef(s.note.ID, "production"), commit)
}

func (s *shop) gitCommand(args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = s.dir, s.environ
	return cmd
}

func (s *shop) gitIn(in string, args ...string) string {
	s.t.Helper()
	cmd := s.gitCommand(args...)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.Output()
	s.check(err)
	return strings.TrimSpace(string(out))
}

// What was seen of the note counts, at every version: one that does not go back to
// it, or on from it, is refused; an older one reads.
func TestVerifyRemembered(t *testing.T) {
	s := full(t)
	s.git("branch", "old")
	was := s.note
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	s.wrap(s.key(seal.ReadSlot("dev"), 1), "bob")
	s.commit()
	s.run(0, "v", "set", "A") // remembers the note
	s.commit()
	s.run(0, "", "verify")
	s.run(0, "", "verify", "old")
	s.note = was
	s.add("eve", quantumRecipient(t), seal.ReadSlot("dev"))
	s.commit()
	out, talk := s.run(6, "", "verify")
	if n := strings.Count(talk, "app note version 2 differs"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, talk)
	}
	if first, _, _ := strings.Cut(out, "\n"); strings.Join(strings.Fields(first), " ") != "shop 1 problem" {
		t.Errorf("it is not said of the app as a whole:\n%s", out)
	}
	s.run(0, "", "verify", "HEAD~1")
}

// Neither a key nor trust is asked for, and nothing is changed.
func TestVerifyKeyless(t *testing.T) {
	s := full(t)
	home := t.TempDir()
	s.environ = append(s.environ, "HOME="+home)
	s.run(0, "", "verify")
	s.run(0, "", "verify", "HEAD")
	s.run(0, "", "verify", "pin")
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Errorf("verify left something in a home: %v, %v", entries, err)
	}
}

// openRepo is the repository, as a hook opens it.
func (s *shop) openRepo() *repo.Repo {
	s.t.Helper()
	r, err := repo.Open(context.Background(), s.dir, repo.Options{Env: s.environ})
	s.check(err)
	s.t.Cleanup(func() { r.Close() })
	return r
}
