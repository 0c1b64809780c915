package cmd

import (
	"fmt"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/versions"
)

// Only a good signature is told in words that begin with "signed by".
func TestSignatureText(t *testing.T) {
	for _, test := range []struct {
		sig  signatureJSON
		want string
	}{
		{signatureJSON{"good", "", "ada@example.com", "SHA256:x"}, "signed by ada@example.com"},
		{signatureJSON{"good", "", "", "SHA256:x"}, "signed by SHA256:x"},
		{signatureJSON{"none", "", "", ""}, "not signed"},
		{signatureJSON{"bad", "", "Ada <ada@example.com>", "x"}, "bad signature of Ada <ada@example.com>"},
		{signatureJSON{"bad", "", "", ""}, "bad signature"},
		{signatureJSON{"unknown", "", "", "SHA256:x"}, "signature by a key that git does not know (SHA256:x)"},
		{signatureJSON{"unknown", "", "", ""}, "signature by a key that git does not know"},
		{signatureJSON{"untrusted", "", "Bob", "x"}, "signature of Bob, whose key is below gpg.minTrustLevel"},
		{signatureJSON{"expired", "", "Bob", "x"}, "expired signature of Bob"},
		{signatureJSON{"revoked", "", "", "x"}, "signature of x by a revoked key"},
		{signatureJSON{"something else", "", "", ""}, "bad signature"},
	} {
		if got := test.sig.text(); got != test.want {
			t.Errorf("%v: %q, want %q", test.sig, got, test.want)
		}
	}
}

// What lets git know a key depends on who checks it.
func TestKeyHint(t *testing.T) {
	for _, test := range []struct {
		sig  signatureJSON
		want string
	}{
		{signatureJSON{State: "unknown", Format: "ssh"}, "git config gpg.ssh.allowedSignersFile FILE"},
		{signatureJSON{State: "unknown", Format: "openpgp"}, "gpg --import FILE"},
		{signatureJSON{State: "expired", Format: "openpgp"}, "gpg --import FILE"},
		{signatureJSON{State: "unknown", Format: "x509"}, "gpgsm --import FILE"},
	} {
		if got := test.sig.keyHint(); !strings.HasPrefix(got, test.want) {
			t.Errorf("%v: %q", test.sig, got)
		}
	}
}

// A refusal names commits, authors and files on lines of their own, not without end.
func TestUnsignedError(t *testing.T) {
	e := &unsignedError{env: "dev", dir: ".pinseal/shop"}
	for i := range 12 {
		e.commits = append(e.commits, unsigned{versions.Touch{Commit: repo.Hash(fmt.Sprintf("%040d", i)), Author: "Ada\nforged", Files: []string{"dev/A.yaml"}}, signatureJSON{State: "none"}})
	}
	e.commits[0].Files = nil
	e.commits[1].Files = strings.Fields("a b c d e f g")
	lines := strings.Split(e.Error(), "\n")
	if len(lines) != 12 || lines[0] != "dev cannot be published: 12 commits that touch .pinseal/shop have no good signature" || lines[11] != "and 2 more" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for i, want := range []string{"000000000000  Ada forged  not signed: a merge", "000000000000  Ada forged  not signed: a, b, c, d, e and 2 more", "000000000000  Ada forged  not signed: dev/A.yaml"} {
		if lines[i+1] != want {
			t.Errorf("%q, want %q", lines[i+1], want)
		}
	}
	if exitCode(e) != exitFailed {
		t.Errorf("exit code %d", exitCode(e))
	}
	if e.bad = true; exitCode(e) != exitNotAuthentic {
		t.Errorf("bad: exit code %d", exitCode(e))
	}
}
