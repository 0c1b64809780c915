package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type copyOptions struct {
	names    []string
	from, to copyPlace
	as       string
	all      bool
	force    bool
}

// copyPlace is an environment, and the app it is of: "" for the usual one.
type copyPlace struct{ app, env string }

func newCopy(c *cli) *cobra.Command {
	var o copyOptions
	var from, to string
	cmd := &cobra.Command{
		Use:     "copy NAME… --from [APP/]ENV --to [APP/]ENV",
		Aliases: []string{"cp"},
		Short:   "Copy secrets to another environment or app",
		Long: `Copy secrets between environments of the work tree, also to another app in the same
repository. A value is sealed for its place, so it is opened and sealed again: that
needs an identity that can read the source, and nothing of the target. Descriptions,
expiry and the rest are copied along, and all versions of an encryption key, which is
copied by its name alone: --all leaves those out. What is in the target already is left
alone, unless --force; even then a blank does not replace a value, and nothing replaces
an encryption key, without which data would be lost.`,
		Example: `  pinseal copy STRIPE_KEY --from dev --to production
  pinseal copy --all --from dev --to staging
  pinseal copy DB_URL --as REPLICA_URL --from production --to production
  pinseal copy SMTP_PASSWORD --from shop/production --to blog/production`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o.names = args
			if o.from, err = parseCopyPlace("--from", from); err != nil {
				return err
			}
			if o.to, err = parseCopyPlace("--to", to); err != nil {
				return err
			}
			return c.runCopy(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeTaken("from", -1),
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case !o.all:
			return secretArgs("NAME…")(cmd, args)
		case len(args) > 0:
			return usage(nil, "--all takes no names")
		}
		return nil
	}
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "the environment to read, as `[APP/]ENV`")
	f.StringVar(&to, "to", "", "the environment to write, as `[APP/]ENV`")
	f.StringVar(&o.as, "as", "", "the new `NAME`, when one secret is copied")
	f.BoolVar(&o.all, "all", false, "copy every secret, and no encryption key")
	f.BoolVar(&o.force, "force", false, "replace what is in the target")
	completeFlag(cmd, "from", c.completeEnvironments)
	completeFlag(cmd, "to", c.completeEnvironments)
	return cmd
}

func parseCopyPlace(flag, text string) (p copyPlace, err error) {
	if text == "" {
		return p, usage([]string{"pinseal copy NAME --from dev --to production"}, "copy needs %s", flag)
	}
	p.env = text
	if app, env, ok := strings.Cut(text, "/"); ok {
		p = copyPlace{app, env}
		if _, err := seal.ParseAppID(app); err != nil && seal.CheckAppName(app) != nil {
			return p, usage(nil, "%s wants [APP/]ENV, and what stands before the / is neither the name nor the id of an app", flag)
		}
	}
	if seal.CheckEnvironment(p.env) != nil {
		return p, usage(nil, "%s wants [APP/]ENV, and that cannot be the name of an environment", flag)
	}
	return p, nil
}

func (o *copyOptions) check() error {
	if o.as == "" {
		return nil
	}
	if o.all || len(o.names) != 1 {
		return usage(nil, "--as goes with one name")
	}
	return seal.CheckSecretName(o.as)
}

// openApp starts a session on another app than the usual one; "" is the usual.
func (c *cli) openApp(ctx context.Context, app string) (*session, error) {
	other := *c
	if app != "" {
		other.app = app
	}
	return other.open(ctx, use)
}

func (c *cli) runCopy(ctx context.Context, o copyOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	source, err := c.openApp(ctx, o.from.app)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := c.openApp(ctx, o.to.app)
	if err != nil {
		return err
	}
	defer target.Close()
	if source.id == target.id && o.from.env == o.to.env && (o.as == "" || slices.Contains(o.names, o.as)) {
		return usage(nil, "--from and --to are the same environment; --as gives the copy another name")
	}
	w, err := target.write(o.to.env)
	if err != nil {
		return err
	}
	set, err := source.view(reading{env: o.from.env, at: "worktree"})
	if err != nil {
		return err
	}
	copied, err := o.copies(set.Set, w)
	if err != nil {
		return c.readHint(nil, err)
	}
	if err := w.put(copied.files...); err != nil {
		return err
	}
	if len(copied.blanks) > 0 {
		c.say("Left alone in %s: %s (blank in %s)", o.to.env, strings.Join(copied.blanks, ", "), o.from.env)
	}
	if len(copied.keys) > 0 {
		c.say("Left alone in %s: %s (encryption keys there, which --force does not replace)", o.to.env, strings.Join(copied.keys, ", "))
	}
	if len(copied.left) > 0 {
		c.say("Left out: encryption keys %s (by name they are copied)", strings.Join(copied.left, ", "))
	}
	c.say("Copied %s from %s to %s", count(len(copied.files), "secret"), o.from, o.to)
	w.sayGit()
	return nil
}

// line is the command, without --force.
func (o *copyOptions) line() string {
	what := strings.Join(o.names, " ")
	if o.all {
		what = "--all"
	}
	line := fmt.Sprintf("pinseal copy %s --from %s --to %s", what, o.from, o.to)
	if o.as != "" {
		line += " --as " + o.as
	}
	return line
}

func (p copyPlace) String() string {
	if p.app == "" {
		return p.env
	}
	return p.app + "/" + p.env
}
