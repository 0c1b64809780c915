package versions

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pinseal/repo"
	"pinseal/seal"
)

// FollowOptions say what a [Follower] follows, and what is known of it.
type FollowOptions struct {
	Git         repo.Options // how git is run
	URL         string       // what git fetches from
	App         seal.AppID
	Environment string
	Identities  *seal.Identities
	Note        *seal.Note // the newest that is known, or nil
	Seen        Seen       // the newest pin that is known
	MinPin      int
	Wraps       []*Source // where wraps are looked for besides the pin
}

const (
	// renewAfter is how many pins are fetched into one repository: git keeps what was
	// fetched before, and a new one is as good.
	renewAfter = 64
	// deeper is how far down pins are fetched when those on top are void: whoever had
	// the publish key, and can push still, can put them there.
	deeper = 50
)

// Follower brings the newest pin of an environment from a remote, each time it is
// asked: its ledger ref alone, at depth 1, in a repository of its own that it makes and
// renews. It needs no clone. What it gives is verified under the newest app note that
// it met, and goes forward only. It is for one goroutine.
type Follower struct {
	o      FollowOptions
	dir    string // where repositories are made
	most   int64  // bytes of one
	repo   *repo.Repo
	format string // of its objects
	pins   int    // fetched into repo

	note  *seal.Note
	seen  Seen
	at    repo.Hash // what the ledger held when it was last verified
	given [32]byte  // the pin that was given last
}

// NewFollower returns a follower that makes its repositories in dir, which others may
// use too: each is a private directory pinseal-follow-*, one at a time.
func NewFollower(dir string, o FollowOptions) *Follower {
	return &Follower{o: o, dir: dir, most: maxFetched, format: "sha1", note: o.Note, seen: o.Seen}
}

// Note is the newest app note so far, nil before there is any.
func (f *Follower) Note() *seal.Note { return f.note }

// Seen is what to remember of the ledger.
func (f *Follower) Seen() Seen { return f.seen }

// Close removes the repository. Next makes another.
func (f *Follower) Close() error {
	if f.repo == nil {
		return nil
	}
	dir := f.repo.Top()
	f.repo.Close()
	f.repo, f.pins = nil, 0
	return os.RemoveAll(dir)
}

// Next fetches, and returns the newest pin if it is another than the one it gave last,
// else nil. Errors: *repo.GitError when the remote cannot be had, *NotFoundError when
// it has no ledger and none was seen, ErrNotAuthentic for what does not verify, went
// back or went away, seal.ErrNoKey for identities that are no member. After any error
// the next call begins anew with what was known before.
func (f *Follower) Next(ctx context.Context) (*Release, error) {
	r, err := f.next(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // what could not be read for that is not to blame
	}
	if err != nil {
		// What was fetched is not kept: it may be anything, of any size.
		return nil, errors.Join(err, f.Close())
	}
	f.repo.Close() // descriptors, and a helper of git's
	if f.pins >= renewAfter || sizeOf(f.repo.Top()) > maxKept {
		err = f.Close()
	}
	return r, err
}

func (f *Follower) next(ctx context.Context) (*Release, error) {
	tip, err := f.fetch(ctx, 1)
	if err != nil || tip == f.at {
		return nil, err
	}
	f.pins++
	r, err := f.open(ctx, tip)
	if errors.Is(err, repo.ErrMissing) {
		// What counts is further down.
		if tip, err = f.fetch(ctx, deeper); err == nil {
			r, err = f.open(ctx, tip)
		}
	}
	return r, err
}

// open verifies the ledger and takes the set of its newest pin into memory. It is nil
// when that is the pin that was given last.
func (f *Follower) open(ctx context.Context, tip repo.Hash) (*Release, error) {
	if err := f.checkTrees(ctx, tip); err != nil {
		return nil, err
	}
	at, err := f.counted(ctx, tip)
	if err != nil {
		return nil, err
	}
	if at != tip {
		if err := f.checkTrees(ctx, at); err != nil {
			return nil, err
		}
	}
	candidate, err := LedgerNote(ctx, f.repo, at, f.o.Environment)
	if err != nil {
		return nil, err
	}
	note, err := NewestNote(f.o.App, f.note, candidate)
	if err != nil {
		return nil, err
	}
	l, err := OpenLedger(ctx, f.repo, note, f.o.Environment, tip, f.seen)
	if err != nil {
		return nil, err
	}
	entry := l.Tip()
	if entry == nil {
		return nil, &AuthError{What: "ledger of " + f.o.Environment, Reason: "has no pin that counts"}
	}
	if entry.Number < f.o.MinPin {
		return nil, &AuthError{What: fmt.Sprintf("pin %d of %s", entry.Number, f.o.Environment), Reason: fmt.Sprintf("is below the lowest that is allowed, %d", f.o.MinPin)}
	}
	source, err := l.Source(ctx, entry)
	if err != nil {
		return nil, err
	}
	var r *Release
	if entry.Hash() != f.given {
		if r, err = NewRelease(source, note, f.o.Identities, f.o.Wraps...); err != nil {
			return nil, err
		}
	}
	f.note, f.seen, f.at, f.given = note, l.Seen(), tip, entry.Hash()
	return r, nil
}

// counted is the ledger commit whose app note is asked: the tip, or the first below it
// that the note known here does not make void. A void pin is as if absent, with
// whatever note stands beside it.
func (f *Follower) counted(ctx context.Context, tip repo.Hash) (repo.Hash, error) {
	if f.note == nil {
		return tip, nil
	}
	l := &Ledger{repo: f.repo, note: f.note, env: f.o.Environment}
	err := l.findTip(ctx, tip)
	switch {
	case errors.Is(err, repo.ErrMissing):
		return "", err
	case err != nil || l.tip == nil: // the newest note may know more, and says what is wrong
		return tip, nil
	}
	return l.tip.LedgerCommit, nil
}
