package cmd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

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
	if remote != "" && tips.Local != "" && l.Tip() != nil {
		there, err := l.NumberAt(s.ctx, tips.Remote)
		if err != nil {
			return nil, err
		}
		if here := l.Tip().Number; there < here {
			s.warn("%s; publishing puts what is missing there again", behindHere(remote, env, there, here))
		}
	}
	return &publishing{l, versions.Target{Ident: ident, Remote: remote, RemoteOld: tips.Remote}}, nil
}

const publishTries = 20

// lockLedger keeps other publishers of this clone out where there is no remote
// whose own check decides: with pack-refs running at the same moment, git's
// update-ref can let two of them move the ref from one value.
func (s *session) lockLedger() (unlock func(), err error) {
	remote, err := s.remote()
	if err != nil || remote != "" {
		return func() {}, err
	}
	return repo.LockFile(filepath.Join(s.repo.CommonDir(), "pinseal.lock"))
}

// publish prepares and commits a pin; when another publisher was first, again
// from the new tip.
func (s *session) publish(env string, dryRun bool, propose func(*versions.Ledger) (versions.Proposal, error)) (*versions.Draft, error) {
	if !dryRun {
		unlock, err := s.lockLedger()
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
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
			if err := s.rememberSeen(env, p.ledger.Seen(), seen); err != nil {
				s.warn("pin %d is published and not remembered: %s", seen.Number, err)
			}
			if t := p.target; t.Remote != "" {
				// So that a fetch can tell when the remote loses this pin. Without it that
				// is told for the pins before, as after a push that git itself did not note.
				_ = s.repo.UpdateRef(s.ctx, versions.TrackingRef(t.Remote, s.id, env), seen.Commit, t.RemoteOld, "pinseal: published")
			}
			return draft, nil
		}
		switch {
		case !errors.Is(err, repo.ErrMoved):
			return nil, err
		case try == publishTries:
			return nil, hint(fmt.Errorf("other publishers of %s were first %d times: %w", env, publishTries, versions.ErrConflict), "pinseal publish "+env+"      once they are done")
		}
		// Short, and no longer each time: who was first does not wait at all, and
		// would always win against one who waits ever longer.
		select {
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		case <-time.After(time.Duration(rand.IntN(25)+1) * time.Millisecond):
		}
	}
}
