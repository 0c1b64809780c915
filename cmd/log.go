package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

type logOptions struct {
	env, at string
	name    string
	limit   int
	signed  bool
	json    bool
}

func newLog(c *cli) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:     "log [NAME]",
		Aliases: []string{"history"},
		Short:   "Versions of the set, or of one secret",
		Long: `List the commits that changed an environment's set, or one secret of it, newest
first: when (UTC), who, commit, subject, and what changed by name (+ added,
- removed, ~ changed, > moved). With NAME also which pins carry exactly that
version, as far as the ledger is here. No key is needed and no value is printed.

A secret is followed through pinseal mv to the names it had before, and the app to
the directory it was in. A rename seals the value anew, so it is told by what is
left of it: in one commit the one name goes and the other comes, all that stands
beside the value is equal, and the value is about as long (in steps of 128 bytes).
That is likely, not proven. Where more than one fits, all are named and none is
followed.

With --signed it says of each commit shown what git verify-commit makes of its
signature.`,
		Example: `  pinseal log -e production
  pinseal log DATABASE_URL -e production
  pinseal log --at v1.4 --limit 5
  pinseal log --signed -e production`,
		Args: rangeArgs(0, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
				if err := seal.CheckSecretName(o.name); err != nil {
					return err
				}
			}
			return c.runLog(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeNames,
	}
	bindEnv(c, cmd, &o.env)
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "begin at `VERSION`: a git revision, pin, or pin:N (default: HEAD)")
	f.IntVar(&o.limit, "limit", 0, "print at most `N` versions (0: all)")
	f.BoolVar(&o.signed, "signed", false, "say who signed each commit")
	f.BoolVar(&o.json, "json", false, "print JSON")
	completeFlag(cmd, "at", c.completeVersions)
	return cmd
}

// logged is one version, for people and programs.
type logged struct {
	Commit    string         `json:"commit"`
	When      string         `json:"when"`
	Author    string         `json:"author"`
	Subject   string         `json:"subject"`
	OldDir    string         `json:"directory_from,omitempty"`
	Cut       bool           `json:"cut,omitempty"` // history here begins with it
	Changes   []loggedChange `json:"changes"`
	Pins      []int          `json:"pins,omitempty"`
	Signature *signatureJSON `json:"signature,omitempty"`
}

type loggedChange struct {
	Name   string   `json:"name"`
	Action string   `json:"action"`
	Fields []string `json:"fields,omitempty"`
	// Versions is what became of those of a named encryption key.
	Versions  *versions.VersionsChange `json:"versions,omitempty"`
	MovedFrom string                   `json:"moved_from,omitempty"`
	MovedTo   string                   `json:"moved_to,omitempty"`
	Maybe     []string                 `json:"moved_maybe,omitempty"`
	Proven    *bool                    `json:"proven,omitempty"` // of MovedFrom and MovedTo
}

func (c *cli) runLog(ctx context.Context, o logOptions) error {
	if o.limit < 0 {
		return usage(nil, "--limit wants a number from 0")
	}
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	env, err := s.environment(o.env)
	if err != nil {
		return err
	}
	tip, err := s.logStart(env, o.at)
	if err != nil {
		return err
	}
	entries, err := s.logEntries(env, tip, o)
	if err != nil {
		return err
	}
	if len(entries) == 0 && o.name != "" {
		if _, err := s.head.File(env, o.name); err != nil {
			return err
		}
	}
	if o.json {
		return c.printJSON(struct {
			Schema      int      `json:"schema"`
			App         string   `json:"app"`
			Environment string   `json:"environment"`
			Name        string   `json:"name,omitempty"`
			Versions    []logged `json:"versions"`
		}{1, s.id.String(), env, o.name, entries})
	}
	if len(entries) == 0 {
		what := env
		if o.name != "" {
			what = o.name + " of " + env
		}
		c.say("%s has not been committed yet\n  try:  %s", what, c.gitCommit())
	}
	cut := false
	for _, e := range entries {
		if err := c.printLogged(e, o.name != ""); err != nil {
			return err
		}
		cut = cut || e.Cut
	}
	if cut {
		c.sayCut()
	}
	return nil
}

// sayCut tells what a shallow clone keeps from the reader.
func (c *cli) sayCut() {
	c.say("this clone is shallow: what was before is not here\n  try:  git fetch --unshallow")
}

// logStart is the commit whose history is shown.
func (s *session) logStart(env, text string) (repo.Hash, error) {
	at, err := versions.ParseSelector(text)
	switch {
	case err != nil:
		return "", asUsage(err)
	case at.Pinned():
		l, err := s.ledgerForReading(env)
		if err != nil {
			return "", err
		}
		_, pin, err := s.pinned(l, env, at, 0)
		if err != nil {
			return "", err
		}
		return pin.Commit, s.checkPinned(pin)
	case at.Kind == versions.AtRev:
		return s.repo.Resolve(s.ctx, at.Rev)
	}
	commit, _, err := s.repo.Head(s.ctx)
	return commit, err
}

// checkPinned says so when the commit that a pin is of is not in this clone: a pin
// needs it no more to be read.
func (s *session) checkPinned(pin *versions.Pin) error {
	_, err := s.repo.Commit(s.ctx, pin.Commit)
	if errors.Is(err, repo.ErrMissing) {
		return hint(&versions.NotFoundError{What: "commit", Name: string(pin.Commit), In: "this clone, and the history of the pin with it"}, "git fetch --all")
	}
	return err
}
