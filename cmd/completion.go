package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type completer = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// completeFlag offers values of a flag. Only a mistake in this package can make
// it fail.
func completeFlag(cmd *cobra.Command, flag string, f completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic("cmd: internal error: " + err.Error())
	}
}

// bindEnv adds -e to a command that works on one environment of the work tree.
func bindEnv(c *cli, cmd *cobra.Command, env *string) {
	cmd.Flags().StringVarP(env, "env", "e", "", "the environment (default: PINSEAL_ENV, then the first)")
	completeFlag(cmd, "env", c.completeEnvironments)
}

// completing opens a session for completion: names only, no trust, no key, no
// remote, no complaint.
func (c *cli) completing(do func(*session) []string) ([]string, cobra.ShellCompDirective) {
	c.offline, c.quiet = true, true
	s, err := c.open(context.Background(), look)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer s.Close()
	return do(s), cobra.ShellCompDirectiveNoFileComp
}

// environmentOf is the environment that a command line names by -e so far.
func (s *session) environmentOf(cmd *cobra.Command) (string, error) {
	flag := ""
	if f := cmd.Flags().Lookup("env"); f != nil {
		flag = f.Value.String()
	}
	return s.environment(flag)
}

// completeNames offers the secrets of the environment that -e names.
func (c *cli) completeNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.completing(func(s *session) []string {
		env, err := s.environmentOf(cmd)
		if err != nil {
			return nil
		}
		names, _, err := s.head.Files(env)
		if err != nil {
			return nil
		}
		return names
	})
}

// completeTaken offers the names in the work tree's environment that a flag
// names, until max arguments are given (-1: any number). Files that nothing
// reads are offered too, so that they can be removed.
func (c *cli) completeTaken(flag string, max int) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if max >= 0 && len(args) >= max {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		scoped := *c
		want := cmd.Flags().Lookup(flag).Value.String()
		if app, env, ok := strings.Cut(want, "/"); ok {
			scoped.app, want = app, env
		}
		return scoped.completing(func(s *session) []string {
			env, err := s.environment(want)
			if err != nil || s.files == nil {
				return nil
			}
			w := &writer{session: s, env: env}
			names, err := w.taken()
			if err != nil {
				return nil
			}
			return slices.DeleteFunc(names, func(n string) bool { return seal.CheckSecretName(n) != nil || slices.Contains(args, n) })
		})
	}
}

func (c *cli) completeEnvironments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string { return s.note.Environments() })
}

func (c *cli) completeEnvironmentArg(cmd *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.completeEnvironments(cmd, args, to)
}

// completeVersions offers worktree, pin, and the pins of the environment by
// number. Numbers are read from the chain as it stands, unverified: choosing
// one verifies it.
func (c *cli) completeVersions(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string {
		offers := []string{"worktree", "pin", "HEAD"}
		env, err := s.environmentOf(cmd)
		if err != nil {
			return offers
		}
		return append(offers, s.pinOffers(env)...)
	})
}

func (s *session) pinOffers(env string) []string {
	tips, err := versions.ReadTips(s.ctx, s.repo, "", s.id, env)
	if err != nil || tips.Local == "" {
		return nil
	}
	l, err := s.openTips(env, tips)
	if err != nil {
		return nil
	}
	var offers []string
	err = l.Walk(s.ctx, func(e *versions.Entry) bool {
		offers = append(offers, fmt.Sprintf("pin:%d\t%s", e.Number, strings.TrimSpace(e.Time.Format("2006-01-02")+" "+e.Message)))
		return len(offers) < 30
	})
	if err != nil {
		return nil
	}
	return offers
}
