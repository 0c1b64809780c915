package versions

import (
	"context"
	"errors"
	"fmt"

	"pinseal/repo"
	"pinseal/seal"
)

// TrackingRef is where the ledger of a remote is kept after a fetch.
func TrackingRef(remote string, id seal.AppID, environment string) string {
	return trackingPrefix(remote, id) + environment
}

func trackingPrefix(remote string, id seal.AppID) string {
	return "refs/pinseal-remotes/" + remote + "/" + id.String() + "/"
}

// FetchLedgers brings every ledger of an app from a remote into its tracking
// refs. The local ledgers do not move; [OpenTips] does that.
func FetchLedgers(ctx context.Context, r *repo.Repo, remote string, id seal.AppID) error {
	return r.Fetch(ctx, remote, 0, "+refs/pinseal/"+id.String()+"/*:"+trackingPrefix(remote, id)+"*")
}

// Tips is what the local ledger of an environment and that of a remote hold.
type Tips struct {
	Local, Remote repo.Hash // "" for none
}

// ReadTips reads both refs. A remote of "" has none.
func ReadTips(ctx context.Context, r *repo.Repo, remote string, id seal.AppID, environment string) (t Tips, err error) {
	if t.Local, err = r.Ref(ctx, LedgerRef(id, environment)); err != nil || remote == "" {
		return t, err
	}
	t.Remote, err = r.Ref(ctx, TrackingRef(remote, id, environment))
	return t, err
}

// Notes returns the app notes of both tips, unverified.
func (t Tips) Notes(ctx context.Context, r *repo.Repo, environment string) ([]NoteCandidate, error) {
	var notes []NoteCandidate
	for i, tip := range []repo.Hash{t.Local, t.Remote} {
		if tip == "" || i == 1 && tip == t.Local {
			continue
		}
		n, err := LedgerNote(ctx, r, tip, environment)
		if err != nil {
			return nil, err
		}
		notes = append(notes, n)
	}
	return notes, nil
}

// OpenTips opens the longer of the local and the remote ledger, which must be
// one chain but for void pins, verifies it, and moves the local ref up to it by
// compare-and-swap. Errors: ErrConflict when they are two chains; those of
// [OpenLedger].
func OpenTips(ctx context.Context, r *repo.Repo, note *seal.Note, environment string, t Tips, seen Seen) (*Ledger, error) {
	base, err := t.base(ctx, r, note, environment)
	if err != nil {
		return nil, err
	}
	l, err := OpenLedger(ctx, r, note, environment, base, seen)
	if err != nil || base == t.Local {
		return l, err
	}
	err = r.UpdateRef(ctx, LedgerRef(note.ID, environment), base, t.Local, "pinseal: fetch")
	if errors.Is(err, repo.ErrMoved) {
		// Somebody here fetched or published meanwhile. What was read is
		// verified all the same.
		err = nil
	}
	return l, err
}

// base picks the ref to build on.
func (t Tips) base(ctx context.Context, r *repo.Repo, note *seal.Note, environment string) (repo.Hash, error) {
	switch {
	case t.Remote == "" || t.Remote == t.Local:
		return t.Local, nil
	case t.Local == "":
		return t.Remote, nil
	}
	if ok, err := contains(ctx, r, t.Remote, t.Local); ok || err != nil {
		return t.Remote, err
	}
	if ok, err := contains(ctx, r, t.Local, t.Remote); ok || err != nil {
		return t.Local, err
	}
	// Two chains of commits; void pins on top of either do not count.
	local, err := liveLedger(ctx, r, note, environment, t.Local)
	if err != nil {
		return "", err
	}
	remote, err := liveLedger(ctx, r, note, environment, t.Remote)
	if err != nil {
		return "", err
	}
	// Anybody who can push can put the same pins into other commits: what counts
	// is the pins.
	inRemote, remoteCut, err := remote.holds(ctx, local.tip)
	if err != nil {
		return "", err
	}
	inLocal, localCut, err := local.holds(ctx, remote.tip)
	if err != nil {
		return "", err
	}
	switch {
	case inRemote && (!inLocal || commitOf(local.tip) == commitOf(remote.tip)):
		return t.Remote, nil
	case inLocal: // where both have the same pins, ours are as good
		return t.Local, nil
	}
	// In a shallow repository the longer may reach below the shorter, only not
	// here: then what is remembered has to do, as for a single tip.
	switch {
	case remoteCut:
		return t.Remote, nil
	case localCut:
		return t.Local, nil
	}
	return "", fmt.Errorf("ledger of %s here and that of the remote are two chains: %w", environment, ErrConflict)
}

// liveLedger is a ledger of which nothing is verified but its tip, the newest
// pin that is not void, nil when there is none.
func liveLedger(ctx context.Context, r *repo.Repo, note *seal.Note, environment string, ref repo.Hash) (*Ledger, error) {
	l := &Ledger{repo: r, note: note, env: environment}
	return l, l.findTip(ctx, ref)
}

// NumberAt returns the number of the newest pin at or below a ledger commit that
// is not void, 0 for none or for a commit of "". Nothing below it is verified.
func (l *Ledger) NumberAt(ctx context.Context, at repo.Hash) (int, error) {
	live, err := liveLedger(ctx, l.repo, l.note, l.env, at)
	return live.number(), err
}

// holds reports whether a pin is the tip or below it, by number and hash, and if
// not, whether that is because the objects of a shallow repository end. Every
// ledger holds nil.
func (l *Ledger) holds(ctx context.Context, p *Entry) (ok, cut bool, err error) {
	switch {
	case p == nil:
		return true, false, nil
	case l.tip == nil || l.tip.Number < p.Number:
		return false, false, nil
	case l.tip.Number == p.Number:
		return l.tip.Hash() == p.Hash(), false, nil
	}
	e := l.tip
	for e.Number > p.Number+1 {
		below, err := l.below(ctx, e)
		if errors.Is(err, repo.ErrMissing) && l.repo.Shallow() {
			return false, true, nil
		}
		if err != nil {
			return false, false, err
		}
		e = below
	}
	return e.Previous == p.Hash(), false, nil
}

// commitOf returns the commit of a pin, "" for nil.
func commitOf(e *Entry) repo.Hash {
	if e == nil {
		return ""
	}
	return e.LedgerCommit
}

// contains reports whether commit is tip or below it, as far as the objects of a
// shallow repository go.
func contains(ctx context.Context, r *repo.Repo, tip, commit repo.Hash) (bool, error) {
	for at := tip; at != ""; {
		if at == commit {
			return true, nil
		}
		c, err := r.Commit(ctx, at)
		if errors.Is(err, repo.ErrMissing) && r.Shallow() {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		at = ""
		if len(c.Parents) > 0 {
			at = c.Parents[0]
		}
	}
	return false, nil
}
