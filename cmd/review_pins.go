package cmd

import (
	"context"
	"errors"
	"slices"

	"pinseal/repo"
	"pinseal/versions"
)

// reviewPins adds to the environments that change how their newest pins, as far as
// they are here, would.
func (c *cli) reviewPins(ctx context.Context, r *repo.Repo, found *versions.StoreReview, a *versions.AppReview, app *reviewApp) error {
	s, err := c.reviewSession(ctx, r, found, a)
	if err != nil {
		return err
	}
	for i := range app.Environments {
		e := &app.Environments[i]
		if !slices.Contains(a.Newest.Environments(), e.Name) {
			continue
		}
		l, missed, err := s.localLedger(e.Name)
		if errors.As(err, new(*versions.BehindError)) && len(s.fetchHints()) > 0 {
			l, missed, err = nil, 1, nil // not fetched yet
		}
		if err != nil {
			return err
		}
		if l == nil || l.Tip() == nil {
			e.NoPins = missed > 0 || l == nil && len(s.fetchHints()) > 0
			continue
		}
		if e.Pin, err = s.reviewPin(a, l, e.Name); err != nil {
			return err
		}
	}
	return nil
}

// reviewSession is a session on one app of a review. What this machine remembers
// of the app is asked and not changed: a branch that is looked at has not been
// accepted.
func (c *cli) reviewSession(ctx context.Context, r *repo.Repo, found *versions.StoreReview, a *versions.AppReview) (*session, error) {
	s := &session{cli: c, ctx: ctx, how: look, repo: r, dir: a.Dir, id: a.ID, note: a.Known, asked: true}
	s.claim = claim{directory: a.Dir, id: a.ID, def: found.DefaultNew, from: s.where()}
	dir, err := c.stateDir()
	if err != nil {
		return s, nil // nothing is remembered where there is no home
	}
	if s.mem, err = loadMemory(dir, c.warn); err != nil {
		return nil, err
	}
	s.mem.frozen = true
	remembered, err := s.mem.note(s.id)
	if err != nil {
		return nil, err
	}
	for _, note := range []struct {
		candidate versions.NoteCandidate
		known     bool
	}{
		{versions.NoteCandidate{Signed: a.New.Signed(), From: "the branch"}, false},
		{versions.NoteCandidate{Signed: a.Known.Signed(), From: "what it is merged into"}, true},
	} {
		newest, err := versions.NewestNote(s.id, remembered, note.candidate)
		if err != nil {
			return nil, s.noteHint(err)
		}
		if note.known {
			s.note = newest
		}
	}
	return s, nil
}

func (s *session) reviewPin(a *versions.AppReview, l *versions.Ledger, env string) (*reviewPin, error) {
	pinned, err := l.Source(s.ctx, l.Tip())
	if err != nil {
		return nil, err
	}
	signed, err := pinned.Note()
	if err != nil {
		return nil, err
	}
	note, err := versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: pinned.What}, s.note.Hash())
	if err != nil {
		return nil, err
	}
	changes, err := a.PinChanges(s.ctx, s.repo, pinned, env)
	if err != nil {
		return nil, err
	}
	return &reviewPin{Number: l.Tip().Number, Commit: string(l.Tip().Commit), Changes: toChangesJSON(changes),
		Readers: toReadersJSON(versions.DiffReaders(note, a.Newest, env))}, nil
}
