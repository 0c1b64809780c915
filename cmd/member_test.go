package cmd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"pinseal/seal"
	"pinseal/versions"
)

// runIn is run in a world that set changes.
func (s *shop) runIn(code int, set func(*Env), args ...string) (stdout, stderr string) {
	s.t.Helper()
	var out, talk bytes.Buffer
	env := &Env{Environ: s.environ, Dir: s.dir, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, Now: time.Now}
	set(env)
	if got := Run(context.Background(), env, args); got != code {
		s.t.Fatalf("pinseal %v: exit code %d, want %d\n%s%s", args, got, code, &out, &talk)
	}
	return out.String(), talk.String()
}

// unchanged fails if what git sees of the work tree is not clean.
func (s *shop) unchanged() {
	s.t.Helper()
	s.git("diff", "--exit-code", "--stat", "HEAD")
	if matches, err := filepath.Glob(s.path("keys/*/web.age")); err != nil || len(matches) > 0 {
		s.t.Errorf("wraps of web are there: %v, %v", matches, err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("nobody reads") }

// A service's identity is never shown on a terminal unless that is asked for, and
// where nobody takes it nothing was added.
func TestServiceIdentityGoesSomewhere(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A", "-e", "production")
	s.commit()
	add := []string{"member", "add", "web", "--service", "--can", "production.read"}
	terminal := func(e *Env) { e.StdoutTTY = true }
	out, talk := s.runIn(2, terminal, add...)
	s.has(talk, "on the screen", "-o FILE")
	if out != "" {
		t.Errorf("printed %q", out)
	}
	s.unchanged()
	_, talk = s.runIn(1, func(e *Env) { e.Stdout = brokenPipe{} }, add...)
	s.has(talk, "web was not added")
	s.unchanged()
	// Nor does a file stay of a service that could not be added.
	file := filepath.Join(s.dir, "..", "web.identity")
	s.check(os.MkdirAll(s.path("keys/production.read.1/web.age"), 0o755))
	s.run(5, "", append(add, "-o", file)...)
	if _, err := os.Stat(file); err == nil {
		t.Error("the identity of nobody stays")
	}
	s.check(os.Remove(s.path("keys/production.read.1/web.age")))
	s.unchanged()
	out, _ = s.runIn(0, terminal, append(add, "--show")...)
	if !strings.HasPrefix(out, "PINSEAL-SERVICE-1.") || strings.Count(out, "\n") != 1 {
		t.Errorf("printed %q", out)
	}
	ids, err := seal.ParseIdentities([]byte(out), seal.Prompts{})
	s.check(err)
	note, err := seal.ParseNote(s.read(versions.NoteName))
	s.check(err)
	if m, _ := note.Member("web"); m.Recipient != ids.List[0].Recipient || ids.Service.NoteVersion != note.Version {
		t.Errorf("it is not the identity of web, added by version %d", note.Version)
	}
}

func TestMemberRmAsks(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A", "-e", "production")
	s.run(0, "", "member", "add", "bob", quantumRecipient(t), "--can", "production.read")
	s.commit()
	typed := func(answer string) func(*Env) {
		return func(e *Env) {
			e.StdinTTY, e.Stdin = true, strings.NewReader(answer+"\n")
			e.Environ = append(e.Environ, "CI=")
		}
	}
	_, talk := s.runIn(1, typed("n"), "member", "rm", "bob")
	s.has(talk, "Remove bob: read production and replace 1 key?", "nothing was changed")
	s.git("diff", "--exit-code", "--stat", "HEAD")
	_, talk = s.runIn(0, typed("y"), "member", "rm", "bob")
	s.has(talk, "Removed bob")
}

// A private key in the place of a recipient is refused and not shown.
func TestMemberAddPrivateKey(t *testing.T) {
	s := newShop(t)
	file, _, err := seal.NewIdentity()
	s.check(err)
	lines := strings.Fields(string(file))
	private := lines[len(lines)-1]
	path := filepath.Join(s.dir, "..", "key")
	s.check(os.WriteFile(path, file, 0o600))
	for _, args := range [][]string{
		{"member", "add", "bob", private, "--can", "dev.read"},
		{"member", "add", "bob", "--file", path, "--can", "dev.read"},
		{"member", "add", private, "--can", "dev.read"},
		{"member", "rm", private}, {"member", "sync", private}, {"member", "request", private},
		{"member", "add", "bob", "age1x", "--can", private},
		{"env", "add", private}, {"env", "rm", private}, {"rekey", private}, {"member", private}, {"env", private},
	} {
		out, talk := s.run(2, "", args...)
		if strings.Contains(out+talk, private) {
			t.Errorf("%v shows the key", args[:2])
		}
	}
	_, talk := s.run(2, "", "member", "add", "bob", private, "--can", "dev.read")
	s.has(talk, "that is a private key")
}

func TestMemberAddRecipients(t *testing.T) {
	s := newShop(t)
	public, _, err := ed25519.GenerateKey(nil)
	s.check(err)
	key, err := ssh.NewPublicKey(public)
	s.check(err)
	bob := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	_, talk := s.run(0, "", "member", "add", "bob", "ssh-ed25519", strings.Fields(bob)[1], "bob@laptop", "--can", "dev.read")
	s.has(talk, "Added bob: read dev", "fingerprint "+fingerprint(bob), "ssh-ed25519, not post-quantum")
	note, err := seal.ParseNote(s.read(versions.NoteName))
	s.check(err)
	if m, _ := note.Member("bob"); m.Recipient != bob {
		t.Errorf("recipient %q", m.Recipient)
	}
	out, _ := s.run(0, "", "status")
	s.has(out, "Not post-quantum, and so nothing that they read is: bob")
	s.run(6, "# mine\n\n"+bob+" again\n", "member", "add", "rob", "--file", "-", "--can", "dev.read")
	_, talk = s.run(2, bob+"\n"+bob+"\n", "member", "add", "rob", "--file", "-", "--can", "dev.read")
	s.has(talk, "a member has one key")
	s.run(2, "# none\n", "member", "add", "rob", "--file", "-", "--can", "dev.read")
	s.run(2, "", "member", "add", "rob", "--file", "nowhere", "--can", "dev.read")
}

// during is an answer that is given after something else has happened.
type during struct {
	do     func()
	answer *strings.Reader
}

func (d *during) Read(p []byte) (int, error) {
	if d.do != nil {
		do := d.do
		d.do = nil
		do()
	}
	return d.answer.Read(p)
}

// What another command did while a question stood is not undone.
func TestMemberRmBesideOthers(t *testing.T) {
	s := newShop(t)
	s.run(0, "old", "set", "A", "-e", "production")
	s.run(0, "", "member", "add", "bob", quantumRecipient(t), "--can", "production.read")
	s.commit()
	asked := func(do func()) func(*Env) {
		return func(e *Env) {
			e.StdinTTY, e.Stdin = true, &during{do, strings.NewReader("y\n")}
			e.Environ = append(e.Environ, "CI=")
		}
	}
	note := s.read(versions.NoteName)
	_, talk := s.runIn(6, asked(func() {
		s.run(0, "", "member", "add", "carol", quantumRecipient(t), "--can", "production.read")
		note = s.read(versions.NoteName)
	}), "member", "rm", "bob")
	s.has(talk, "nothing was changed", "changed meanwhile")
	if !bytes.Equal(note, s.read(versions.NoteName)) {
		t.Error("the app note was replaced")
	}
	out, _ := s.run(0, "", "member", "list")
	s.has(out, "bob", "carol")
	s.runIn(0, asked(func() { s.run(0, "new", "set", "A", "-e", "production") }), "member", "rm", "bob")
	if out, _ := s.run(0, "", "get", "A", "-e", "production"); out != "new" {
		t.Errorf("the value that was set meanwhile is %q", out)
	}
}

// A note that cannot be remembered has been written all the same.
func TestMemberAddForgets(t *testing.T) {
	s := newShop(t)
	s.run(0, "v", "set", "A", "-e", "production")
	s.commit()
	notes, err := filepath.Glob(filepath.Join(s.dir, "..", "home", ".local", "state", "pinseal", "notes", "*.note"))
	if err != nil || len(notes) != 1 {
		t.Fatalf("remembered notes: %v, %v", notes, err)
	}
	s.check(os.WriteFile(notes[0], []byte("junk"), 0o600))
	file := filepath.Join(s.dir, "..", "web.identity")
	_, talk := s.run(0, "", "member", "add", "web", "--service", "--can", "production.read", "-o", file)
	s.has(talk, "is not remembered", "Added web")
	if _, err := os.Stat(file); err != nil {
		t.Error("the identity of a service that was added is gone")
	}
}
