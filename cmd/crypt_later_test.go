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
	refused := func(code int, in, want, try string, args ...string) {
		t.Helper()
		for _, command := range [][]string{{"decrypt"}, {"decrypt", "--lines"}, {"rewrap"}} {
			out, talk := s.run(code, in+"\n", append(append(command, "-k", "K"), args...)...)
			if out != "" || strings.Contains(talk, "CANARY") {
				t.Errorf("%v: printed %q, said %q", command, out, talk)
			}
			if want, try := want, strings.ReplaceAll(try, "COMMAND", strings.Join(command, " ")); !strings.Contains(talk, want) || !strings.HasSuffix(talk, try) {
				t.Errorf("%v: said %q, want %q, and %q at the end", command, talk, want, try)
			}
		}
	}
	newer := `newer key version needed: this was encrypted with version 2 of key "K", and pin 1 of dev has version 1`
	perhaps := `not a valid encrypted value of key "K"; if a later release wrote it, newer key version needed: `
	bundle1, pin1 := perhaps+"bundle of pin 1 of dev has version 1", perhaps+"pin 1 of dev has version 1"

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
	refused(5, strings.TrimSpace(foreign), pin1, "\n", "--at", "pin:1")
	// A key of that name with no later version is another key.
	s.check(os.Remove(s.path("dev/K.yaml")))
	s.run(0, "", "key", "create", "K")
	again := s.encrypt("CANARYagain")
	refused(5, again, pin1, "\n", "--at", "pin:1")
	s.run(0, "", "key", "rotate", "K")
	refused(5, again, pin1, "\n", "--at", "pin:1")
	// What goes wrong in looking further changes nothing.
	s.check(os.WriteFile(s.path("dev/K.yaml"), []byte("kind: key\n<<<<<<< \n"), 0o644))
	refused(5, strings.TrimSpace(foreign), pin1, "\n", "--at", "pin:1")
	s.check(os.WriteFile(s.path(versions.NoteName), []byte("no note"), 0o644))
	refused(5, strings.TrimSpace(foreign), bundle1, "\n", bundled...)
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
