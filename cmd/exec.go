package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/cmd/child"
)

func newExec(c *cli) *cobra.Command {
	var o childOptions
	stays := newStaysFlags()
	cmd := &cobra.Command{
		Use:   "exec [flags] -- CMD [ARG…]",
		Short: "Become a program, with the secrets in its environment",
		Long: `Replace this process by a program: nothing of pinseal stays, which is what a
container's process 1 and an init system want. So there is nobody to mask what the
program prints, to remove files, or to start it again: those are for run. Where a
process cannot be replaced (Windows) it is run.
` + childLong,
		Example: `  pinseal exec -e production --at pin -- ./server
  pinseal exec --bundle prod.bundle --app APPID -- ./server
  pinseal exec --pristine --only DATABASE_URL -- /usr/bin/env`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := stays.check(cmd); err != nil {
				return err
			}
			return o.command(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runExec(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	stays.bind(cmd)
	return cmd
}

// staysFlags are flags of run that exec cannot have. They are known to it, hidden, so
// that it can say why.
type staysFlags []staysFlag

type staysFlag struct{ name, value, why string } // value is an example; "" for a flag without

func newStaysFlags() staysFlags {
	const again = "nobody would start the program again"
	return staysFlags{
		{"files", "", "nobody would remove them"},
		{"files-dir", "DIR", "nobody would remove them"},
		{"mask", maskAuto, "nobody would see what the program prints"},
		{"watch", "", again},
		{"follow", "15s", again},
		{"remote", "URL", "reading one is for what stays with it"},
		{"cache", "FILE", "what it caches is a remote's pin"},
	}
}

func (s staysFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	for _, flag := range s {
		if flag.value == "" {
			f.Bool(flag.name, false, "")
		} else {
			f.String(flag.name, "", "")
		}
		f.Lookup(flag.name).Hidden = true
	}
}

func (s staysFlags) check(cmd *cobra.Command) error {
	for _, flag := range s {
		if cmd.Flags().Changed(flag.name) {
			use := strings.TrimSuffix("--"+flag.name+" "+flag.value, " ")
			return usage([]string{"pinseal run " + use + " -- CMD"}, "exec has no --%s: it becomes the program, and %s", flag.name, flag.why)
		}
	}
	return nil
}

func (c *cli) runExec(ctx context.Context, o childOptions) error {
	env, err := c.childEnviron(ctx, o)
	if err != nil {
		return err
	}
	argv, err := c.commandLine(o)
	if err != nil {
		return err
	}
	if err := c.releaseSignals(ctx); err != nil {
		return err
	}
	err = child.Exec(argv, env)
	var ended *child.ExitError
	if errors.As(err, &ended) {
		return &exitError{ended.Status}
	}
	return o.startHint(err)
}

// releaseSignals leaves the signals to a program that is about to start. One
// that came before ends the command, and the program does not start.
func (c *cli) releaseSignals(ctx context.Context) error {
	if c.ReleaseSignals != nil {
		c.ReleaseSignals()
	}
	return ctx.Err()
}
