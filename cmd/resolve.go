package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

type resolveOptions struct {
	name, env               string
	ours, theirs, both, set bool
	value                   valueInput
	dryRun                  bool
}

func newResolve(c *cli) *cobra.Command {
	var o resolveOptions
	cmd := &cobra.Command{
		Use:   "resolve [NAME]",
		Short: "Settle a merge of secrets, members and keys",
		Long: `Settle what git could not merge, and add it to the index. It works in a merge, a
rebase, a cherry-pick and after a stash. As everywhere in git, ours is HEAD and
theirs is what comes in; in a rebase ours is the branch that is built on.

Without NAME it settles all that needs no decision. Secrets are compared by what they
hold: a side that has only sealed a value anew loses to one that has changed it. That
needs an identity that can read. Of an encryption key the versions of both sides are
kept: where both added one under the same number, that of theirs gets a new one, above
all others. It says which version encrypts from then on, and which are dropped. What else both sides have changed is listed, and settled one by one:

  pinseal resolve NAME --ours | --theirs      takes that side's file
  pinseal resolve NAME --set                  seals a new value, as set does

Of an encryption key that is the description and the like of that side, with the
versions of both; where those cannot be put together it is that side's file, and it asks.

When both sides have changed the members or the keys, an admin settles that: it shows
what each side did and asks whose changes are to be taken, or takes --ours, --theirs
or --both. With both, who was removed on either side is out, and whatever it could
open gets a new key. Where both sides made the same key, one of them stays, and what
was sealed to the other is sealed anew. Nothing is written before all is decided.`,
		Example: `  pinseal resolve
  pinseal resolve --both
  pinseal resolve DATABASE_URL --theirs
  pinseal resolve DATABASE_URL -e production --set`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.name == "" {
				return c.runResolve(cmd.Context(), o)
			}
			return c.runResolveSecret(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeUnmerged,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if err := secretArgs("NAME")(cmd, args); err != nil {
				return err
			}
			o.name = args[0]
		}
		return o.check()
	}
	f := cmd.Flags()
	f.StringVarP(&o.env, "env", "e", "", "the environment of NAME (default: the one in which it is unmerged)")
	completeFlag(cmd, "env", c.completeEnvironments)
	f.BoolVar(&o.ours, "ours", false, "take what is in HEAD")
	f.BoolVar(&o.theirs, "theirs", false, "take what comes in")
	f.BoolVar(&o.both, "both", false, "take both sides' changes of members and keys")
	f.BoolVar(&o.set, "set", false, "seal a new value for NAME")
	o.value.bind(cmd)
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "show what it would do, write nothing")
	return cmd
}

// side is the one that was asked for, 0 for none.
func (o *resolveOptions) side() versions.Side {
	switch {
	case o.ours:
		return versions.Ours
	case o.theirs:
		return versions.Theirs
	case o.both:
		return versions.Both
	}
	return 0
}

func (o *resolveOptions) check() error {
	given := 0
	for _, flag := range []bool{o.ours, o.theirs, o.both, o.set} {
		if flag {
			given++
		}
	}
	takes := o.value.file != "" || o.value.raw || o.value.allowEmpty
	switch {
	case given > 1:
		return usage(nil, "--ours, --theirs, --both and --set exclude each other")
	case takes && !o.set:
		return usage(nil, "--file, --raw and --allow-empty go with --set")
	case o.name == "" && o.set:
		return usage([]string{"pinseal resolve NAME --set"}, "--set wants the name of a secret")
	case o.name == "" && o.env != "":
		return usage([]string{"pinseal resolve NAME -e ENV --ours"}, "-e goes with NAME: without it everything is settled")
	case o.name != "" && o.both:
		return usage([]string{"pinseal resolve --both"}, "--both is about members and keys, and takes no NAME")
	case o.name != "" && given == 0:
		return usage(resolveLines(o.name, o.env), "say what the value is to be")
	}
	return nil
}

// resolveLines are the lines that decide a secret, in an environment or, with "",
// in the only one.
func resolveLines(name, env string) []string {
	line := "pinseal resolve " + name
	if env != "" {
		line += " -e " + env
	}
	return []string{line + " --ours", line + " --theirs", line + " --set"}
}

// resolveLine is one line for a list of several secrets.
func resolveLine(name, env string) string {
	return resolveLines(name, env)[0] + "      or --theirs, or --set for a new value"
}

// runResolve settles everything.
func (c *cli) runResolve(ctx context.Context, o resolveOptions) error {
	m, err := c.openMerging(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	switch {
	case len(m.sides.Unmerged) == 0:
		m.say("Nothing is unmerged in app %s.", m.dir)
		return m.elsewhere()
	case m.known != nil:
		return m.resolveNote(o)
	case o.side() != 0:
		return usage([]string{"pinseal resolve", "pinseal resolve NAME --" + o.side().String()}, "--%s without NAME is about members and keys, and those are not unmerged", o.side())
	}
	return m.resolveSecrets(o)
}

// resolveSecrets settles secrets and wraps, where the app note needs no merging.
func (m *merging) resolveSecrets(o resolveOptions) error {
	if err := m.checkNewest(); err != nil {
		return err
	}
	keys, err := m.keyring(m.sides.Ours, m.sides.Theirs)
	if err != nil {
		return err
	}
	settled, undecided, err := m.sides.Settle(m.ctx, keys)
	if err != nil {
		return err
	}
	e, err := m.sides.Edits(m.ctx, keys, settled)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if err := m.apply(e, nil); err != nil {
			return err
		}
	}
	m.saySettled(settled, o.dryRun)
	if n := len(e.Wraps); n > 0 {
		m.say("  %s of either side, which are the same", count(n, "wrap"))
	}
	m.sayPending(e.Pending)
	switch {
	case len(undecided) > 0:
		return m.undecided(undecided)
	case o.dryRun:
		return nil
	}
	return m.sayNext()
}

// mostListed is how many secrets are told one by one.
const mostListed = 20

// saySettled tells what became of secrets.
func (m *merging) saySettled(settled []versions.Settled, dryRun bool) {
	if len(settled) > 0 && dryRun {
		m.say("Nothing was written; without --dry-run:")
	}
	for i, one := range settled {
		if i < mostListed {
			m.say("  %s in %s: %s", one.Name, one.Environment, settledSays(one))
		}
		m.warnRetiredVersion(one)
	}
	if more := len(settled) - mostListed; more > 0 {
		m.say("  and %d more", more)
	}
}

// undecided ends with what only a person can decide.
func (m *merging) undecided(all []versions.UnmergedSecret) error {
	e := &versions.UnmergedError{}
	var try []string
	for i, u := range all {
		e.Paths = append(e.Paths, storeDir+"/"+m.dir+"/"+versions.FilePath(u.Environment, u.Name))
		if i < mostListed {
			m.warn("%s in %s: %s", u.Name, u.Environment, u.Why)
			try = append(try, undecidedLine(u))
		}
	}
	if len(all) > mostListed {
		e.Paths = e.Paths[:mostListed]
		try = append(try, fmt.Sprintf("git status      lists %d more", len(all)-mostListed))
	}
	return hint(e, try...)
}

// completeUnmerged offers the secrets that are unmerged.
func (c *cli) completeUnmerged(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	r, err := c.openRepo(context.Background())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer r.Close()
	paths, err := r.Unmerged(context.Background(), storeDir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, p := range paths {
		if _, name, ok := secretAt(p); ok {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
