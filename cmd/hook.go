package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/versions"
)

func newHook(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:    "hook NAME [ARG…]",
		Short:  "What the hooks run; see pinseal hooks",
		Hidden: true,
		Long: `Run by git, with a hook's name, arguments, input and environment.

  pre-commit, pre-merge-commit   check what is staged below .pinseal, and look for
                                 values of secrets in what is staged
  pre-push REMOTE URL            look for them in the commits that are sent, old
                                 values too, and for pins of commits that are not`,
		Example: "  pinseal hook pre-commit",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && (args[0] == "pre-commit" || args[0] == "pre-merge-commit"):
				return c.runPreCommit(cmd.Context())
			case len(args) == 3 && args[0] == "pre-push":
				return c.runPrePush(cmd.Context(), args[1], args[2])
			}
			return usage([]string{"pinseal hooks install"}, "this is for git to run, with the name and the arguments of a hook")
		},
	}
}

// runPreCommit judges what the next commit holds.
func (c *cli) runPreCommit(ctx context.Context) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	staged, err := r.Staged(ctx)
	if err == nil {
		err = c.checkStaged(ctx, r, staged)
	}
	if err != nil {
		return stopped("commit", err)
	}
	return c.scanInHook(ctx, r, "commit", scanStaged(staged))
}

// scanInHook scans in a hook: findings and talk go to stderr, and without a key
// the rest of the hook's work has been done. sent are the ids of the commits whose
// history is pushed.
func (c *cli) scanInHook(ctx context.Context, r *repo.Repo, what string, where scanWhere, sent ...string) error {
	from := scanSources{index: !where.commits, everyVersion: where.commits}
	for _, id := range sent {
		commit, err := repo.ParseHash(id)
		if err != nil {
			return stopped(what, err)
		}
		from.sent = append(from.sent, commit)
	}
	sc, err := c.newScanning(ctx, r, from)
	if err != nil {
		return stopped(what, err)
	}
	defer sc.values.Close()
	if len(sc.values.foreign) > 0 && !where.commits { // what is staged, and not the work tree
		return stopped(what, sc.foreignError())
	}
	for _, w := range sc.values.without {
		c.say("pinseal: values not looked for: %s", w)
	}
	if len(sc.values.List) > 0 {
		if err := sc.run(where); err != nil {
			return err
		}
	}
	for _, line := range sc.lines() {
		c.warn("%s", line)
	}
	verdict := sc.verdict()
	if asked, err := c.wantsGitleaks(ctx, r); err != nil || asked {
		if err == nil {
			err = c.runGitleaks(ctx, r, where)
		}
		verdict = c.besideGitleaks(verdict, err)
	}
	return stopped(what, verdict)
}

// foreignError says that staged values are not what their place asks for.
func (sc *scanning) foreignError() error {
	p := sc.values.foreign[0]
	env, name, _ := secretAt(p)
	app := ""
	if len(sc.values.apps) > 1 {
		app = "--app " + strings.Split(p, "/")[1] + " "
	}
	return hint(&versions.AuthError{What: "value in " + strings.Join(sc.values.foreign, ", "), Reason: "was not sealed for this place"},
		"pinseal "+app+"set "+name+" -e "+env, "pinseal copy and pinseal mv seal anew      where it was copied or moved by hand")
}

// wantsGitleaks reports whether the hooks are to run gitleaks, too.
func (c *cli) wantsGitleaks(ctx context.Context, r *repo.Repo) (bool, error) {
	config, err := r.Config(ctx)
	if err != nil {
		return false, err
	}
	value, _ := config.Get("pinseal.gitleaks")
	switch strings.ToLower(value) {
	case "true", "yes", "on", "1":
		return true, nil
	case "", "false", "no", "off", "0":
		return false, nil
	}
	return false, usage([]string{"git config pinseal.gitleaks true"}, "pinseal.gitleaks is neither true nor false")
}

// stopped says what git does not do because of an error, and keeps its hints.
func stopped(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &stoppedError{what, err}
}

type stoppedError struct {
	what string
	err  error
}

func (e *stoppedError) Error() string {
	if trust := new(*trustError); errors.As(e.err, trust) {
		return e.err.Error() // a banner stands alone
	}
	return e.what + " stopped: " + e.err.Error()
}

func (e *stoppedError) Unwrap() error { return e.err }
