package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a completion script for your shell",
		Long: `Print a script that completes commands, flags, names of secrets, environments and
pins. It needs no key and asks no remote: names are not secret.

  bash        source <(pinseal completion bash)          in ~/.bashrc
  zsh         pinseal completion zsh > "${fpath[1]}/_pinseal"
  fish        pinseal completion fish > ~/.config/fish/completions/pinseal.fish
  powershell  pinseal completion powershell | Out-String | Invoke-Expression`,
		Example: `  source <(pinseal completion bash)
  pinseal completion fish > ~/.config/fish/completions/pinseal.fish`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := exactArgs("SHELL")(cmd, args); err != nil {
				return err
			}
			if !slices.Contains(shells, args[0]) {
				return usage([]string{"pinseal completion " + strings.Join(shells, " | ")}, "there is no completion for that shell")
			}
			return nil
		},
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "zsh":
				return root.GenZshCompletion(c.Stdout)
			case "fish":
				return root.GenFishCompletion(c.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(c.Stdout)
			}
			return root.GenBashCompletionV2(c.Stdout, true)
		},
	}
}
