package versions

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

func samplePin(id seal.AppID) Pin {
	return Pin{App: id, Environment: prod, Number: 7, Previous: digestOf([]byte("p")), Commit: repo.Hash(strings.Repeat("ab", 20)),
		Set: digestOf([]byte("s")), NoteVersion: 3, Note: digestOf([]byte("n")), Generation: 2, Time: time.Unix(1_700_000_000, 0).UTC(),
		Publisher: "alice", Message: `release "1.4"`, RollbackOf: 5}
}

func pinText(t testing.TB, p Pin) string {
	t.Helper()
	text, err := p.text()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPinText(t *testing.T) {
	id := seal.AppID{1, 2, 3}
	sha256Commit, first, quiet, anonymous := samplePin(id), samplePin(id), samplePin(id), samplePin(id)
	sha256Commit.Commit = repo.Hash(strings.Repeat("cd", 32))
	first.Number, first.Previous, first.RollbackOf = 1, [32]byte{}, 0
	quiet.Message, quiet.RollbackOf = "", 0
	anonymous.Publisher = ""
	for name, p := range map[string]Pin{"full": samplePin(id), "sha256": sha256Commit, "first": first, "quiet": quiet, "anonymous": anonymous} {
		text := pinText(t, p)
		got, err := parsePinText([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", p) {
			t.Errorf("%s: got %+v", name, *got)
		}
	}
	want := lines("pinseal: pin/v1", "app: "+id.String(), "environment: production", "number: 7", fmt.Sprintf("previous: %x", sha256.Sum256([]byte("p"))),
		"commit: sha1:"+strings.Repeat("ab", 20), fmt.Sprintf("set: %x", sha256.Sum256([]byte("s"))), "note_version: 3", fmt.Sprintf("note: %x", sha256.Sum256([]byte("n"))),
		"generation: 2", "time: 2023-11-14T22:13:20Z", `publisher: "alice"`, `message: "release \"1.4\""`, "rollback_of: 5")
	if got := pinText(t, samplePin(id)); got != want {
		t.Errorf("text is\n%s", got)
	}
}

// Each field missing, twice, out of order, empty; and one too many.
func TestPinTextFields(t *testing.T) {
	text := pinText(t, samplePin(seal.AppID{1}))
	all := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	all[len(all)-1] += "\n"
	if len(all) != 14 {
		t.Fatalf("a full pin has %d fields", len(all))
	}
	optional := map[string]bool{"message": true, "rollback_of": true}
	try := func(what string, parts ...string) {
		if _, err := parsePinText([]byte(strings.Join(parts, ""))); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	for i, line := range all {
		key, _, _ := strings.Cut(line, ":")
		if !optional[key] {
			try("without "+key, append(append([]string{}, all[:i]...), all[i+1:]...)...)
		}
		try(key+" twice", append(append([]string{}, all[:i+1]...), all[i:]...)...)
		try(key+" empty", append(append(append([]string{}, all[:i]...), key+":\n"), all[i+1:]...)...)
		try(key+" as a list", append(append(append([]string{}, all[:i]...), key+": [a]\n"), all[i+1:]...)...)
		try("comment after "+key, append(append(append([]string{}, all[:i+1]...), "# x\n"), all[i+1:]...)...)
		try("unknown after "+key, append(append(append([]string{}, all[:i+1]...), "channel: x\n"), all[i+1:]...)...)
		if i > 0 {
			swapped := append([]string{}, all...)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			try(key+" one up", swapped...)
		}
	}
}

func TestPinTextValues(t *testing.T) {
	text := pinText(t, samplePin(seal.AppID{1}))
	hex := fmt.Sprintf("%x", sha256.Sum256([]byte("s")))
	for name, c := range map[string][2]string{
		"format": {"pin/v1", "pin/v2"}, "app": {seal.AppID{1}.String(), "shop"}, "app upper": {seal.AppID{1}.String(), strings.ToUpper(seal.AppID{1}.String())},
		"environment": {"production\n", "Production\n"}, "reserved": {"production\n", "keys\n"}, "number 0": {"number: 7", "number: 0"}, "number 07": {"number: 7", "number: 07"},
		"number -7": {"number: 7", "number: -7"}, "number 2^31": {"number: 7", "number: 2147483648"}, "number 1 with previous": {"number: 7", "number: 1"}, "number hex": {"number: 7", "number: 0x7"},
		"set upper": {hex, strings.ToUpper(hex)}, "set short": {hex, hex[2:]}, "set long": {hex, hex + "00"}, "set not hex": {hex, "zz" + hex[2:]},
		"commit without algorithm": {"sha1:", ""}, "commit with other": {"sha1:", "sha256:"}, "commit md5": {"sha1:", "md5:"}, "commit short": {"abab\n", "ab\n"}, "commit name": {strings.Repeat("ab", 20), "HEAD"},
		"note_version 0": {"note_version: 3", "note_version: 0"}, "generation 0": {"generation: 2", "generation: 0"}, "local time": {"22:13:20Z", "23:13:20+01:00"}, "fraction": {"22:13:20Z", "22:13:20.5Z"},
		"no time": {"2023-11-14T22:13:20Z", "2023-11-14"}, "hour 24": {"T22", "T24"}, "plain publisher": {`"alice"`, "alice"}, "escape": {`"alice"`, "\"\x1b[31m\""}, "line break": {`"alice"`, `"a\nb"`},
		"long publisher": {`"alice"`, `"` + strings.Repeat("x", MaxMessage+1) + `"`}, "empty message": {`"release \"1.4\""`, `""`}, "long message": {`"release \"1.4\""`, `"` + strings.Repeat("x", MaxMessage+1) + `"`},
		"bidi": {`"release \"1.4\""`, "\"\u202e\""}, "oversize": {`"release \"1.4\""`, `"` + strings.Repeat("x", maxPinText) + `"`},
		"rollback of itself": {"rollback_of: 5", "rollback_of: 7"}, "rollback of a later": {"rollback_of: 5", "rollback_of: 8"}, "rollback of 0": {"rollback_of: 5", "rollback_of: 0"},
	} {
		in := strings.Replace(text, c[0], c[1], 1)
		if in == text {
			t.Fatalf("%s: %q is not there", name, c[0])
		}
		if p, err := parsePinText([]byte(in)); err == nil {
			t.Errorf("%s: accepted as %+v", name, p)
		}
	}
	zero := samplePin(seal.AppID{1})
	zero.Previous = [32]byte{}
	if _, err := parsePinText([]byte(pinText(t, zero))); err != nil {
		t.Errorf("the hash of zeros is a hash: %v", err)
	}
}

func TestCheckMessage(t *testing.T) {
	for _, good := range []string{"", "release 1.4", strings.Repeat("ü", 250), `"\`} {
		if err := CheckMessage(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"a\nb", "a\r", "\t", "\x1b[31m", "\u202e", "\xff", strings.Repeat("x", 501)} {
		if err := CheckMessage(bad); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPinSign(t *testing.T) {
	a := newApp(t)
	p := samplePin(a.id)
	p.Generation, p.NoteVersion = 1, 1
	signed, err := p.Sign(a.key("production.publish", 1))
	a.must(err)
	got, err := ParsePin(signed.Signed(), a.note, prod)
	if err != nil || got.Hash() != signed.Hash() || p.Hash() != [32]byte{} {
		t.Fatalf("%v", err)
	}
	for _, k := range []*seal.Key{a.key("dev.publish", 1), a.key(seal.Admin, 1), a.key("production.read", 1)} {
		if _, err := p.Sign(k); err == nil {
			t.Errorf("signed with %s", k.Slot())
		}
	}
	for name, edit := range map[string]func(*Pin){
		"generation": func(p *Pin) { p.Generation = 2 }, "number": func(p *Pin) { p.Number = 0 }, "message": func(p *Pin) { p.Message = "a\nb" },
		"commit": func(p *Pin) { p.Commit = "HEAD" }, "year": func(p *Pin) { p.Time = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := p
		edit(&bad)
		if _, err := bad.Sign(a.key("production.publish", 1)); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

// Every bit of a signed pin counts.
func TestPinBits(t *testing.T) {
	a := newApp(t)
	signed := a.forge(nil, nil)
	data := a.tree(signed)[PinName]
	for i := range data {
		for _, bit := range []byte{1, 2, 4, 8, 16, 32, 64, 128} {
			bad := bytes.Clone(data)
			bad[i] ^= bit
			if _, err := ParsePin(bad, a.note, prod); !errors.Is(err, ErrNotAuthentic) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
	for _, bad := range [][]byte{nil, {}, []byte("\n"), data[:len(data)-1], append(bytes.Clone(data), '\n'), bytes.Repeat([]byte("x"), MaxPinNote+1)} {
		if _, err := ParsePin(bad, a.note, prod); !errors.Is(err, ErrNotAuthentic) {
			t.Fatalf("%d bytes: %v", len(bad), err)
		}
	}
}

func pinSeeds(f *testing.F) ([][]byte, *seal.Note) {
	f.Helper()
	a := newApp(f)
	first := a.forge(nil, nil)
	second := a.forge(first, func(h *handmade) { h.Message, h.RollbackOf = "back", 1 })
	return [][]byte{a.tree(first)[PinName], a.tree(second)[PinName]}, a.note
}

func FuzzParsePin(f *testing.F) {
	seeds, note := pinSeeds(f)
	addSeeds(f, seeds)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePin(data, note, prod)
		if err != nil {
			if p != nil || !errors.Is(err, ErrNotAuthentic) {
				t.Fatalf("%v, %v", p, err)
			}
			return
		}
		text, err := p.text()
		if err != nil || !bytes.HasPrefix(data, append(text, '\n')) || !bytes.Equal(p.Signed(), data) || p.Hash() != digestOf(text) {
			t.Fatalf("prints as %q, %v", text, err)
		}
	})
}

func FuzzParsePinText(f *testing.F) {
	signed, _ := pinSeeds(f)
	seeds := [][]byte{[]byte(pinText(f, samplePin(seal.AppID{1})))}
	for _, s := range signed {
		text, _, err := seal.SplitText(s)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, text)
	}
	addSeeds(f, seeds)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePinText(data)
		if err != nil {
			return
		}
		if printed, err := p.text(); err != nil || !bytes.Equal(printed, data) {
			t.Fatalf("prints as %q, %v", printed, err)
		}
	})
}
