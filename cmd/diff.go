package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type diffOptions struct {
	env      string
	a, b     string
	exitCode bool
	reveal   bool
	json     bool
}

func newDiff(c *cli) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff [A [B]]",
		Short: "What differs between two versions, by name",
		Long: `Compare an environment between two versions: git revisions, worktree, pin or pin:N.
A is HEAD and B is the work tree unless you say otherwise.

Who gained or lost it comes first, then what stands beside the values, then the
values, by name alone. A value marked = is sealed to a newer key, as long as before,
and so most likely the same. Whether it is, only --reveal can tell, which prints the
values of both sides, quoted, and needs the read key.`,
		Example: `  pinseal diff
  pinseal diff pin -e production
  pinseal diff pin:3 pin -e production
  pinseal diff v1.4 v1.5 --exit-code`,
		Args: rangeArgs(0, "A", "B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.a, o.b = "HEAD", "worktree"
			for i, to := range []*string{&o.a, &o.b} {
				if i < len(args) {
					*to = args[i]
				}
			}
			return c.runDiff(cmd.Context(), o, len(args) == 0)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeVersions(cmd, args, to)
		},
	}
	bindEnv(c, cmd, &o.env)
	f := cmd.Flags()
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 when they differ")
	f.BoolVar(&o.reveal, "reveal", false, "print the values of both sides, quoted")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// side is one of the two versions; its set is nil when the app is not there yet.
type side struct {
	text string // as it was asked for
	set  *versions.Source
	note *seal.Note
}

func (c *cli) runDiff(ctx context.Context, o diffOptions, defaults bool) error {
	how := look
	if o.reveal {
		how = use
	}
	s, err := c.open(ctx, how)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.env, err = s.environment(o.env); err != nil {
		return err
	}
	var ledger *versions.Ledger
	a, err := s.diffSide(o.env, o.a, defaults, &ledger)
	if err != nil {
		return err
	}
	b, err := s.diffSide(o.env, o.b, false, &ledger)
	if err != nil {
		return err
	}
	readers := versions.DiffReaders(a.note, b.note, o.env)
	if a.set == nil {
		readers = nil // all of them, of an app that was not there
	}
	changes, err := versions.Diff(a.set, b.set, o.env)
	if err != nil {
		return err
	}
	var shown []revealedChange
	if o.reveal {
		if shown, err = s.revealChanges(o.env, a, b, changes, ledger); err != nil {
			return c.readHint(nil, err)
		}
	}
	if err := s.printDiff(o, a, b, readers, changes, shown); err != nil {
		return err
	}
	if o.exitCode && len(readers)+len(changes) > 0 {
		return &exitError{exitFailed}
	}
	return nil
}

// diffSide opens one version. With maybe it may be a commit without the app.
func (s *session) diffSide(env, text string, maybe bool, ledger **versions.Ledger) (d side, err error) {
	d.text = text
	at, err := versions.ParseSelector(text)
	if err != nil {
		return d, asUsage(err)
	}
	switch {
	case at.Pinned():
		if *ledger == nil {
			if *ledger, err = s.ledgerForReading(env); err != nil {
				return d, err
			}
		}
		d.set, _, err = s.pinned(*ledger, env, at, 0)
	case at.Kind == versions.AtRev:
		d.set, _, err = s.commit(at.Rev)
		if missing := (*versions.NotFoundError)(nil); maybe && errors.As(err, &missing) && missing.What == "app" {
			return d, nil
		}
	case s.repo.Bare():
		err = usage([]string{"pinseal diff pin HEAD"}, "a bare repository has no work tree to compare with")
	default:
		d.set = s.head
	}
	if err != nil {
		return d, err
	}
	signed, err := d.set.Note()
	if err == nil {
		d.note, err = versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: d.set.What}, s.note.Hash())
	}
	return d, err
}

// revealedChange is a change with the values of both sides, nil where there is
// none.
type revealedChange struct {
	old, new *seal.Secret
	versions []revealedVersion // of a named encryption key, those that differ
}

// revealChanges opens both sides of the changes. What only looked as if it had been
// sealed anew is changed from then on.
func (s *session) revealChanges(env string, a, b side, changes []versions.Change, ledger *versions.Ledger) ([]revealedChange, error) {
	sources := []*versions.Source{b.set, s.head}
	if a.set != nil {
		sources = slices.Insert(sources, 0, a.set)
	}
	if ledger != nil && ledger.Tip() != nil {
		tip, err := ledger.Source(s.ctx, ledger.Tip())
		if err != nil {
			return nil, err
		}
		sources = append(sources, tip)
	}
	keys, err := s.keyring(sources...)
	if err != nil {
		return nil, err
	}
	shown := make([]revealedChange, len(changes))
	for i, change := range changes {
		if change.Action == versions.Edited {
			continue
		}
		if isKeyChange(change) {
			if shown[i].versions, err = revealVersions(a, b, env, &changes[i], keys); err != nil {
				return nil, err
			}
			continue
		}
		if shown[i].old, err = revealSide(a, env, change.Name, change.Old, keys); err != nil {
			return nil, err
		}
		if shown[i].new, err = revealSide(b, env, change.Name, change.New, keys); err != nil {
			return nil, err
		}
		if old, new := shown[i].old, shown[i].new; change.Action == versions.Resealed && !old.Equal(*new) {
			changes[i].Action = versions.Changed
		}
	}
	return shown, nil
}

func revealSide(d side, env, name string, f *versions.SecretFile, keys *versions.Keyring) (*seal.Secret, error) {
	if f == nil || f.Blank() {
		return nil, nil
	}
	set := &versions.Set{Source: d.set, Environment: env, Keys: keys}
	value, err := set.Get(name)
	if err != nil {
		return nil, err
	}
	return &value.Secret, nil
}
