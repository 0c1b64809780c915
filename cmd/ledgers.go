package cmd

import (
	"errors"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// remote returns the remote that ledgers are shared through: pinseal.remote,
// else the only one, "" when there is none.
func (s *session) remote() (string, error) {
	config, err := s.repo.Config(s.ctx)
	if err != nil {
		return "", err
	}
	remotes := config.Remotes()
	if name, ok := config.Get("pinseal.remote"); ok {
		return name, checkRemote(name, remotes)
	}
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

// checkRemote refuses a pinseal.remote that is neither a remote here nor a URL.
func checkRemote(name string, remotes []repo.Remote) error {
	if strings.ContainsAny(name, "/:\\") || slices.ContainsFunc(remotes, func(r repo.Remote) bool { return r.Name == name }) {
		return nil
	}
	try := []string{"git remote add " + quoteShell(name) + " URL"}
	for _, r := range remotes {
		try = append(try, "git config pinseal.remote "+quoteShell(r.Name))
	}
	return hint(&versions.NotFoundError{What: "remote", Name: name, In: "this repository, though pinseal.remote names it"}, try...)
}

// openTips verifies the ledger of an environment with the newest note, the
// ledger's own included, and remembers how far it was verified. The ledger's note
// counts, and is remembered, only when the pins verify under it.
func (s *session) openTips(env string, tips versions.Tips) (*versions.Ledger, error) {
	if err := s.recall(); err != nil {
		return nil, err
	}
	notes, err := tips.Notes(s.ctx, s.repo, env)
	if err != nil {
		return nil, err
	}
	before := s.note
	if err := s.fold(notes...); err != nil {
		return nil, err
	}
	var seen versions.Seen
	if s.mem != nil {
		seen = s.mem.known.seen(s.id, env)
	}
	l, err := versions.OpenTips(s.ctx, s.repo, s.note, env, tips, seen)
	if err == nil && s.note != before && !namesNote(l, s.note) {
		// Who can push, and cannot sign a pin, can put another note beside one: a
		// removed admin's, or one of a branch. The ledger stands without it.
		s.note = before
		l, err = versions.OpenTips(s.ctx, s.repo, s.note, env, tips, seen)
	}
	if err != nil {
		s.note = before
		return nil, s.ledgerHint(err, env)
	}
	if now := l.Seen().Number; now < seen.Number {
		s.warn("%s: pin %d was seen and counts no more: by the app note the key that signed it ended at pin %d", env, seen.Number, now)
	}
	if namesNote(l, s.note) {
		if err := s.rememberNote(); err != nil {
			return nil, err
		}
	}
	if err := s.rememberSeen(env, seen, l.Seen()); err != nil {
		return nil, s.ledgerHint(err, env)
	}
	return l, nil
}

// namesNote reports whether the newest pin was signed under a note.
func namesNote(l *versions.Ledger, note *seal.Note) bool {
	return l.Tip() != nil && l.Tip().Note == note.Hash()
}

// rememberSeen keeps the newest pin verified, from being what this command
// started from.
func (s *session) rememberSeen(env string, from, seen versions.Seen) error {
	if s.mem == nil {
		return nil
	}
	return s.mem.rememberSeen(s.id, env, from, seen, func(now versions.Seen) error {
		_, err := versions.OpenLedger(s.ctx, s.repo, s.note, env, seen.Commit, now)
		return err
	})
}

func (s *session) ledgerHint(err error, env string) error {
	switch {
	case errors.Is(err, versions.ErrNotAuthentic):
		var try []string
		for _, line := range s.fetchHints() {
			try = append(try, line+"            a newer ledger may be on the remote")
		}
		try = append(try, s.logHints(versions.LedgerRef(s.id, env))...)
		if !unverified(err) {
			try = append(try, "pinseal trust            only after you know why it went back")
		}
		return hint(err, try...)
	case errors.Is(err, versions.ErrConflict):
		return hint(err, "git log --oneline --glob=refs/pinseal --glob=refs/pinseal-remotes     and drop the one that is wrong")
	}
	return err
}

// logHints offer the histories of refs, of those that are there.
func (s *session) logHints(refs ...string) (try []string) {
	for _, ref := range refs {
		if at, err := s.repo.Ref(s.ctx, ref); err == nil && at != "" {
			try = append(try, "git log "+ref)
		}
	}
	return try
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
	if err := s.recall(); err != nil {
		return nil, err
	}
	tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env)
	if err != nil {
		return nil, err
	}
	if tips.Local == "" {
		fetched, err := s.fetchFirst(env)
		if err != nil {
			return nil, err
		}
		return s.openTips(env, fetched)
	}
	l, err := s.openTips(env, tips)
	if errors.Is(err, versions.ErrNotAuthentic) {
		// Another clone on this machine may have seen newer pins: the remote can
		// have them. What comes is held to the same memory.
		if fetched, ok := s.fetchNewer(env, tips); ok {
			return s.openTips(env, fetched)
		}
	}
	return l, err
}

// fetchNewer fetches where there is one remote to ask, and reports whether that
// brought another ledger. That it could not is not what is wrong.
func (s *session) fetchNewer(env string, had versions.Tips) (versions.Tips, bool) {
	if s.offline {
		return had, false
	}
	remote, err := s.remote()
	if err != nil || remote == "" {
		return had, false
	}
	tips, err := s.fetchTips(remote, env)
	return tips, err == nil && tips.Remote != "" && tips.Remote != had.Local
}

func (s *session) fetchFirst(env string) (versions.Tips, error) {
	if s.offline {
		return versions.Tips{}, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env + " here"}, append(s.fetchHints(), firstPublish(env))...)
	}
	remote, err := s.remote()
	if err != nil {
		return versions.Tips{}, err
	}
	if remote == "" {
		if s.mem != nil && s.mem.known.seen(s.id, env).Number > 0 {
			return versions.Tips{}, nil // the ledger's own check says what went missing
		}
		return versions.Tips{}, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env}, firstPublish(env))
	}
	tips, err := s.fetchTips(remote, env)
	if err != nil {
		return tips, err
	}
	if tips.Remote == "" && tips.Local == "" && (s.mem == nil || s.mem.known.seen(s.id, env).Number == 0) {
		return tips, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env + ", here and on " + remote}, firstPublish(env))
	}
	return tips, nil
}

func (s *session) fetchTips(remote, env string) (versions.Tips, error) {
	if err := versions.FetchLedgers(s.ctx, s.repo, remote, s.id); err != nil {
		return versions.Tips{}, fetchError(remote, err)
	}
	return versions.ReadTips(s.ctx, s.repo, remote, s.id, env)
}
