package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/cmd/dotenv"
	"pinseal/seal"
	"pinseal/versions"
)

type exportOptions struct {
	reading
	format string
	only   []string
	out    string // "-" is stdout
}

func newExport(c *cli) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print every value of a set as .env or JSON",
		Long: `Print the values of a set, in plain text, as a .env file or as one flat JSON object,
either of which import reads back byte for byte. Everything is opened before
anything is printed. A blank is an error unless it is optional; then it is left out.
A value that the format cannot carry exactly is an error.

To run a program with the secrets, run and exec do it without a file.`,
		Example: `  pinseal export -e production --at pin --format json | jq -r .DATABASE_URL
  pinseal export --only DATABASE_URL,REDIS_URL -o .env
  pinseal export --bundle prod.bundle -o prod.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runExport(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	bindFormat(cmd, &o.format)
	f := cmd.Flags()
	f.StringSliceVar(&o.only, "only", nil, "only these `NAMES`, separated by commas")
	f.StringVarP(&o.out, "output", "o", "-", "write to `FILE`, which only you can read")
	completeFlag(cmd, "only", c.completeNames)
	return cmd
}

func (c *cli) runExport(ctx context.Context, o exportOptions) error {
	format, err := chooseFormat(o.format, o.out)
	if err != nil {
		return err
	}
	for _, name := range o.only {
		if err := seal.CheckSecretName(name); err != nil {
			return err
		}
	}
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return err
	}
	defer v.Close()
	pairs, err := c.exported(ctx, v, o.only)
	if err != nil {
		return c.readHint(v, err)
	}
	data, err := formatPairs(format, pairs)
	if err != nil {
		return err
	}
	if o.out == "-" {
		_, err = c.Stdout.Write(data)
		return err
	}
	if err := writeOutput(c.path(o.out), data); err != nil {
		return fmt.Errorf("output %q: %w", o.out, err)
	}
	c.say("Wrote %s of %s, in plain text, to %s", count(len(pairs), "value"), v.Environment, quoteShell(o.out))
	c.warnPlaintext(ctx, o.out)
	return nil
}

// exported opens what is to be printed, sorted by name.
func (c *cli) exported(ctx context.Context, v *view, only []string) ([]plainPair, error) {
	values, blanks, err := v.selected(ctx, only)
	if err != nil {
		return nil, err
	}
	if err := c.checkBlanks(v, blanks); err != nil {
		return nil, err
	}
	var pairs []plainPair
	var keys []string
	for _, value := range values {
		if value.File.Kind == versions.KindKey && len(only) == 0 {
			keys = append(keys, value.Name)
			continue
		}
		pairs = append(pairs, plainPair{name: value.Name, value: value.Secret})
	}
	if len(keys) > 0 {
		c.say("Left out: %s (named encryption keys; --only takes them)", strings.Join(keys, ", "))
	}
	return pairs, nil
}

// selected opens the secrets named, or all of them, and lists blanks apart.
func (v *view) selected(ctx context.Context, only []string) (values []versions.Value, blanks []string, err error) {
	if len(only) == 0 {
		return v.All(ctx)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(only))) {
		value, err := v.Get(name)
		switch {
		case errors.As(err, new(*versions.BlankError)):
			blanks = append(blanks, name)
		case err != nil:
			return nil, nil, err
		default:
			values = append(values, value)
		}
	}
	return values, blanks, nil
}

// checkBlanks says which optional blanks are left out, and refuses the others.
func (c *cli) checkBlanks(v *view, blanks []string) error {
	var optional, wanted, try []string
	for _, name := range blanks {
		f, err := v.Source.File(v.Environment, name)
		if err != nil {
			return err
		}
		if f.Optional {
			optional = append(optional, name)
			continue
		}
		wanted = append(wanted, name)
		try = append(try, "pinseal set "+name+" -e "+v.Environment)
	}
	switch {
	case len(wanted) == 1:
		return &versions.BlankError{Name: wanted[0], Environment: v.Environment}
	case len(wanted) > 1:
		blank := &versions.BlankError{Name: wanted[0], Environment: v.Environment}
		return hint(fmt.Errorf("%w; also blank: %s", blank, strings.Join(wanted[1:], ", ")), try...)
	case len(optional) > 0:
		c.say("Left out: %s (blank and optional)", strings.Join(optional, ", "))
	}
	return nil
}

func formatPairs(format string, pairs []plainPair) ([]byte, error) {
	var data []byte
	var err error
	if format == formatJSON {
		data, err = formatFlatJSON(pairs)
	} else {
		list := make([]dotenv.Pair, len(pairs))
		for i, p := range pairs {
			list[i] = dotenv.Pair{Name: p.name, Value: p.value.Reveal()}
		}
		data, err = dotenv.Format(list)
		if bad := (*dotenv.UnsupportedError)(nil); errors.As(err, &bad) {
			err = fmt.Errorf("%q %s: a .env file cannot carry it", bad.Name, bad.Reason)
		}
	}
	return data, hint(err, "pinseal get NAME > FILE       takes any bytes", "pinseal export --only NAME,…  leaves it out")
}

// writeOutput writes a file that only its owner can read. A file that is there
// is replaced, not rewritten, for its mode and its other names would stay; a
// link is refused, for it may point anywhere; a pipe or device is written to.
func writeOutput(file string, data []byte) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	switch info, err := os.Lstat(file); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return asUsage(errors.New(reasonOf(err)))
	case info.Mode()&fs.ModeSymlink != 0:
		return usage([]string{"pinseal export > FILE"}, "is a symlink")
	case info.IsDir():
		return usage(nil, "is a directory")
	case info.Mode().IsRegular():
		if err := os.Remove(file); err != nil {
			return errors.New(reasonOf(err))
		}
	default:
		flags = os.O_WRONLY
	}
	f, err := os.OpenFile(file, flags, 0o600)
	if err != nil {
		return asUsage(errors.New(reasonOf(err)))
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.New(reasonOf(err))
	}
	return nil
}
