package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/versions"
)

type promoteOptions struct {
	publishOptions
	from string
}

func newPromote(c *cli) *cobra.Command {
	var o promoteOptions
	cmd := &cobra.Command{
		Use:   "promote FROM TO",
		Short: "Publish one environment at the commit of another's newest pin",
		Long: `Pin TO at the commit that the newest pin of FROM is of: what was tested with
staging's secrets goes out with production's, of the very same commit. No value
goes from one environment to the other. TO's set at that commit is judged as
publish does, also with --require-rotated.`,
		Example: `  pinseal promote staging production
  pinseal promote staging production -m "release 1.4" --dry-run`,
		Args: exactArgs("FROM", "TO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.from, o.env = args[0], args[1]
			return c.runPromote(cmd.Context(), o)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeEnvironments(cmd, args, to)
		},
	}
	o.bind(cmd)
	o.bindAllow(cmd)
	return cmd
}

func (c *cli) runPromote(ctx context.Context, o promoteOptions) error {
	s, err := c.openPublish(ctx, &o.publishOptions)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.from, err = s.namedEnvironment(o.from); err != nil {
		return err
	}
	if o.from == o.env {
		return usage([]string{"pinseal publish " + o.env, "pinseal rollback " + o.env + " N"}, "FROM and TO are both %s", o.env)
	}
	from, err := s.ledgerForPublishing(o.from)
	if err != nil {
		return err
	}
	tip := from.ledger.Tip()
	if tip == nil {
		return hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + o.from}, firstPublish(o.from))
	}
	set, err := s.commitSource(tip.Commit)
	if errors.Is(err, repo.ErrMissing) {
		return hint(&versions.NotFoundError{What: "commit", Name: string(tip.Commit), In: fmt.Sprintf("this clone; pin %d of %s is of it", tip.Number, o.from)}, "git fetch --all")
	}
	if err != nil {
		return err
	}
	if err := s.checkCommit(tip.Commit, set); err != nil {
		return err
	}
	s.say("%s #%d is commit %s", o.from, tip.Number, shortHash(tip.Commit))
	err = s.publishSet(o.publishOptions, func(l *versions.Ledger) (versions.Proposal, error) {
		return s.propose(o.publishOptions, l, set, tip.Commit)
	})
	if gate := (*versions.GateError)(nil); errors.As(err, &gate) {
		try := hints(err)
		for i := range try {
			if try[i] == rekeyValues(o.env) { // the commit stays as it is
				try[i] = "pinseal publish " + o.from + "      at a commit after " + rekeyValues(o.env) + ", then promote"
				continue
			}
			try[i] = strings.Replace(try[i], "pinseal publish ", "pinseal promote "+o.from+" ", 1)
		}
		err = hint(err, try...)
	}
	if unsigned := (*unsignedError)(nil); errors.As(err, &unsigned) { // what is signed anew is another commit
		err = hint(err, append(hints(err), "pinseal publish "+o.from+"      at the signed commit, then promote")...)
	}
	return err
}
