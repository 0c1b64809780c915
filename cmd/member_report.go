package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type memberReportOptions struct {
	name string
	json bool
}

func newMemberReport(c *cli) *cobra.Command {
	var o memberReportOptions
	cmd := &cobra.Command{
		Use:   "report NAME",
		Short: "What a member could ever open and is still in use",
		Long: `List every secret whose value now is one that a member, who may have left, could
ever open: in any commit of any branch or tag here, or in a pin. These are to be
rotated at their source. In use is what the work tree and the newest pins hold, in
every environment. A name that was given to several recipients is about all.

  ROTATE    the value now is one that the member could open
  ROTATE?   it may be: it was only sealed anew, as far as can be told without a key
  REWRAP    an encryption key that was rotated: what its older versions encrypted, the
            member can decrypt, until it is rewrapped and they are dropped
  PUBLISH   changed here, but the newest pin still has a value that the member could open
  READS     the member reads its environment today: nothing is to be done
  REMOVED   not in use any more; its value may still count at its source

Who can read an environment has its plaintexts compared, in memory, also with those
of other secrets: what was renamed or copied is found, also from one environment to
another, but for copies of values under 8 bytes. Who cannot is told what only set,
generate, edit and import can have changed; a copy, and the same value set once
more, look new then. What nobody committed or pinned is listed where it is sealed to a key
that the member has. What an admin may have kept of keys that it made for others is
not known.`,
		Example: `  pinseal member report bob
  pinseal member report bob --json | jq -r '.secrets[] | select(.state != "reads") | "\(.environment) \(.name)"'`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return c.runMemberReport(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeMembers,
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

func (c *cli) runMemberReport(ctx context.Context, o memberReportOptions) error {
	if err := seal.CheckMember(o.name); err != nil {
		return err
	}
	s, err := c.open(ctx, use)
	if err != nil {
		return err
	}
	defer s.Close()
	e, err := s.exposure(o.name)
	if err != nil {
		return err
	}
	return s.printExposure(e, o.json)
}

// exposure is what a member could ever open and what became of it, by the app
// note and the set that the work tree holds now (bare: HEAD). Where ledgers are not
// here, and a remote can be asked, they are fetched once.
func (s *session) exposure(member string) (*versions.Exposure, error) {
	remote, asked := s.askForLedgers()
	ledgers := map[string]*versions.Ledger{}
	elsewhere := false
	for _, env := range s.readEnvironments() {
		l, missed, err := s.ledgerFrom(remote, env)
		if err != nil {
			return nil, err
		}
		ledgers[env] = l
		if missed > 0 {
			elsewhere = true
			s.warn("%s: this clone has no pins; #%d has been seen elsewhere, and what those hold is not in this report%s", env, missed, lines(labelled(s.hereAll(s.fetchHints()))))
		}
		if l == nil && !asked && !elsewhere {
			elsewhere = true
			s.warn("%s: the pins are not here, if there are any, and what they hold is not in this report%s", env, lines(labelled(s.hereAll(s.fetchHints()))))
		}
	}
	h, err := s.history(ledgers)
	if err != nil {
		return nil, err
	}
	keys, err := s.keyring(s.head)
	if err != nil {
		return nil, err
	}
	e, err := h.Exposure(s.ctx, member, s.head, keys)
	switch {
	case errors.Is(err, versions.ErrNotFound):
		var try []string
		for _, name := range nearest(member, h.Members()) {
			try = append(try, "pinseal member report "+name)
		}
		return nil, hint(err, append(try, "pinseal member report NAME      one of: "+someOf(h.Members()))...)
	case err != nil:
		return nil, err
	}
	e.Complete = e.Complete && !elsewhere
	return e, nil
}

// history reads what commits and pins tell of the app, by the newest note, which
// may have been written since the session was opened.
func (s *session) history(ledgers map[string]*versions.Ledger) (*versions.History, error) {
	signed, err := s.head.Note()
	if err != nil {
		return nil, err
	}
	own := versions.NoteCandidate{Signed: signed, From: s.where()}
	if err := s.fold(own); err != nil {
		return nil, err
	}
	return versions.ReadHistory(s.ctx, s.repo, storeDir+"/"+s.dir, s.note, ledgers, own)
}

// askForLedgers fetches where there is a remote and a ledger that is not here. It
// returns the remote and whether what is here is all that can be had.
func (s *session) askForLedgers() (remote string, asked bool) {
	remote, err := s.remote()
	if err != nil {
		return "", false
	}
	absent := slices.ContainsFunc(s.readEnvironments(), func(env string) bool {
		tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env)
		return err != nil || tips.Local == ""
	})
	switch {
	case remote == "" || !absent:
		return remote, true
	case s.offline:
		return remote, false
	}
	return remote, versions.FetchLedgers(s.ctx, s.repo, remote, s.id) == nil
}

// ledgerFrom is localLedger, with what was last fetched from a remote.
func (s *session) ledgerFrom(remote, env string) (l *versions.Ledger, missed int, err error) {
	if err := s.recall(); err != nil {
		return nil, 0, err
	}
	tips, err := versions.ReadTips(s.ctx, s.repo, remote, s.id, env)
	if err != nil {
		return nil, 0, err
	}
	if tips.Local == "" && tips.Remote == "" {
		return s.localLedger(env)
	}
	l, err = s.openTips(env, tips)
	return l, 0, err
}

// historyWith is history with the ledger that is published to, for which all of
// them have been fetched.
func (s *session) historyWith(l *versions.Ledger, env string) (*versions.History, error) {
	remote, err := s.remote()
	if err != nil {
		return nil, err
	}
	ledgers := map[string]*versions.Ledger{}
	for _, other := range s.readEnvironments() {
		if other == env {
			ledgers[env] = l
			continue
		}
		found, _, err := s.ledgerFrom(remote, other)
		if err != nil {
			return nil, err
		}
		ledgers[other] = found
	}
	return s.history(ledgers)
}

// readEnvironments lists every environment that ever was, those given up too.
func (s *session) readEnvironments() []string {
	var envs []string
	for _, e := range s.note.Slots {
		if e.Slot.Power() == seal.Read && e.Generation == 1 {
			envs = append(envs, e.Slot.Environment())
		}
	}
	return envs
}
