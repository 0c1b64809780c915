package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal/spelling"
	"pinseal/versions"
)

type rollbackOptions struct {
	publishOptions
	number int // 0: the one before the newest
}

func newRollback(c *cli) *cobra.Command {
	var o rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback ENV [N]",
		Short: "Publish the set of an older pin again",
		Long: `Add a pin with the secrets and the commit of pin N, the one before the newest unless
you say which. Nothing is taken back: the ledger only grows, and a rollback can be
rolled back. So a second rollback without N undoes the first: the pin before the
newest is then the one that was rolled back. Say N to go further.

It says which values it brings back and who has left since and may know them, and
asks on a terminal. The set was judged when it was pinned, so blanks and dates are
no obstacle; a reader of today who could not open it is.`,
		Example: `  pinseal rollback production
  pinseal rollback production 12 -m "1.4 breaks checkout"
  pinseal rollback production --dry-run`,
		Args: rangeArgs(1, "ENV", "N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			if len(args) == 2 {
				n, ok := spelling.ParseNumber(strings.TrimPrefix(args[1], "pin:"))
				if !ok || n < 1 {
					return usage([]string{"pinseal pins ENV", "pinseal rollback ENV N"}, "N is the number of a pin, from 1")
				}
				o.number = n
			}
			return c.runRollback(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeEnvironmentArg,
	}
	o.bind(cmd)
	return cmd
}

func (c *cli) runRollback(ctx context.Context, o rollbackOptions) error {
	s, err := c.openPublish(ctx, &o.publishOptions)
	if err != nil {
		return err
	}
	defer s.Close()
	o.allow.Blank, o.allow.Retired = true, true
	confirmed := false
	return s.publishSet(o.publishOptions, func(l *versions.Ledger) (versions.Proposal, error) {
		var none versions.Proposal
		old, err := s.rollbackTo(l, &o)
		if err != nil {
			return none, err
		}
		set, err := l.Source(ctx, old)
		if err != nil {
			return none, err
		}
		p, err := s.propose(o.publishOptions, l, set, old.Commit)
		if err != nil {
			return none, err
		}
		p.RollbackOf = old.Number
		if confirmed || o.expect >= 0 && o.expect != l.Tip().Number {
			return p, nil // the latter is a conflict before it is a question
		}
		confirmed = true
		return p, s.confirmRollback(l, o, old, set)
	})
}

// rollbackTo finds the pin, and the first time settles what was meant by "the
// one before the newest" and by a yes: when another publisher comes between,
// that is a conflict, not a retry.
func (s *session) rollbackTo(l *versions.Ledger, o *rollbackOptions) (*versions.Entry, error) {
	tip := l.Tip()
	if tip == nil {
		return nil, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + o.env}, firstPublish(o.env))
	}
	if o.expect < 0 && (o.number == 0 || s.asksFor(*o)) {
		o.expect = tip.Number
	}
	if o.number == 0 {
		if tip.Number == 1 {
			return nil, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + o.env + " before pin 1, the newest"}, "pinseal pins "+o.env)
		}
		o.number = tip.Number - 1
	}
	if o.number == tip.Number {
		return nil, usage([]string{"pinseal pins " + o.env}, "pin %d is the newest of %s: there is nothing to roll back", tip.Number, o.env)
	}
	old, err := l.At(s.ctx, o.number)
	return old, hint(err, "pinseal pins "+o.env)
}

func (s *session) asksFor(o rollbackOptions) bool {
	return s.interactive() && !s.yes && !o.dryRun
}

// confirmRollback says what an old set brings back, and asks.
func (s *session) confirmRollback(l *versions.Ledger, o rollbackOptions, old *versions.Entry, set *versions.Source) error {
	tip, err := l.Source(s.ctx, l.Tip())
	if err != nil {
		return err
	}
	changes, err := versions.Diff(tip, set, o.env)
	if err != nil {
		return err
	}
	revived := revivedValues(changes)
	if len(revived) > 0 {
		s.warn("this brings back, as they were at pin %d of %s,%s", old.Number, o.env, lines(revived))
	}
	left, err := s.leftSince(set, o.env)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		s.warn("could read pin %d of %s and has left since: %s", old.Number, o.env, strings.Join(left, ", "))
	}
	if s.asksFor(o) && !s.ask(fmt.Sprintf("Roll %s back from #%d to the set of #%d?", o.env, l.Tip().Number, old.Number)) {
		return s.declined("nothing was published")
	}
	return nil
}

// revivedValues names the values that an old set has and the newest has not.
func revivedValues(changes []versions.Change) []string {
	var lines []string
	for _, c := range changes {
		switch {
		case c.New == nil || c.New.Blank() || c.Action == versions.Edited:
		case c.Old == nil:
			lines = append(lines, "the value of "+c.Name+", which had been removed")
		case c.Old.Blank():
			lines = append(lines, "the value of "+c.Name+", which is blank now")
		default:
			lines = append(lines, "the value of "+c.Name+", which had been replaced")
		}
	}
	return lines
}

// leftSince names who could read an environment under the note of a pin and
// does not under the newest.
func (s *session) leftSince(set *versions.Source, env string) ([]string, error) {
	signed, err := set.Note()
	if err != nil {
		return nil, err
	}
	note, err := versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: set.What}, s.note.Hash())
	if err != nil {
		return nil, err
	}
	var left []string
	for _, r := range versions.DiffReaders(note, s.note, env) {
		if !r.Gained {
			left = append(left, r.Name)
		}
	}
	return left, nil
}
