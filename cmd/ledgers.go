package cmd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

// remote returns the remote that ledgers are shared through: pinseal.remote,
// else the only one, "" when there is none.
func (s *session) remote() (string, error) {
	config, err := s.repo.Config(s.ctx)
	if err != nil {
		return "", err
	}
	if name, ok := config.Get("pinseal.remote"); ok {
		return name, nil
	}
	remotes := config.Remotes()
	switch len(remotes) {
	case 0:
		return "", nil
	case 1:
		return remotes[0].Name, nil
	}
	var try []string
	for _, r := range remotes {
		try = append(try, "git config pinseal.remote "+r.Name)
	}
	return "", usage(try, "there are several remotes: say which one shares the ledger")
}

// recall takes what this machine remembers of the app into account in a session
// that only looks: a note or a ledger that went back is refused there too. It
// asks for no trust, and changes what is remembered only where the app is known
// at this place. A service has no memory, nor has a machine without a home.
func (s *session) recall() error {
	if s.mem != nil || s.asked || s.isService() {
		return nil
	}
	s.asked = true
	dir, err := s.stateDir()
	if err != nil {
		return nil
	}
	mem, err := loadMemory(dir, s.warn)
	if err != nil {
		return err
	}
	known, err := s.knownHere(mem)
	if err != nil {
		return err
	}
	remembered, err := mem.note(s.id)
	if err != nil {
		return err
	}
	mem.frozen, s.mem = !known, mem
	s.note, err = versions.NewestNote(s.id, remembered, versions.NoteCandidate{Signed: s.note.Signed(), From: s.where()})
	if err != nil {
		return noteHint(err)
	}
	s.rememberNote()
	return nil
}

// knownHere reports whether this place is known for this app.
func (s *session) knownHere(m *memory) (bool, error) {
	dir := s.repo.CommonDir()
	if m.known.place(dir) != nil || len(m.known.placesOf(s.id)) == 0 {
		return m.known.judge(dir, s.claim) == goOn, nil
	}
	urls, err := s.remoteURLs()
	if err != nil {
		return false, err
	}
	for _, u := range urls {
		if m.known.place(u) != nil {
			return m.known.judge(u, s.claim) == goOn, nil
		}
	}
	return false, nil
}

// openTips verifies the ledger of an environment with the newest note, the
// ledger's own included, and remembers how far it was verified.
func (s *session) openTips(env string, tips versions.Tips) (*versions.Ledger, error) {
	if err := s.recall(); err != nil {
		return nil, err
	}
	notes, err := tips.Notes(s.ctx, s.repo, env)
	if err != nil {
		return nil, err
	}
	if err := s.fold(notes...); err != nil {
		return nil, err
	}
	var seen versions.Seen
	if s.mem != nil {
		seen = s.mem.known.seen(s.id, env)
	}
	l, err := versions.OpenTips(s.ctx, s.repo, s.note, env, tips, seen)
	if err != nil {
		return nil, ledgerHint(err, env)
	}
	s.rememberSeen(env, l.Seen())
	return l, nil
}

func (s *session) rememberSeen(env string, seen versions.Seen) {
	if s.mem == nil {
		return
	}
	s.mem.remember(func(k *knownApps) bool { return k.setSeen(s.id, env, seen, false) })
}

func ledgerHint(err error, env string) error {
	switch {
	case errors.Is(err, versions.ErrNotAuthentic):
		return hint(err, "pinseal fetch            a newer ledger may be on the remote", "pinseal pins "+env, "pinseal trust            only after you know why it went back")
	case errors.Is(err, versions.ErrConflict):
		return hint(err, "git log refs/pinseal refs/pinseal-remotes --oneline     and drop the one that is wrong")
	}
	return err
}

// localLedger opens an environment's ledger as it is here, without a look at any
// remote. It is nil when there is none: git clone brings no ledgers, so that says
// nothing. missed is then the number of the pin that was seen elsewhere.
func (s *session) localLedger(env string) (l *versions.Ledger, missed int, err error) {
	if err := s.recall(); err != nil {
		return nil, 0, err
	}
	tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env)
	if err != nil {
		return nil, 0, err
	}
	if tips.Local == "" {
		if s.mem != nil {
			missed = s.mem.known.seen(s.id, env).Number
		}
		return nil, missed, nil
	}
	l, err = s.openTips(env, tips)
	return l, 0, err
}

// ledgerForReading opens the local ledger. When there is none it fetches, once.
func (s *session) ledgerForReading(env string) (*versions.Ledger, error) {
	tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env)
	if err != nil {
		return nil, err
	}
	if tips.Local == "" {
		fetched, err := s.fetchFirst(env)
		if err != nil {
			return nil, err
		}
		tips = fetched
	}
	return s.openTips(env, tips)
}

func (s *session) fetchFirst(env string) (versions.Tips, error) {
	none := hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env + " here"}, "pinseal fetch", "pinseal publish "+env)
	if s.offline {
		return versions.Tips{}, none
	}
	remote, err := s.remote()
	if err != nil {
		return versions.Tips{}, err
	}
	if remote == "" {
		if s.mem != nil && s.mem.known.seen(s.id, env).Number > 0 {
			return versions.Tips{}, nil // the ledger's own check says what went missing
		}
		return versions.Tips{}, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env}, "pinseal publish "+env)
	}
	tips, err := s.fetchTips(remote, env)
	if err != nil {
		return tips, err
	}
	if tips.Remote == "" && tips.Local == "" && (s.mem == nil || s.mem.known.seen(s.id, env).Number == 0) {
		return tips, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env + ", here and on " + remote}, "pinseal publish "+env)
	}
	return tips, nil
}

func (s *session) fetchTips(remote, env string) (versions.Tips, error) {
	if err := versions.FetchLedgers(s.ctx, s.repo, remote, s.id); err != nil {
		return versions.Tips{}, hint(fmt.Errorf("ledgers cannot be fetched from %s: %w", remote, err), "git fetch "+remote, "pinseal --offline …")
	}
	return versions.ReadTips(s.ctx, s.repo, remote, s.id, env)
}

// publishing is how a pin gets out: the ledger to build on, and where to put
// the result.
type publishing struct {
	ledger *versions.Ledger
	target versions.Target
}

// ledgerForPublishing fetches first, so that the pin builds on the newest.
func (s *session) ledgerForPublishing(env string) (*publishing, error) {
	remote, err := s.remote()
	if err != nil {
		return nil, err
	}
	if remote != "" && s.offline {
		return nil, usage([]string{"pinseal publish " + env + "       without --offline"}, "--offline cannot publish where there is a remote: what is not pushed has not happened")
	}
	var tips versions.Tips
	if remote != "" {
		tips, err = s.fetchTips(remote, env)
	} else {
		tips, err = versions.ReadTips(s.ctx, s.repo, "", s.id, env)
	}
	if err != nil {
		return nil, err
	}
	l, err := s.openTips(env, tips)
	if err != nil {
		return nil, err
	}
	ident, err := s.repo.Committer(s.ctx)
	if err != nil {
		ident = fmt.Sprintf("pinseal <pinseal@invalid> %d +0000", s.Now().Unix())
	}
	if remote != "" && tips.Local != "" && tips.Remote == "" && l.Tip() != nil && l.Tip().Number > 0 {
		s.warn("%s has no ledger of %s; publishing puts all %d pins there again", remote, env, l.Tip().Number)
	}
	return &publishing{l, versions.Target{Ident: ident, Remote: remote, RemoteOld: tips.Remote}}, nil
}

const publishTries = 20

// publish prepares and commits a pin; when another publisher was first, again
// from the new tip.
func (s *session) publish(env string, dryRun bool, propose func(*versions.Ledger) (versions.Proposal, error)) (*versions.Draft, error) {
	for try := 1; ; try++ {
		p, err := s.ledgerForPublishing(env)
		if err != nil {
			return nil, err
		}
		proposal, err := propose(p.ledger)
		if err != nil {
			return nil, err
		}
		draft, err := p.ledger.Prepare(s.ctx, proposal)
		if err != nil || dryRun {
			return draft, err
		}
		seen, err := draft.Commit(s.ctx, p.target)
		if err == nil {
			s.rememberSeen(env, seen)
			return draft, nil
		}
		if !errors.Is(err, repo.ErrMoved) || try == publishTries {
			return nil, err
		}
		select {
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		case <-time.After(time.Duration(rand.IntN(40*try)+5) * time.Millisecond):
		}
	}
}
