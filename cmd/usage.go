package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pinseal/seal"
)

// usageError is a mistake in what the user typed or piped. It never holds the
// text that was typed, which may be a value in the wrong place.
type usageError struct {
	reason string
	try    []string
}

func (e *usageError) Error() string { return e.reason }

func usage(try []string, format string, args ...any) error {
	return &usageError{reason: fmt.Sprintf(format, args...), try: try}
}

// asUsage makes a refused name, text or recipe the user's mistake.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{reason: err.Error()}
}

// flagError replaces pflag's messages, which quote the argument: a password
// typed as -ps3cr3t must not come back on the screen. args is the command line.
func flagError(cmd *cobra.Command, args []string, err error) error {
	try := []string{cmd.CommandPath() + " --help"}
	reason := "a flag is not known, or has a value it cannot take"
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		name := unknown.GetSpecifiedName()
		try = nearestFlags(cmd, name, try...)
		if isWord(name) && slices.Contains(args, "--"+name) {
			reason = "there is no flag --" + name
		}
	}
	if name, ok := knownFlag(cmd, err.Error()); ok {
		reason = "flag --" + name + " needs a value of another kind"
		switch {
		case strings.HasPrefix(err.Error(), "flag needs an argument"):
			reason = "flag --" + name + " needs a value"
		case cmd.Flags().Lookup(name).Value.Type() == numberType:
			reason = "--" + name + " wants a number from 0"
		}
	}
	return &usageError{reason: reason, try: try}
}

// isWord reports whether a text can be shown that may be a value in the wrong
// place: a short one of small letters and dashes.
func isWord(s string) bool {
	return len(s) <= 20 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// knownFlag finds the flag of cmd that a message of pflag is about.
func knownFlag(cmd *cobra.Command, message string) (name string, ok bool) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		short := f.Shorthand != "" && (strings.Contains(message, "\"-"+f.Shorthand+", --") || strings.HasPrefix(message, "flag needs an argument: '"+f.Shorthand+"'"))
		if short || strings.Contains(message, "--"+f.Name+"\" flag") || message == "flag needs an argument: --"+f.Name {
			name, ok = f.Name, true
		}
	})
	return name, ok
}

// harden gives every command our argument errors and hidden echo rules, and
// refuses what was given empty.
func harden(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		harden(cmd)
	}
	root.Args = notEmpty(root.Args)
	root.DisableSuggestions = true // cobra's suggestions quote what was typed
	root.DisableFlagsInUseLine = true
	root.Flags().SortFlags = false
}

// noArgs refuses arguments without echoing them.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	switch {
	case !cmd.HasParent():
		return usage(nearestCommands(cmd, args[0], cmd.CommandPath()+" help commands"), "there is no such command")
	case cmd.HasSubCommands():
		return usage(nearestCommands(cmd, args[0], cmd.CommandPath()+" --help"), "there is no such command")
	}
	return usage([]string{cmd.CommandPath() + " --help"}, "%s takes no argument", cmd.CommandPath())
}

// exactArgs wants one argument per name, as in exactArgs("NAME").
func exactArgs(names ...string) cobra.PositionalArgs { return rangeArgs(len(names), names...) }

// rangeArgs wants at least min of the named arguments.
func rangeArgs(min int, names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		try := []string{cmd.CommandPath() + " --help"}
		switch {
		case len(args) < min:
			return usage(try, "%s needs %s", cmd.CommandPath(), strings.Join(names[:min], " and "))
		case len(args) > len(names):
			return usage(try, "%s takes %s and nothing more", cmd.CommandPath(), strings.Join(names, " "))
		}
		return nil
	}
}

// secretArgs wants names of secrets: one per entry of names, as in
// secretArgs("OLD", "NEW"), or, when the last ends in "…", one and more of it.
// What is no name is refused before anything is opened, and not shown again.
func secretArgs(names ...string) cobra.PositionalArgs {
	last, many := strings.CutSuffix(names[len(names)-1], "…")
	names[len(names)-1] = last
	return func(cmd *cobra.Command, args []string) error {
		for _, arg := range args {
			err := seal.CheckSecretName(arg)
			if err != nil && containsValue(arg) {
				return usage([]string{"pinseal set NAME      hidden prompt"},
					"%s takes names alone: ps and the shell's history keep what stands on the command line. If that was a real value, your history now holds it: rotate it", cmd.CommandPath())
			}
			if err != nil {
				return err
			}
		}
		if many && len(args) >= len(names) {
			return nil
		}
		return exactArgs(names...)(cmd, args)
	}
}
