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
	if ok, _, err := contains(ctx, r, t.Remote, t.Local); ok || err != nil {
		return t.Remote, err
	}
	if ok, _, err := contains(ctx, r, t.Local, t.Remote); ok || err != nil {
		return t.Local, err
	}
	// Two chains; void pins on top of either do not count.
	local, err := liveTip(ctx, r, note, environment, t.Local)
	if err != nil {
		return "", err
	}
	remote, err := liveTip(ctx, r, note, environment, t.Remote)
	if err != nil {
		return "", err
	}
	ok, remoteCut, err := contains(ctx, r, commitOf(remote), commitOf(local))
	if ok || err != nil {
		return t.Remote, err
	}
	ok, localCut, err := contains(ctx, r, commitOf(local), commitOf(remote))
	if ok || err != nil {
		return t.Local, err
	}
	// In a shallow repository the longer may reach below the shorter, only not
	// here: then what is remembered has to do, as for a single tip.
	switch {
	case remoteCut && remote.Number > local.Number:
		return t.Remote, nil
	case localCut && local.Number > remote.Number:
		return t.Local, nil
	}
	return "", fmt.Errorf("ledger of %s here and that of the remote are two chains: %w", environment, ErrConflict)
}

// liveTip returns the newest pin of a ledger that is not void, nil when there is
// none.
func liveTip(ctx context.Context, r *repo.Repo, note *seal.Note, environment string, ref repo.Hash) (*Entry, error) {
	l := &Ledger{repo: r, note: note, env: environment}
	err := l.findTip(ctx, ref)
	return l.tip, err
}

// commitOf returns the commit of a pin, "" for nil.
func commitOf(e *Entry) repo.Hash {
	if e == nil {
		return ""
	}
	return e.LedgerCommit
}

// contains reports whether commit is tip or below it, and if not, whether that
// is because the objects of a shallow repository end. Nothing contains
// everything: "" is below every tip.
func contains(ctx context.Context, r *repo.Repo, tip, commit repo.Hash) (ok, cut bool, err error) {
	if commit == "" {
		return true, false, nil
	}
	for at := tip; at != ""; {
		if at == commit {
			return true, false, nil
		}
		c, err := r.Commit(ctx, at)
		if errors.Is(err, repo.ErrMissing) && r.Shallow() {
			return false, true, nil
		}
		if err != nil {
			return false, false, err
		}
		at = ""
		if len(c.Parents) > 0 {
			at = c.Parents[0]
		}
	}
	return false, false, nil
}
