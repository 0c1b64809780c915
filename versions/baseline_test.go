package versions

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pinseal/seal"
)

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func TestParseBaseline(t *testing.T) {
	good := "dev.1 " + zeros + ` KEY "a \"b\" \\ c.txt"` + "\n"
	b, err := ParseBaseline([]byte(good + good))
	if err != nil || b.Len() != 1 || string(b.Bytes()) != good {
		t.Fatalf("%v, %q", err, b.Bytes())
	}
	second := "dev.1 " + zeros + ` A "z"` + "\n"
	if b, err = ParseBaseline([]byte(second + good)); err != nil || string(b.Bytes()) != good+second {
		t.Errorf("%v, %q", err, b.Bytes())
	}
	for _, bad := range []string{
		"dev.1", "\n", strings.ToUpper(good), strings.TrimSuffix(good, "\n") + " \n", "dev.01" + good[5:], "dev.0" + good[5:], "dev.65" + good[5:],
		"DEV.1" + good[5:], strings.Replace(good, "0 KEY", " KEY", 1), strings.Replace(good, "KEY", "K EY", 1), strings.Replace(good, "KEY", "1KEY", 1),
		"dev.1 " + zeros + " KEY a\n", "dev.1 " + zeros + ` KEY "` + "\n", "dev.1 " + zeros + ` KEY "a` + "\n", "dev.1 " + zeros + ` KEY "a\b"` + "\n",
		"dev.1 " + zeros + ` KEY "a"b"` + "\n", "dev.1 " + zeros + " KEY \"a\tb\"\n", "dev.1 " + zeros + " KEY \"\xff\"\n", strings.TrimSuffix(good, "\n"),
		"# comment\n" + good, "\r\n" + good, strings.Repeat("x", maxBaseline+1),
	} {
		if b, err := ParseBaseline([]byte(bad)); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%q: %v, %v", bad[:min(len(bad), 90)], b, err)
		}
	}
	if _, err := ParseBaseline([]byte("<<<<<<< a\n" + good + "=======\n>>>>>>> b\n")); !errors.Is(err, ErrConflict) {
		t.Errorf("with markers: %v", err)
	}
}

func FuzzParseBaseline(f *testing.F) {
	f.Add([]byte("dev.1 " + zeros + ` KEY "a \"b\".txt"` + "\n"))
	f.Add([]byte("dev.1 " + zeros + ` KEY ""` + "\ndev.64 " + zeros + ` A "ü"` + "\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBaseline(data)
		if err != nil {
			return
		}
		again, err := ParseBaseline(b.Bytes())
		if err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
			t.Fatalf("%q is read as %q, which is %v", data, b.Bytes(), err)
		}
		for line := range bytes.Lines(data) {
			if !bytes.Contains(b.Bytes(), line) {
				t.Fatalf("%q is lost", line)
			}
		}
	})
}

// TestBaselinePasses: an entry is about one value of one secret in one file, and
// only for who has the key.
func TestBaselinePasses(t *testing.T) {
	a := newApp(t)
	keys := a.keyring("alice", a.workTree())
	value, other := seal.NewSecret([]byte("CANARY12")), seal.NewSecret([]byte("CANARY13"))
	b := NewBaseline()
	odd := "od\nd"
	for _, path := range []string{"a.txt", odd} {
		if added, err := b.Add(keys, "dev", "KEY", path, false, value); !added || err != nil {
			t.Fatal(added, err)
		}
		if added, err := b.Add(keys, "dev", "KEY", path, false, value); added || err != nil {
			t.Error("added twice:", err)
		}
	}
	if added, err := b.Add(keys, "dev", "KEY", "d-hidden/x", true, value); !added || err != nil {
		t.Fatal(added, err)
	}
	read, err := ParseBaseline(b.Bytes())
	if err != nil || bytes.Contains(b.Bytes(), []byte("hidden")) || bytes.Contains(b.Bytes(), []byte("CANARY")) {
		t.Fatalf("%q: %v", b.Bytes(), err)
	}
	nobody, err := NewKeyring(a.note, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		keys            *Keyring
		env, name, path string
		value           seal.Secret
		want            bool
	}{
		{keys, "dev", "KEY", "a.txt", value, true},
		{keys, "dev", "KEY", odd, value, true},
		{keys, "dev", "KEY", "d-hidden/x", value, true},
		{keys, "dev", "KEY", "b.txt", value, false},
		{keys, "dev", "KEY", "", value, false},
		{keys, "dev", "KEY2", "a.txt", value, false},
		{keys, "production", "KEY", "a.txt", value, false},
		{keys, "dev", "KEY", "a.txt", other, false},
		{nobody, "dev", "KEY", "a.txt", value, false},
	} {
		if got, err := read.Has(test.keys, test.env, test.name, test.path, test.value); got != test.want || err != nil {
			t.Errorf("%s %s %q: %v, %v", test.env, test.name, test.path, got, err)
		}
	}
	key, err := keys.Newest(seal.ReadSlot("dev"))
	if err != nil {
		t.Fatal(err)
	}
	twin, err := seal.NewKey(seal.ReadSlot("dev"), 2, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	digests := map[[32]byte]bool{}
	for _, d := range [][32]byte{
		key.Digest(a.note.ID, "x", []byte("a"), []byte("b")), key.Digest(a.note.ID, "x", []byte("ab"), nil), key.Digest(a.note.ID, "y", []byte("a"), []byte("b")),
		key.Digest(seal.AppID{1}, "x", []byte("a"), []byte("b")), twin.Digest(a.note.ID, "x", []byte("a"), []byte("b")),
	} {
		if digests[d] {
			t.Error("two digests are one")
		}
		digests[d] = true
	}
}

// TestBaselineShownPlace: an entry that shows another place than its own lets
// nothing pass.
func TestBaselineShownPlace(t *testing.T) {
	a := newApp(t)
	keys, value := a.keyring("alice", a.workTree()), seal.NewSecret([]byte("CANARY12"))
	b := NewBaseline()
	if _, err := b.Add(keys, "dev", "KEY", "a.txt", false, value); err != nil {
		t.Fatal(err)
	}
	for edited, want := range map[string]bool{`KEY "a.txt"`: true, `KEY ""`: true, `KEY "b.txt"`: false, `KEY2 "a.txt"`: false} {
		read, err := ParseBaseline(bytes.Replace(b.Bytes(), []byte(`KEY "a.txt"`), []byte(edited), 1))
		if err != nil {
			t.Fatal(err)
		}
		if has, err := read.Has(keys, "dev", "KEY", "a.txt", value); has != want || err != nil {
			t.Errorf("%s: %v, %v", edited, has, err)
		}
	}
}

// TestBaselineFull: one as large as may be, of lines that somebody made up, costs
// a finding no more than a small one, and entries are added in no more than the
// time that they take.
func TestBaselineFull(t *testing.T) {
	a := newApp(t)
	keys, value := a.keyring("alice", a.workTree()), seal.NewSecret([]byte("CANARY12"))
	var forged bytes.Buffer
	for i := 0; forged.Len() < maxBaseline-200; i++ {
		fmt.Fprintf(&forged, "dev.%d %064x KEY \"\"\n", i%seal.MaxGenerations+1, i)
	}
	b, err := ParseBaseline(forged.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	entries := b.Len()
	for i := range 2000 {
		place := fmt.Sprint("f", i)
		if has, err := b.Has(keys, "dev", "KEY", place, value); has || err != nil {
			t.Fatal(has, err)
		}
		if _, err := b.Add(keys, "dev", "KEY", place, false, value); err != nil {
			t.Fatal(err)
		}
	}
	if b.Len() != entries+2000 || len(b.keys) != seal.MaxGenerations {
		t.Errorf("%d entries, %d keys", b.Len(), len(b.keys))
	}
	if err := b.Check(); err == nil {
		t.Error("one that is too large to be read may be written")
	}
	if has, err := b.Has(keys, "dev", "KEY", "f7", value); !has || err != nil {
		t.Error(has, err)
	}
}
