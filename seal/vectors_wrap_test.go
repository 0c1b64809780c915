package seal

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
)

func wrapVectors(t *testing.T) map[string]vector {
	f := newFixture(t)
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", "vectors", "wrap", "app.note"), f.note.Signed(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := make(map[string]vector)
	add := func(name, expect string, id *age.HybridIdentity, k *Key, wrap []byte) {
		v := vector{body: wrap, fields: []string{"expect", expect, "slot", string(k.slot), "generation", strconv.Itoa(k.generation), "identity", id.String()}}
		if expect == "ok" {
			v.fields = append(v.fields, "seed", hex.EncodeToString(k.hold().seed))
		}
		out[name] = v
	}
	const bad = "not authentic"
	wrapText := func(text []byte) []byte {
		wrap, err := encryptArmored(text, f.alice.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		return wrap
	}
	wrap, err := WrapKey(f.read, f.id, f.alice.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	add("ok", "ok", f.alice, f.read, wrap)
	adminWrap, err := WrapKey(f.admin, f.id, f.web.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	add("ok-admin", "ok", f.web, f.admin, adminWrap)
	add("no-key", "no key", f.web, f.read, wrap)

	// Wraps that open and do not prove what they must.
	text := f.read.wrapText(f.id)
	stranger := NewAppID(seedKey(t, Admin, 1, 9).Public())
	add("other-app", bad, f.alice, f.read, wrapText(f.read.wrapText(stranger)))
	add("other-slot", bad, f.alice, f.dev, wrap)
	add("other-slot-same-seed", bad, f.alice, f.read, wrapText(seedKey(t, "dev.read", 1, 4).wrapText(f.id)))
	add("other-generation", bad, f.alice, f.read, wrapText(seedKey(t, "production.read", 2, 4).wrapText(f.id)))
	add("unknown-generation", bad, f.alice, seedKey(t, "production.read", 2, 4), wrapText(seedKey(t, "production.read", 2, 4).wrapText(f.id)))
	add("attackers-seed", bad, f.alice, f.read, wrapText(seedKey(t, "production.read", 1, 9).wrapText(f.id)))
	for _, c := range [][3]string{
		{"text-format", "pinseal/v1/wrap", "pinseal/v2/wrap"},
		{"text-crlf", "\n", "\r\n"},
		{"text-spaces", " 1 ", "  1 "},
		{"text-leading-zero", " 1 ", " 01 "},
		{"text-upper-id", f.id.String(), strings.ToUpper(f.id.String())},
		{"text-short-seed", "QEBAQ\n", "Q\n"},
	} {
		add(c[0], bad, f.alice, f.read, wrapText(replaceOnce(t, text, c[1], c[2])))
	}
	add("text-no-newline", bad, f.alice, f.read, wrapText(text[:len(text)-1]))
	add("text-more", bad, f.alice, f.read, wrapText(append(bytes.Clone(text), '\n')))
	add("text-spare-bits", bad, f.alice, f.read, wrapText(append(bytes.Clone(text[:len(text)-2]), text[len(text)-2]+1, '\n')))
	add("text-empty", bad, f.alice, f.read, wrapText(nil))
	add("text-long", bad, f.alice, f.read, wrapText(append(bytes.Clone(text), make([]byte, 1000)...)))

	// Other spellings of one wrap, and damage.
	add("armor-crlf", bad, f.alice, f.read, bytes.ReplaceAll(wrap, []byte("\n"), []byte("\r\n")))
	add("armor-leading", bad, f.alice, f.read, append([]byte("\n"), wrap...))
	add("armor-trailing", bad, f.alice, f.read, append(bytes.Clone(wrap), '\n'))
	add("armor-trailing-text", bad, f.alice, f.read, append(bytes.Clone(wrap), "x"...))
	add("armor-no-newline", bad, f.alice, f.read, wrap[:len(wrap)-1])
	raw, err := dearmor(wrap)
	if err != nil {
		t.Fatal(err)
	}
	add("armor-none", bad, f.alice, f.read, raw)
	add("empty", bad, f.alice, f.read, nil)
	add("truncated", bad, f.alice, f.read, rearmor(t, raw[:len(raw)-1]))
	add("extended", bad, f.alice, f.read, rearmor(t, append(bytes.Clone(raw), 0)))
	for _, at := range []int{len(raw) - 33 - len(text), len(raw) - 17 - len(text), len(raw) - 1} { // MAC, nonce, payload
		flipped := bytes.Clone(raw)
		flipped[at] ^= 1
		add("bit-"+strconv.Itoa(at), bad, f.alice, f.read, rearmor(t, flipped))
	}
	// Damage where the file says whom it is for looks like somebody else's.
	flipped := bytes.Clone(raw)
	flipped[30] ^= 1
	add("bit-stanza", "no key", f.alice, f.read, rearmor(t, flipped))
	add("too-large", bad, f.alice, f.read, wrapText(make([]byte, MaxWrap)))
	return out
}
