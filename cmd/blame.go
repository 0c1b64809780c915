package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

type blameOptions struct {
	env, at      string
	signed, json bool
}

func newBlame(c *cli) *cobra.Command {
	var o blameOptions
	cmd := &cobra.Command{
		Use:   "blame",
		Short: "Who last changed each secret, when and in which commit",
		Long: `Say of each secret of an environment which commit last changed it: when (UTC), who,
what it did, and which pins carry exactly this version, as far as the ledger is
here. What is in the work tree and not in HEAD is said to be not committed. No key
is needed and no value is printed.

A commit that renamed the app's directory did not change its secrets. One that
renamed a secret did: see pinseal log NAME for what was before. With --signed it
also says what git verify-commit makes of each commit's signature.`,
		Example: `  pinseal blame -e production
  pinseal blame -e production --at pin --signed
  pinseal blame --json | jq -r '.secrets[] | select(.pins == null) | .name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runBlame(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	bindEnv(c, cmd, &o.env)
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "`VERSION`: worktree, a git revision, pin, or pin:N (default: PINSEAL_AT, then worktree; HEAD where there is none)")
	f.BoolVar(&o.signed, "signed", false, "say who signed each commit")
	f.BoolVar(&o.json, "json", false, "print JSON")
	completeFlag(cmd, "at", c.completeVersions)
	return cmd
}

// blamed is one secret and its last change, for people and programs.
type blamed struct {
	loggedChange
	State     string         `json:"state"` // as in list
	Dirty     bool           `json:"uncommitted,omitempty"`
	Commit    string         `json:"commit,omitempty"`
	When      string         `json:"when,omitempty"`
	Author    string         `json:"author,omitempty"`
	Subject   string         `json:"subject,omitempty"`
	Cut       bool           `json:"cut,omitempty"`
	Pins      []int          `json:"pins,omitempty"`
	Signature *signatureJSON `json:"signature,omitempty"`
}

func (c *cli) runBlame(ctx context.Context, o blameOptions) error {
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.at == "" && s.repo.Bare() && s.Getenv("PINSEAL_AT") == "" {
		o.at = "HEAD"
	}
	v, err := s.view(reading{env: o.env, at: o.at})
	if err != nil {
		return err
	}
	switch {
	case v.Pin != nil:
		if err = s.checkPinned(v.Pin); err == nil {
			err = v.Source.CheckAll()
		}
	case v.Commit != "":
		err = s.checkCommit(v.Commit, v.Source)
	default:
		err = v.Source.CheckAll()
	}
	if err != nil {
		return err
	}
	names, files, unmerged, err := v.Source.MergedFiles(v.Environment)
	if err != nil {
		return err
	}
	rows, err := s.blame(v, names, files, o.signed)
	if err != nil {
		return err
	}
	if o.json {
		return afterwards(unmerged, c.printJSON(struct {
			Schema      int      `json:"schema"`
			App         string   `json:"app"`
			Environment string   `json:"environment"`
			Version     string   `json:"version"`
			Commit      string   `json:"commit,omitempty"`
			Secrets     []blamed `json:"secrets"`
		}{1, s.id.String(), v.Environment, v.Source.What, string(v.Commit), rows}))
	}
	if len(rows) == 0 {
		c.say("%s has no secrets in the %s\n  try:  %s", v.Environment, v.Source.What, c.here("pinseal set NAME -e "+v.Environment))
		return nil
	}
	err = printTable(c.Stdout, blameTable(rows, o.signed))
	if err == nil && slices.ContainsFunc(rows, func(r blamed) bool { return r.Cut }) {
		c.sayCut()
	}
	return afterwards(unmerged, err)
}

func blameTable(rows []blamed, signed bool) [][]string {
	table := [][]string{{"NAME", "WHEN", "COMMIT", "WHO", "WHAT", "PINS", "SIGNATURE", "SUBJECT"}}
	for _, r := range rows {
		what := []string{inBrackets(r.Action, r.notes())}
		when := minutes(r.When)
		switch {
		case r.Dirty:
			when = "not committed"
		case r.Cut:
			what[0] += ": history is cut here"
		}
		if strings.HasPrefix(r.State, "blank") || r.State == stateUnmerged {
			what = append(what, r.State)
		}
		pins, signature := "", ""
		if len(r.Pins) > 0 {
			pins = numberRanges(r.Pins)
		}
		if r.Signature != nil {
			signature = r.Signature.text()
		}
		table = append(table, []string{r.Name, when, shortHash(r.Commit), r.Author, strings.Join(what, ", "), pins, signature, r.Subject})
	}
	if !signed {
		for i := range table {
			table[i] = slices.Delete(table[i], 6, 7)
		}
	}
	return table
}
