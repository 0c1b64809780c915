package seal

import (
	"crypto/fips140"
	"crypto/rsa"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
	"filippo.io/age/tag"
	"golang.org/x/crypto/ssh"
)

// maxRecipient bounds the text of a recipient in bytes; an RSA key of 16,384
// bits, the largest that ssh makes, has some 2,800.
const maxRecipient = 4096

// ParseRecipient reads the public half of a member:
//
//	age1pq1…      X-Wing, post-quantum; what NewIdentity makes
//	age1tagpq1…   ML-KEM-768 and P-256 in hardware, post-quantum
//	age1…         X25519
//	age1tag1…     P-256 in hardware
//	ssh-ed25519   with its base64, and a comment that is dropped
//	ssh-rsa       the same, from 2,048 bits
//	age1NAME1…    an age plugin, made by the function plugin
//
// canonical is the one spelling, as the app note has it. postQuantum is false
// for plugins, about which nothing is known. When plugin is nil, a plugin's
// recipient gives [ErrPlugin] together with its canonical spelling. Other
// errors wrap [ErrRecipient] and do not hold s, which may be a private key
// pasted by mistake.
func ParseRecipient(s string, plugin func(string) (age.Recipient, error)) (r age.Recipient, canonical string, postQuantum bool, err error) {
	if len(s) > maxRecipient {
		return nil, "", false, fmt.Errorf("recipient is too long: %w", ErrRecipient)
	}
	if fips140.Enforced() { // say so, rather than call the key malformed
		return nil, "", false, fmt.Errorf("age is not to be had under fips140=only: %w", ErrRecipient)
	}
	// Bech32 of one case and without spare bits, which is all that age takes,
	// has one spelling: what parses is canonical.
	switch {
	case strings.HasPrefix(s, "age1pq1"):
		h, err := age.ParseHybridRecipient(s)
		if err != nil {
			return nil, "", false, fmt.Errorf("recipient of type age1pq is malformed: %w", ErrRecipient)
		}
		return h, s, true, nil
	case strings.HasPrefix(s, "age1tag1"), strings.HasPrefix(s, "age1tagpq1"):
		t, err := tag.ParseRecipient(s)
		if err != nil {
			return nil, "", false, fmt.Errorf("recipient of type age1tag is malformed: %w", ErrRecipient)
		}
		return t, s, t.Hybrid(), nil
	case strings.HasPrefix(s, "age1") && strings.LastIndexByte(s, '1') == len("age"):
		x, err := age.ParseX25519Recipient(s)
		if err != nil {
			return nil, "", false, fmt.Errorf("recipient of type age1 is malformed: %w", ErrRecipient)
		}
		return x, s, false, nil
	case strings.HasPrefix(s, "age1"):
		r, canonical, err := pluginRecipient(s, plugin)
		return r, canonical, false, err
	case strings.HasPrefix(s, "ssh-"):
		r, canonical, err := sshRecipient(s)
		return r, canonical, false, err
	}
	return nil, "", false, fmt.Errorf("recipient is of an unknown type: %w", ErrRecipient)
}

func pluginRecipient(s string, build func(string) (age.Recipient, error)) (age.Recipient, string, error) {
	name, data, err := plugin.ParseRecipient(s)
	if err != nil || plugin.EncodeRecipient(name, data) != s {
		return nil, "", fmt.Errorf("recipient of a plugin is malformed: %w", ErrRecipient)
	}
	if build == nil {
		return nil, s, fmt.Errorf("recipient needs the plugin %q: %w", name, ErrPlugin)
	}
	r, err := build(s)
	if err != nil {
		return nil, s, fmt.Errorf("recipient of the plugin %q: %w: %w", name, ErrPlugin, err)
	}
	return r, s, nil
}

func sshRecipient(s string) (age.Recipient, string, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return nil, "", fmt.Errorf("recipient of type ssh is more than a line: %w", ErrRecipient)
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s))
	if err != nil {
		return nil, "", fmt.Errorf("recipient of type ssh is malformed: %w", ErrRecipient)
	}
	return sshPublic(pub)
}

// sshPublic makes a recipient of an ssh public key, and its canonical text.
func sshPublic(pub ssh.PublicKey) (age.Recipient, string, error) {
	canonical := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(pub)), "\n")
	switch pub.Type() {
	case ssh.KeyAlgoED25519:
		if r, err := agessh.NewEd25519Recipient(pub); err == nil {
			return r, canonical, nil
		}
	case ssh.KeyAlgoRSA:
		// The library refuses less than 2,048 bits only when it wraps.
		if r, err := agessh.NewRSARecipient(pub); err == nil && rsaBits(pub) >= 2048 {
			return r, canonical, nil
		}
		return nil, "", fmt.Errorf("recipient of type ssh-rsa is malformed or under 2,048 bits: %w", ErrRecipient)
	}
	return nil, "", fmt.Errorf("recipient of type ssh is neither ssh-ed25519 nor ssh-rsa: %w", ErrRecipient)
}

// rsaBits returns the size of an ssh-rsa key, 0 when it is another key.
func rsaBits(pub ssh.PublicKey) int {
	crypto, ok := pub.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}
	key, ok := crypto.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return 0
	}
	return key.N.BitLen()
}
