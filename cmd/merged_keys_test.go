package cmd

import (
	"os/exec"
	"strings"
	"testing"

	"pinseal/versions"
)

// mergedKeys is a shop with named key K in production, committed.
type mergedKeys struct {
	*shop
	payloads map[string]string // plaintext by payload, without its line end
}

func newMergedKeys(t *testing.T) *mergedKeys {
	t.Helper()
	s := &mergedKeys{newShop(t), map[string]string{}}
	s.run(0, "", "key", "create", "K", "-e", "production")
	s.git("checkout", "-q", "-b", "main")
	s.commit()
	return s
}

// branches makes two branches of what there is, and merges theirs into ours, which
// must conflict.
func (s *mergedKeys) branches(ours, theirs func()) {
	s.t.Helper()
	s.git("checkout", "-q", "-b", "theirs")
	theirs()
	s.commit()
	s.git("checkout", "-q", "-b", "ours", "main")
	ours()
	s.commit()
	cmd := exec.Command("git", "merge", "-q", "theirs")
	cmd.Dir, cmd.Env = s.dir, s.environ
	if err := cmd.Run(); err == nil {
		s.t.Fatal("git has merged it")
	}
}

// keyRun is a command on K of production.
func (s *mergedKeys) keyRun(args ...string) func() {
	return func() {
		s.t.Helper()
		s.run(0, "", append(append([]string{"key"}, args...), "-e", "production", "--yes")...)
	}
}

func (s *mergedKeys) encrypt(plain string) {
	s.t.Helper()
	out, _ := s.run(0, plain, "encrypt", "-k", "K", "-e", "production")
	s.payloads[strings.TrimSuffix(out, "\n")] = plain
}

// decrypts wants everything that was encrypted back, but for what is lost.
func (s *mergedKeys) decrypts(lost ...string) {
	s.t.Helper()
	for payload, plain := range s.payloads {
		code := 0
		for _, l := range lost {
			if l == plain {
				code = exitNotAuthentic
			}
		}
		out, _ := s.run(code, payload, "decrypt", "-k", "K", "-e", "production")
		if code == 0 && out != plain || code != 0 && out != "" {
			s.t.Errorf("what was %q came back as %q", plain, out)
		}
	}
}

// Two branches rotate one key, and have encrypted with what each made: both are kept.
func TestResolveRotatedKeys(t *testing.T) {
	s := newMergedKeys(t)
	s.encrypt("before")
	rotates := func(plain string) func() {
		return func() {
			s.keyRun("rotate", "K")()
			s.encrypt(plain)
		}
	}
	s.branches(rotates("ours"), rotates("theirs"))
	_, talk := s.run(exitConflict, "x", "encrypt", "-k", "K", "-e", "production")
	s.has(talk, "pinseal resolve      keeps the versions of both sides")
	if strings.Contains(talk, "--set") {
		t.Errorf("a key has no value to set:\n%s", talk)
	}
	_, talk = s.run(exitUsage, "v", "resolve", "K", "--set")
	s.has(talk, "its versions are not set by hand", "pinseal resolve      keeps the versions of both sides")
	_, talk = s.run(0, "", "resolve", "K", "--ours", "-n")
	s.has(talk, "version 2 of theirs is left out: what was encrypted with that will not decrypt. Both sides' versions are kept by\n", "  pinseal resolve\n")
	_, talk = s.run(exitUsage, "", "resolve", "K", "--ours")
	s.has(talk, "version 2 of theirs is left out", "pinseal resolve K -e production --ours --yes")
	_, talk = s.run(0, "", "resolve", "-n")
	s.has(talk, "Nothing was written", "K in production: the versions of both; version 2 of theirs is version 3 now")
	_, talk = s.run(0, "", "resolve")
	s.has(talk, "K in production: the versions of both; version 2 of theirs is version 3 now; version 3 encrypts", "Next: git commit")
	s.git("commit", "-q", "-m", "merged")
	s.decrypts()
	_, talk = s.run(0, "", "publish", "production", "--first")
	s.has(talk, "+ K  (encryption key of 128 bits, versions 1-3)")
	out, _ := s.run(0, "", "log", "K", "-e", "production")
	if strings.Count(out, "(version 2 added)") != 2 {
		t.Errorf("not what each side did:\n%s", out)
	}
}

// What cannot be put together is a person's to decide, and says what is lost.
func TestResolveKeysByHand(t *testing.T) {
	s := newMergedKeys(t)
	s.encrypt("before")
	s.branches(func() {
		s.keyRun("rotate", "K")()
		s.encrypt("ours")
	}, s.keyRun("reset", "K", "--confirm", "K", "--bits", "256"))
	_, talk := s.run(exitConflict, "", "resolve")
	s.has(talk, "K in production: changed on both sides: bits, and a key has versions of one size",
		"pinseal resolve K -e production --ours      or --theirs: says which versions of the other side would be lost")
	_, talk = s.run(exitUsage, "", "resolve", "K", "--theirs")
	s.has(talk, "versions 1-2 of ours are left out", "--theirs --yes")
	if strings.Contains(talk, "are kept by") {
		t.Errorf("what has just been refused is offered:\n%s", talk)
	}
	s.run(0, "", "resolve", "K", "--theirs", "--yes")
	s.git("commit", "-q", "-m", "merged")
	s.decrypts("before", "ours")
}

// A reset here and a rotation there: the old version goes, both new ones stay.
func TestResolveResetKey(t *testing.T) {
	s := newMergedKeys(t)
	s.encrypt("before")
	s.branches(func() {
		s.keyRun("reset", "K", "--confirm", "K")()
		s.encrypt("reset")
	}, func() {
		s.keyRun("rotate", "K")()
		s.encrypt("rotated")
	})
	_, talk := s.run(0, "", "resolve")
	s.has(talk, "K in production: the versions of both; version 2 of theirs is version 3 now; "+
		"version 1 is dropped, as ours has it: what it encrypted will not decrypt; version 3 encrypts")
	s.git("commit", "-q", "-m", "merged")
	s.decrypts("before")
}

// Where only what stands beside the versions clashes, a person decides that, and loses no
// version.
func TestResolveDescribedKeys(t *testing.T) {
	s := newMergedKeys(t)
	side := func(word string) func() {
		return func() {
			s.keyRun("rotate", "K")()
			s.encrypt(word)
			s.edit("K", func(f *versions.SecretFile) { f.About = word })
		}
	}
	s.branches(side("ours"), side("theirs"))
	_, talk := s.run(exitConflict, "", "resolve")
	s.has(talk, "changed on both sides: description")
	_, talk = s.run(0, "", "resolve", "K", "--theirs")
	s.has(talk, "K in production: theirs, with the versions of both; version 2 of theirs is version 3 now; version 3 encrypts")
	s.git("commit", "-q", "-m", "merged")
	s.decrypts()
	if f, err := versions.ParseSecretFile(s.read(versions.FilePath("production", "K"))); err != nil || f.About != "theirs" {
		t.Errorf("described as %q (%v)", f.About, err)
	}
}

// A version that does not open is merged with no other, and said.
func TestResolveKeyThatDoesNotOpen(t *testing.T) {
	s := newMergedKeys(t)
	s.branches(s.keyRun("rotate", "K"), func() {
		s.edit("K", func(f *versions.SecretFile) { f.Versions[0].Number = 1<<31 - 1 })
	})
	_, talk := s.run(exitConflict, "", "resolve")
	s.has(talk, "K in production: version 2147483647 of theirs does not open where it stands")
	s.run(0, "", "resolve", "K", "--ours", "--yes")
	s.run(0, "x", "encrypt", "-k", "K", "-e", "production")
}
