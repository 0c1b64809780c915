package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// ledgers verifies every ledger of an app that is here, with the files of its
// newest pin, and adds the pins' numbers to its row. The error is one of this
// machine, or of ctx.
func (v *verifying) ledgers(s *session, row *verifiedApp) (faults []versions.Fault, err error) {
	add := func(env string, err error) {
		faults = append(faults, versions.Fault{Environment: env, Err: err})
	}
	own, newer := s.note, "was seen on this machine"
	if err := v.newestNote(s); err != nil {
		add("", err)
	}
	envs, unknown, err := v.ledgerNames(s)
	if err != nil {
		return nil, err
	}
	faults = append(faults, unknown...)
	for _, env := range envs {
		before := s.note
		l, missed, err := s.localLedger(env)
		if s.note != before && s.note.Version > before.Version {
			newer = "is in the ledger of " + env
		}
		switch {
		case v.ctx.Err() != nil:
			return nil, v.ctx.Err()
		case err != nil:
			faults = append(faults, versions.Fault{Path: versions.LedgerRef(s.id, env), Environment: env, Err: err})
			continue
		case missed > 0:
			v.warn("%s: %s%s", s.dir, missedPin(env, missed), lines(v.fetchLines(s)))
		}
		if l == nil || l.Tip() == nil {
			continue
		}
		row.env(env).Pin = l.Tip().Number
		pin, err := l.VerifyPin(v.ctx, l.Tip(), versions.VerifyOptions{Structure: true})
		if err != nil {
			add(env, err)
			continue
		}
		faults = append(faults, pin.Faults...)
	}
	if v.current && own.Precedes(s.note) {
		faults = append(faults, v.olderNote(s, own, newer))
	}
	return faults, nil
}

// fetchLines say how to fetch the ledgers of an app.
func (v *verifying) fetchLines(s *session) []string {
	scope := v.scopeOf(v.ctx, []versions.Fault{{App: s.dir}})
	var try []string
	for _, line := range s.fetchHints() {
		try = append(try, v.here(scope(s.dir, line)))
	}
	return labelled(try)
}

// missedPin says that a pin was seen, of an environment that has no ledger here.
func missedPin(env string, number int) *versions.AuthError {
	return &versions.AuthError{What: "ledger of " + env, Reason: fmt.Sprintf("pin %d was seen, and no ledger is here", number)}
}

// olderNote says that the app note that is worked under is older than one that is
// known, and where that one is.
func (v *verifying) olderNote(s *session, own *seal.Note, newer string) versions.Fault {
	older := &versions.AuthError{What: "app note of " + s.dir + " in the " + v.what,
		Reason: fmt.Sprintf("is version %d; version %d %s", own.Version, s.note.Version, newer)}
	var try []string
	if !v.repo.Bare() {
		try = []string{"git pull", "git merge BRANCH      the one on which version " + fmt.Sprint(s.note.Version) + " was made"}
	}
	try = append(try, "pinseal verify HEAD      if the past is what you look at", "pinseal trust      only if the newer one was made here and undone on purpose")
	return versions.Fault{Path: storeDir + "/" + s.dir + "/" + versions.NoteName, Err: hint(older, try...)}
}

// newestNote takes into account what is remembered of an app and, for a commit's,
// the note of the work tree, in bare repositories of HEAD, where that goes on from
// it: what is wrong with that one is not the commit's.
func (v *verifying) newestNote(s *session) error {
	own := s.note
	if err := s.recall(); err != nil {
		s.note = own
		return err
	}
	if v.at.Kind != versions.AtRev {
		return nil
	}
	store, tree, err := s.openDir(storeDir + "/" + s.dir)
	if err != nil {
		return nil
	}
	if tree != nil {
		defer tree.Close()
	}
	if signed, err := (&versions.Source{FS: store}).Note(); err == nil {
		_ = s.fold(versions.NoteCandidate{Signed: signed, From: "the " + s.where()})
	}
	return nil
}

// ledgerNames lists the environments of an app, and those that have a ledger here.
// A ledger that the note cannot know is a fault.
func (v *verifying) ledgerNames(s *session) (envs []string, faults []versions.Fault, err error) {
	prefix := "refs/pinseal/" + s.id.String() + "/"
	refs, err := v.repo.Refs(v.ctx, prefix)
	if err != nil {
		return nil, nil, err
	}
	envs = s.note.Environments()
	for _, ref := range refs {
		env := strings.TrimPrefix(ref.Name, prefix)
		switch _, known := s.note.Newest(seal.PublishSlot(env)); {
		case slices.Contains(envs, env):
		case known: // an environment that was removed
			envs = append(envs, env)
		default:
			faults = append(faults, versions.Fault{Path: ref.Name, Err: &versions.AuthError{What: fmt.Sprintf("ledger %q", ref.Name),
				Reason: "is of no environment that the app note knows"}})
		}
	}
	if v.o.env != "" {
		envs = slices.DeleteFunc(envs, func(env string) bool { return env != v.o.env })
	}
	return envs, faults, nil
}

// pinsOf checks the pins of an app that are asked for, with all that is asked of a
// set that is published.
func (v *verifying) pinsOf(s *session, row *verifiedApp) (faults []versions.Fault, err error) {
	if err := s.recall(); err != nil {
		return []versions.Fault{{Err: err}}, nil
	}
	envs, faults, err := v.ledgerNames(s)
	if err != nil {
		return nil, err
	}
	for _, env := range envs {
		l, missed, err := s.localLedger(env)
		if missed > 0 {
			err = s.ledgerHint(missedPin(env, missed), env)
		}
		if err != nil {
			faults = append(faults, versions.Fault{Path: versions.LedgerRef(s.id, env), Environment: env, Err: err})
			continue
		}
		if l == nil || l.Tip() == nil {
			continue
		}
		entry := l.Tip()
		if v.at.Number > 0 {
			entry, err = l.At(v.ctx, v.at.Number)
			if errors.Is(err, versions.ErrNotFound) {
				continue
			}
		}
		var app *versions.VerifiedApp
		if err == nil {
			app, err = l.VerifyPin(v.ctx, entry, v.options())
		}
		if err != nil {
			faults = append(faults, versions.Fault{Environment: env, Err: err})
			continue
		}
		e := row.env(env)
		e.Pin, e.Readers = entry.Number, len(s.note.Readers(env))
		if len(app.Environments) > 0 {
			e.Secrets = app.Environments[0].Secrets
		}
		faults = append(faults, app.Faults...)
	}
	return faults, nil
}
