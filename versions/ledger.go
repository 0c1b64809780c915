package versions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"pinseal/repo"
	"pinseal/seal"
)

// LedgerRef is the ref of an environment's ledger.
func LedgerRef(id seal.AppID, environment string) string {
	return "refs/pinseal/" + id.String() + "/" + environment
}

// Seen is what a client remembers of a ledger: the newest pin it has verified.
// The zero Seen remembers nothing.
type Seen struct {
	Number     int
	Hash       [32]byte
	Generation int       // of ENV.publish that signed it
	Commit     repo.Hash // of the ledger, down to which the chain is verified; may be ""
}

// Entry is one pin and the ledger commit that holds it.
type Entry struct {
	*Pin
	LedgerCommit repo.Hash
	tree         repo.Hash
	parent       repo.Hash // "" at number 1
}

// Ledger is a verified chain of pins of one environment. It is safe for
// concurrent use.
type Ledger struct {
	repo *repo.Repo
	note *seal.Note
	env  string
	ref  repo.Hash // what the ref holds, void pins included
	tip  *Entry    // newest pin that counts; nil when there is none
}

// LedgerNote returns the app note that the tip of a ledger carries, unverified.
func LedgerNote(ctx context.Context, r *repo.Repo, tip repo.Hash, environment string) (NoteCandidate, error) {
	from := "the ledger of " + environment
	commit, err := r.Commit(ctx, tip)
	if err != nil {
		return NoteCandidate{}, ledgerError(environment, "its tip cannot be read", err)
	}
	source := &Source{FS: r.TreeFS(ctx, commit.Tree), What: from}
	signed, err := source.Note()
	if err != nil {
		return NoteCandidate{}, ledgerError(environment, "its tip has no app note", err)
	}
	return NoteCandidate{Signed: signed, From: from}, nil
}

func ledgerError(environment, reason string, err error) error {
	return &AuthError{What: "ledger of " + environment, Reason: reason, Err: err}
}

// OpenLedger verifies a ledger from its tip down to what was seen, or to its
// first pin, with the newest note. A tip of "" is a ledger without pins, which
// is an error if some were seen. Errors are *AuthError and *BehindError.
func OpenLedger(ctx context.Context, r *repo.Repo, note *seal.Note, environment string, tip repo.Hash, seen Seen) (*Ledger, error) {
	l := &Ledger{repo: r, note: note, env: environment, ref: tip}
	seen = l.unvoid(seen)
	if tip != "" {
		if err := l.findTip(ctx, tip); err != nil {
			return nil, err
		}
	}
	if l.tip == nil {
		if seen.Number > 0 {
			return nil, &BehindError{Environment: environment, Known: seen.Number}
		}
		if err := l.checkRetired(nil); err != nil {
			return nil, err
		}
		return l, nil
	}
	if l.tip.Number < seen.Number {
		return nil, &BehindError{Environment: environment, Have: l.tip.Number, Known: seen.Number}
	}
	if l.tip.NoteVersion > note.Version {
		return nil, ledgerError(environment, fmt.Sprintf("pin %d names app note version %d, newer than any here", l.tip.Number, l.tip.NoteVersion), nil)
	}
	if err := l.verifyDown(ctx, seen); err != nil {
		return nil, err
	}
	return l, nil
}

// unvoid takes a remembered pin that has since become void back to the last one
// that its generation validly signed.
func (l *Ledger) unvoid(seen Seen) Seen {
	e, ok := l.note.Entry(seal.PublishSlot(l.env), seen.Generation)
	if !ok || !e.Retired || seen.Number <= e.Until {
		return seen
	}
	if e.Until == 0 {
		return Seen{}
	}
	return Seen{Number: e.Until, Hash: e.Head, Generation: e.Generation}
}

// isVoid reports whether a pin was signed by a generation after its retirement.
func (l *Ledger) isVoid(p *Pin) bool {
	e, ok := l.note.Entry(seal.PublishSlot(l.env), p.Generation)
	return ok && e.Retired && p.Number > e.Until
}

// findTip steps down over void pins, which count as absent.
func (l *Ledger) findTip(ctx context.Context, at repo.Hash) error {
	for at != "" {
		e, err := l.entry(ctx, at)
		if err != nil {
			return err
		}
		if !l.isVoid(e.Pin) {
			l.tip = e
			return nil
		}
		at = e.parent
	}
	return nil
}

// entry reads and verifies one pin by itself.
func (l *Ledger) entry(ctx context.Context, at repo.Hash) (*Entry, error) {
	commit, err := l.repo.Commit(ctx, at)
	if err != nil {
		return nil, ledgerError(l.env, "a commit cannot be read", err)
	}
	if len(commit.Parents) > 1 {
		return nil, ledgerError(l.env, "a pin has more than one parent", nil)
	}
	source := &Source{FS: l.repo.TreeFS(ctx, commit.Tree), What: "ledger of " + l.env}
	signed, err := source.read(PinName, MaxPinNote)
	if err != nil {
		return nil, ledgerError(l.env, "a commit without a pin", err)
	}
	pin, err := ParsePin(signed, l.note, l.env)
	if err != nil {
		return nil, err
	}
	e := &Entry{Pin: pin, LedgerCommit: at, tree: commit.Tree}
	if len(commit.Parents) == 1 {
		e.parent = commit.Parents[0]
	}
	if (e.Number == 1) != (e.parent == "") {
		return nil, ledgerError(l.env, fmt.Sprintf("pin %d: parent and number do not agree", e.Number), nil)
	}
	return e, nil
}

// verifyDown walks from the tip to the remembered pin, or to pin 1.
func (l *Ledger) verifyDown(ctx context.Context, seen Seen) error {
	for e := l.tip; ; {
		if e.Number == seen.Number {
			if e.Hash() != seen.Hash {
				return ledgerError(l.env, fmt.Sprintf("pin %d is not the pin %d that was seen before", e.Number, seen.Number), nil)
			}
			if seen.Commit == e.LedgerCommit {
				return l.checkRetired(e)
			}
		}
		if err := l.checkRetired(e); err != nil {
			return err
		}
		if e.parent == "" {
			return nil
		}
		below, err := l.below(ctx, e)
		if errors.Is(err, repo.ErrMissing) && l.repo.Shallow() {
			return l.checkCut(e, seen)
		}
		if err != nil {
			return err
		}
		e = below
	}
}

// below reads the pin under e and checks the link between the two.
func (l *Ledger) below(ctx context.Context, e *Entry) (*Entry, error) {
	b, err := l.entry(ctx, e.parent)
	if err != nil {
		return nil, err
	}
	switch {
	case b.Number != e.Number-1:
		return nil, ledgerError(l.env, fmt.Sprintf("pin %d stands on pin %d", e.Number, b.Number), nil)
	case b.Hash() != e.Previous:
		return nil, ledgerError(l.env, fmt.Sprintf("pin %d does not name the pin below it", e.Number), nil)
	case b.Generation > e.Generation || b.NoteVersion > e.NoteVersion:
		return nil, ledgerError(l.env, fmt.Sprintf("pin %d is signed by a key or under a note older than those of pin %d", e.Number, b.Number), nil)
	case l.isVoid(b.Pin):
		return nil, ledgerError(l.env, fmt.Sprintf("pin %d stands on a pin by a retired key", e.Number), nil)
	}
	return b, nil
}

// checkCut is the end of a chain in a shallow repository.
func (l *Ledger) checkCut(e *Entry, seen Seen) error {
	if e.Number == seen.Number+1 && seen.Number > 0 && e.Previous != seen.Hash {
		return ledgerError(l.env, fmt.Sprintf("pin %d does not follow the pin %d that was seen before", e.Number, seen.Number), nil)
	}
	return nil
}

// checkRetired holds a pin to what the note says of retired publish keys: pin
// until must be head. With no pin (nil) no retired key may have signed one.
func (l *Ledger) checkRetired(e *Entry) error {
	for _, slot := range l.note.Slots {
		if slot.Slot != seal.PublishSlot(l.env) || !slot.Retired || slot.Until == 0 {
			continue
		}
		switch {
		case e == nil:
			return &BehindError{Environment: l.env, Known: slot.Until, ByNote: true}
		case l.tip.Number < slot.Until:
			return &BehindError{Environment: l.env, Have: l.tip.Number, Known: slot.Until, ByNote: true}
		case e.contradicts(slot.Until, slot.Head):
			return ledgerError(l.env, fmt.Sprintf("pin %d is not the one that the app note knows", slot.Until), nil)
		}
	}
	return nil
}

// Tip returns the newest pin, nil when there is none.
func (l *Ledger) Tip() *Entry { return l.tip }

// Ref returns what the ledger's ref held when it was opened, "" for nothing.
func (l *Ledger) Ref() repo.Hash { return l.ref }

// Seen returns what to remember of this ledger.
func (l *Ledger) Seen() Seen {
	if l.tip == nil {
		return Seen{}
	}
	return Seen{Number: l.tip.Number, Hash: l.tip.Hash(), Generation: l.tip.Generation, Commit: l.tip.LedgerCommit}
}

// Walk calls visit for each pin, newest first, until it returns false. In a
// shallow repository it ends where the objects do.
func (l *Ledger) Walk(ctx context.Context, visit func(*Entry) bool) error {
	for e := l.tip; e != nil && visit(e); {
		if e.parent == "" {
			return nil
		}
		below, err := l.below(ctx, e)
		if errors.Is(err, repo.ErrMissing) && l.repo.Shallow() {
			return nil
		}
		if err != nil {
			return err
		}
		e = below
	}
	return nil
}

// At returns pin number n, verified link by link from the tip down.
// *NotFoundError when the chain has none.
func (l *Ledger) At(ctx context.Context, n int) (*Entry, error) {
	var found *Entry
	err := l.Walk(ctx, func(e *Entry) bool {
		if e.Number == n {
			found = e
		}
		return e.Number > n
	})
	if err == nil && found == nil {
		err = &NotFoundError{What: "pin", Name: fmt.Sprint(n), In: "the ledger of " + l.env}
	}
	return found, err
}

// Source opens the set of a pin: its set.sum against the pin, and its note
// against the note that the pin names.
func (l *Ledger) Source(ctx context.Context, e *Entry) (*Source, error) {
	return pinSource(l.repo.TreeFS(ctx, e.tree), e.Pin, fmt.Sprintf("pin %d of %s", e.Number, e.Environment))
}

// pinSource is shared by ledger and bundle.
func pinSource(fsys fs.FS, p *Pin, what string) (*Source, error) {
	s := &Source{FS: fsys, What: what}
	sum, err := s.read(SumName, MaxSum)
	if err != nil {
		return nil, &AuthError{What: what, Reason: SumName + " cannot be read", Err: err}
	}
	if digestOf(sum) != p.Set {
		return nil, &AuthError{What: what, Reason: SumName + " is not the one that was pinned"}
	}
	if s.Sum, err = ParseSum(p.Environment, sum); err != nil {
		return nil, &AuthError{What: what, Err: err, Reason: "is malformed"}
	}
	s.SumOf = p.Environment
	note, err := s.Note()
	if err != nil {
		return nil, &AuthError{What: what, Reason: "its app note cannot be read", Err: err}
	}
	text, _, err := seal.SplitText(note)
	if err != nil || digestOf(text) != p.Note {
		return nil, &AuthError{What: what, Reason: "its app note is not the one that the pin names", Err: err}
	}
	return s, nil
}
