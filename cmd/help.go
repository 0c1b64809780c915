package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// topics are the pages of `pinseal help TOPIC` that are not commands.
var topicNames = []string{"commands", "exit-codes", "versions", "identities", "members", "environment"}

func topic(root *cobra.Command, name string) (string, bool) {
	switch name {
	case "commands":
		return commandList(root), true
	case "exit-codes":
		return exitCodesTopic, true
	case "versions":
		return versionsTopic, true
	case "identities":
		return identitiesTopic, true
	case "members":
		return membersTopic, true
	case "environment":
		return environmentTopic, true
	}
	return "", false
}

func newHelp(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Help on a command, or on " + strings.Join(topicNames, ", "),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			if len(args) == 1 {
				if text, ok := topic(root, args[0]); ok {
					_, err := fmt.Fprint(c.Stdout, text)
					return err
				}
			}
			target, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 || target == nil {
				return usage(helpMeant(root, args), "there is no such command or topic")
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return helpNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// helpNames lists the pages there are.
func helpNames(root *cobra.Command) []string {
	names := append([]string{}, topicNames...)
	for _, sub := range root.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// helpMeant offers the pages that may have been meant.
func helpMeant(root *cobra.Command, args []string) []string {
	all := []string{"pinseal help commands", "pinseal help " + strings.Join(topicNames, " | ")}
	if len(args) != 1 {
		return all
	}
	var try []string
	for _, name := range nearest(args[0], helpNames(root)) {
		try = append(try, "pinseal help "+name)
	}
	return append(try, all...)
}

func commandList(root *cobra.Command) string {
	var b strings.Builder
	for _, cmd := range root.Commands() {
		if !cmd.Hidden {
			fmt.Fprintf(&b, "  %-12s %s\n", cmd.Name(), cmd.Short)
		}
	}
	return b.String()
}

const exitCodesTopic = `Exit codes, which never change their meaning:

  0    ok
  1    failed, or the check said no
  2    usage, and bad input: a name, K=v, a message, an empty or too large value,
       a prompt that was needed
  3    not found: repository, app, secret, environment, pin, commit; a blank
  4    no key: no identity, not a member, not wrapped yet; what a newer version of
       an encryption key than the one at hand encrypted
  5    not authentic: a seal, a signature, a digest, a place, a ledger that went
       back, an odd tree, bad spelling in the repository, what is not a valid
       encrypted value
  6    conflict: unmerged, the work tree is not HEAD, something moved meanwhile
  125, 126, 127   run and exec: failed, cannot execute, not found
  other           run and exec: the child's own; 128+N when signal N ended it
`

const versionsTopic = `A version says which state of a set is meant (--at, PINSEAL_AT):

  worktree        the files as they are now (the default)
  REV             any git revision: HEAD~1, v1.4, a branch, a commit id
  pin             the newest published set of the environment
  pin:N           pin number N

A branch named "pin" or "worktree" is refs/heads/pin or refs/heads/worktree.
Secrets come from the version; who may read them is always decided by the newest
app note: a new member reads old commits, a removed one reads none.
A pin that cannot be had is an error, never a fall back on HEAD.
`

const identitiesTopic = `An identity is the private half of a member. It is looked up in this order:

  --identity FILE
  PINSEAL_IDENTITY_FILE
  PINSEAL_IDENTITY                         the line itself: a file is safer, see below
  $CREDENTIALS_DIRECTORY/pinseal.identity  systemd
  /run/secrets/pinseal_identity            containers
  $XDG_CONFIG_HOME/pinseal/identity        made by the first init

The format is age's; ssh private keys (ed25519, rsa), age plugins and files with
a passphrase work too. An identity is never in the repository and never passed to
a child. But a variable stays in the memory of whoever set it, and a program of the
same user can read it there: from run itself not on Linux, from the shell, the CI
job or the container that started run everywhere, and on other systems from run,
too. A file that is not passed on, or exec, does not have that. Do not run strangers' code with secrets: a branch or a pull request in
your clone is the same place as your own work.
`

const environmentTopic = `Environment variables that pinseal reads. PINSEAL_ENV, PINSEAL_AT or PINSEAL_MASK that
is set but empty, where it would count, is an error: what was meant is not the default.

  PINSEAL_APP            the app, by name or id; an id also says you trust it
  PINSEAL_ENV            the environment, like -e
  PINSEAL_AT             the version, like --at
  PINSEAL_IDENTITY_FILE  see: pinseal help identities
  PINSEAL_IDENTITY       the same
  PINSEAL_MASK           when run masks output, like --mask
  PINSEAL__SECRETS__NAME a value of your own for secret NAME, for local work; not with a pin
  XDG_STATE_HOME         what this machine remembers is in pinseal/ below it
  XDG_CONFIG_HOME        the default identity is in pinseal/ below it
  XDG_RUNTIME_DIR        where serve has its socket, and run --files its files
  RUNTIME_DIRECTORY      the same, of a systemd unit
  CREDENTIALS_DIRECTORY  see: pinseal help identities
  CI                     when set, nothing is asked

Clients of serve (pinseal sdk, package versions/socket) read PINSEAL_SOCKET, or
PINSEAL_URL with PINSEAL_TOKEN_FILE; those of pinseal sdk else run PINSEAL_BIN.
`
