package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

const childLong = `
The secrets are variables of its environment, by their names; a character that no
variable can have becomes "_", and --prefix goes before all of it. Two secrets that
would be one variable are an error. The rest of the environment is passed on,
without your identity. Where both have a variable the sealed value wins, and a
warning names it; with --preserve-env the other one does. With --pristine nothing is
passed on: the program has the secrets and no other variable, not even PATH, by
which alone it is found (Windows adds SYSTEMROOT).

All secrets are opened before the program starts: one that cannot be had, or is
blank and not optional, means that it does not start. A pin that cannot be had is
an error, never a fall back on something else. Named encryption keys are passed
only if --only names them.

The program starts in your working directory, also with -C.

` + overrideLong

// childOptions is what run and exec have in common.
type childOptions struct {
	reading
	only     []string
	prefix   string
	preserve bool
	pristine bool
	argv     []string
	path     string // the command, as it is typed
}

func (o *childOptions) bind(c *cli, cmd *cobra.Command) {
	o.reading.bind(c, cmd)
	o.override.bind(c, cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.only, "only", nil, "pass these secrets alone: `A,B`")
	f.StringVar(&o.prefix, "prefix", "", "put `PREFIX` before the name of every variable")
	f.BoolVar(&o.preserve, "preserve-env", false, "keep an inherited variable where a secret has the same name")
	f.BoolVar(&o.pristine, "pristine", false, "pass the secrets and nothing else of the environment")
	completeFlag(cmd, "only", c.completeOnly)
	cmd.Annotations = map[string]string{passesArgs: "yes"}
	// pflag stops at --, so a flag that is not known is the program's, and it
	// was forgotten.
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		err = cmd.Root().FlagErrorFunc()(cmd, err)
		if use := new(*usageError); errors.As(err, use) {
			(*use).try = append([]string{cmd.CommandPath() + " [flags] -- CMD…       the program's own flags come after --"}, (*use).try...)
		}
		return err
	})
}

// command takes the words after --. What was typed is never echoed: it may hold
// anything.
func (o *childOptions) command(cmd *cobra.Command, args []string) error {
	try := []string{cmd.CommandPath() + " [flags] -- CMD [ARG…]"}
	switch dash := cmd.ArgsLenAtDash(); {
	case dash < 0 && len(args) == 0:
		return usage(try, "%s needs -- and a program", cmd.CommandPath())
	case dash < 0:
		return usage(try, "%s needs -- before the program", cmd.CommandPath())
	case dash > 0:
		return usage(try, "%s takes nothing but flags before --", cmd.CommandPath())
	case len(args) == 0:
		return usage(try, "%s needs a program after --", cmd.CommandPath())
	}
	o.argv, o.path = args, cmd.CommandPath()
	for _, name := range o.only {
		if err := seal.CheckSecretName(name); err != nil {
			return usage([]string{cmd.CommandPath() + " --only DATABASE_URL,API_KEY -- CMD…"}, "--only: %s", err)
		}
	}
	switch {
	case o.prefix != "" && !isVariable(o.prefix):
		return usage([]string{cmd.CommandPath() + " --prefix APP_ -- CMD…"}, "--prefix wants the beginning of a variable's name: letters, digits and _, not a digit first")
	case o.preserve && o.pristine:
		return usage(nil, "--preserve-env and --pristine exclude each other: nothing is inherited that could be kept")
	}
	return nil
}

// isVariable reports whether a text is a name that every shell takes for a variable.
func isVariable(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	return s != "" && strings.Trim(s[:1], letters) == "" && strings.Trim(s, letters+"0123456789") == ""
}

// completeOnly offers names after the last comma.
func (c *cli) completeOnly(cmd *cobra.Command, _ []string, to string) ([]string, cobra.ShellCompDirective) {
	names, directive := c.completeNames(cmd, nil, to)
	done := to[:strings.LastIndexByte(to, ',')+1]
	for i := range names {
		names[i] = done + names[i]
	}
	return names, directive | cobra.ShellCompDirectiveNoSpace
}
