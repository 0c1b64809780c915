package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/cmd/child"
	"pinseal/seal"
	"pinseal/versions"
)

// childOptions is what run and exec have in common.
type childOptions struct {
	reading
	only []string
	argv []string
}

func (o *childOptions) bind(c *cli, cmd *cobra.Command) {
	o.reading.bind(c, cmd)
	cmd.Flags().StringSliceVar(&o.only, "only", nil, "pass these secrets alone: `A,B`")
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
	o.argv = args
	for _, name := range o.only {
		if err := seal.CheckSecretName(name); err != nil {
			return usage([]string{cmd.CommandPath() + " --only DATABASE_URL,API_KEY -- CMD…"}, "--only: %s", err)
		}
	}
	return nil
}

// childEnviron opens every secret that the program is to have, and returns its
// environment. The session is over when it returns: no helper process of ours
// outlives it.
func (c *cli) childEnviron(ctx context.Context, o childOptions) ([]string, error) {
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	values, err := v.forChild(ctx, o.only)
	if err != nil {
		return nil, c.readHint(v, err)
	}
	set := make([]child.Var, len(values))
	for i, value := range values {
		set[i] = child.Var{Secret: value.Name, Value: value.Secret.Reveal()}
	}
	env, overridden, err := child.Environ(withoutIdentity(c.Environ), set, nil)
	if err != nil {
		return nil, hint(err, "… --only A,B -- CMD       leaves the others out", "pinseal mv OLD NEW -e "+v.Environment)
	}
	if len(overridden) > 0 {
		c.say("warning: the sealed value replaces what the environment has for %s", strings.Join(overridden, ", "))
	}
	return env, nil
}

// forChild opens the secrets of only, or all. Named encryption keys are for
// encrypt and decrypt, so they must be asked for. A blank that is optional is
// left out; any other is an error.
func (v *view) forChild(ctx context.Context, only []string) ([]versions.Value, error) {
	chosen, err := v.choose(ctx, only)
	return chosen.values, err
}

// withoutIdentity drops the variables that carry an identity, or say where one
// is: those of the lookup, and whatever else of ours holds a private key.
func withoutIdentity(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, value, _ := strings.Cut(kv, "=")
		name = strings.ToUpper(name) // Windows does not tell the case apart
		if !strings.HasPrefix(name, "PINSEAL_") {
			return false
		}
		if slices.Contains(identityVariables, name) || strings.HasPrefix(name, "PINSEAL_IDENTITY") {
			return true
		}
		value = strings.ToUpper(value)
		return slices.ContainsFunc([]string{"AGE-SECRET-KEY-", "AGE-PLUGIN-", "PINSEAL-SERVICE-"}, func(mark string) bool {
			return strings.Contains(value, mark)
		})
	})
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
