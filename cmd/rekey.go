package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type rekeyOptions struct {
	env    string
	all    bool
	values bool
	dryRun bool
}

func newRekey(c *cli) *cobra.Command {
	var o rekeyOptions
	cmd := &cobra.Command{
		Use:   "rekey ENV | --all",
		Short: "Replace an environment's keys, or seal what an old key sealed",
		Long: `Make the next read key and the next publish key of an environment, wrap them for who
holds the slots, and seal every current value to the new one: one change of the work
tree. --all does so for every environment and for the admin key. Nobody gains or
loses anything by it; to take a key from somebody, remove the member.

Values keep what they are: one that has leaked has to be changed where it came from.
Old commits and pins stay readable with the old keys, which members keep.

--values makes no key: it seals to the newest what is sealed to one that was replaced,
such as what a branch brought in. That needs a reader; new keys need an admin.`,
		Example: `  pinseal rekey production
  pinseal rekey --all
  pinseal rekey production --values`,
		Args: rangeArgs(0, "ENV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.env = args[0]
			}
			if (o.env == "") != o.all {
				return usage([]string{"pinseal rekey ENV", "pinseal rekey --all"}, "say which environment, or --all")
			}
			return c.runRekey(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeEnvironmentArg,
	}
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "every environment, and the admin key")
	f.BoolVar(&o.values, "values", false, "make no key: seal to the newest what is sealed to an old one")
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "show what it would do, write nothing")
	return cmd
}

func (c *cli) runRekey(ctx context.Context, o rekeyOptions) error {
	p, err := c.openPeople(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	p.again = "pinseal rekey --all"
	envs := p.note.Environments()
	if !o.all {
		env, err := p.namedEnvironment(o.env)
		if err != nil {
			return err
		}
		envs, p.again = []string{env}, "pinseal rekey "+env
	}
	if o.values {
		return p.sync(versions.SyncOptions{Environments: envs, ValuesOnly: true}, o.dryRun)
	}
	a, err := p.amend()
	if err != nil {
		return err
	}
	var slots []seal.Slot
	if o.all {
		slots = append(slots, seal.Admin)
	}
	for _, env := range envs {
		slots = append(slots, seal.PublishSlot(env), seal.ReadSlot(env))
	}
	if err := p.rekey(a, slots); err != nil {
		return err
	}
	e, err := p.finish(a)
	if err != nil {
		return err
	}
	old, verb := p.note, "Replaced"
	if o.dryRun {
		verb = "Would replace"
	} else if err := p.apply(e); err != nil {
		return err
	}
	p.say("%s %s, of %s", verb, count(len(slots), "key"), someOf(envs))
	p.sayKeys(old, e)
	p.sayPending(e.Pending)
	if !o.dryRun {
		p.sayNext()
	}
	return nil
}
