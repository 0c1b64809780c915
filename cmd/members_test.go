package cmd

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"pinseal/seal"
	"pinseal/versions"
)

// shop is a repository with an app whose note a test can change as an admin.
type shop struct {
	t       *testing.T
	dir     string
	environ []string
	now     time.Time
	note    *seal.Note
	ids     []age.Identity // ada's
}

func newShop(t *testing.T) *shop {
	t.Helper()
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	s := &shop{t: t, dir: filepath.Join(dir, "r"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s.environ = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		"GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000", "CI=true"}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.git("init", "-q")
	s.git("config", "user.email", "ada@example.com")
	s.run(0, "", "init", "shop")
	data, err := os.ReadFile(filepath.Join(home, ".config", "pinseal", "identity"))
	s.check(err)
	ids, err := seal.ParseIdentities(data, seal.Prompts{})
	s.check(err)
	s.ids = []age.Identity{ids.List[0].Identity}
	s.note, err = seal.ParseNote(s.read(versions.NoteName))
	s.check(err)
	return s
}

func (s *shop) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) path(name string) string { return filepath.Join(s.dir, storeDir, "shop", name) }

func (s *shop) read(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(s.path(name))
	s.check(err)
	return data
}

func (s *shop) git(args ...string) {
	s.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = s.dir, s.environ
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (s *shop) commit() {
	s.t.Helper()
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "more")
}

// run runs a command, wants its exit code, and returns what it printed.
func (s *shop) run(code int, stdin string, args ...string) (stdout, stderr string) {
	s.t.Helper()
	var out, talk bytes.Buffer
	env := &Env{Environ: s.environ, Dir: s.dir, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &talk, Now: func() time.Time { return s.now }}
	if got := Run(context.Background(), env, args); got != code {
		s.t.Fatalf("pinseal %v: exit code %d, want %d\n%s%s", args, got, code, &out, &talk)
	}
	return out.String(), talk.String()
}

// has fails for each part that text lacks.
func (s *shop) has(text string, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func (s *shop) key(slot seal.Slot, generation int) *seal.Key {
	s.t.Helper()
	k, err := seal.UnwrapKey(s.read(versions.WrapPath(slot, generation, "ada")), s.note, slot, generation, s.ids...)
	s.check(err)
	return k
}

func (s *shop) wrap(k *seal.Key, member string) {
	s.t.Helper()
	m, _ := s.note.Member(member)
	to, _, _, err := seal.ParseRecipient(m.Recipient, nil)
	s.check(err)
	wrap, err := seal.WrapKey(k, s.note.ID, to)
	s.check(err)
	p := s.path(versions.WrapPath(k.Slot(), k.Generation(), member))
	s.check(os.MkdirAll(filepath.Dir(p), 0o755))
	s.check(os.WriteFile(p, wrap, 0o644))
}

// change signs the note anew after an admin's change.
func (s *shop) change(f func(n *seal.Note)) {
	s.t.Helper()
	n := s.note.Clone()
	f(n)
	n.Version++
	slices.SortFunc(n.Members, func(a, b seal.Member) int { return strings.Compare(a.Name, b.Name) })
	signed, err := n.Sign(s.key(seal.Admin, 1))
	s.check(err)
	s.note = signed
	s.check(os.WriteFile(s.path(versions.NoteName), signed.Signed(), 0o644))
}

func (s *shop) add(name, recipient string, slots ...seal.Slot) {
	s.t.Helper()
	s.change(func(n *seal.Note) {
		n.Members = append(n.Members, seal.Member{Name: name, Recipient: recipient, Slots: slots})
	})
}

func (s *shop) remove(name string) {
	s.t.Helper()
	s.change(func(n *seal.Note) {
		n.Members = slices.DeleteFunc(n.Members, func(m seal.Member) bool { return m.Name == name })
	})
}

func quantumRecipient(t *testing.T) string {
	t.Helper()
	_, recipient, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return recipient
}

func TestStatusOfMembers(t *testing.T) {
	s := newShop(t)
	read := seal.ReadSlot("production")
	s.run(0, "v", "set", "A", "-e", "production")
	s.commit()
	out, _ := s.run(0, "", "status")
	if strings.Contains(out, "MEMBER") {
		t.Errorf("the only member is told about members:\n%s", out)
	}

	classic, err := age.GenerateX25519Identity()
	s.check(err)
	s.add("bob", classic.Recipient().String(), read)
	out, _ = s.run(0, "", "status")
	s.has(out, "bob has no wrap of production.read, key 1; who can finish: ada",
		"Not post-quantum, and so nothing that they read is: bob", "MEMBER  CAN", "bob     production.read", "  .pinseal/shop/app.note")
	s.wrap(s.key(read, 1), "bob")
	if out, _ = s.run(0, "", "status"); strings.Contains(out, "has no wrap") {
		t.Errorf("bob has a wrap now:\n%s", out)
	}

	next, err := seal.GenerateKey(read, 2)
	s.check(err)
	s.change(func(n *seal.Note) {
		n.Slots = append(n.Slots, seal.Entry{Slot: read, Generation: 2, Key: next.Public()})
	})
	s.wrap(next, "ada")
	out, _ = s.run(0, "", "status")
	s.has(out, "production: sealed to retired key 1: A; who can finish: ada, bob", "bob has no wrap of production.read, key 2; who can finish: ada")
	out, _ = s.run(0, "", "status", "--json")
	s.has(out, `"retired": [
        "A"
      ]`, `"post_quantum": false`)

	// A note that went back to one that was seen before is said.
	s.run(0, "v", "set", "B", "-e", "production")
	s.git("checkout", "-q", "--", storeDir)
	out, _ = s.run(0, "", "status")
	s.has(out, "The app note here is version 1; version 3 has been seen")
}

func TestStatusExpiring(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "SOON", "--expires", "2026-03-31")
	s.run(0, "v", "set", "LATER", "--expires", "2026-04-01")
	s.run(0, "v", "set", "TODAY", "--expires", "2026-03-01")
	s.run(0, "v", "set", "GONE", "--expires", "2026-02-28")
	out, _ := s.run(0, "", "status", "--json")
	s.has(out, `"expired": [
        "GONE"
      ]`, `"expiring": [
        "SOON",
        "TODAY"
      ]`)
}

func TestRollbackAndBundleOfLeavers(t *testing.T) {
	s := newShop(t)
	read := seal.ReadSlot("production")
	s.run(0, "one", "set", "A", "-e", "production")
	s.add("bob", quantumRecipient(t), read)
	s.wrap(s.key(read, 1), "bob")
	s.commit()
	s.run(0, "", "publish", "production", "--first")

	s.remove("bob")
	s.check(os.Remove(s.path(versions.WrapPath(read, 1, "bob"))))
	s.add("web", quantumRecipient(t), read)
	s.run(0, "two", "set", "A", "-e", "production")
	s.commit()
	_, talk := s.run(1, "", "publish", "production")
	s.has(talk, `reader "web" has no wrap`)
	s.wrap(s.key(read, 1), "web")
	s.commit()
	s.run(0, "", "publish", "production")

	out, _ := s.run(0, "", "diff", "pin:1", "pin:2", "-e", "production")
	if want := "- reader bob\n+ reader web\n~ A\n"; out != want {
		t.Errorf("diff printed %q, want %q", out, want)
	}
	_, talk = s.run(0, "", "rollback", "production", "1")
	s.has(talk, "could read pin 1 of production and has left since: bob", "the value of A, which had been replaced", "#2 -> #3")

	_, talk = s.run(4, "", "bundle", "production", "-o", "b", "--at", "pin:1", "--for", "web")
	s.has(talk, `pin 1 of production has no wrap for member "web"`, "pinseal publish production")
	s.run(3, "", "bundle", "production", "-o", "b", "--for", "bob")
	_, talk = s.run(0, "", "bundle", "production", "-o", "b", "--at", "pin:1")
	s.has(talk, "who has left since: bob", "opens for ada")
	_, talk = s.run(0, "", "bundle", "production", "-o", "b", "--for", "web")
	s.has(talk, "opens for web")
	data, err := os.ReadFile(filepath.Join(s.dir, "b"))
	s.check(err)
	if bytes.Contains(data, []byte("ada.age")) || !bytes.Contains(data, []byte("web.age")) {
		t.Error("a bundle for web holds the wraps of others, or not its own")
	}
}

// A rollback is refused when somebody who reads today could not open it.
func TestRollbackWithoutWrap(t *testing.T) {
	s := newShop(t)
	read := seal.ReadSlot("production")
	s.run(0, "one", "set", "A", "-e", "production")
	s.commit()
	s.run(0, "", "publish", "production", "--first")
	next, err := seal.GenerateKey(read, 2)
	s.check(err)
	s.change(func(n *seal.Note) {
		n.Slots = append(n.Slots, seal.Entry{Slot: read, Generation: 2, Key: next.Public()})
	})
	s.wrap(next, "ada")
	s.add("bob", quantumRecipient(t), read)
	s.wrap(next, "bob") // and not the first generation
	s.run(0, "two", "set", "A", "-e", "production")
	s.commit()
	s.run(0, "", "publish", "production")
	_, talk := s.run(1, "", "rollback", "production")
	s.has(talk, `reader "bob" has no wrap of read key 1`)

	s.wrap(s.key(read, 1), "bob")
	_, talk = s.run(0, "", "rollback", "production")
	s.has(talk, "sealed to a retired read key, so whoever held it can open: A")
}
