package cmd

import (
	"slices"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

// completeKeys offers the encryption keys of the environment that -e names, for a flag
// or for any number of arguments: those that are given are left out.
func (c *cli) completeKeys(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return c.completing(func(s *session) []string {
		env, err := s.environmentOf(cmd)
		if err != nil {
			return nil
		}
		names, files, _, err := s.head.MergedFiles(env)
		if err != nil {
			return nil
		}
		var keys []string
		for i, f := range files {
			if f != nil && f.Kind == versions.KindKey && !slices.Contains(args, names[i]) {
				keys = append(keys, names[i])
			}
		}
		return keys
	})
}

// completeKey is completeKeys for a command that takes one.
func (c *cli) completeKey(cmd *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.completeKeys(cmd, args, to)
}
