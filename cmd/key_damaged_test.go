package cmd

import (
	"os"
	"strings"
	"testing"
)

// Nothing that is said of an encryption key's file that does not read leads to its loss:
// not in a merge, not with markers that somebody left, not with a value typed into it.
func TestKeyFileDamaged(t *testing.T) {
	s := newMergedKeys(t)
	s.branches(s.keyRun("rotate", "K"), s.keyRun("rotate", "K"))
	file := "production/K.yaml"
	merging := string(s.read(file))
	refuses := func(code int, wants []string, args ...string) {
		t.Helper()
		was := string(s.read(file))
		_, talk := s.run(code, "v", args...)
		s.has(talk, wants...)
		if strings.Contains(talk, "pinseal set") || strings.Contains(talk, "pinseal rm") || strings.Contains(talk, "--set") || strings.Contains(talk, ":  holds") {
			t.Errorf("%v said:\n%s", args, talk)
		}
		if now := string(s.read(file)); now != was {
			t.Errorf("%v has written:\n%s", args, now)
		}
	}
	merge := []string{"unmerged: \".pinseal/shop/production/K.yaml\"", "try:  pinseal resolve  ", "pinseal resolve K -e production --ours "}
	for _, args := range [][]string{{"rotate", "K"}, {"rm", "K", "--yes"}, {"rm", "K", "--before", "2", "--yes"}, {"reset", "K", "--yes", "--confirm", "K"}} {
		refuses(exitConflict, merge, append(append([]string{"key"}, args...), "-e", "production")...)
	}
	refuses(exitConflict, merge, "get", "K", "-e", "production")
	refuses(exitUsage, []string{"try:  pinseal key rm K -e production"}, "rm", "K", "-e", "production")
	s.git("merge", "--abort")
	sound := string(s.read(file))

	s.check(os.WriteFile(s.path(file), []byte(merging), 0o644))
	back := []string{"holds conflict markers", "git checkout REV -- .pinseal/shop/production/K.yaml"}
	refuses(exitConflict, back, "key", "rm", "K", "-e", "production", "--yes")
	refuses(exitConflict, back, "decrypt", "-k", "K", "-e", "production")
	refuses(exitUsage, []string{"try:  pinseal key rm K -e production"}, "rm", "K", "-e", "production")
	s.commit()
	refuses(exitConflict, back, "key", "rotate", "K", "-e", "production")

	typed := strings.Replace(sound, "value.1: s1.", "value.1: ", 1)
	s.check(os.WriteFile(s.path(file), []byte(typed), 0o644))
	s.commit()
	refuses(exitNotAuthentic, []string{"git checkout REV -- .pinseal/shop/production/K.yaml"}, "verify")
	refuses(exitUsage, []string{"try:  pinseal key rm K -e production --yes"}, "key", "rm", "K", "-e", "production")
	s.run(0, "", "key", "rm", "K", "-e", "production", "--yes")
}

// What is a key's file is told by its text, whatever became of it.
func TestIsKeyText(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: key\nbits: 128\n": true, "kind:  key\r\n": true, "\ufeffkind: key": true, "bits: 1\n  \"kind\" : 'key' # x\n": true,
		"<<<<<<< HEAD\nkind: key\n=======\nkind: secret\n>>>>>>> x\n": true,
		"": false, "kind: secret\nabout: \"kind: key\"\n": false, "kind: keys\n": false, "kind\nkey\n": false,
	} {
		if got := isKeyText([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// That releases go on with their pin is said of what a pin has.
func TestKeySaysPinned(t *testing.T) {
	s := newKeyShop(t)
	s.run(0, "", "key", "create", "LATER")
	const said = "Running releases go on with the pin they have, until the next:  pinseal publish dev\n"
	for _, test := range []struct {
		want string
		args []string
	}{
		{"", []string{"rotate", "LATER"}},
		{said, []string{"rotate", "LATER", "K"}},
		{"", []string{"reset", "LATER", "--yes", "--confirm", "LATER"}},
		{said, []string{"rm", "K", "--before", "2", "--yes"}},
		{"", []string{"rm", "LATER", "--yes"}},
		{said, []string{"rm", "OTHER", "--yes"}},
	} {
		_, talk := s.run(0, "", append([]string{"key"}, test.args...)...)
		if strings.Contains(talk, "Running releases") != (test.want != "") || !strings.HasSuffix(talk, test.want) {
			t.Errorf("%v said:\n%s", test.args, talk)
		}
	}
}
