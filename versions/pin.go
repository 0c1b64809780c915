package versions

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
)

const (
	pinFormat = "pin/v1"
	// MaxMessage is the length of a pin's message, in bytes.
	MaxMessage = 500
	maxPinText = 8 << 10
)

// Pin is a signed statement: environment E of app A is secret set S, taken from
// commit C, number N.
type Pin struct {
	App         seal.AppID
	Environment string
	Number      int
	Previous    [32]byte // hash of the previous pin; zero at number 1
	Commit      repo.Hash
	Set         [32]byte // SHA-256 of set.sum
	NoteVersion int
	Note        [32]byte // SHA-256 of the text of the newest note when signed
	Generation  int      // of ENV.publish
	Time        time.Time
	Publisher   string
	Message     string
	RollbackOf  int // 0 when it is none

	signed []byte
	hash   [32]byte
}

// Hash is the SHA-256 of the pin's text: its identity. It is zero before the
// pin has been signed or parsed.
func (p *Pin) Hash() [32]byte { return p.hash }

// contradicts reports whether p shows that pin number n is not the one whose hash
// is head: by being it, or by standing on it.
func (p *Pin) contradicts(n int, head [32]byte) bool {
	return p.Number == n && p.hash != head || p.Number == n+1 && p.Previous != head
}

// Signed returns the bytes of pin.note. Do not modify them.
func (p *Pin) Signed() []byte { return p.signed }

// text prints the pin in its one spelling.
func (p *Pin) text() ([]byte, error) {
	var w spelling.Printer
	w.Plain(0, "pinseal", pinFormat)
	w.Plain(0, "app", p.App.String())
	w.Plain(0, "environment", p.Environment)
	w.Number(0, "number", p.Number)
	if p.Number > 1 {
		w.Plain(0, "previous", hex.EncodeToString(p.Previous[:]))
	}
	w.Plain(0, "commit", p.Commit.Algorithm()+":"+string(p.Commit))
	w.Plain(0, "set", hex.EncodeToString(p.Set[:]))
	w.Number(0, "note_version", p.NoteVersion)
	w.Plain(0, "note", hex.EncodeToString(p.Note[:]))
	w.Number(0, "generation", p.Generation)
	w.Plain(0, "time", p.Time.UTC().Format(time.RFC3339))
	w.Quoted(0, "publisher", p.Publisher)
	if p.Message != "" {
		w.Quoted(0, "message", p.Message)
	}
	if p.RollbackOf > 0 {
		w.Number(0, "rollback_of", p.RollbackOf)
	}
	return w.Bytes()
}

// Sign signs the pin with the key of (ENV.publish, generation) and returns it
// as its readers will parse it; p is not changed.
func (p *Pin) Sign(key *seal.Key) (*Pin, error) {
	if key.Slot() != seal.PublishSlot(p.Environment) || key.Generation() != p.Generation {
		return nil, fmt.Errorf("pin of %s generation %d: the key is for %s generation %d", p.Environment, p.Generation, key.Slot(), key.Generation())
	}
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	signed, err := key.Sign(p.App, text)
	if err != nil {
		return nil, err
	}
	parsed, err := parsePinText(text)
	if err != nil {
		return nil, err
	}
	parsed.signed, parsed.hash = signed, sha256.Sum256(text)
	return parsed, nil
}

// ParsePin verifies a pin of an app and environment against the newest note:
// one signature, by the generation of ENV.publish that the text names. Whether
// that generation was retired by then is the ledger's to say. Errors are
// *AuthError.
func ParsePin(signed []byte, note *seal.Note, environment string) (*Pin, error) {
	bad := func(reason string, err error) (*Pin, error) {
		return nil, &AuthError{What: "a pin of " + environment, Reason: reason, Err: err}
	}
	if len(signed) > MaxPinNote {
		return bad("is too large", nil)
	}
	text, _, err := seal.SplitText(signed)
	if err != nil {
		return bad("is not a signed text", err)
	}
	p, err := parsePinText(text)
	if err != nil {
		return bad("is malformed", err)
	}
	if p.App != note.ID || p.Environment != environment {
		return bad(fmt.Sprintf("is of environment %s of app %s", p.Environment, p.App), nil)
	}
	signer, ok := note.Entry(seal.PublishSlot(environment), p.Generation)
	if !ok {
		return bad(fmt.Sprintf("is by generation %d of the publish key, which the app note does not know", p.Generation), nil)
	}
	if _, err := seal.OpenText(signed, p.App, signer.Key); err != nil {
		return bad(fmt.Sprintf("number %d does not verify", p.Number), err)
	}
	p.signed, p.hash = signed, sha256.Sum256(text)
	return p, nil
}

func parsePinText(text []byte) (*Pin, error) {
	m, err := spelling.Parse(text, maxPinText)
	if err != nil {
		return nil, err
	}
	if m.Required("pinseal") != pinFormat {
		return nil, m.Wrong("pinseal", "is not "+pinFormat)
	}
	p := &Pin{Environment: m.Required("environment"), Number: m.RequiredNumber("number"),
		NoteVersion: m.RequiredNumber("note_version"), Generation: m.RequiredNumber("generation"), Publisher: m.Required("publisher")}
	if p.App, err = seal.ParseAppID(m.Required("app")); err != nil {
		return nil, err
	}
	p.Set, p.Note = digestField(m, "set"), digestField(m, "note")
	if m.Has("previous") {
		p.Previous = digestField(m, "previous")
	}
	p.Commit = commitField(m)
	if p.Time, err = time.Parse(time.RFC3339, m.Required("time")); err != nil {
		return nil, m.Wrong("time", "is not a time")
	}
	p.Message, _ = m.Text("message")
	p.RollbackOf, _ = m.Number("rollback_of")
	if err := m.Close(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	printed, err := p.text()
	if err != nil {
		return nil, err
	}
	return p, spelling.Same(text, printed)
}

func (p *Pin) check() error {
	switch {
	case p.Number < 1 || p.Generation < 1 || p.NoteVersion < 1:
		return &spelling.Error{Reason: "a number is below 1"}
	case p.RollbackOf >= p.Number:
		return &spelling.Error{Key: "rollback_of", Reason: "is not an earlier pin"}
	}
	if err := seal.CheckEnvironment(p.Environment); err != nil {
		return err
	}
	if err := spelling.CheckText(p.Publisher, MaxMessage); err != nil {
		return err
	}
	return CheckMessage(p.Message)
}

// CheckMessage reports why s cannot be a pin's message: one line of printable
// text of at most MaxMessage bytes.
func CheckMessage(s string) error {
	if strings.ContainsAny(s, "\r\n") {
		return &spelling.Error{Key: "message", Reason: "has a line break"}
	}
	if err := spelling.CheckText(s, MaxMessage); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	return nil
}

func digestField(m *spelling.Map, key string) (d [32]byte) {
	s := m.Required(key)
	if b, err := hex.DecodeString(s); err != nil || len(b) != len(d) {
		m.Wrong(key, "is not a SHA-256")
	} else {
		copy(d[:], b)
	}
	return d
}

func commitField(m *spelling.Map) repo.Hash {
	algorithm, id, _ := strings.Cut(m.Required("commit"), ":")
	h, err := repo.ParseHash(id)
	if err != nil || h.Algorithm() != algorithm {
		m.Wrong("commit", "is not a commit id")
	}
	return h
}
