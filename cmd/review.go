package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

type reviewOptions struct {
	text   string // the range as it was asked for
	a, b   string
	env    string
	format string
	json   bool
	failOn []string
}

// Formats of a review.
const (
	formatText     = "text"
	formatMarkdown = "markdown"
)

func newReview(c *cli) *cobra.Command {
	var o reviewOptions
	cmd := &cobra.Command{
		Use:   "review A..B",
		Short: "Secrets in a pull request, by name",
		Long: `Say what B changes in .pinseal since it left A, for whoever reviews a pull request:
first who can read, sign or administer from then on, and whatever is wrong; then the
secrets by name, with who touched each, and the pins that the next publish would move.
A..B and A...B are the same here; A alone means A..HEAD. All apps and environments are
shown, whatever PINSEAL_APP and PINSEAL_ENV say; --app and -e take one.

It needs no key, prints no value, asks no remote, and keeps nothing of the branch in
mind. What the merge would bring of the target's own is not shown. A secret that came
as another went, described alike and as long, has likely moved. Where the two have
several newest common commits, B is compared with A itself, and that is a problem; a
shallow clone in which the newest may lie beyond the cut is refused.

--fail-on takes a list, and exits with 1 when the branch has one of these:
  readers    who holds a slot, or which key a name stands for
  keys       new keys of a slot
  apps       an app that is new, gone, moved or another, or another default
  values     secrets that are new, gone, moved or sealed to another value
  key-versions  versions of an encryption key that are new or another: an app encrypts
             with the newest one from the next pin on
  metadata   what stands beside the values
  resealed   values as long as before, sealed to a newer key: likely the same, which
             only a reader can tell; also "values" when the branch makes no such key
  blanks     a secret without a value that is not optional
  expired    a secret that has expired
  pins       a pin that would move
  files      other files of ours: what the leak scan lets pass, a key for who holds it
  problems   whatever is listed as wrong, .gitattributes and .gitignore as well
  any        one of all these
Files that every reading command refuses are shown, and then it exits with 5.`,
		Example: `  pinseal review main
  pinseal review origin/main..HEAD --fail-on readers,resealed,problems
  pinseal review "$BASE..$HEAD" --format markdown >> "$GITHUB_STEP_SUMMARY"
  pinseal review v1.4..v1.5 -e production --format json`,
		Args: exactArgs("A..B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args[0]); err != nil {
				return err
			}
			return c.runReview(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringVarP(&o.env, "env", "e", "", "this environment alone")
	f.StringVar(&o.format, "format", "", "`FORMAT`: text, markdown or json (default: text)")
	f.StringSliceVar(&o.failOn, "fail-on", nil, "exit with 1 when there is one of these `KINDS`: readers,values")
	f.BoolVar(&o.json, "json", false, "print JSON, as --format json does")
	completeFlag(cmd, "env", c.completeEnvironments)
	completeFlag(cmd, "format", cobra.FixedCompletions([]string{formatText, formatMarkdown, formatJSON}, cobra.ShellCompDirectiveNoFileComp))
	completeFlag(cmd, "fail-on", completeKinds)
	return cmd
}

// check settles the range, the format and the list of --fail-on.
func (o *reviewOptions) check(text string) (err error) {
	if o.json && o.format != "" && o.format != formatJSON {
		return usage(nil, "--json and another --format exclude each other")
	}
	if o.json {
		o.format = formatJSON
	}
	switch o.format {
	case "":
		o.format = formatText
	case formatText, formatMarkdown, formatJSON:
	default:
		return usage([]string{"--format markdown", "--format json", "--format text"}, "there is no such format")
	}
	for _, kind := range o.failOn {
		if !slices.Contains(reviewKinds, kind) && kind != anyKind {
			return usage([]string{"--fail-on " + strings.Join(reviewKinds, ",")}, "--fail-on has a kind that there is not")
		}
	}
	o.text = text
	o.a, o.b, err = splitRange(text)
	return err
}

func (c *cli) runReview(ctx context.Context, o reviewOptions) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	ends, err := c.rangeEnds(ctx, r, o)
	if err != nil {
		return err
	}
	found, err := versions.Review(ctx, r, ends.bases, ends.target, ends.tip)
	if err != nil {
		return err
	}
	if err := c.narrow(found, o); err != nil {
		return err
	}
	report, err := c.reviewReport(ctx, r, found, ends, o)
	if err != nil {
		return err
	}
	switch o.format {
	case formatJSON:
		err = c.printJSON(report)
	case formatMarkdown:
		err = c.writeStdout([]byte(report.markdown()))
	default:
		err = c.writeStdout([]byte(report.text()))
		if err == nil && report.empty() {
			c.say("%s changes nothing of %s", o.b, storeDir)
		}
	}
	if err == nil {
		err = refusedProblem(found)
	}
	if err == nil && len(report.Failed) > 0 {
		c.say("stopped by --fail-on: %s", strings.Join(report.Failed, ", "))
		err = &exitError{exitFailed}
	}
	return err
}

// refusedProblem is the first problem that reading commands refuse, what is not
// authentic before what is in conflict.
func refusedProblem(found *versions.StoreReview) (first error) {
	problems := slices.Clone(found.Problems)
	for _, a := range found.Apps {
		problems = append(problems, a.Problems...)
	}
	for _, p := range problems {
		if p.Err != nil && (first == nil || exitCode(first) != exitNotAuthentic && exitCode(p.Err) == exitNotAuthentic) {
			first = p.Err
		}
	}
	return first
}
