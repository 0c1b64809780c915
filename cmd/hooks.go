package cmd

import (
	"github.com/spf13/cobra"
)

func newHooks(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hooks",
		Short: "Have git check commits and pushes for secrets",
		Long: `Git can call pinseal before a commit, before the commit of a merge and before a
push: what is staged or pushed must not hold the value of a secret, and sealed files
must be in order. Hooks are of one clone; each clone installs its own.`,
		Example: `  pinseal hooks install
  pinseal hooks status
  pinseal hooks uninstall`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newHooksInstall(c), newHooksUninstall(c), newHooksStatus(c))
	return cmd
}

// hooksOptions are the ways to install; at most one can be asked for.
type hooksOptions struct{ chain, manual, write bool }

func newHooksInstall(c *cli) *cobra.Command {
	var o hooksOptions
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Make git call pinseal in this clone",
		Long: `Install the hooks pre-commit, pre-merge-commit and pre-push, and show secret files
in git diff by their state instead of their seals. Git from 2.54 on takes hooks from
its configuration: nothing is in anyone's way. Before that, where pre-commit,
lefthook or husky rules the hooks, what its file needs is printed (--write adds it);
else hook files are written where git looks for them (core.hooksPath counts). A hook
of somebody else is never replaced: --chain sets it aside and calls it first.

The hooks call this program by its path, and stop the commit or push when it is
gone. Installing again brings hooks of an older pinseal, or of another path, up to
date. Nothing is written outside of this repository.`,
		Example: `  pinseal hooks install
  pinseal hooks install --chain
  pinseal hooks install --manual`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runHooksInstall(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&o.chain, "chain", false, "set a hook that is there aside, and call it first")
	cmd.Flags().BoolVar(&o.manual, "manual", false, "only print what to add to hooks by hand")
	cmd.Flags().BoolVar(&o.write, "write", false, "add to the file of pre-commit, lefthook or husky")
	return cmd
}

func newHooksUninstall(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "Take out what hooks install put in",
		Long: `Remove the hooks and settings that hooks install made in this clone, and nothing
else. A hook that was set aside moves back; files are left as they were before.`,
		Example: `  pinseal hooks uninstall`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runHooksUninstall(cmd.Context())
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func newHooksStatus(c *cli) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say which hooks are live, and by what",
		Long: `Say for each hook what makes git call pinseal: the configuration, a hook file, or
pre-commit, lefthook or husky; and why, where it does not. It exits with 1 unless all
hooks and the diff of secret files are live.`,
		Example: `  pinseal hooks status
  pinseal hooks status --json | jq -r '.hooks[] | select(.live | not).hook'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runHooksStatus(cmd.Context(), asJSON)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
