package cmd

import "github.com/spf13/cobra"

// command is a name and how to make the command of that name.
type command struct {
	name string
	make func(*cli) *cobra.Command
}

// allCommands lists every command, in the order of the help.
func allCommands() []command {
	return []command{
		{"init", newInit},
		{"set", newSet},
		{"generate", newGenerate},
		{"get", newGet},
		{"list", newList},
		{"run", newRun},
		{"exec", newExec},
		{"inject", newInject},
		{"encrypt", newEncrypt},
		{"decrypt", newDecrypt},
		{"rewrap", newRewrap},
		{"serve", newServe},
		{"sdk", newSDK},
		{"rm", newRm},
		{"mv", newMv},
		{"copy", newCopy},
		{"key", newKey},
		{"fork", newFork},
		{"import", newImport},
		{"export", newExport},
		{"fmt", newFmt},
		{"status", newStatus},
		{"log", newLog},
		{"diff", newDiff},
		{"blame", newBlame},
		{"review", newReview},
		{"publish", newPublish},
		{"pins", newPins},
		{"fetch", newFetch},
		{"rollback", newRollback},
		{"promote", newPromote},
		{"bundle", newBundle},
		{"member", newMember},
		{"env", newEnv},
		{"rekey", newRekey},
		{"resolve", newResolve},
		{"verify", newVerify},
		{"scan", newScan},
		{"check", newCheck},
		{"hooks", newHooks},
		{"trust", newTrust},
		{"identity", newIdentity},
		{"completion", newCompletion},
		{"version", newVersion},
		{"demo", newDemo},
		{"hook", newHook},
		{"textconv", newTextconv},
	}
}

// commands makes the command that a command line begins with, alone: making all
// of them and their flags takes longer than reading a secret. Any other command
// line (a flag first, an alias, help, a mistake) gets all.
func commands(c *cli, args []string) []*cobra.Command {
	all := allCommands()
	for _, cmd := range all {
		if len(args) > 0 && args[0] == cmd.name {
			return []*cobra.Command{cmd.make(c)}
		}
	}
	made := make([]*cobra.Command, len(all))
	for i, cmd := range all {
		made[i] = cmd.make(c)
	}
	return made
}
