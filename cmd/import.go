package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type importOptions struct {
	env        string
	file       string // "-" is stdin
	format     string
	prefix     string
	flatten    bool
	separator  string
	allowEmpty bool
	dryRun     bool
}

func newImport(c *cli) *cobra.Command {
	o := importOptions{file: "-"}
	cmd := &cobra.Command{
		Use:   "import [FILE|-]",
		Short: "Seal every value of a file: .env, JSON, YAML, and what other tools print",
		Long: `Seal every value of a file under its name, in the work tree. All of it is checked
before any of it is written. Values are taken exactly as they stand: nothing is
expanded, and a name given twice is an error.

  dotenv      a .env file, as "go doc pinseal/cmd/dotenv" has it
  json, yaml  one flat map of names to strings
  vault       what "vault kv get -format=json" prints, of either version of KV
  k8s-secret  a Kubernetes Secret, as "kubectl get secret NAME -o yaml" prints it

Without --format a file's name decides: .json, .yaml and .yml. Else what begins with
"{" is JSON, and the rest is dotenv. What sops and dotenvx print once they have
decrypted it is one of these; what is still encrypted is refused.

A number, boolean, date, null, list or map is no string, and is refused, by name. So
is text without quotes that any reader of YAML takes for one of them, as yes, 0x1F,
1,000 and 2001-01-01. With --flatten numbers, booleans and dates are taken as they are written,
and {A: {B: x}} as A_B. Lists and null are refused still.

It needs no identity. With one that can read, values that are the same already are
left alone. Names that are not in the file are left alone, and descriptions and
expiry dates stay.`,
		Example: `  pinseal import .env
  pinseal import prod.json -e production --dry-run
  heroku config --json | pinseal import -
  sops decrypt --output-type json secrets.yaml | pinseal import --flatten -
  dotenvx get | pinseal import -
  vault kv get -format=json secret/shop | pinseal import --format vault -
  kubectl get secret shop -o yaml | pinseal import --format k8s-secret -`,
		Args: rangeArgs(0, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.file = args[0]
			}
			return c.runImport(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	bindEnv(c, cmd, &o.env)
	f.StringVar(&o.format, "format", "", "`FORMAT`: "+strings.Join(importFormats(), ", ")+" (default: by FILE's name, or its first character)")
	completeFlag(cmd, "format", cobra.FixedCompletions(importFormats(), cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&o.prefix, "prefix", "", "put `PREFIX` before every name")
	f.BoolVar(&o.flatten, "flatten", false, "take numbers, booleans and dates as they are written, and join nested names")
	f.StringVar(&o.separator, "separator", "_", "with --flatten, put `TEXT` between nested names: _, __, . or -")
	completeFlag(cmd, "separator", cobra.FixedCompletions([]string{"_", "__", ".", "-"}, cobra.ShellCompDirectiveNoFileComp))
	f.BoolVar(&o.allowEmpty, "allow-empty", false, "empty values are meant")
	f.BoolVar(&o.dryRun, "dry-run", false, "list what would change, by name, and write nothing")
	return cmd
}

func (c *cli) runImport(ctx context.Context, o importOptions) error {
	pairs, err := c.readPairs(&o)
	if err != nil {
		return err
	}
	s, err := c.open(ctx, use)
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.write(o.env)
	if err != nil {
		return err
	}
	plan, err := w.planImport(pairs, o.dryRun)
	if err != nil {
		return err
	}
	if o.dryRun {
		return plan.print(c)
	}
	if err := w.apply(plan); err != nil {
		return err
	}
	s.say("Imported into %s: %d new, %d replaced, %d unchanged", w.env, len(plan.new), len(plan.replaced), len(plan.unchanged))
	if len(plan.edits) > 0 {
		w.sayGit()
	}
	if o.file != "-" {
		c.warnPlaintext(ctx, o.file)
	}
	return nil
}

// readPairs reads and checks the input by itself: syntax, names, sizes.
func (c *cli) readPairs(o *importOptions) ([]plainPair, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	limit := maxImport(o.format, o.file)
	data, err := c.readInput(o.file, limit)
	if err != nil {
		return nil, err
	}
	pairs, err := c.parseImport(o, data)
	if err != nil {
		return nil, err
	}
	pairs, err = c.decrypted(pairs, o.file, data)
	if err != nil {
		return nil, err
	}
	for i := range pairs {
		pairs[i].name = o.prefix + pairs[i].name
	}
	return pairs, checkPairs(pairs, o)
}

// readInput reads a file, or stdin for "-", of at most max bytes.
func (c *cli) readInput(file string, max int) ([]byte, error) {
	if file != "-" {
		data, err := c.readFile(c.path(file), max)
		switch {
		case errors.Is(err, context.Canceled):
			return nil, err
		case errors.Is(err, os.ErrNotExist):
			return nil, usage(c.belowWorkDir(file), "there is no file %q", file)
		case err != nil:
			return nil, usage(nil, "file %q: %s", file, reasonOf(err))
		}
		return data, nil
	}
	if c.StdinTTY {
		return nil, usage([]string{"pinseal import .env", "some-command | pinseal import -"}, "there is nothing to import: name a file, or pipe one in")
	}
	data, err := orDone(c.done, func() ([]byte, error) { return readAtMost(c.Stdin, max) })
	if err != nil && !errors.Is(err, context.Canceled) {
		err = usage(nil, "stdin %s", err)
	}
	return data, err
}

// belowWorkDir is a hint for a file that is there if one looks where -C says, which
// is where the store is, and not what a FILE is relative to.
func (c *cli) belowWorkDir(file string) []string {
	below := filepath.Join(c.chdir, file)
	if _, err := os.Lstat(c.path(below)); err != nil || c.chdir == "" || filepath.IsAbs(file) {
		return nil
	}
	return []string{quoteShell(below) + "      FILE is not looked for below -C"}
}

// checkPairs holds names and values to the limits. It tells every empty value at
// once, because they come in numbers; of a .env file by line, for what stands before
// a "=" may be the end of a key in base64.
func checkPairs(pairs []plainPair, o *importOptions) error {
	if len(pairs) == 0 {
		return usage(nil, "the input holds no names")
	}
	var empty []string
	for _, p := range pairs {
		if err := seal.CheckSecretName(p.name); err != nil {
			return usage(nil, "%s: %s", p.where, err)
		}
		if p.value.Len() > seal.MaxValue {
			return usage(nil, "the value of %q is larger than %d bytes, which is the limit", p.name, seal.MaxValue)
		}
		if p.value.Len() == 0 {
			where := p.name
			if o.format == formatDotenv {
				where = p.where
			}
			empty = append(empty, where)
		}
	}
	if len(empty) > 0 && !o.allowEmpty {
		return usage([]string{"pinseal import … --allow-empty      if they are meant", "pinseal set NAME --blank             to declare a name without a value"},
			"empty values: %s", strings.Join(empty, ", "))
	}
	return nil
}
