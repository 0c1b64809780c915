package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"pinseal/seal/spelling"
)

// noteFormat is the value of the first line of an app note.
const noteFormat = "app/v1"

// ParseNote reads a signed app note and verifies it: the spelling, the rules
// that [Note.Sign] holds a note to, that the id is the hash of the first admin
// key, that every admin key was endorsed by the one before, and the signature
// by the newest.
//
// When the SHA-256 of the text is among known, which the caller verified
// before, nothing is verified again but that the signature line is by the
// newest key: the same text has the same spelling and keeps the same rules.
//
// A note for a newer program is a [*NeedsError], found first; all other
// failures wrap [ErrAuth]. The note keeps signed: the caller must not modify it.
func ParseNote(signed []byte, known ...[32]byte) (*Note, error) {
	if len(signed) > MaxNote {
		return nil, fmt.Errorf("app note is larger than 4 MiB: %w", ErrAuth)
	}
	if needs, ok := peekNeeds(signed); ok && needs > noteLevel {
		return nil, &NeedsError{Needs: needs}
	}
	e, err := splitText(signed)
	if err != nil {
		return nil, fmt.Errorf("app note: %w", err)
	}
	n, err := readNoteText(e.text)
	if err != nil {
		return nil, fmt.Errorf("app note: %w: %w", err, ErrAuth)
	}
	n.signed, n.hash = signed, sha256.Sum256(e.text)
	isKnown := slices.Contains(known, n.hash)
	if !isKnown {
		err = n.checkText(e.text)
	}
	if err != nil {
		return nil, fmt.Errorf("app note: %w: %w", err, ErrAuth)
	}
	admin, _ := n.Newest(Admin)
	if e.name != n.ID.String() || e.keyID != keyID(n.ID, admin.Key) {
		return nil, fmt.Errorf("app note is signed by another key than its newest: %w", ErrAuth)
	}
	if isKnown {
		return n, nil
	}
	if err := n.checkKeys(); err != nil {
		return nil, fmt.Errorf("app note: %w: %w", err, ErrAuth)
	}
	if !ed25519.Verify(admin.Key, e.text, e.signature) {
		return nil, fmt.Errorf("app note: signature does not match: %w", ErrAuth)
	}
	return n, nil
}

// peekNeeds reads `needs` from the second line without reading the note: what a
// newer program writes below may be of a shape unknown here.
func peekNeeds(signed []byte) (int, bool) {
	first, rest, _ := bytes.Cut(signed, []byte("\n"))
	second, _, ok := bytes.Cut(rest, []byte("\n"))
	number, isNeeds := bytes.CutPrefix(second, []byte("needs: "))
	if !ok || !isNeeds || !bytes.HasPrefix(first, []byte("pinseal: app/")) {
		return 0, false
	}
	return spelling.ParseNumber(string(number))
}

// readNoteText reads the fields. Whether they keep the rules, and are spelled
// our way, is checkText's to say.
func readNoteText(text []byte) (*Note, error) {
	m, err := spelling.Parse(text, MaxNote)
	if err != nil {
		return nil, err
	}
	if m.Required("pinseal") != noteFormat {
		m.Wrong("pinseal", "is not of the format "+noteFormat)
	}
	if m.RequiredNumber("needs") != noteLevel {
		m.Wrong("needs", "is not a level that exists")
	}
	n := new(Note)
	if n.ID, err = ParseAppID(m.Required("id")); err != nil {
		m.Wrong("id", "is not an app id")
	}
	n.Version = m.RequiredNumber("version")
	for _, item := range m.Maps("slots") {
		n.Slots = append(n.Slots, parseEntry(item))
	}
	for _, item := range m.Maps("members") {
		n.Members = append(n.Members, parseMember(item))
	}
	return n, m.Close()
}

// checkText checks all that needs no signature.
func (n *Note) checkText(text []byte) error {
	if err := n.check(); err != nil {
		return err
	}
	printed, err := n.Text()
	if err != nil {
		return err
	}
	return spelling.Same(text, printed)
}

func parseEntry(m *spelling.Map) Entry {
	e := Entry{Slot: Slot(m.Required("slot")), Generation: m.RequiredNumber("generation")}
	var err error
	if e.Key, err = decode64(url64(), []byte(m.Required("key"))); err != nil {
		m.Wrong("key", "is not base64url")
	}
	if s, ok := m.Text("endorsed"); ok {
		if e.Endorsed, err = decode64(url64(), []byte(s)); err != nil {
			m.Wrong("endorsed", "is not base64url")
		}
	}
	e.Until, e.Retired = m.Number("until")
	if s, ok := m.Text("head"); ok {
		raw, err := hex.DecodeString(s)
		if err != nil || len(raw) != len(e.Head) {
			m.Wrong("head", "is not a SHA-256 in hex")
		} else {
			copy(e.Head[:], raw)
		}
	}
	return e
}

func parseMember(m *spelling.Map) Member {
	member := Member{Name: m.Required("name")}
	if s, ok := m.Text("service"); ok {
		member.Service = true
		if s != "true" {
			m.Wrong("service", "is not true")
		}
	}
	member.Recipient = m.Required("recipient")
	for _, s := range m.Words("slots") {
		member.Slots = append(member.Slots, Slot(s))
	}
	return member
}

// Text returns the text of the note, what is signed and hashed. It fails when a
// field has no spelling; whether the note keeps its rules is [Note.Sign]'s to
// say.
func (n *Note) Text() ([]byte, error) {
	var p spelling.Printer
	p.Grow(200 + 2000*(len(n.Slots)+len(n.Members)))
	p.Plain(0, "pinseal", noteFormat)
	p.Number(0, "needs", noteLevel)
	p.Plain(0, "id", n.ID.String())
	p.Number(0, "version", n.Version)
	p.List("slots")
	for i := range n.Slots {
		e := &n.Slots[i]
		p.Item()
		p.Plain(4, "slot", string(e.Slot))
		p.Number(4, "generation", e.Generation)
		p.Plain(4, "key", base64.RawURLEncoding.EncodeToString(e.Key))
		if len(e.Endorsed) > 0 {
			p.Plain(4, "endorsed", base64.RawURLEncoding.EncodeToString(e.Endorsed))
		}
		if e.Retired {
			p.Number(4, "until", e.Until)
		}
		if e.Head != [32]byte{} {
			p.Plain(4, "head", hex.EncodeToString(e.Head[:]))
		}
	}
	p.List("members")
	for i := range n.Members {
		m := &n.Members[i]
		p.Item()
		p.Plain(4, "name", m.Name)
		if m.Service {
			p.Plain(4, "service", "true")
		}
		p.Plain(4, "recipient", m.Recipient)
		words := make([]string, len(m.Slots))
		for j, s := range m.Slots {
			words[j] = string(s)
		}
		p.Words(4, "slots", words)
	}
	return p.Bytes()
}

// Sign returns the note signed by its newest admin key. It holds the note to
// all rules first, and opens what it made before it returns it. n itself is
// not modified.
func (n *Note) Sign(admin *Key) (*Note, error) {
	newest, ok := n.Newest(Admin)
	if !ok || admin == nil || admin.hold == nil || admin.slot != Admin ||
		admin.generation != newest.Generation || !bytes.Equal(admin.hold().public, newest.Key) {
		return nil, errors.New("sign app note: key is not its newest admin key")
	}
	if err := n.check(); err != nil {
		return nil, fmt.Errorf("sign app note: %w", err)
	}
	for i := range n.Slots {
		e := &n.Slots[i]
		if e.Slot.Power() != Read {
			continue
		}
		if _, err := NewSealer(e.Key, e.Generation); err != nil {
			return nil, fmt.Errorf("sign app note: slot %q, generation %d: %w", e.Slot, e.Generation, err)
		}
	}
	if err := n.checkKeys(); err != nil {
		return nil, fmt.Errorf("sign app note: %w", err)
	}
	text, err := n.Text()
	if err != nil {
		return nil, fmt.Errorf("sign app note: %w", err)
	}
	if len(text) > MaxNote-maxSignatureLine {
		return nil, errors.New("sign app note: it is larger than 4 MiB")
	}
	signed, err := admin.Sign(n.ID, text)
	if err != nil {
		return nil, fmt.Errorf("sign app note: %w", err)
	}
	opened, err := ParseNote(signed)
	if err != nil {
		return nil, fmt.Errorf("sign app note: result does not open: %w", err)
	}
	return opened, nil
}
