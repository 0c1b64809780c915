package versions

import (
	"context"
	"errors"
	"fmt"

	"pinseal/repo"
	"pinseal/seal"
)

// VerifyPin checks without a key the files of a pin of a ledger that was verified.
// Structure alone is checked of a pin that others stand on: what was asked of its
// set was asked when it was published.
func (l *Ledger) VerifyPin(ctx context.Context, e *Entry, o VerifyOptions) (*VerifiedApp, error) {
	s, err := l.Source(ctx, e)
	if err != nil {
		return nil, err
	}
	a, err := s.Verify(ctx, o)
	if err != nil {
		return nil, err
	}
	for i := range a.Faults {
		f := &a.Faults[i]
		f.Environment = e.Environment
		if auth := (*AuthError)(nil); !errors.As(f.Err, &auth) { // which says it itself
			f.Err = fmt.Errorf("%s: %w", s.What, f.Err)
		}
	}
	return a, nil
}

// VerifyPush checks without a key that the ledger at one commit is that at another,
// "" for none, with further pins: each signed and linked, none void, each with the
// files that it names. note is the newest. The error is that of ctx.
func VerifyPush(ctx context.Context, r *repo.Repo, note *seal.Note, environment string, from, to repo.Hash) (faults []Fault, err error) {
	add := func(err error) { faults = append(faults, Fault{Environment: environment, Err: err}) }
	l, known, err := openPushed(ctx, r, note, environment, from, to)
	if err != nil {
		add(err)
		return faults, ctx.Err()
	}
	err = l.Walk(ctx, func(e *Entry) bool {
		if e.Number <= known {
			return false
		}
		a, err := l.VerifyPin(ctx, e, VerifyOptions{Structure: true})
		if err != nil {
			add(err)
			return ctx.Err() == nil
		}
		faults = append(faults, a.Faults...)
		return true
	})
	if err != nil {
		add(err)
	}
	return faults, ctx.Err()
}

// openPushed verifies the chain of a pushed ledger down to the newest pin known.
func openPushed(ctx context.Context, r *repo.Repo, note *seal.Note, environment string, from, to repo.Hash) (l *Ledger, known int, err error) {
	old, err := liveLedger(ctx, r, note, environment, from)
	if err != nil {
		return nil, 0, fmt.Errorf("what is there is no ledger to go on from: %w", err)
	}
	l, err = OpenLedger(ctx, r, note, environment, to, old.Seen())
	switch {
	case err != nil:
		return nil, 0, err
	case l.tip == nil || l.tip.LedgerCommit != to:
		return nil, 0, ledgerError(environment, "its newest pin is by a retired key and counts for nothing", nil)
	case l.tip.Number <= old.number():
		return nil, 0, ledgerError(environment, fmt.Sprintf("it has no pin beyond %d", old.number()), nil)
	}
	return l, old.number(), nil
}

// PinNumber is the number that the pin of a ledger commit says, unverified; 0 for
// what is none, or a commit of "".
func PinNumber(ctx context.Context, r *repo.Repo, at repo.Hash) int {
	if at == "" {
		return 0
	}
	commit, err := r.Commit(ctx, at)
	if err != nil {
		return 0
	}
	signed, err := (&Source{FS: r.TreeFS(ctx, commit.Tree)}).read(PinName, MaxPinNote)
	if err != nil {
		return 0
	}
	text, _, err := seal.SplitText(signed)
	if err != nil {
		return 0
	}
	p, err := parsePinText(text)
	if err != nil {
		return 0
	}
	return p.Number
}

// CheckNote holds a note to one that was there before: it must be that or follow
// it, or, when older is set, precede it. from says where the other was, to where
// this one is. Errors: *AuthError, *DivergedNoteError.
func CheckNote(was, now *seal.Note, from, to string, older bool) error {
	bad := func(format string, args ...any) error {
		return &AuthError{What: "app note in " + to, Reason: fmt.Sprintf(format, args...)}
	}
	if was.ID != now.ID {
		return bad("is of app %s, where %s has app %s", now.ID, from, was.ID)
	}
	switch seal.Compare(was, now) {
	case seal.Same, seal.Follows:
		return nil
	case seal.Precedes:
		if older {
			return nil
		}
		return bad("went back to version %d from version %d of %s", now.Version, was.Version, from)
	case seal.Diverged:
		return &DivergedNoteError{Version: now.Version, A: from, B: to}
	}
	return bad("version %d does not go on from version %d of %s", now.Version, was.Version, from)
}
