package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"filippo.io/age"
)

// rotated is the fixture's note after a publisher and admin left: admin 2,
// production.publish 2 and production.read 2.
func (f *fixture) rotated(t testing.TB) (*Note, *Key) {
	t.Helper()
	n := f.note.Clone()
	n.Version++
	admin2 := seedKey(t, Admin, 2, 5)
	for i := range n.Slots {
		if n.Slots[i].Slot == "production.publish" {
			n.Slots[i].Retired, n.Slots[i].Until, n.Slots[i].Head = true, 12, [32]byte{1, 2, 3}
		}
	}
	n.Slots = append(n.Slots, NewAdminEntry(f.admin, n.ID, admin2),
		NewEntry(seedKey(t, "production.publish", 2, 6)), NewEntry(seedKey(t, "production.read", 2, 7)))
	signed, err := n.Sign(admin2)
	if err != nil {
		t.Fatal(err)
	}
	return signed, admin2
}

func noteVectors(t *testing.T) map[string]vector {
	f := newFixture(t)
	out := make(map[string]vector)
	add := func(name, expect string, signed []byte) {
		v := vector{fields: []string{"expect", expect}, body: signed}
		if expect == "ok" {
			n, err := ParseNote(signed)
			if err != nil {
				t.Fatal(err)
			}
			hash := n.Hash()
			v.fields = append(v.fields, "hash", hex.EncodeToString(hash[:]))
		}
		out[name] = v
	}
	const bad = "not authentic"
	rotated, admin2 := f.rotated(t)
	add("ok", "ok", f.note.Signed())
	add("ok-rotated", "ok", rotated.Signed())
	text, _ := f.note.Text()
	text2, _ := rotated.Text()

	noteEnvelopes(t, f, func(name string, signed []byte) { add("envelope-"+name, bad, signed) })

	// An admin's own signature does not make these notes.
	for name, change := range noteEdits() {
		edited := replaceOnce(t, text, change[0], change[1])
		add("edit-"+name, bad, f.forge(edited))
	}
	for name, change := range rotatedEdits() {
		edited := replaceOnce(t, text2, change[0], change[1])
		add("rotated-"+name, bad, forgeAs(admin2, f.id, edited))
	}
	add("needs-2", "needs 2", f.forge(replaceOnce(t, text, "needs: 1", "needs: 2")))
	add("needs-2-unknown-shape", "needs 2", []byte("pinseal: app/v2\nneeds: 2\nwhat: {ever: [there, is]}\n"))
	add("needs-0", bad, f.forge(replaceOnce(t, text, "needs: 1", "needs: 0")))

	stranger := seedKey(t, Admin, 1, 9)
	add("signed-by-stranger", bad, forgeAs(stranger, f.id, text))
	add("signed-by-retired-admin", bad, f.forge(text2))
	publish := seedKey(t, "production.publish", 1, 3)
	add("signed-by-publisher", bad, forgeAs(publish, f.id, text))
	b64 := func(k *Key) string { return base64.RawURLEncoding.EncodeToString(k.Public()) }
	add("admin-replaced", bad, forgeAs(stranger, f.id, replaceOnce(t, text, b64(f.admin), b64(stranger))))
	mallory := seedKey(t, "production.read", 1, 8)
	add("read-key-replaced", bad, bytes.Replace(f.note.Signed(), []byte(b64(f.read)), []byte(b64(mallory)), 1))
	evil, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	member := "  - name: bob\n    recipient: " + evil.Recipient().String() + "\n    slots: [production.read]\n"
	add("member-added", bad, replaceOnce(t, f.note.Signed(), "  - name: web\n", member+"  - name: web\n"))

	bent := rotated.Clone()
	for i := range bent.Slots {
		if len(bent.Slots[i].Endorsed) > 0 {
			bent.Slots[i].Endorsed[0] ^= 1
		}
	}
	bentText, err := bent.Text()
	if err != nil {
		t.Fatal(err)
	}
	add("succession-bit", bad, forgeAs(admin2, f.id, bentText))

	// A succession that the first admin never endorsed.
	forged := rotated.Clone()
	for i := range forged.Slots {
		if forged.Slots[i].Slot == Admin && forged.Slots[i].Generation == 2 {
			forged.Slots[i] = NewEntry(seedKey(t, Admin, 2, 9))
			forged.Slots[i].Endorsed = EndorseKey(stranger, f.id, seedKey(t, Admin, 2, 9))
		}
	}
	forgedText, err := forged.Text()
	if err != nil {
		t.Fatal(err)
	}
	add("succession-forged", bad, forgeAs(seedKey(t, Admin, 2, 9), f.id, forgedText))
	other := NewAppID(stranger.Public())
	for i := range forged.Slots {
		if forged.Slots[i].Slot == Admin && forged.Slots[i].Generation == 2 {
			forged.Slots[i].Endorsed = EndorseKey(f.admin, other, seedKey(t, Admin, 2, 9))
		}
	}
	forgedText, _ = forged.Text()
	add("succession-of-another-app", bad, forgeAs(seedKey(t, Admin, 2, 9), f.id, forgedText))
	return out
}

// noteEnvelopes changes the bytes around a text, never the text.
func noteEnvelopes(t *testing.T, f *fixture, add func(name string, signed []byte)) {
	t.Helper()
	signed := f.note.Signed()
	text, _ := f.note.Text()
	line := signed[len(text)+1:]
	join := func(parts ...string) []byte { return []byte(strings.Join(parts, "")) }
	sig, _ := base64.StdEncoding.DecodeString(strings.Fields(string(line))[2])
	id := f.id.String()
	encoded := base64.StdEncoding.EncodeToString(sig)
	add("no-signature", text)
	add("no-empty-line", join(string(text), string(line)))
	add("two-empty-lines", join(string(text), "\n\n", string(line)))
	add("two-signatures", append(bytes.Clone(signed), line...))
	add("unknown-signature-added", append(bytes.Clone(signed), "— example.com "+base64.StdEncoding.EncodeToString(make([]byte, 80))+"\n"...))
	add("unknown-signature-first", join(string(text), "\n— example.com ", encoded, "\n", string(line)))
	add("trailing", append(bytes.Clone(signed), '\n'))
	add("trailing-text", append(bytes.Clone(signed), "x\n"...))
	add("no-newline", signed[:len(signed)-1])
	add("crlf", bytes.ReplaceAll(signed, []byte("\n"), []byte("\r\n")))
	add("crlf-signature", append(bytes.Clone(signed[:len(signed)-1]), "\r\n"...))
	add("hyphen", join(string(text), "\n- ", id, " ", encoded, "\n"))
	add("two-spaces", join(string(text), "\n— ", id, "  ", encoded, "\n"))
	add("other-name", join(string(text), "\n— example ", encoded, "\n"))
	add("upper-name", join(string(text), "\n— ", strings.ToUpper(id), " ", encoded, "\n"))
	add("base64-unpadded", join(string(text), "\n— ", id, " ", strings.TrimRight(encoded, "="), "\n"))
	add("base64-url", join(string(text), "\n— ", id, " ", strings.NewReplacer("+", "-", "/", "_").Replace(encoded), "\n"))
	add("base64-newline", join(string(text), "\n— ", id, " ", encoded[:40], "\n", encoded[40:], "\n"))
	add("base64-carriage-return", join(string(text), "\n— ", id, " ", encoded[:40], "\r", encoded[40:], "\n"))
	for name, at := range map[string]int{"key-id": 0, "signature-first": 4, "signature-last": 67} {
		flipped := bytes.Clone(sig)
		flipped[at] ^= 1
		add("bit-"+name, join(string(text), "\n— ", id, " ", base64.StdEncoding.EncodeToString(flipped), "\n"))
	}
	add("short", join(string(text), "\n— ", id, " ", base64.StdEncoding.EncodeToString(sig[:67]), "\n"))
	add("long", join(string(text), "\n— ", id, " ", base64.StdEncoding.EncodeToString(append(bytes.Clone(sig), 0)), "\n"))
	add("malleable-s", join(string(text), "\n— ", id, " ", base64.StdEncoding.EncodeToString(addOrder(sig)), "\n"))
	add("empty", nil)
}

// addOrder adds the order of the Ed25519 group to S: the same signature in
// another spelling, which RFC 8032 section 5.1.7 has verifiers refuse.
func addOrder(sig []byte) []byte {
	order, _ := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	out := bytes.Clone(sig)
	carry := 0
	for i := range order {
		carry += int(out[36+i]) + int(order[i])
		out[36+i] = byte(carry)
		carry >>= 8
	}
	return out
}

// noteEdits are replacements in the text of the fixture's note.
func noteEdits() map[string][2]string {
	return map[string][2]string{
		"format":                {"pinseal: app/v1", "pinseal: app/v2"},
		"pin":                   {"pinseal: app/v1", "pinseal: pin/v1"},
		"id":                    {"id: z", "id: y"},
		"version-zero":          {"version: 1", "version: 0"},
		"version-leading-zero":  {"version: 1", "version: 01"},
		"version-quoted":        {"version: 1", "version: \"1\""},
		"version-huge":          {"version: 1", "version: 2147483648"},
		"version-missing":       {"version: 1\n", ""},
		"version-twice":         {"version: 1\n", "version: 1\nversion: 1\n"},
		"order":                 {"pinseal: app/v1\nneeds: 1\n", "needs: 1\npinseal: app/v1\n"},
		"unknown-field":         {"version: 1\n", "version: 1\nextra: 1\n"},
		"unknown-slot-field":    {"    generation: 1\n", "    generation: 1\n    extra: 1\n"},
		"comment":               {"version: 1\n", "version: 1 # one\n"},
		"comment-line":          {"version: 1\n", "# one\nversion: 1\n"},
		"empty-line":            {"version: 1\n", "version: 1\n\n"},
		"anchor":                {"version: 1", "version: &a 1"},
		"alias":                 {"version: 1", "version: *a"},
		"tag":                   {"version: 1", "version: !!int 1"},
		"document":              {"version: 1\n", "version: 1\n---\n"},
		"tab":                   {"version: 1", "version:\t1"},
		"trailing-space":        {"version: 1\n", "version: 1 \n"},
		"merge-key":             {"version: 1\n", "version: 1\n<<: {a: b}\n"},
		"generation-gap":        {"slot: dev.read\n    generation: 1", "slot: dev.read\n    generation: 2"},
		"generation-zero":       {"slot: dev.read\n    generation: 1", "slot: dev.read\n    generation: 0"},
		"slot-unknown":          {"slot: dev.read", "slot: dev.write"},
		"slot-upper":            {"slot: dev.read", "slot: Dev.read"},
		"slot-reserved":         {"slot: dev.read", "slot: admin.read"},
		"slot-swapped":          {"slot: dev.read", "slot: dev.publish"},
		"endorsed-first":        {"generation: 1\n", "generation: 1\n    endorsed: AAAA\n"},
		"until-without-head":    {"  - slot: production.read", "    until: 3\n  - slot: production.read"},
		"head-without-until":    {"  - slot: production.read", "    head: " + strings.Repeat("ab", 32) + "\n  - slot: production.read"},
		"head-upper":            {"  - slot: production.read", "    until: 3\n    head: " + strings.Repeat("AB", 32) + "\n  - slot: production.read"},
		"head-zero":             {"  - slot: production.read", "    until: 3\n    head: " + strings.Repeat("00", 32) + "\n  - slot: production.read"},
		"until-on-read":         {"  - slot: production.publish", "    until: 0\n  - slot: production.publish"},
		"members-order":         {"name: alice", "name: zoe"},
		"members-same-name":     {"name: web", "name: alice"},
		"member-reserved":       {"name: alice", "name: admin"},
		"member-upper":          {"name: alice", "name: Alice"},
		"service-false":         {"service: true", "service: false"},
		"recipient-unknown":     {"recipient: age1pq1", "recipient: age2pq1"},
		"recipient-changed":     {"recipient: age1pq1", "recipient: age1pq1q"},
		"member-slots-order":    {"[admin, dev.read, ", "[dev.read, admin, "},
		"member-slots-twice":    {"[admin, dev.read, ", "[admin, admin, dev.read, "},
		"member-slots-unknown":  {"[production.read]", "[staging.read]"},
		"member-slots-empty":    {"[production.read]", "[]"},
		"member-slots-missing":  {"    slots: [production.read]\n", ""},
		"member-slots-spelling": {"[admin, dev.read,", "[admin,dev.read,"},
		"member-slots-block":    {"    slots: [production.read]\n", "    slots:\n      - production.read\n"},
		"no-admin-holder":       {"[admin, dev.read, ", "[dev.read, "},
		"members-empty":         {"members:\n", "members: []\n"},
	}
}

// rotatedEdits are replacements in the text of the rotated note.
func rotatedEdits() map[string][2]string {
	return map[string][2]string{
		"until-dropped":    {"    until: 12\n    head: 0102030000000000000000000000000000000000000000000000000000000000\n", ""},
		"endorsed-dropped": {"    endorsed: ", "    head: "},
		"endorsed-long":    {"    endorsed: ", "    endorsed: AAAA"},
		"until-negative":   {"until: 12", "until: -1"},
		"order":            {"slot: production.publish\n    generation: 1", "slot: production.publish\n    generation: 2"},
	}
}
