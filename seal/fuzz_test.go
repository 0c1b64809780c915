package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"filippo.io/age"
)

// seedVectors adds the bodies of all vectors of a kind to the corpus, and fails
// when there are none: a fuzz target without seeds finds nothing and says so to
// nobody.
func seedVectors(f *testing.F, kind string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "vectors", kind, "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds for %s: %v", kind, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := bytes.Cut(data, []byte("\n\n"))
		f.Add(body)
	}
}

func FuzzParseNote(f *testing.F) {
	seedVectors(f, "note")
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseNote(data)
		if err != nil {
			if n != nil || !errors.Is(err, ErrAuth) && !isNeeds(err) {
				t.Errorf("%v", err)
			}
			return
		}
		checkReprint(t, n)
	})
}

// FuzzNoteText looks behind the signature: whatever text an admin signed either
// fails or prints as it was.
func FuzzNoteText(f *testing.F) {
	seedVectors(f, "note")
	f.Fuzz(func(t *testing.T, data []byte) {
		text := data
		if e, err := splitText(data); err == nil {
			text = e.text
		}
		n, err := readNoteText(text)
		if err == nil {
			err = n.checkText(text)
		}
		if err != nil {
			return
		}
		printed, err := n.Text()
		if err != nil || !bytes.Equal(printed, text) {
			t.Errorf("prints as another text: %v", err)
		}
		_ = n.checkKeys()
		if n.Precedes(n) || Compare(n, n.Clone()) != Same {
			t.Error("a note is not itself")
		}
	})
}

func FuzzSplitText(f *testing.F) {
	seedVectors(f, "note")
	key, err := NewKey(Admin, 1, bytes.Repeat([]byte{1}, 32))
	if err != nil {
		f.Fatal(err)
	}
	id := NewAppID(key.Public())
	f.Fuzz(func(t *testing.T, data []byte) {
		text, name, err := SplitText(data)
		opened, openErr := OpenText(data, id, key.Public())
		if err != nil {
			if text != nil || name != "" || !errors.Is(err, ErrAuth) || openErr == nil {
				t.Errorf("split: %v, open: %v", err, openErr)
			}
			return
		}
		if openErr == nil && (!bytes.Equal(opened, text) || name != id.String()) {
			t.Error("split and open disagree")
		}
		e, _ := splitText(data)
		if !bytes.Equal(appendSignature(text, name, e.keyID, e.signature), data) {
			t.Error("prints as other bytes")
		}
	})
}

func FuzzParseSealed(f *testing.F) {
	seedVectors(f, "value")
	key, err := NewKey("dev.read", 1, bytes.Repeat([]byte{2}, 32))
	if err != nil {
		f.Fatal(err)
	}
	p := Place{App: AppID{1}, Environment: "dev", Kind: KindSecret, Name: "A"}
	f.Fuzz(func(t *testing.T, data []byte) {
		generation, box, err := splitSealed(string(data))
		if err != nil {
			if !errors.Is(err, ErrAuth) {
				t.Error(err)
			}
		} else if again := valuePrefix + strconv.Itoa(generation) + "." + url64().EncodeToString(box); again != string(data) {
			t.Error("prints as another text")
		}
		if _, err := key.OpenValue(p, string(data)); err != ErrAuth {
			t.Errorf("opens, or fails otherwise: %v", err)
		}
	})
}

func FuzzUnpad(f *testing.F) {
	for _, n := range []int{0, 1, 124, 125, 300} {
		f.Add(pad(bytes.Repeat([]byte{1}, n)))
		f.Add(append(pad(bytes.Repeat([]byte{1}, n)), make([]byte, padBlock)...))
	}
	f.Add([]byte(nil))
	f.Add(bytes.Repeat([]byte{0xff}, padBlock))
	f.Fuzz(func(t *testing.T, data []byte) {
		if value, ok := unpad(data); ok && !bytes.Equal(pad(value), data) {
			t.Error("pads to other bytes")
		}
		if len(data) <= MaxValue {
			if value, ok := unpad(pad(data)); !ok || !bytes.Equal(value, data) {
				t.Error("does not come back")
			}
		}
	})
}

func FuzzWrapText(f *testing.F) {
	fix := newFixture(f)
	text := fix.read.wrapText(fix.id)
	for _, seed := range [][]byte{text, fix.admin.wrapText(fix.id), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), text[:len(text)-1], append(text[:len(text):len(text)], '\n'), nil, []byte(wrapHeader)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := parseWrapText(data, fix.id)
		if err != nil {
			if k != nil || !errors.Is(err, ErrAuth) {
				t.Error(err)
			}
			return
		}
		if !bytes.Equal(k.wrapText(fix.id), data) {
			t.Error("prints as another text")
		}
	})
}

func FuzzUnwrapKey(f *testing.F) {
	seedVectors(f, "wrap")
	fix := newFixture(f)
	wrap, err := WrapKey(fix.read, fix.id, fix.alice.Recipient())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wrap)
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := UnwrapKey(data, fix.note, "production.read", 1, fix.alice)
		if err != nil {
			if k != nil || !errors.Is(err, ErrAuth) && !errors.Is(err, ErrNoKey) {
				t.Error(err)
			}
		} else if !bytes.Equal(data, wrap) {
			t.Error("opens another wrap than the one that was made")
		}
	})
}

func FuzzParseIdentities(f *testing.F) {
	file, _, err := NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	x, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	edPEM, _ := sshPEM(f, ed25519Key(f), "")
	rsaPEM, _ := sshPEM(f, rsaKey(f, 2048), "")
	lockedPEM, _ := sshPEM(f, ed25519Key(f), "p")
	for _, seed := range [][]byte{
		file, []byte(x.String()), edPEM, rsaPEM, lockedPEM, []byte(FormatService(AppID{1}, 3, string(file))),
		[]byte("AGE-PLUGIN-YUBIKEY-1QQQQQQ"), []byte("age-encryption.org/v1\n-> scrypt a 10\n"), []byte("-----BEGIN AGE ENCRYPTED FILE-----\n"), nil,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := ParseIdentities(data, Prompts{})
		if err != nil {
			if ids != nil || !errors.Is(err, ErrIdentity) && !errors.Is(err, ErrPassphrase) && !errors.Is(err, ErrPlugin) {
				t.Error(err)
			}
			return
		}
		if len(ids.List) == 0 || ids.Service != nil && len(ids.List) != 1 {
			t.Error("no identity, or too many")
		}
		for _, id := range ids.List {
			_, canonical, pq, err := ParseRecipient(id.Recipient, nil)
			if err != nil || canonical != id.Recipient || pq != id.PostQuantum {
				t.Errorf("recipient of an identity: %v", err)
			}
		}
	})
}

func FuzzParseRecipient(f *testing.F) {
	fix := newFixture(f)
	x, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		fix.alice.Recipient().String(), x.Recipient().String(), sshLine(f) + " comment", rsaLine(f, 2048), "age1yubikey1qqqqqq", "age1tag1qqqqqq", "age1tagpq1qqqq", "", "ssh-", "age1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, canonical, _, err := ParseRecipient(s, nil)
		if errors.Is(err, ErrRecipient) {
			if r != nil || canonical != "" {
				t.Error("a recipient came with the error")
			}
			return
		}
		if err != nil && !errors.Is(err, ErrPlugin) {
			t.Error(err)
		}
		if printed, ok := r.(fmt.Stringer); ok && printed.String() != canonical {
			t.Error("age prints another text")
		}
		_, again, _, _ := ParseRecipient(canonical, nil)
		if again != canonical {
			t.Error("canonical form is not stable")
		}
		// It must have a place in a note.
		n := Note{Version: 1, Members: []Member{{Name: "a", Recipient: canonical, Slots: []Slot{Admin}}}, Slots: []Entry{{Slot: Admin, Generation: 1, Key: []byte{1}}}}
		if _, err := n.Text(); err != nil {
			t.Errorf("canonical form has no spelling: %v", err)
		}
	})
}
