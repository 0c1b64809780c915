package versions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"pinseal/repo"
	"pinseal/seal"
)

// OpenPin opens an environment's newest pin, or pin number Options.Pin, of the
// repository that dir is in: a clone or a bare one. The ledger is the local one; nothing
// is fetched, and no branch is read but for the app note. Watch sees the ledger move,
// which has to go forward. Close it.
func OpenPin(ctx context.Context, dir, environment string, o Options) (*Secrets, error) {
	if err := seal.CheckEnvironment(environment); err != nil {
		return nil, err
	}
	if o.Environment != "" && o.Environment != environment {
		return nil, fmt.Errorf("environment %s was asked for, and Options.Environment is another", environment)
	}
	t, err := newTrust("pin of "+environment, o)
	if err != nil {
		return nil, err
	}
	git := repo.Options{Offline: true}
	if o.Environ != nil {
		git.Env = o.Environ()
	}
	r, err := repo.Open(ctx, dir, git)
	if err != nil {
		return nil, err
	}
	return newSecrets(ctx, &pinSupply{trust: t, repo: r, environment: environment, known: o.Seen}, o)
}

// pinSupply is the ledger of one environment.
type pinSupply struct {
	trust
	repo        *repo.Repo
	environment string
	known       Seen      // the newest pin of the ledger that was verified
	at          repo.Hash // what its ref held then; "" before the first
}

func (p *pinSupply) seen() Seen { return p.known }

func (p *pinSupply) close() error { return p.repo.Close() }

func (p *pinSupply) look(ctx context.Context) (*opened, error) {
	if p.at != "" && p.o.Pin > 0 {
		return nil, nil // that one is no other than it was
	}
	tip, err := p.repo.Ref(ctx, LedgerRef(p.app, p.environment))
	switch {
	case err != nil:
		return nil, err
	case tip == "" && p.known.Number > 0:
		return nil, &BehindError{Environment: p.environment, Known: p.known.Number}
	case tip == "":
		return nil, &NotFoundError{What: "pin", In: "the ledger of " + p.environment}
	case tip == p.at:
		return nil, nil
	}
	head, done, err := p.head(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	l, note, err := p.open(ctx, tip, head)
	if err != nil {
		return nil, err
	}
	r, err := p.release(ctx, l, note, head)
	if err != nil {
		return nil, err
	}
	now, err := newOpened(ctx, r)
	if err != nil {
		return nil, err
	}
	p.note, p.known, p.at = note, l.Seen(), tip
	return now, nil
}

// open verifies the ledger under the newest note. The ledger's own counts only when
// its newest pin names it: who can push, and cannot sign a pin, can put another beside
// one.
func (p *pinSupply) open(ctx context.Context, tip repo.Hash, head *Source) (*Ledger, *seal.Note, error) {
	base := p.note
	if head != nil {
		signed, err := head.Note()
		if err == nil {
			base, err = p.newest(NoteCandidate{Signed: signed, From: head.What})
		}
		if err != nil {
			return nil, nil, err
		}
	}
	candidate, err := LedgerNote(ctx, p.repo, tip, p.environment)
	if err != nil {
		return nil, nil, err
	}
	note, err := NewestNote(p.app, base, candidate)
	if err != nil {
		return nil, nil, err
	}
	l, err := OpenLedger(ctx, p.repo, note, p.environment, tip, p.known)
	if err == nil && base != nil && note != base && (l.Tip() == nil || l.Tip().Note != note.Hash()) {
		note = base
		l, err = OpenLedger(ctx, p.repo, note, p.environment, tip, p.known)
	}
	return l, note, err
}

// release takes the pin that was asked for into memory.
func (p *pinSupply) release(ctx context.Context, l *Ledger, note *seal.Note, head *Source) (*Release, error) {
	entry := l.Tip()
	if entry == nil {
		return nil, &NotFoundError{What: "pin", In: "the ledger of " + p.environment}
	}
	newest, err := l.Source(ctx, entry)
	if err != nil {
		return nil, err
	}
	source := newest
	if n := p.o.Pin; n > 0 {
		if entry, err = l.At(ctx, n); err != nil {
			return nil, err
		}
		if source, err = l.Source(ctx, entry); err != nil {
			return nil, err
		}
	}
	if err := p.checkMin(entry.Pin); err != nil {
		return nil, err
	}
	// A member who came after the pin finds the wrap where the newest note is.
	more := []*Source{newest}
	if head != nil {
		more = []*Source{head, newest}
	}
	return NewRelease(source, note, p.ids, more...)
}

// head is the app's directory in the work tree, or in a bare repository at HEAD; nil
// when it is not there. It is of use until done is called.
func (p *pinSupply) head(ctx context.Context) (s *Source, done func(), err error) {
	done = func() {}
	var store fs.FS
	what := "the work tree"
	if p.repo.Bare() {
		what = "HEAD"
		commit, _, err := p.repo.Head(ctx)
		if err == nil {
			store, err = p.repo.FS(ctx, commit, StoreDir)
		}
		if errors.Is(err, repo.ErrNoCommits) || errors.Is(err, fs.ErrNotExist) {
			return nil, done, nil
		}
		if err != nil {
			return nil, done, err
		}
	} else {
		w, err := repo.OpenWorkTree(p.repo.Top(), StoreDir)
		if err != nil {
			return nil, done, err
		}
		store, done = w, func() { w.Close() }
	}
	if s, err = findApp(store, p.app, what); err != nil {
		done()
	}
	return s, done, err
}

// findApp finds the directory of an app by its id, which its note is not asked to
// prove yet. It is nil when there is none. Two are an *AuthError.
func findApp(store fs.FS, app seal.AppID, what string) (*Source, error) {
	names, err := CheckStore(store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found *Source
	for _, name := range names {
		dir, err := fs.Sub(store, name)
		if err != nil {
			return nil, err
		}
		s := &Source{FS: dir, What: what, Dir: StoreDir + "/" + name}
		signed, err := s.Note()
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		_, id, err := seal.SplitText(signed)
		if err != nil {
			return nil, &AuthError{What: s.where(NoteName), Reason: "is not a signed app note", Err: err}
		}
		if id != app.String() {
			continue
		}
		if found != nil {
			return nil, &AuthError{What: "app " + id, Reason: fmt.Sprintf("stands in two directories, %s and %s", found.Dir, s.Dir)}
		}
		found = s
	}
	return found, nil
}
