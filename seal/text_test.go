package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// TestSignedNoteLibrary: the x/mod library opens what we sign, and we open what
// it signs.
func TestSignedNoteLibrary(t *testing.T) {
	f := newFixture(t)
	text := []byte("pinseal: pin/v1\nmessage: \"größer\"\n")
	signed, err := f.publish.Sign(f.id, text)
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := note.NewEd25519VerifierKey(f.id.String(), f.publish.Public())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil || opened.Text != string(text) || len(opened.Sigs) != 1 {
		t.Fatalf("library: %v", err)
	}

	private := append([]byte{1}, f.publish.hold().seed...)
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", f.id, verifier.KeyHash(), base64.StdEncoding.EncodeToString(private))
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(theirs, signed) {
		t.Error("library signs to other bytes")
	}
	if got, err := OpenText(theirs, f.id, f.publish.Public()); err != nil || !bytes.Equal(got, text) {
		t.Errorf("open: %v", err)
	}

	// What the library takes and we do not.
	loose := append(bytes.Clone(signed), "— example.com "+base64.StdEncoding.EncodeToString(make([]byte, 80))+"\n"...)
	if _, err := note.Open(loose, note.VerifierList(verifier)); err != nil {
		t.Fatalf("library: %v", err)
	}
	if _, err := OpenText(loose, f.id, f.publish.Public()); !errors.Is(err, ErrAuth) {
		t.Errorf("a further signature line: %v", err)
	}
}

func TestSignAndOpenText(t *testing.T) {
	f := newFixture(t)
	text := []byte("one\n\ntwo\n")
	signed, err := f.admin.Sign(f.id, text)
	if err != nil {
		t.Fatal(err)
	}
	got, name, err := SplitText(signed)
	if err != nil || !bytes.Equal(got, text) || name != f.id.String() {
		t.Errorf("split: %q, %q, %v", got, name, err)
	}
	if _, err := OpenText(signed, f.id, f.admin.Public()); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		id     AppID
		public []byte
	}{
		"another app": {AppID{1}, f.admin.Public()}, "another key": {f.id, f.publish.Public()}, "a short key": {f.id, f.admin.Public()[1:]}, "no key": {f.id, nil},
	} {
		if got, err := OpenText(signed, c.id, c.public); !errors.Is(err, ErrAuth) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range signed {
		changed := bytes.Clone(signed)
		changed[i] ^= 1
		if got, err := OpenText(changed, f.id, f.admin.Public()); !errors.Is(err, ErrAuth) || got != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		if got, err := OpenText(signed[:i], f.id, f.admin.Public()); !errors.Is(err, ErrAuth) || got != nil {
			t.Fatalf("%d bytes open: %v", i, err)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	f := newFixture(t)
	for name, text := range map[string]string{"empty": "", "no newline": "a", "tab": "a\tb\n", "carriage return": "a\r\n", "zero": "\x00\n", "not UTF-8": "\xff\n", "too large": strings.Repeat("a", MaxNote) + "\n"} {
		if signed, err := f.admin.Sign(f.id, []byte(text)); err == nil || signed != nil {
			t.Errorf("%s: signed", name)
		}
	}
	if _, err := f.read.Sign(f.id, []byte("a\n")); err == nil {
		t.Error("a read key signs")
	}
	if _, err := (Key{}).Sign(f.id, []byte("a\n")); err == nil {
		t.Error("the zero key signs")
	}
}

// TestSuccessionIsNoText: the message of an endorsement can never be the text
// of a signed note.
func TestSuccessionIsNoText(t *testing.T) {
	f := newFixture(t)
	msg := succession(f.id, 2, f.admin.Public())
	if msg[0] != 0 || checkText(msg) == nil || checkText(append(msg, '\n')) == nil {
		t.Error("a succession message is a text")
	}
}
