package cmd

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"pinseal/versions"
)

// decryptsAt is decrypts in another place: for each payload its plaintext, or the exit
// code of what is lost there.
func (s *mergedKeys) decryptsAt(lost map[string]int, args ...string) {
	s.t.Helper()
	for payload, plain := range s.payloads {
		code := lost[plain]
		out, _ := s.run(code, payload, append([]string{"decrypt"}, args...)...)
		if code == 0 && out != plain || code != 0 && out != "" {
			s.t.Errorf("%v: what was %q came back as %q", args, plain, out)
		}
	}
}

// Every version goes along where a key is copied, renamed, sealed anew or pinned again.
func TestKeysPlaced(t *testing.T) {
	s := newMergedKeys(t)
	s.encrypt("one")
	s.keyRun("rotate", "K")()
	s.encrypt("two")
	s.run(0, "", "copy", "K", "--from", "production", "--to", "dev")
	s.decryptsAt(nil, "-k", "K", "-e", "dev")
	s.run(0, "", "copy", "K", "--as", "L", "--from", "production", "--to", "production")
	s.run(0, "", "mv", "L", "M", "-e", "production")
	s.decryptsAt(nil, "-k", "M", "-e", "production")
	s.run(0, "", "rekey", "production")
	s.decrypts()
	s.commit()

	s.run(0, "", "publish", "dev", "--first")
	s.run(0, "", "promote", "dev", "production", "--first")
	s.decryptsAt(nil, "-k", "K", "-e", "production", "--at", "pin")
	s.keyRun("rotate", "K")()
	s.encrypt("three")
	s.commit()
	s.run(0, "", "publish", "production")
	_, talk := s.run(0, "", "rollback", "production", "--yes")
	s.has(talk, "! K goes back to version 2 from 3, and encrypts with that from this pin on", "! K does not decrypt any more what version 3 encrypted")
	s.decryptsAt(map[string]int{"three": exitNoKey}, "-k", "K", "-e", "production", "--at", "pin:3")
	s.decryptsAt(nil, "-k", "K", "-e", "production", "--at", "pin:2")

	s.run(0, "", "fork", "mine")
	for _, name := range []string{"K", "M"} {
		data, err := os.ReadFile(filepath.Join(s.dir, storeDir, "mine", filepath.FromSlash(versions.FilePath("production", name))))
		s.check(err)
		if string(data) != "kind: key\nbits: 128\nvalue: blank\n" {
			t.Errorf("the fork has %s as\n%s", name, data)
		}
	}
	s.run(0, "", "key", "create", "N", "--bits", "256", "--about", "later", "-e", "production", "--app", "shop")
	_, talk = s.run(0, "", "fork", "--sync", "--from", "shop", "--app", "mine")
	s.has(talk, "Declared in production, blank: N (encryption key)", "pinseal --app mine key create N -e production")
	data, err := os.ReadFile(filepath.Join(s.dir, storeDir, "mine", "production", "N.yaml"))
	s.check(err)
	if string(data) != "kind: key\nabout: \"later\"\nbits: 256\nvalue: blank\n" {
		t.Errorf("synced as\n%s", data)
	}
}

// The scan looks for every version of a key, as it is exported and in other forms.
func TestScanFindsKeys(t *testing.T) {
	s := newMergedKeys(t)
	s.keyRun("rotate", "K")()
	s.commit()
	for _, version := range []string{"1", "2"} {
		out, _ := s.run(0, "", "key", "export", "K", "-e", "production", "--reveal", "--version", version)
		text := strings.TrimSuffix(out, "\n")
		for name, leaked := range map[string]string{
			"the text":     text,
			"quoted":       `key = "` + text + `"`,
			"base64 of it": base64.StdEncoding.EncodeToString([]byte(text)),
			"hex of it":    hex.EncodeToString([]byte(text)),
		} {
			s.check(os.WriteFile(filepath.Join(s.dir, "leak.txt"), []byte("x "+leaked+"\n"), 0o644))
			out, talk := s.run(exitFailed, "", "scan", "leak.txt")
			if !strings.Contains(out, "leak.txt:1") || !strings.Contains(out, "K") || strings.Contains(out+talk, text) {
				t.Errorf("version %s, %s:\n%s%s", version, name, out, talk)
			}
		}
	}
}

// Who left could decrypt: the report says rotate, then rewrap, and names the versions.
func TestReportOfKeys(t *testing.T) {
	s := newMergedKeys(t)
	bob, err := age.GenerateHybridIdentity()
	s.check(err)
	s.run(0, "", "member", "add", "bob", bob.Recipient().String(), "--can", "production.read")
	s.run(0, "CANARY", "set", "S", "-e", "production")
	s.keyRun("rotate", "K")()
	s.commit()
	out, talk := s.run(0, "", "member", "rm", "bob", "--yes")
	s.has(out, "ROTATE  production  K  key version 1 2", "ROTATE  production  S")
	s.has(talk, "1 encryption key to rotate, and then to rewrap:  pinseal key rotate NAME -e ENV, commit and publish.",
		"Then rewrap all that is stored, with  pinseal rewrap -k NAME -e ENV; then  pinseal key rm K -e production --before 3",
		"1 secret to rotate: at the source first")
	s.commit()
	s.keyRun("rotate", "K")()
	s.run(0, "another", "set", "S", "-e", "production")
	s.commit()
	out, _ = s.run(0, "", "member", "report", "bob", "--json")
	s.has(out, `"key_before": 3`)
	out, talk = s.run(0, "", "member", "report", "bob")
	s.has(out, "REWRAP  production  K  key version 1 2")
	s.has(talk, "To rewrap is all that is stored, with  pinseal rewrap -k NAME -e ENV; then  pinseal key rm K -e production --before 3")
	s.run(0, "", "publish", "production", "--first", "--require-rotated")
	s.keyRun("rm", "K", "--before", "3")()
	s.commit()
	out, talk = s.run(0, "", "member", "report", "bob")
	s.has(talk, "Nothing to rotate")
	if strings.Contains(out, "  K  ") {
		t.Errorf("there is something to do for K:\n%s", out)
	}
}
