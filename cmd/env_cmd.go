package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

func newEnv(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "env",
		Aliases: []string{"envs", "environment"},
		Short:   "Environments: list, add, rm",
		Long: `An environment is a set of secrets with keys of its own. The first is the default.
Adding and removing changes the work tree; commit it as any other change.`,
		Example: `  pinseal env list
  pinseal env add staging --like dev`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newEnvList(c), newEnvAdd(c), newEnvRm(c))
	return cmd
}

func newEnvList(c *cli) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the environments, and who reads and publishes them",
		Long:    `List the environments with their secrets, readers and publishers. It needs no key.`,
		Example: `  pinseal env list
  pinseal env list --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runEnvList(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type listedEnv struct {
	Name       string   `json:"name"`
	Secrets    int      `json:"secrets"`
	Readers    []string `json:"readers"`
	Publishers []string `json:"publishers"`
	ReadKey    int      `json:"read_key"` // generation
	PublishKey int      `json:"publish_key"`
}

func (c *cli) runEnvList(ctx context.Context, asJSON bool) error {
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.recall(); err != nil {
		return err
	}
	table := [][]string{{"ENVIRONMENT", "SECRETS", "READERS", "PUBLISHERS"}}
	envs := []listedEnv{}
	for _, name := range s.note.Environments() {
		secrets, err := s.head.Names(name)
		if err != nil {
			return err
		}
		read, _ := s.note.Newest(seal.ReadSlot(name))
		publish, _ := s.note.Newest(seal.PublishSlot(name))
		e := listedEnv{name, len(secrets), holderNames(s.note, read.Slot), holderNames(s.note, publish.Slot), read.Generation, publish.Generation}
		envs = append(envs, e)
		table = append(table, []string{name, fmt.Sprint(e.Secrets), strings.Join(e.Readers, ", "), strings.Join(e.Publishers, ", ")})
	}
	if asJSON {
		return c.printJSON(struct {
			Schema       int         `json:"schema"`
			App          string      `json:"app"`
			Environments []listedEnv `json:"environments"`
		}{1, s.id.String(), envs})
	}
	return printTable(c.Stdout, table)
}

func holderNames(note *seal.Note, slot seal.Slot) []string {
	names := []string{}
	for _, m := range note.Holders(slot) {
		names = append(names, m.Name)
	}
	return names
}

type envAddOptions struct{ name, like string }

func newEnvAdd(c *cli) *cobra.Command {
	var o envAddOptions
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an environment",
		Long: `Add an environment with keys of its own. You can read and publish it; with --like all
who read or publish another environment can do so here, and not you unless you do.
Others are given it with "pinseal member add". It needs an admin.`,
		Example: `  pinseal env add staging
  pinseal env add staging --like dev && pinseal copy --all --from dev --to staging`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return c.runEnvAdd(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&o.like, "like", "", "whose readers and publishers it gets: an `ENV`")
	completeFlag(cmd, "like", c.completeEnvironments)
	return cmd
}

func (c *cli) runEnvAdd(ctx context.Context, o envAddOptions) error {
	if err := seal.CheckEnvironment(o.name); err != nil {
		return err
	}
	p, err := c.openPeople(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	a, err := p.amend()
	if err != nil {
		return err
	}
	read, publish := seal.ReadSlot(o.name), seal.PublishSlot(o.name)
	holders := map[seal.Slot][]string{}
	if o.like != "" {
		like, err := p.namedEnvironment(o.like)
		if err != nil {
			return err
		}
		holders[read] = holderNames(p.note, seal.ReadSlot(like))
		holders[publish] = holderNames(p.note, seal.PublishSlot(like))
	} else {
		me, err := p.admin()
		if err != nil {
			return err
		}
		holders[read], holders[publish] = []string{me}, []string{me}
	}
	if err := a.DeclareEnvironment(o.name, holders); err != nil {
		if errors.Is(err, versions.ErrConflict) {
			err = hint(err, "pinseal env list")
		}
		return err
	}
	e, err := p.finish(a)
	if err != nil {
		return err
	}
	old := p.note
	if err := p.apply(e); err != nil {
		return err
	}
	p.say("Added environment %s\n  readers: %s; publishers: %s", o.name, strings.Join(holders[read], ", "), strings.Join(holders[publish], ", "))
	p.sayKeys(old, e)
	p.sayPending(e.Pending)
	p.sayNext()
	return nil
}

// admin names the member that the caller is: an admin, for the key is open.
func (p *people) admin() (string, error) {
	if m, ok := p.keys.Member(); ok {
		return m.Name, nil
	}
	return "", usage([]string{"pinseal env add NAME --like ENV"}, "your identity is a plugin's, which does not tell who you are: say who is to hold it")
}

func newEnvRm(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "rm NAME",
		Aliases: []string{"remove"},
		Short:   "Remove an environment and its secrets",
		Long: `Remove an environment: its secrets, its keys, and what members can in it. Who held
nothing else is a member no more. Commits and pins keep what they hold. Without a
terminal it wants --yes. It needs an admin.`,
		Example: `  pinseal env rm staging
  pinseal env rm staging --yes`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runEnvRm(cmd.Context(), args[0])
		},
		ValidArgsFunction: c.completeEnvironmentArg,
	}
}

func (c *cli) runEnvRm(ctx context.Context, name string) error {
	p, err := c.openPeople(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	env, err := p.namedEnvironment(name)
	if err != nil {
		return err
	}
	p.again = "pinseal env rm " + env
	a, err := p.amend()
	if err != nil {
		return err
	}
	last, err := p.lastPins([]string{env})
	if err != nil {
		return err
	}
	gone, err := a.DropEnvironment(env, last[env])
	if err != nil {
		return err
	}
	e, err := p.finish(a)
	if err != nil {
		return err
	}
	secrets, err := p.head.Names(env)
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		e.Removed = append(e.Removed, versions.FilePath(env, secret))
	}
	switch question := fmt.Sprintf("Remove %s and its %s?", env, count(len(secrets), "secret")); {
	case p.yes:
	case !p.interactive():
		return usage([]string{"pinseal env rm " + env + " --yes"}, "removing an environment wants a yes, and there is no terminal to ask on")
	case !p.ask(question):
		return p.declined("nothing was changed")
	}
	if err := p.apply(e); err != nil {
		return err
	}
	p.say("Removed environment %s and its %s. Commits and pins keep what they hold.", env, count(len(secrets), "secret"))
	if len(gone) > 0 {
		p.say("  no members any more, for they held nothing else: %s", strings.Join(slices.Sorted(slices.Values(gone)), ", "))
	}
	p.sayNext()
	return nil
}
