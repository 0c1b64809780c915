package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

type publishOptions struct {
	env, rev, message string
	dryRun            bool
	expect            int
	allow             versions.Allow
	json              bool
	first             bool // --first was given
	rotated           bool // --require-rotated
	signed            bool // --require-signed
	signedFlag        *pflag.Flag
}

func newPublish(c *cli) *cobra.Command {
	o := publishOptions{}
	cmd := &cobra.Command{
		Use:   "publish ENV [REV]",
		Short: "Pin the exact set of a commit",
		Long: `Sign a pin: this environment is the set of this commit, number N. It is added to
the environment's ledger, a git ref of its own, and pushed to the remote that
shares it. With a remote it is pushed, or it did not happen.

Without REV it is HEAD, and the work tree must hold the same set. What is blank,
expired, sealed to a retired key or not readable for a current reader is refused,
by name. With --require-rotated so is each value that somebody who could read ENV and
cannot any more, or who is no member any more, could ever open, also in another
environment; copies are found where the publisher reads both. Who still reads the
same value elsewhere is not asked about. pinseal member report NAME says where it
stood.

With --require-signed each commit that touches the app, members and keys included,
and that was not in the history of the newest pin, must carry a signature that git
verify-commit accepts; a merge, where it differs from any of its parents. So git
knows the key of whoever made each change. That they may make it, it does not say,
nor who wrote what they signed; and what was pinned before is not looked at again.
git config pinseal.requireSigned true makes it the default of publish and promote;
a rollback makes a pin of what was pinned and asks for nothing.`,
		Example: `  pinseal publish production -m "release 1.4"
  pinseal publish production v1.4
  pinseal publish production --require-rotated
  pinseal publish production --require-signed
  pinseal publish production --dry-run`,
		Args: rangeArgs(1, "ENV", "REV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.env = args[0]
			if len(args) == 2 {
				o.rev = args[1]
			}
			return c.runPublish(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeEnvironmentArg,
	}
	o.bind(cmd)
	o.bindAllow(cmd)
	return cmd
}

// bindAllow adds the flags of the commands whose set the gate has to judge.
func (o *publishOptions) bindAllow(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.allow.First, "first", false, "this may be the environment's first pin")
	f.StringSliceVar(&o.allow.Expired, "allow-expired", nil, "publish `NAME` though it has expired")
	f.BoolVar(&o.rotated, "require-rotated", false, "refuse values that somebody who left could open")
	f.BoolVar(&o.signed, "require-signed", false, "refuse commits touching the app that have no good signature")
	o.signedFlag = f.Lookup("require-signed")
	f.BoolVar(&o.allow.Retired, "allow-retired", false, "publish values sealed to a retired read key, and say who can open them")
}

// bind adds the flags that every command has that makes a pin.
func (o *publishOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.message, "message", "m", "", "one line that says why")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "check and show, write nothing")
	o.expect = -1
	f.Var((*number)(&o.expect), "expect", "publish only if the newest pin is number `N` (0: none)")
	f.BoolVar(&o.json, "json", false, "print the pin as JSON")
}

// openPublish is what publish, rollback and promote begin with.
func (c *cli) openPublish(ctx context.Context, o *publishOptions) (*session, error) {
	if err := versions.CheckMessage(o.message); err != nil {
		return nil, usage([]string{`… -m "one line"`}, "-m: %s", err)
	}
	s, err := c.open(ctx, use)
	if err != nil {
		return nil, err
	}
	if o.env, err = s.namedEnvironment(o.env); err == nil {
		err = s.checkPublisher(o.env)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	o.first = o.allow.First
	o.allow.First = o.allow.First || c.interactive()
	return s, nil
}

// checkPublisher ends a publish that has no identity to sign with before the set
// is judged. Who has one, and not the key, is told when it is asked for.
func (s *session) checkPublisher(env string) error {
	if ids, err := s.identities(); err != nil || ids != nil {
		return err
	}
	keys, err := s.keyring()
	if err == nil {
		_, err = keys.Newest(seal.PublishSlot(env))
	}
	return s.readHint(nil, err)
}

func (c *cli) runPublish(ctx context.Context, o publishOptions) error {
	s, err := c.openPublish(ctx, &o)
	if err != nil {
		return err
	}
	defer s.Close()
	commit, set, err := s.released(o)
	if err != nil {
		return err
	}
	err = s.publishSet(o, func(l *versions.Ledger) (versions.Proposal, error) {
		return s.propose(o, l, set, commit)
	})
	if gate := (*versions.GateError)(nil); errors.As(err, &gate) && o.rev != "" {
		err = s.laterHint(err, o.env, commit)
	}
	return err
}

// released finds the commit that is to be published and its set.
func (s *session) released(o publishOptions) (repo.Hash, *versions.Source, error) {
	rev := o.rev
	if rev == "" {
		rev = "HEAD"
		if _, _, err := s.repo.Head(s.ctx); err != nil {
			return "", nil, err
		}
	}
	set, commit, err := s.commit(rev)
	if err != nil {
		return "", nil, err
	}
	if err := s.checkCommit(commit, set); err != nil {
		return "", nil, err
	}
	if o.rev == "" && s.files != nil {
		err = s.checkClean(o.env, set)
	}
	return commit, set, err
}

// checkClean refuses to publish what is not what the user sees.
func (s *session) checkClean(env string, head *versions.Source) error {
	unmerged, err := s.repo.Unmerged(s.ctx, storeDir+"/"+s.dir)
	if err != nil {
		return err
	}
	if len(unmerged) > 0 {
		return &versions.UnmergedError{Paths: unmerged}
	}
	// What has no place here is not to be committed either.
	if err := s.head.CheckAll(); err != nil {
		return err
	}
	differ, err := versions.Differing(s.head, head, env, versions.NoteName, versions.KeysDir)
	if err != nil || len(differ) == 0 {
		return err
	}
	for i := range differ {
		differ[i] = storeDir + "/" + s.dir + "/" + differ[i]
	}
	const most = 5
	shown := strings.Trim(fmt.Sprintf("%q", differ[:min(most, len(differ))]), "[]")
	if len(differ) > most {
		shown += fmt.Sprintf(" and %d more", len(differ)-most)
	}
	return hint(fmt.Errorf("the work tree is not HEAD: %s: %w", shown, versions.ErrConflict),
		s.gitCommit(), s.publishLine(env)+"      publishes what is committed")
}

// propose makes the proposal for a set; it is made again for every new tip.
func (s *session) propose(o publishOptions, l *versions.Ledger, set *versions.Source, commit repo.Hash) (versions.Proposal, error) {
	signed, err := s.mustBeSigned(o)
	if err == nil && signed {
		err = s.checkSigned(l, o.env, commit)
	}
	if err != nil {
		return versions.Proposal{}, err
	}
	wraps := []*versions.Source{set, s.head}
	if l.Tip() != nil {
		tip, err := l.Source(s.ctx, l.Tip())
		if err != nil {
			return versions.Proposal{}, err
		}
		wraps = append(wraps, tip)
	}
	keys, err := s.keyring(wraps...)
	if err != nil {
		return versions.Proposal{}, err
	}
	p := versions.Proposal{Environment: o.env, Set: set, Commit: commit, Wraps: wraps, Keys: keys, Allow: o.allow,
		Expect: o.expect, Message: o.message, Time: s.Now()}
	if o.rotated {
		p.Rotated, err = s.historyWith(l, o.env)
	}
	return p, err
}

// publishSet makes the pin and tells about it.
func (s *session) publishSet(o publishOptions, propose func(*versions.Ledger) (versions.Proposal, error)) error {
	d, err := s.publish(o.env, o.dryRun, propose)
	if err != nil {
		if errors.Is(err, seal.ErrNoKey) {
			err = hint(err, s.publisherHint(o.env))
		}
		if gate := (*versions.GateError)(nil); errors.As(err, &gate) {
			err = hint(err, o.gateHints(gate)...)
		}
		return err
	}
	if o.json {
		return s.printJSON(draftJSON(d, o.dryRun))
	}
	s.sayDraft(o, d)
	return nil
}
