package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"pinseal/cmd/child"
)

const childLong = `
The secrets are variables of its environment, by their names; a character that no
variable can have becomes "_". The rest of the environment is passed on, without
your identity. Where both have a variable the sealed value wins, and a warning
names it. All secrets are opened before the program starts: one that cannot be
had, or is blank and not optional, means that it does not start. Named encryption
keys are passed only if --only names them.

The program starts in your working directory, also with -C.`

func newRun(c *cli) *cobra.Command {
	var o childOptions
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD [ARG…]",
		Short: "Run a program with the secrets in its environment",
		Long: `Run a program, pass signals on to it, and end with its exit code.
` + childLong,
		Example: `  pinseal run -- ./server --port 8080
  pinseal run -e production --at pin -- ./server
  pinseal run --only DATABASE_URL -- sh -c 'psql "$DATABASE_URL"'
  pinseal run --bundle prod.bundle --app APPID -- ./server`,
		Args: o.command,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runRun(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	return cmd
}

func (c *cli) runRun(ctx context.Context, o childOptions) error {
	env, err := c.childEnviron(ctx, o)
	if err != nil {
		return err
	}
	if err := c.releaseSignals(ctx); err != nil {
		return err
	}
	code, err := child.Run(ctx, o.argv, env, c.Stdin, c.Stdout, c.Stderr)
	if err == nil && code != 0 {
		err = &exitError{code}
	}
	return err
}

// releaseSignals leaves the signals to a program that is about to start. One
// that came before ends the command, and the program does not start.
func (c *cli) releaseSignals(ctx context.Context) error {
	if c.ReleaseSignals != nil {
		c.ReleaseSignals()
	}
	return ctx.Err()
}
