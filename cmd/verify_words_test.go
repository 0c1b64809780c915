package cmd

import (
	"strings"
	"testing"

	"pinseal/seal"
	"pinseal/versions"
)

// A line that helps acts on the app that it is about.
func TestVerifyScope(t *testing.T) {
	s := full(t)
	s.run(0, "", "fork", "mine") // is the default now, with A and B blank
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "fork")
	s.putStore("shop/dev/A.yaml", "kind: secret\nvalue: blank\n")
	s.add("bob", quantumRecipient(t), seal.ReadSlot("dev"))
	lines := func(args ...string) string {
		t.Helper()
		_, talk := s.run(1, "", args...)
		_, try, _ := strings.Cut(talk, "try:")
		return try
	}
	for _, test := range []struct {
		args, has, hasNot []string
	}{
		{[]string{"verify"}, []string{"  pinseal set A -e dev\n", "  pinseal --app shop set A -e dev\n", "  pinseal --app shop member sync\n"}, nil},
		{[]string{"verify", "HEAD", "-e", "dev"}, []string{"  pinseal set A -e dev\n"}, []string{"--app"}},
		{[]string{"verify", "--app", "shop"}, []string{"  pinseal --app shop set A -e dev\n", "  pinseal --app shop member sync\n"}, []string{"  pinseal set", "--app shop --app"}},
	} {
		try := lines(test.args...)
		s.has(try, test.has...)
		for _, part := range test.hasNot {
			if strings.Contains(try, part) {
				t.Errorf("%v has %q in\n%s", test.args, part, try)
			}
		}
	}
	s.environ = append(s.environ, "PINSEAL_APP=shop")
	s.has(lines("verify"), "  pinseal --app mine set A -e dev\n", "  pinseal set A -e dev\n", "  pinseal member sync\n")
	s.environ = s.environ[:len(s.environ)-1]

	s.putStore("shop/dev/A.yaml", "kind: secret\nvalue: hunter2\n")
	_, talk := s.run(5, "", "verify")
	s.has(talk, "  pinseal --app shop rm A -e dev && pinseal --app shop set A -e dev\n")
	s.git("add", "-A")
	s.has(s.staged(5), "pinseal --app shop rm A -e dev && pinseal --app shop set A -e dev")

	s.check(s.gitCommand("checkout", "-q", "HEAD", "--", ".").Run())
	s.git("update-ref", "-d", versions.LedgerRef(s.note.ID, "production"))
	s.git("remote", "add", "origin", "../nowhere")
	_, talk = s.run(5, "", "verify") // which has seen bob
	s.has(talk, "  pinseal --app shop trust      only if", "pin 1 was seen, and no ledger is here\n  try:  pinseal --app shop fetch\n")
}

// What stands where something else belongs may be a value, and is not shown.
func TestVerifyQuotesNothing(t *testing.T) {
	s := full(t)
	check := func(code int, said string, args ...string) {
		t.Helper()
		out, talk := s.run(code, "", append([]string{"verify"}, args...)...)
		s.has(talk, said)
		if strings.Contains(out+talk, "hunter2") {
			t.Errorf("it is shown:\n%s%s", out, talk)
		}
	}
	for _, wrap := range []string{"hunter2\n", "-----BEGIN AGE ENCRYPTED FILE-----\nhunter2\n", "-----BEGIN AGE ENCRYPTED FILE-----\naGVsbG8=\n-----END AGE ENCRYPTED FILE-----\nhunter2\n"} {
		s.putStore("shop/keys/dev.read.1/ada.age", wrap)
		check(5, `ada.age": is not a wrap: it is not armored`)
	}
	s.git("checkout", "-q", ".")
	s.putStore("shop/dev/K.yaml", "kind: key\nbits: 128\nvalue.hunter2: s1.1.AAAA\n")
	check(5, `K.yaml": is not a secret file of ours: line 3: is not a version number`)
	s.putStore("shop/dev/K.yaml", "kind: secret\nvalue.hunter2: s1.1.AAAA\nvalue: blank\n")
	check(5, `K.yaml": is not a secret file of ours: line 2: is not known here`)
	s.git("clean", "-qfdx")
	s.putStore("default", "hunter2\n")
	check(1, `".pinseal/default": names an app that is not there`)
	check(1, "  try:  git log -p -- .pinseal/default      to find what it was\n        echo NAME >.pinseal/default      with the name of an app that is there\n")
	s.git("checkout", "-q", ".")
	check(2, "what was given is no revision here", "A=hunter2")
	check(2, "what was given is no revision here", "pin:A=hunter2")
	s.git("branch", "with=sign")
	check(0, "", "with=sign")
}
