package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/versions"
)

func newFetch(c *cli) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "fetch",
		Short: "Bring the pins from the remote",
		Long: `Fetch the ledgers of every environment from the remote that shares them
(pinseal.remote, else the only one), verify them, and move the local ones up to
them. A ledger that does not verify, or that is behind what was seen on this
machine, is refused and nothing of it moves. One that went back on the remote, or
is gone from it, ends with exit code 5 until it is there again; what is here is
kept, and read. It needs no key and no trust.`,
		Example: `  pinseal fetch
  git config pinseal.remote origin && pinseal fetch`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runFetch(cmd.Context(), asJSON)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// fetched is what became of one environment's ledger.
type fetched struct {
	Environment string `json:"environment"`
	Before      int    `json:"before"` // number of the newest pin here; 0 for none
	Now         int    `json:"now"`
	There       int    `json:"there"`           // on the remote; 0 for none
	Ahead       bool   `json:"ahead,omitempty"` // the remote does not have all of it
	newest      *versions.Entry
}

func (c *cli) runFetch(ctx context.Context, asJSON bool) error {
	if c.offline {
		return usage([]string{"pinseal fetch       without --offline"}, "--offline forbids to fetch")
	}
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.recall(); err != nil {
		return err
	}
	remote, err := s.remote()
	if err != nil {
		return err
	}
	if remote == "" {
		return hint(&versions.NotFoundError{What: "remote", In: "this repository to fetch from"}, "git remote add origin URL")
	}
	had, hadErr := s.repo.Refs(ctx, versions.TrackingRef(remote, s.id, ""))
	if err := versions.FetchLedgers(ctx, s.repo, remote, s.id); err != nil {
		return fetchError(remote, err)
	}
	if hadErr != nil {
		return hadErr
	}
	s.foldLedgers(remote)
	// One bad ledger does not hold up the others.
	all := []fetched{}
	var bad []error
	for _, env := range s.note.Environments() {
		f, err := s.moveUp(remote, env, had)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		all = append(all, f)
		if !asJSON {
			s.say("%s", f.line(remote))
		}
	}
	if asJSON {
		err := s.printJSON(struct {
			Schema       int       `json:"schema"`
			App          string    `json:"app"`
			Remote       string    `json:"remote"`
			Environments []fetched `json:"environments"`
		}{1, s.id.String(), remote, all})
		if err != nil {
			return err
		}
	}
	for i := 1; i < len(bad); i++ {
		s.warn("%s", bad[i])
	}
	if len(bad) > 0 {
		return bad[0]
	}
	return nil
}

// foldLedgers takes the app notes of all ledgers into account before any is
// judged: one may say that a key of another was retired, or bring a new
// environment. None is remembered before its own ledger has verified. What is wrong with one, moveUp meets again and reports.
func (s *session) foldLedgers(remote string) {
	done := map[string]bool{}
	for again := true; again; {
		again = false
		for _, env := range s.note.Environments() {
			if done[env] {
				continue
			}
			done[env], again = true, true
			tips, err := versions.ReadTips(s.ctx, s.repo, remote, s.id, env)
			if err != nil {
				continue
			}
			if notes, err := tips.Notes(s.ctx, s.repo, env); err == nil {
				_ = s.fold(notes...)
			}
		}
	}
}

// moveUp verifies one ledger and moves the local one. had is what the remote had
// when it was last fetched.
func (s *session) moveUp(remote, env string, had []repo.Ref) (f fetched, err error) {
	f.Environment = env
	tips, err := versions.ReadTips(s.ctx, s.repo, remote, s.id, env)
	if err != nil {
		return f, err
	}
	l, err := s.openTips(env, tips)
	if errors.Is(err, versions.ErrNotAuthentic) && !unverified(err) {
		err = hint(err, append(s.logHints(versions.TrackingRef(remote, s.id, env), versions.LedgerRef(s.id, env)), "pinseal trust            only after you know why it went back")...)
	}
	if err != nil || l.Tip() == nil {
		return f, err
	}
	f.newest, f.Now = l.Tip(), l.Tip().Number
	if f.Before, err = l.NumberAt(s.ctx, tips.Local); err != nil {
		return f, err
	}
	if f.There, err = l.NumberAt(s.ctx, tips.Remote); err != nil {
		return f, err
	}
	if f.Ahead = f.There < f.Now; !f.Ahead {
		return f, nil
	}
	if err := s.checkRemoteKept(remote, l, f, tips.Remote, had); err != nil {
		return f, err
	}
	s.warn("%s", behindHere(remote, env, f.There, f.Now))
	return f, nil
}

// checkRemoteKept refuses a ledger that is shorter on the remote, where it now is
// at there, than it was when it was last fetched. The tracking ref goes back to
// that: the remote is held to it, until it has it again or the ledger here is no
// longer ahead.
func (s *session) checkRemoteKept(remote string, l *versions.Ledger, f fetched, there repo.Hash, had []repo.Ref) error {
	ref := versions.TrackingRef(remote, s.id, f.Environment)
	i := slices.IndexFunc(had, func(r repo.Ref) bool { return r.Name == ref })
	if i < 0 || had[i].Hash == there {
		return nil
	}
	was, err := l.NumberAt(s.ctx, had[i].Hash)
	if err != nil || was <= f.There {
		return nil // it was no ledger, or no longer one
	}
	if err := s.repo.UpdateRef(s.ctx, ref, had[i].Hash, there, "pinseal: the remote went back"); err != nil && !errors.Is(err, repo.ErrMoved) {
		s.warn("%s", err)
	}
	went := fmt.Sprintf("went back from pin %d to pin %d", was, f.There)
	if f.There == 0 {
		went = fmt.Sprintf("went away: it had pin %d", was)
	}
	local := versions.LedgerRef(s.id, f.Environment)
	return hint(&versions.AuthError{What: "ledger of " + f.Environment + " on " + remote,
		Reason: fmt.Sprintf("%s; the ledger here, up to pin %d, is kept", went, f.Now)},
		"git log "+local, fmt.Sprintf("%s push %s %s      puts it back, after you know why it went", s.git(s.top), quoteShell(remote), local))
}

// behindHere says that a remote does not have the pins that are here. What is
// here counts: a ledger is never taken back.
func behindHere(remote, env string, there, here int) string {
	if there == 0 {
		return fmt.Sprintf("%s: pin %d is here, and %s has none: its ledger was deleted, or was never there", env, here, remote)
	}
	return fmt.Sprintf("%s: pin %d is here, and %s has pin %d: its ledger went back, or was never further", env, here, remote, there)
}

func (f fetched) line(remote string) string {
	switch {
	case f.Now == 0:
		return f.Environment + "  no pins, here or on " + remote
	case f.Ahead:
		return fmt.Sprintf("%s  #%d, which %s does not have; the next publish brings it there", f.Environment, f.Now, remote)
	case f.Before == f.Now:
		return fmt.Sprintf("%s  #%d, up to date", f.Environment, f.Now)
	}
	before := "(none)"
	if f.Before > 0 {
		before = fmt.Sprintf("#%d", f.Before)
	}
	p := f.newest
	return strings.TrimSpace(fmt.Sprintf("%s  %s -> #%d  %s by %s  commit %s  %s", f.Environment, before, f.Now,
		p.Time.UTC().Format("2006-01-02 15:04"), p.Publisher, shortHash(p.Commit), p.Message))
}
