package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/cmd/dotenv"
	"pinseal/seal"
)

// Formats of import and export.
const (
	formatDotenv = "dotenv"
	formatJSON   = "json"
)

type importOptions struct {
	env        string
	file       string // "-" is stdin
	format     string
	prefix     string
	allowEmpty bool
	dryRun     bool
}

func newImport(c *cli) *cobra.Command {
	o := importOptions{file: "-"}
	cmd := &cobra.Command{
		Use:   "import [FILE|-]",
		Short: "Seal every value of a .env or JSON file",
		Long: `Seal every value of a file under its name, in the work tree. All of it is checked
before any of it is written. Values are taken exactly as they stand: nothing is
expanded. JSON is one flat object of strings.

It needs no identity. With one that can read, values that are the same already are
left alone. Names that are not in the file are left alone, and descriptions and
expiry dates stay.`,
		Example: `  pinseal import .env
  pinseal import prod.json -e production --dry-run
  heroku config --json | pinseal import --format json -`,
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
	bindFormat(cmd, &o.format)
	f.StringVar(&o.prefix, "prefix", "", "put `PREFIX` before every name")
	f.BoolVar(&o.allowEmpty, "allow-empty", false, "empty values are meant")
	f.BoolVar(&o.dryRun, "dry-run", false, "list what would change, by name, and write nothing")
	return cmd
}

func bindFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "", "`FORMAT`: dotenv or json (default: json for a file named .json, else dotenv)")
	completeFlag(cmd, "format", cobra.FixedCompletions([]string{formatDotenv, formatJSON}, cobra.ShellCompDirectiveNoFileComp))
}

// chooseFormat takes the format that was asked for, else the one that a file's
// name suggests.
func chooseFormat(format, file string) (string, error) {
	switch {
	case format == formatDotenv, format == formatJSON:
		return format, nil
	case format != "":
		return "", usage([]string{"--format dotenv", "--format json"}, "there is no such format")
	case strings.HasSuffix(strings.ToLower(file), ".json"):
		return formatJSON, nil
	}
	return formatDotenv, nil
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
	if err := w.put(plan.files); err != nil {
		return err
	}
	s.say("Imported into %s: %d new, %d replaced, %d unchanged", w.env, len(plan.new), len(plan.replaced), len(plan.unchanged))
	if len(plan.files) > 0 {
		w.sayGit()
	}
	if o.file != "-" {
		c.warnPlaintext(ctx, o.file)
	}
	return nil
}

// readPairs reads and checks the input by itself: syntax, names, sizes.
func (c *cli) readPairs(o *importOptions) ([]plainPair, error) {
	format, err := chooseFormat(o.format, o.file)
	if err != nil {
		return nil, err
	}
	limit := dotenv.MaxSize
	if format == formatJSON {
		limit = maxJSON
	}
	data, err := c.readInput(o.file, limit)
	if err != nil {
		return nil, err
	}
	var pairs []plainPair
	if format == formatJSON {
		pairs, err = parseFlatJSON(data)
	} else {
		pairs, err = c.parseDotenv(data)
	}
	if err != nil {
		return nil, err
	}
	for i := range pairs {
		pairs[i].name = o.prefix + pairs[i].name
	}
	return pairs, checkPairs(pairs, o.allowEmpty)
}

// readInput reads a file, or stdin for "-", of at most max bytes.
func (c *cli) readInput(file string, max int) ([]byte, error) {
	if file != "-" {
		data, err := c.readFile(c.path(file), max)
		switch {
		case errors.Is(err, context.Canceled):
			return nil, err
		case errors.Is(err, os.ErrNotExist):
			return nil, usage(nil, "there is no file %q", file)
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

// parseDotenv reads a .env file and warns, once, of what other readers would
// have expanded.
func (c *cli) parseDotenv(data []byte) ([]plainPair, error) {
	read, err := dotenv.Parse(data)
	if err != nil {
		return nil, asUsage(err)
	}
	pairs := make([]plainPair, len(read))
	for i, p := range read {
		pairs[i] = plainPair{p.Name, seal.NewSecret(p.Value), fmt.Sprintf("line %d", p.Line)}
	}
	if names := dotenv.Unexpanded(read); len(names) > 0 {
		c.warn("taken as written, though other readers of .env would expand a $ or ` in: %s", strings.Join(names, ", "))
	}
	return pairs, nil
}

// checkPairs holds names and values to the limits. It names every empty value
// at once, because they come in numbers.
func checkPairs(pairs []plainPair, allowEmpty bool) error {
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
			empty = append(empty, p.name)
		}
	}
	if len(empty) > 0 && !allowEmpty {
		return usage([]string{"pinseal import … --allow-empty      if they are meant", "pinseal set NAME --blank             to declare a name without a value"},
			"empty values: %s", strings.Join(empty, ", "))
	}
	return nil
}
