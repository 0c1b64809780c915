package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/mlkem"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"
)

// tagRecipients returns a recipient of each hardware kind.
func tagRecipients(t *testing.T) (classic, quantum string) {
	t.Helper()
	p, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecdhKey, err := p.PublicKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	compressed := elliptic.MarshalCompressed(elliptic.P256(), p.X, p.Y)
	c, err := tag.NewClassicRecipient(compressed)
	if err != nil {
		t.Fatal(err)
	}
	dk, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	q, err := tag.NewHybridRecipient(append(dk.EncapsulationKey().Bytes(), ecdhKey.Bytes()...))
	if err != nil {
		t.Fatal(err)
	}
	return c.String(), q.String()
}

func TestParseRecipient(t *testing.T) {
	pq := hybrid(t).Recipient().String()
	x, _ := age.GenerateX25519Identity()
	classicTag, quantumTag := tagRecipients(t)
	ed := sshLine(t)
	rsa2048 := rsaLine(t, 2048)
	for name, c := range map[string]struct {
		s, canonical string
		pq           bool
	}{
		"age1pq": {pq, pq, true}, "age1": {x.Recipient().String(), x.Recipient().String(), false},
		"age1tag": {classicTag, classicTag, false}, "age1tagpq": {quantumTag, quantumTag, true},
		"ssh-ed25519": {ed, ed, false}, "ssh-ed25519 with comment": {ed + " alice@host and more", ed, false}, "ssh-rsa": {rsa2048 + " x", rsa2048, false},
	} {
		r, canonical, pq, err := ParseRecipient(c.s, nil)
		if printed, ok := r.(fmt.Stringer); ok && printed.String() != canonical {
			t.Errorf("%s: age prints another text", name)
		}
		if err != nil || r == nil || canonical != c.canonical || pq != c.pq {
			t.Errorf("%s: %q, %v, %v", name, canonical, pq, err)
		}
		if _, again, _, err := ParseRecipient(canonical, nil); err != nil || again != canonical {
			t.Errorf("%s: canonical form is not stable: %v", name, err)
		}
	}
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, ecLine := sshPEM(t, ecKey, "")
	id, _ := age.GenerateHybridIdentity()
	for name, s := range map[string]string{
		"empty": "", "unknown": "gpg:1234", "private key": id.String(), "cut": pq[:len(pq)-1], "bit": pq[:20] + "q" + pq[21:] + "q",
		"upper": strings.ToUpper(pq), "spaces": " " + pq, "newline": pq + "\n", "two": pq + " " + pq, "ecdsa": strings.TrimSpace(ecLine), "rsa small": rsaLine(t, 2047), "rsa huge": rsaLine(t, 16385),
		"ssh cut": ed[:40], "ssh two lines": ed + "\n" + ed, "ssh options": "no-pty " + ed, "too long": "ssh-ed25519 " + strings.Repeat("A", maxRecipient),
		"plugin cut": "age1yubikey1", "plugin upper": "AGE1YUBIKEY1QQQ", "age1 only": "age1", "age1 short": "age1qqqqqq", "tag cut": classicTag[:len(classicTag)-2],
	} {
		r, canonical, _, err := ParseRecipient(s, nil)
		if r != nil || canonical != "" || !errors.Is(err, ErrRecipient) {
			t.Errorf("%s: %v", name, err)
		} else if len(s) > 6 && strings.Contains(err.Error(), s[:6]) && !strings.HasPrefix(err.Error(), "recipient of type "+s[:6]) {
			t.Errorf("%s: error quotes: %v", name, err)
		}
	}
}

func TestPluginRecipient(t *testing.T) {
	s := plugin.EncodeRecipient("yubikey", []byte("0123456789"))
	r, canonical, pq, err := ParseRecipient(s, nil)
	if r != nil || canonical != s || pq || !errors.Is(err, ErrPlugin) {
		t.Errorf("without plugins: %q, %v", canonical, err)
	}
	want := hybrid(t).Recipient()
	r, canonical, _, err = ParseRecipient(s, func(got string) (age.Recipient, error) {
		if got != s {
			t.Errorf("plugin is given another recipient")
		}
		return want, nil
	})
	if r != want || canonical != s || err != nil {
		t.Errorf("with plugins: %v", err)
	}
	failed := errors.New("not installed")
	if _, _, _, err := ParseRecipient(s, func(string) (age.Recipient, error) { return nil, failed }); !errors.Is(err, ErrPlugin) || !errors.Is(err, failed) {
		t.Errorf("failing plugin: %v", err)
	}
	// A note takes the recipient whether or not the plugin is there.
	f := newFixture(t)
	n := f.unsigned.Clone()
	n.Members[1].Recipient = s
	f.sign(t, n)
}
