package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/cmd/dotenv"
	"pinseal/seal"
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
		return c.writeStdout(data)
	}
	if err := writeOutput(c.path(o.out), data, 0o600); err != nil {
		return fmt.Errorf("output %q: %w", o.out, err)
	}
	c.say("Wrote %s of %s, in plain text, to %s", count(len(pairs), "value"), v.Environment, quoteShell(o.out))
	c.warnPlaintext(ctx, o.out)
	return nil
}

// exported opens what is to be printed, sorted by name, and says what it leaves
// out.
func (c *cli) exported(ctx context.Context, v *view, only []string) ([]plainPair, error) {
	chosen, err := v.choose(ctx, only)
	if err != nil {
		return nil, err
	}
	if len(chosen.blanks) > 0 {
		c.say("Left out: %s (blank and optional)", strings.Join(chosen.blanks, ", "))
	}
	if len(chosen.keys) > 0 {
		c.say("Left out: %s (named encryption keys; --only takes them)", strings.Join(chosen.keys, ", "))
	}
	pairs := make([]plainPair, len(chosen.values))
	for i, value := range chosen.values {
		pairs[i] = plainPair{name: value.Name, value: value.Secret}
	}
	return pairs, nil
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

// writeOutput writes a file that commands make for their user. A plain file is
// replaced, whole or not at all, for its mode and its other names would stay; a
// link is refused, for it may point anywhere; a pipe or device is written to.
func writeOutput(file string, data []byte, mode fs.FileMode) error {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode().IsRegular():
		err = replaceFileMode(file, data, mode)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return asUsage(errors.New(writeReason(err)))
		}
	case err != nil:
		return asUsage(errors.New(reasonOf(err)))
	case info.Mode()&fs.ModeSymlink != 0:
		return usage([]string{"… -o - > FILE"}, "is a symlink")
	case info.IsDir():
		return usage(nil, "is a directory")
	default:
		err = writeTo(file, data)
	}
	if err != nil {
		return errors.New(writeReason(err))
	}
	return nil
}

// writeTo writes to a pipe or device, which it does not make.
func writeTo(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
