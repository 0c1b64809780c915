package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// scryptWork is log2 of the scrypt cost of identity files, and the most that is
// accepted: age's own default takes 22, which is 4 GiB for a hostile file.
const scryptWork = 18

// EncryptIdentity protects an identity file with a passphrase. The result is an
// armored age file that `age -d` opens too.
func EncryptIdentity(file []byte, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, fmt.Errorf("encrypt identity: passphrase is empty: %w", ErrPassphrase)
	}
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("encrypt identity: %w", ErrPassphrase)
	}
	r.SetWorkFactor(scryptWork)
	out, err := encryptArmored(file, r)
	if err != nil {
		return nil, fmt.Errorf("encrypt identity: %w", err)
	}
	return out, nil
}

// encryptArmored returns an armored age file for one recipient.
func encryptArmored(plain []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decryptIdentity opens an age file that is protected by a passphrase.
func decryptIdentity(data []byte, ask func() ([]byte, error)) ([]byte, error) {
	if bytes.HasPrefix(data, []byte(armor.Header)) {
		raw, err := io.ReadAll(armor.NewReader(bytes.NewReader(data)))
		if err != nil {
			return nil, fmt.Errorf("identity file is not an age file: %w", ErrIdentity)
		}
		data = raw
	}
	// Do not ask for a passphrase that the file does not have.
	_, stanza, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.HasPrefix(stanza, []byte("-> scrypt ")) {
		return nil, fmt.Errorf("identity file is not protected by a passphrase: %w", ErrIdentity)
	}
	passphrase, err := askPassphrase(ask)
	if err != nil {
		return nil, err
	}
	k, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("identity file: passphrase is empty: %w", ErrPassphrase)
	}
	k.SetMaxWorkFactor(scryptWork)
	r, err := age.Decrypt(bytes.NewReader(data), k)
	if noMatch := new(age.NoIdentityMatchError); errors.As(err, &noMatch) {
		return nil, fmt.Errorf("identity file: passphrase is wrong: %w", ErrPassphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("identity file is damaged or asks for too much work: %w", ErrIdentity)
	}
	plain, err := io.ReadAll(io.LimitReader(r, MaxIdentity+1))
	if err != nil || len(plain) > MaxIdentity {
		return nil, fmt.Errorf("identity file is damaged or too large: %w", ErrIdentity)
	}
	return plain, nil
}

func askPassphrase(ask func() ([]byte, error)) ([]byte, error) {
	if ask == nil {
		return nil, fmt.Errorf("identity is protected: %w", ErrPassphrase)
	}
	passphrase, err := ask()
	if err != nil {
		return nil, mark(err, ErrPassphrase)
	}
	return passphrase, nil
}

// sshIdentity reads one ssh private key.
func sshIdentity(pem []byte, ask func() ([]byte, error)) (Identity, error) {
	key, err := ssh.ParseRawPrivateKey(pem)
	if missing := new(ssh.PassphraseMissingError); errors.As(err, &missing) {
		if missing.PublicKey != nil {
			return lazySSH(pem, missing.PublicKey, ask)
		}
		// Older PEM formats hide the public key too.
		passphrase, err := askPassphrase(ask)
		if err != nil {
			return Identity{}, err
		}
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(pem, passphrase); err != nil {
			return Identity{}, fmt.Errorf("ssh key: passphrase is wrong: %w", ErrPassphrase)
		}
	} else if err != nil {
		return Identity{}, fmt.Errorf("ssh key is malformed: %w", ErrIdentity)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key is neither ssh-ed25519 nor ssh-rsa: %w", ErrIdentity)
	}
	_, recipient, err := sshPublic(signer.PublicKey())
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key is neither ssh-ed25519 nor ssh-rsa from 2,048 bits: %w", ErrIdentity)
	}
	k, err := sshPrivate(key)
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key is malformed: %w", ErrIdentity)
	}
	return Identity{Identity: hide(k), Recipient: recipient}, nil
}

// lazySSH makes an identity that asks for its passphrase when a wrap for it is
// met first, as age does.
func lazySSH(pem []byte, pub ssh.PublicKey, ask func() ([]byte, error)) (Identity, error) {
	_, recipient, err := sshPublic(pub)
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key is neither ssh-ed25519 nor ssh-rsa from 2,048 bits: %w", ErrIdentity)
	}
	k := &protectedIdentity{}
	k.Identity, err = agessh.NewEncryptedSSHIdentity(pub, pem, func() ([]byte, error) {
		passphrase, err := askPassphrase(ask)
		if err != nil {
			k.failed = err
			return nil, err
		}
		// Until the key is open, whatever goes wrong is the passphrase.
		k.failed = fmt.Errorf("ssh key: passphrase is wrong: %w", ErrPassphrase)
		return passphrase, nil
	})
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key is malformed: %w", ErrIdentity)
	}
	return Identity{Identity: hide(k), Recipient: recipient}, nil
}

// protectedIdentity is an ssh identity that gives the reason why its passphrase
// was not to be had; agessh flattens it into text.
type protectedIdentity struct {
	age.Identity
	failed error
}

// Unwrap implements [age.Identity].
func (i *protectedIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	i.failed = nil
	key, err := i.Identity.Unwrap(stanzas)
	if err != nil && !errors.Is(err, age.ErrIncorrectIdentity) && i.failed != nil {
		return nil, i.failed
	}
	return key, err
}

// sshPrivate makes an identity of a private key. x/crypto returns Ed25519 keys
// by pointer or by value, depending on the format they came in.
func sshPrivate(key any) (age.Identity, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return agessh.NewRSAIdentity(k)
	case *ed25519.PrivateKey:
		return agessh.NewEd25519Identity(*k)
	case ed25519.PrivateKey:
		return agessh.NewEd25519Identity(k)
	}
	return nil, ErrIdentity
}

// mark adds a sentinel to an error of somebody else's code, unless it only says
// that the identity is not the right one.
func mark(err, sentinel error) error {
	if err == nil || errors.Is(err, age.ErrIncorrectIdentity) || errors.Is(err, sentinel) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
