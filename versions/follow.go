package versions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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

// renewAfter is how many pins are fetched into one repository: git keeps what was
// fetched before, and a new one is as good.
const renewAfter = 64

// Follower brings the newest pin of an environment from a remote, each time it is
// asked: its ledger ref alone, at depth 1, in a repository of its own that it makes and
// renews. It needs no clone. What it gives is verified under the newest app note that
// it met, and goes forward only. It is for one goroutine.
type Follower struct {
	o    FollowOptions
	dir  string // of its own, below the one that was given
	repo *repo.Repo
	pins int // fetched into repo
	made int // repositories so far

	note *seal.Note
	seen Seen
	at   repo.Hash // ledger commit of the newest pin that was given
}

// NewFollower returns a follower that works in dir, an empty private directory. The
// caller removes it after Close.
func NewFollower(dir string, o FollowOptions) *Follower {
	return &Follower{o: o, dir: dir, note: o.Note, seen: o.Seen}
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
	tip, err := f.fetch(ctx)
	if err == nil && tip == f.at {
		return nil, nil
	}
	var r *Release
	if err == nil {
		r, err = f.open(ctx, tip)
	}
	if err != nil {
		// What was fetched is not kept: it may be anything, of any size.
		return nil, errors.Join(err, f.Close())
	}
	if f.pins++; f.pins >= renewAfter {
		err = f.Close()
	}
	return r, err
}

// fetch brings the ledger's ref, and returns what it holds.
func (f *Follower) fetch(ctx context.Context) (repo.Hash, error) {
	ref := LedgerRef(f.o.App, f.o.Environment)
	err := f.fetchInto(ctx, ref, "sha1")
	if git, ok := errors.AsType[*repo.GitError](err); ok && strings.Contains(git.Stderr, "mismatched algorithms") {
		if err := f.Close(); err != nil {
			return "", err
		}
		err = f.fetchInto(ctx, ref, "sha256")
	}
	if git, ok := errors.AsType[*repo.GitError](err); ok && strings.Contains(git.Stderr, "couldn't find remote ref") {
		if f.seen.Number > 0 {
			return "", &BehindError{Environment: f.o.Environment, Known: f.seen.Number}
		}
		return "", &NotFoundError{What: "pin", In: "the ledger of " + f.o.Environment + " of app " + f.o.App.String() + " on the remote"}
	}
	if err != nil {
		return "", err
	}
	tip, err := f.repo.Ref(ctx, ref)
	if err == nil && tip == "" {
		err = errors.New("git fetched nothing")
	}
	return tip, err
}

func (f *Follower) fetchInto(ctx context.Context, ref, format string) error {
	if f.repo == nil {
		f.made++
		dir := filepath.Join(f.dir, fmt.Sprint(f.made))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		r, err := repo.Init(ctx, dir, format, f.o.Git)
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		f.repo = r
	}
	return f.repo.Fetch(ctx, f.o.URL, 1, "+"+ref+":"+ref)
}

// open verifies the ledger's tip and takes its set into memory.
func (f *Follower) open(ctx context.Context, tip repo.Hash) (*Release, error) {
	candidate, err := LedgerNote(ctx, f.repo, tip, f.o.Environment)
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
	r, err := NewRelease(source, note, f.o.Identities, f.o.Wraps...)
	if err != nil {
		return nil, err
	}
	f.note, f.seen, f.at = note, l.Seen(), tip
	return r, nil
}
