package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"pinseal/cmd/child"
)

func newExec(c *cli) *cobra.Command {
	var o childOptions
	cmd := &cobra.Command{
		Use:   "exec [flags] -- CMD [ARG…]",
		Short: "Become a program, with the secrets in its environment",
		Long: `Replace this process by a program: nothing of pinseal stays, which is what a
container's process 1 and an init system want. Where a process cannot be replaced
(Windows) it is run.
` + childLong,
		Example: `  pinseal exec -e production --at pin -- ./server
  pinseal exec --bundle prod.bundle --app APPID -- ./server`,
		Args: o.command,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runExec(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	return cmd
}

func (c *cli) runExec(ctx context.Context, o childOptions) error {
	env, err := c.childEnviron(ctx, o)
	if err != nil {
		return err
	}
	if err := c.releaseSignals(ctx); err != nil {
		return err
	}
	err = child.Exec(o.argv, env)
	var ended *child.ExitError
	if errors.As(err, &ended) {
		return &exitError{ended.Status}
	}
	return err
}
