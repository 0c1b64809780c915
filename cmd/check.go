package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type checkOptions struct {
	reading
	names   string
	example string
	code    string
	ignore  []string
	json    bool
}

func newCheck(c *cli) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Names an app needs against what is there",
		Long: `Compare the names that an app needs with what an environment has, and exit with 1
when one is missing, or is blank and not optional, or cannot be there. It needs no key.

What an app needs is read from an example file (its names alone: no value in it is
printed or kept), from a list, from the code, or from several of them. Without any,
it is .env.example at the top of the work tree, or .env.sample, .env.template or
.env.dist. Code is searched for the common ways to ask, such as process.env.NAME,
os.environ["NAME"], os.Getenv("NAME"), ENV.fetch("NAME"), ${NAME} in compose files,
and {{ secret "NAME" }}: in all files that git knows or would add, but for node_modules,
vendor, and text that is no program. What has a default in the code is not needed.
Files are those of the work tree, whatever --at says.

A secret counts as the variable that run makes of it: db.url as db_url. Where two make
the same one, that fails too, for run refuses both. What code asks of the system and
its tools (PATH, CI, NODE_ENV, PORT, …) is left out. An example or a list is taken at its
word, with names that no secret can have; --ignore leaves out more.`,
		Example: `  pinseal check -e production
  pinseal check --code . --at pin -e production
  pinseal check --names DATABASE_URL,API_KEY --bundle prod.bundle
  pinseal check --code src --ignore 'NEXT_PUBLIC_*'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runCheck(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.bind(c, cmd)
	f := cmd.Flags()
	f.StringVar(&o.names, "names", "", "these names: a list `A,B`, or a file of one per line")
	f.StringVar(&o.example, "example", "", "the names of an example `FILE` such as .env.example")
	f.StringVar(&o.code, "code", "", "the names that the code below `DIR` asks for")
	f.StringSliceVar(&o.ignore, "ignore", nil, "leave these out: `A,B`; a name may end in *")
	f.BoolVar(&o.json, "json", false, "print JSON")
	completeFlag(cmd, "code", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
	return cmd
}

func (c *cli) runCheck(ctx context.Context, o checkOptions) error {
	for _, name := range o.ignore {
		if err := seal.CheckSecretName(strings.TrimSuffix(name, "*") + "x"); err != nil && name != "*" {
			return usage(nil, "--ignore: %s", err)
		}
	}
	v, err := c.view(ctx, o.reading, look)
	if err != nil {
		return err
	}
	defer v.Close()
	needs, err := c.needs(ctx, o)
	if err != nil {
		return err
	}
	names, files, err := v.Source.Files(v.Environment)
	if err != nil {
		return err
	}
	report := compareNeeds(needs.list(), names, files)
	report.App, report.Environment, report.Version, report.Sources = v.Note.ID.String(), v.Environment, v.Source.What, needs.sources
	if o.json {
		err = c.printJSON(report)
	} else {
		err = c.printCheck(report)
	}
	if err == nil && report.fails() {
		err = &exitError{exitFailed}
	}
	return err
}
