package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"filippo.io/age"
)

func TestWrapRecipients(t *testing.T) {
	f := newFixture(t)
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	edPEM, edLine := sshPEM(t, ed25519Key(t), "")
	rsaPEM, rsaLine := sshPEM(t, rsaKey(t, 2048), "")
	for name, c := range map[string]struct{ identity, recipient string }{
		"age1pq":      {f.alice.String(), f.alice.Recipient().String()},
		"age1":        {x.String(), x.Recipient().String()},
		"ssh-ed25519": {string(edPEM), edLine},
		"ssh-rsa":     {string(rsaPEM), rsaLine},
	} {
		ids, err := ParseIdentities([]byte(c.identity), Prompts{})
		if err != nil || len(ids.List) != 1 || ids.List[0].Recipient != c.recipient || ids.List[0].PostQuantum != (name == "age1pq") {
			t.Errorf("%s: identity: %v", name, err)
			continue
		}
		to, canonical, _, err := ParseRecipient(c.recipient, nil)
		if err != nil || canonical != c.recipient {
			t.Errorf("%s: recipient: %v", name, err)
			continue
		}
		for _, k := range []*Key{f.read, f.admin, f.publish} {
			wrap, err := WrapKey(k, f.id, to)
			if err != nil || len(wrap) > MaxWrap {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, err := UnwrapKey(wrap, f.note, k.Slot(), k.Generation(), f.web, ids.List[0].Identity)
			if err != nil || !bytes.Equal(got.Public(), k.Public()) || got.Slot() != k.Slot() || got.Generation() != 1 {
				t.Errorf("%s, %s: %v", name, k.Slot(), err)
			}
			if _, err := UnwrapKey(wrap, f.note, k.Slot(), k.Generation(), f.web); err == nil || !errors.Is(err, ErrNoKey) {
				t.Errorf("%s, %s: opened by another: %v", name, k.Slot(), err)
			}
		}
	}
}

// TestWrapFromAnotherApp is the confused deputy: app B publishes A's public
// read key as its own and copies A's wraps and values. Alice is in both.
func TestWrapFromAnotherApp(t *testing.T) {
	f := newFixture(t)
	evil := seedKey(t, Admin, 1, 9)
	b := NewNote(evil)
	b.Slots = append(b.Slots, NewEntry(f.read))
	b.Members = []Member{{Name: "alice", Recipient: f.alice.Recipient().String(), Slots: []Slot{Admin, "production.read"}}}
	b, err := b.Sign(evil)
	if err != nil {
		t.Fatal(err)
	}
	wrap, err := WrapKey(f.read, f.id, f.alice.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := UnwrapKey(wrap, f.note, "production.read", 1, f.alice); err != nil {
		t.Fatal(err)
	}
	if _, err := UnwrapKey(wrap, b, "production.read", 1, f.alice); !errors.Is(err, ErrAuth) {
		t.Errorf("A's wrap opens in B: %v", err)
	}
	sealed, err := sealValue(f.read.Public(), 1, f.place(), NewSecret([]byte(canary)))
	if err != nil {
		t.Fatal(err)
	}
	p := f.place()
	p.App = b.ID
	if _, err := f.read.OpenValue(p, sealed); err != ErrAuth {
		t.Errorf("A's value opens in B: %v", err)
	}
}

func TestEveryWrapByte(t *testing.T) {
	f := newFixture(t)
	wrap, err := WrapKey(f.read, f.id, f.alice.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(wrap); i++ {
		// Most of it is one ciphertext.
		if i%7 != 0 && i > 100 && i < len(wrap)-400 {
			continue
		}
		changed := bytes.Clone(wrap)
		changed[i] ^= 1
		k, err := UnwrapKey(changed, f.note, "production.read", 1, f.alice)
		if k != nil || !errors.Is(err, ErrAuth) && !errors.Is(err, ErrNoKey) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

// brokenIdentity fails in a way of its own.
type brokenIdentity struct{ err error }

func (b brokenIdentity) Unwrap([]*age.Stanza) ([]byte, error) { return nil, b.err }

func TestUnwrapTriesAll(t *testing.T) {
	f := newFixture(t)
	wrap, err := WrapKey(f.read, f.id, f.alice.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	missing := errors.New("no such program")
	plugin := pluginIdentity{brokenIdentity{missing}}
	locked := brokenIdentity{mark(errors.New("no terminal"), ErrPassphrase)}
	for name, c := range map[string]struct {
		ids  []age.Identity
		want error
	}{
		"none":             {nil, ErrNoKey},
		"nil":              {[]age.Identity{nil}, ErrNoKey},
		"another":          {[]age.Identity{f.web}, ErrNoKey},
		"plugin fails":     {[]age.Identity{plugin}, ErrPlugin},
		"plugin, why":      {[]age.Identity{plugin, f.web}, missing},
		"passphrase":       {[]age.Identity{f.web, locked}, ErrPassphrase},
		"broken otherwise": {[]age.Identity{brokenIdentity{missing}}, ErrAuth},
		"plugin, then key": {[]age.Identity{plugin, locked, f.web, f.alice}, nil},
		"key, then plugin": {[]age.Identity{f.alice, plugin}, nil},
	} {
		if _, err := UnwrapKey(wrap, f.note, "production.read", 1, c.ids...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestWrapRefuses(t *testing.T) {
	f := newFixture(t)
	to := f.alice.Recipient()
	if _, err := WrapKey(nil, f.id, to); err == nil {
		t.Error("wraps nothing")
	}
	if _, err := WrapKey(new(Key), f.id, to); err == nil {
		t.Error("wraps the zero key")
	}
	if _, err := WrapKey(f.read, AppID{}, to); err == nil {
		t.Error("wraps for no app")
	}
	if _, err := WrapKey(f.read, f.id, nil); err == nil {
		t.Error("wraps for nobody")
	}
	// The longest name of a slot still fits what a reader takes.
	longest := seedKey(t, ReadSlot("abcdefghijklmnopqrstuvwxyz012345"), 64, 1)
	if n := len(longest.wrapText(f.id)); n > maxWrapText {
		t.Errorf("text of %d bytes", n)
	}
	if _, err := WrapKey(longest, f.id, to); err != nil {
		t.Error(err)
	}
}

// TestWrapLargestRSA: a wrap for the largest key that ssh makes is in the cap.
// Only the public half is needed, so an odd number does for the modulus.
func TestWrapLargestRSA(t *testing.T) {
	f := newFixture(t)
	r, canonical, _, err := ParseRecipient(rsaLine(t, 16384), nil)
	if err != nil || len(canonical) > maxRecipient {
		t.Fatal(err)
	}
	if wrap, err := WrapKey(f.read, f.id, r); err != nil || len(wrap) > MaxWrap {
		t.Errorf("%d bytes, %v", len(wrap), err)
	}
}

func TestSigningKeysAreEd25519(t *testing.T) {
	seed := bytes.Repeat([]byte{1}, 32)
	k := seedKey(t, Admin, 1, 1)
	if !bytes.Equal(k.Public(), ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)) {
		t.Error("an admin key is not that of RFC 8032")
	}
}
