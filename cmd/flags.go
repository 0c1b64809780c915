package cmd

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// passesArgs marks a command whose arguments after -- are another program's.
const passesArgs = "passes-args"

// notEmpty refuses flags and arguments that were given empty, before next looks
// at the arguments: in a script that is a variable that was not set, and what
// was meant is not the default.
func notEmpty(next cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		try := []string{cmd.CommandPath() + " --help"}
		var empty string
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if isEmpty(f) && empty == "" {
				empty = f.Name
			}
		})
		if empty != "" {
			return usage(try, "--%s is empty: a variable that was not set?", empty)
		}
		ours := args
		if dash := cmd.ArgsLenAtDash(); dash >= 0 && cmd.Annotations[passesArgs] != "" {
			ours = args[:dash]
		}
		for _, arg := range ours {
			if arg == "" {
				return usage(try, "an argument is empty: a variable that was not set?")
			}
		}
		if next == nil {
			return nil
		}
		return next(cmd, args)
	}
}

// isEmpty reports whether a flag that was given has an empty value, where that
// does not say anything.
func isEmpty(f *pflag.Flag) bool {
	switch f.Name {
	case "about", "expires", "message": // empty takes away
		return false
	}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return len(list.GetSlice()) == 0
	}
	return f.Value.Type() == "string" && f.Value.String() == ""
}

// number is the value of a flag that wants a number from 0. What is below 0
// stands for "not given", which nobody can type.
type number int

const numberType = "number"

// Set implements pflag.Value.
func (n *number) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < 0 {
		return errors.New("is not a number from 0")
	}
	*n = number(v)
	return nil
}

// String implements pflag.Value.
func (n *number) String() string {
	if *n < 0 {
		return ""
	}
	return strconv.Itoa(int(*n))
}

// Type implements pflag.Value.
func (n *number) Type() string { return numberType }
