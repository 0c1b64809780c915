package cmd

import (
	"os"
	"strings"
	"testing"

	"pinseal/versions"
)

// A pin of before a rotation decrypts what its release wrote, and says what a later one
// did.
func TestDecryptAtPin(t *testing.T) {
	s := newKeyShop(t)
	old := s.encrypt("CANARYold", "--at", "pin:1")
	s.run(0, "", "bundle", "dev", "-o", "b1")
	s.run(0, "", "key", "rotate", "K")
	bundled := []string{"--bundle", "b1"}
	const none = `not a valid encrypted value of key "K"`
	const bundle1 = none + "; if a later release wrote it, newer key version needed: bundle of pin 1 of dev has version 1"
	refused := func(code int, in, want, try string, args ...string) {
		t.Helper()
		for _, command := range [][]string{{"decrypt"}, {"decrypt", "--lines"}, {"rewrap"}} {
			out, talk := s.run(code, in+"\n", append(append(command, "-k", "K"), args...)...)
			if out != "" || strings.Contains(talk, "CANARY") {
				t.Errorf("%v: printed %q, said %q", command, out, talk)
			}
			if want == none && strings.Contains(talk, "newer") {
				t.Errorf("%v: nothing later has it, and said %q", command, talk)
			}
			if want, try := want, strings.ReplaceAll(try, "COMMAND", strings.Join(command, " ")); !strings.Contains(talk, want) || !strings.HasSuffix(talk, try) {
				t.Errorf("%v: said %q, want %q, and %q at the end", command, talk, want, try)
			}
		}
	}
	newer := `newer key version needed: this was encrypted with version 2 of key "K", and pin 1 of dev has version 1`

	// The version is in the work tree, then at HEAD, then in a pin.
	value := s.encrypt("CANARYnew")
	for _, at := range []string{"worktree", "HEAD", "pin"} {
		refused(4, value, newer, "\n  try:  pinseal COMMAND -k K -e dev --at "+at+"\n", "--at", "pin:1")
		refused(4, value, `and commit `, "--at "+at+"\n", "--at", ":/^more")
		refused(5, value, bundle1, "\n", bundled...)
		switch at {
		case "worktree":
			s.git("commit", "-qam", "rotated")
		case "HEAD":
			s.run(0, "", "publish", "dev")
		}
	}
	for _, args := range [][]string{{"--at", "pin:1"}, bundled, {"--at", "pin"}, {"--at", "HEAD"}} {
		if out, _ := s.run(0, old, append([]string{"decrypt", "-k", "K"}, args...)...); out != "CANARYold" {
			t.Errorf("%v: what the release wrote decrypts to %q", args, out)
		}
	}
	if out, _ := s.run(0, value, "decrypt", "-k", "K", "--at", "pin"); out != "CANARYnew" {
		t.Errorf("decrypted to %q", out)
	}

	// What no version made, is not said to be of a newer one.
	foreign, _ := s.run(0, "CANARYforeign", "encrypt", "-k", "OTHER")
	refused(5, strings.TrimSpace(foreign), none, "\n", "--at", "pin:1")
	// A key of that name with no later version is another key.
	s.check(os.Remove(s.path("dev/K.yaml")))
	s.run(0, "", "key", "create", "K")
	again := s.encrypt("CANARYagain")
	refused(5, again, none, "\n", "--at", "pin:1")
	s.run(0, "", "key", "rotate", "K")
	refused(5, again, none, "\n", "--at", "pin:1")
	// What goes wrong in looking further changes nothing.
	s.check(os.WriteFile(s.path("dev/K.yaml"), []byte("kind: key\n<<<<<<< \n"), 0o644))
	refused(5, strings.TrimSpace(foreign), none, "\n", "--at", "pin:1")
	s.check(os.WriteFile(s.path(versions.NoteName), []byte("no note"), 0o644))
	refused(5, strings.TrimSpace(foreign), bundle1, "\n", bundled...)
}

// A work tree that is behind says what is in a pin here, also where that is sealed to keys
// which came later.
func TestDecryptBehind(t *testing.T) {
	for _, rekeyed := range []bool{false, true} {
		s := newKeyShop(t)
		foreign, _ := s.run(0, "CANARYforeign", "encrypt", "-k", "OTHER")
		if rekeyed {
			s.run(0, "", "rekey", "dev")
		}
		s.run(0, "", "key", "rotate", "K")
		s.commit()
		s.run(0, "", "publish", "dev")
		value := s.encrypt("CANARYnew")
		s.git("checkout", "-q", "HEAD^")
		for _, command := range []string{"decrypt", "rewrap"} {
			out, talk := s.run(4, value, command, "-k", "K")
			if out != "" || !strings.Contains(talk, `newer key version needed: this was encrypted with version 2 of key "K", and the work tree has version 1`) ||
				!strings.HasSuffix(talk, "\n  try:  pinseal "+command+" -k K -e dev --at pin\n") {
				t.Errorf("rekeyed %v, %s: printed %q, said %q", rekeyed, command, out, talk)
			}
		}
		if _, talk := s.run(5, foreign, "decrypt", "-k", "K"); talk != "error: not a valid encrypted value of key \"K\"\n" {
			t.Errorf("of another key: %q", talk)
		}
	}
}

// Who encrypts with what no release has yet is told once, where releases read pins.
func TestEncryptUnpublished(t *testing.T) {
	s := newKeyShop(t)
	s.run(0, "", "key", "rotate", "K")
	s.commit()
	const want = "warning: version 2 of key \"K\" is in no pin of dev yet: releases cannot decrypt what it encrypts\n  try:  pinseal publish dev\n"
	says := func(want string, args ...string) {
		t.Helper()
		payload, talk := s.run(0, "v", append([]string{"encrypt", "-k", "K", "-q"}, args...)...)
		_, again := s.run(0, payload+payload, append([]string{"rewrap", "-k", "K", "-q"}, args...)...)
		if talk != want || again != want {
			t.Errorf("%v: encrypt said %q, rewrap %q, want %q", args, talk, again, want)
		}
	}
	says(want)
	says(want, "--at", "HEAD")
	says("", "--at", "HEAD^")
	says("", "--at", "pin")
	s.run(0, "", "publish", "dev")
	says("")
	s.run(0, "", "rekey", "dev", "--values") // the same version, sealed anew
	says("")
	s.run(0, "", "key", "create", "K", "-e", "production")
	s.commit()
	says("", "-e", "production") // which has no pin
}

func TestEncryptUncommitted(t *testing.T) {
	s := newShop(t)
	s.run(0, "", "key", "create", "K")
	const lost = `is not committed: without it, what it encrypts is lost`
	warned := func(want string) {
		t.Helper()
		payload, talk := s.run(0, "v", "encrypt", "-k", "K", "-q")
		_, again := s.run(0, payload, "rewrap", "-k", "K", "-q")
		if n := strings.Count(talk, lost); n > 1 || talk != again || want == "" && talk != "" || !strings.Contains(talk, want) {
			t.Errorf("encrypt said %q, rewrap %q, want %q", talk, again, want)
		}
	}
	warned(`warning: version 1 of key "K" ` + lost + "\n  try:  git add .pinseal && git commit\n")
	s.commit()
	warned("")
	s.run(0, "", "key", "rotate", "K")
	warned("version 2")
	if _, talk := s.run(0, "v", "encrypt", "-k", "K", "--at", "HEAD"); talk != "" {
		t.Errorf("from HEAD: %q", talk)
	}
	s.commit()
	warned("")
	s.check(os.Remove(s.path("dev/K.yaml")))
	s.run(0, "", "key", "create", "K") // version 1 again, and another key
	warned("version 1")
	s.git("checkout", "-q", "--", ".")
	s.run(0, "", "rekey", "dev", "--values") // the same key, sealed anew
	warned("")
}
