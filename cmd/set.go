package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

type setOptions struct {
	name                                  string
	env                                   string
	value                                 valueInput
	about, expires                        string
	optional, blank, keep                 bool
	aboutGiven, expiresGiven, optionGiven bool
}

func newSet(c *cli) *cobra.Command {
	var o setOptions
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Seal a value",
		Long: `Seal a value under a name, in the work tree. It needs no identity: who can clone
can add or replace a secret without being able to read any.

The value comes from a hidden prompt, from stdin, or from --file; never from the
command line, where ps and the shell's history would keep it. Of piped input one
last newline is dropped, unless --raw; a file is taken byte for byte.`,
		Example: `  pinseal set DATABASE_URL
  pbpaste | pinseal set STRIPE_KEY --about "Stripe, live mode"
  pinseal set TLS_KEY -e production --file tls.key
  pinseal set SENTRY_DSN --blank --optional`,
		Args: nameOnly,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			o.markGiven(cmd)
			return c.runSet(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeNames,
	}
	f := cmd.Flags()
	bindEnv(c, cmd, &o.env)
	o.value.bind(cmd)
	bindMetadata(cmd, &o)
	f.BoolVar(&o.blank, "blank", false, "declare the name without a value")
	f.BoolVar(&o.keep, "keep", false, "keep the value; change only what stands beside it")
	return cmd
}

func bindMetadata(cmd *cobra.Command, o *setOptions) {
	f := cmd.Flags()
	f.StringVar(&o.about, "about", "", "a description, which everyone can read")
	f.StringVar(&o.expires, "expires", "", "`DATE` (2027-01-31) after which publish refuses it")
	f.BoolVar(&o.optional, "optional", false, "may be blank when it is published")
}

// markGiven notes which flags of bindMetadata stand on the command line: one
// that is given empty takes away, one that is not given leaves alone.
func (o *setOptions) markGiven(cmd *cobra.Command) {
	f := cmd.Flags()
	o.aboutGiven, o.expiresGiven, o.optionGiven = f.Changed("about"), f.Changed("expires"), f.Changed("optional")
}

// nameOnly refuses NAME=value and NAME value without showing either again.
func nameOnly(cmd *cobra.Command, args []string) error {
	path := cmd.CommandPath()
	switch {
	case len(args) == 0:
		return usage([]string{path + " --help"}, "%s needs NAME", path)
	case len(args) > 1 || seal.CheckSecretName(args[0]) != nil && containsValue(args[0]):
		return usage([]string{
			path + " NAME                  hidden prompt",
			"some-command | " + path + " NAME",
			path + " NAME --file FILE      exact bytes",
		}, "values are not taken from the command line: ps and the shell's history keep them. If it was a real one, your history now holds it: rotate it")
	}
	return nil
}

func (c *cli) runSet(ctx context.Context, o setOptions) error {
	if o.blank && (o.value.file != "" || o.keep) {
		return usage(nil, "--blank excludes --file and --keep")
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
	f, exists, err := w.current(o.name)
	if err != nil {
		return err
	}
	if f.Kind != versions.KindSecret {
		return usage([]string{"pinseal key rotate " + o.name}, "%q is a named encryption key; its versions are not set by hand", o.name)
	}
	if err := o.describe(f); err != nil {
		return err
	}
	done := "Declared " + o.name + ", blank,"
	switch {
	case o.keep && !exists:
		return &versions.NotFoundError{What: "secret", Name: o.name, In: w.env}
	case o.keep:
		done = "Kept the value of " + o.name
	case o.blank:
		f.Value, f.Generate = "", ""
	default:
		value, err := c.readValue("Value for "+o.name+" (hidden): ", o.value)
		if err != nil {
			return err
		}
		if f.Value, err = w.seal(o.name, value); err != nil {
			return err
		}
		f.Generate = ""
		done = fmt.Sprintf("Sealed %s (%s)", o.name, bytesOf(value.Len()))
	}
	if err := w.put(map[string]*versions.SecretFile{o.name: f}); err != nil {
		return err
	}
	s.say("%s in %s", done, w.env)
	w.sayGit()
	return nil
}

// describe puts the flags that were given into the file; the rest stays.
func (o *setOptions) describe(f *versions.SecretFile) error {
	if o.aboutGiven {
		if err := spelling.CheckText(o.about, versions.MaxAbout); err != nil {
			return usage(nil, "--about: %s", err)
		}
		f.About = o.about
	}
	if o.expiresGiven {
		if o.expires != "" && versions.CheckDate(o.expires) != nil {
			return usage([]string{"pinseal set " + o.name + " --expires 2027-01-31"}, "--expires wants a date")
		}
		f.Expires = o.expires
	}
	if o.optionGiven {
		f.Optional = o.optional
	}
	return nil
}
