package cmd_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// scriptKeypair makes a key pair of any kind that a member may have.
func scriptKeypair(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, len(args) == 3, "keypair pq|x25519|ssh-ed25519|ssh-rsa|"+pluginName+" IDENTITY RECIPIENT")
	identity, recipient := ts.MkAbs(args[1]), ts.MkAbs(args[2])
	if kind, ok := sshKinds[args[0]]; ok {
		if tool, err := exec.LookPath("ssh-keygen"); err == nil {
			out, err := exec.Command(tool, "-q", "-t", kind, "-b", "2048", "-N", "", "-C", "ada@laptop", "-f", identity).CombinedOutput()
			if err != nil {
				ts.Fatalf("ssh-keygen: %v\n%s", err, out)
			}
			ts.Check(os.Rename(identity+".pub", recipient))
			return
		}
	}
	private, public, err := newKeypair(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(identity, []byte(private), 0o600))
	ts.Check(os.WriteFile(recipient, []byte(public+"\n"), 0o600))
}

// sshKinds are the kinds of ssh key, as ssh-keygen calls them.
var sshKinds = map[string]string{"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}

// newKeypair makes the two halves of a key pair as they stand in files.
func newKeypair(kind string) (private, public string, err error) {
	switch kind {
	case "pq":
		k, err := age.GenerateHybridIdentity()
		if err != nil {
			return "", "", err
		}
		return k.String() + "\n", k.Recipient().String(), nil
	case "x25519":
		k, err := age.GenerateX25519Identity()
		if err != nil {
			return "", "", err
		}
		return k.String() + "\n", k.Recipient().String(), nil
	case "ssh-ed25519":
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return "", "", err
		}
		return sshPair(k)
	case "ssh-rsa":
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return "", "", err
		}
		return sshPair(k)
	case pluginName:
		private, public, err = newPluginKey()
		return private + "\n", public, err
	}
	return "", "", fmt.Errorf("there is no kind of key %q", kind)
}

// sshPair writes a key as ssh-keygen does.
func sshPair(k crypto.Signer) (private, public string, err error) {
	block, err := ssh.MarshalPrivateKey(k, "ada@laptop")
	if err != nil {
		return "", "", err
	}
	pub, err := ssh.NewPublicKey(k.Public())
	if err != nil {
		return "", "", err
	}
	line := ssh.MarshalAuthorizedKey(pub)
	return string(pem.EncodeToMemory(block)), string(line[:len(line)-1]) + " ada@laptop", nil
}
