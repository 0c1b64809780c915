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
	command                               string // as it is typed, for hints
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
last newline is dropped, unless --raw; a file is taken byte for byte. An encryption
key is not set by hand (see pinseal key), but --keep changes what stands beside it.`,
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
	bindKeyMetadata(cmd, o)
	cmd.Flags().BoolVar(&o.optional, "optional", false, "may be blank when it is published")
}

// markGiven notes which flags of bindMetadata stand on the command line: one
// that is given empty takes away, one that is not given leaves alone.
func (o *setOptions) markGiven(cmd *cobra.Command) {
	f := cmd.Flags()
	o.aboutGiven, o.expiresGiven, o.optionGiven = f.Changed("about"), f.Changed("expires"), f.Changed("optional")
	o.command = cmd.CommandPath()
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
	if err := o.check(); err != nil {
		return err
	}
	w, f, err := c.openDescribed(ctx, &o, "set by hand")
	if err != nil {
		return err
	}
	defer w.Close()
	done, replaced := "Declared "+o.name+", blank,", ""
	switch {
	case o.keep && !f.there():
		return &versions.NotFoundError{What: "secret", Name: o.name, In: w.env}
	case o.keep:
		done = "Kept the value of " + o.name
	case o.blank:
		if !f.Blank() {
			replaced = ", in place of the value it had (git's history keeps what was committed)"
		}
		f.Value, f.Generate = "", ""
	default:
		o.value.again = "pinseal set " + o.name + " -e " + w.env
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
	if err := w.put(f); err != nil {
		return err
	}
	w.say("%s in %s%s", done, w.env, replaced)
	o.warnExpired(c, f.SecretFile)
	w.sayGit()
	return nil
}

// check refuses flags that say what to do with a value where none is taken.
func (o *setOptions) check() error {
	takes := o.value.file != "" || o.value.raw || o.value.allowEmpty
	switch {
	case o.blank && o.keep:
		return usage(nil, "--blank and --keep exclude each other")
	case o.blank && takes:
		return usage(nil, "--blank takes no value: it excludes --file, --raw and --allow-empty")
	case o.keep && takes:
		return usage(nil, "--keep takes no value: it excludes --file, --raw and --allow-empty")
	}
	return nil
}

// warnExpired says that a date that was given has passed.
func (o *setOptions) warnExpired(c *cli, f *versions.SecretFile) {
	if o.expiresGiven && f.Expired(c.Now()) {
		c.warn("%s expired on %s: publish refuses it from now on", o.name, f.Expires)
	}
}

// openDescribed opens a secret's file, or a fresh one, for a command that gives
// it a value, and puts what the flags say into it. how says what it is that a
// named encryption key is not. Close the writer.
func (c *cli) openDescribed(ctx context.Context, o *setOptions, how string) (w *writer, f *changedFile, err error) {
	s, err := c.open(ctx, use)
	if err != nil {
		return nil, nil, err
	}
	if w, err = s.write(o.env); err == nil {
		f, err = w.current(o.name)
	}
	switch isKey := err == nil && f.Kind == versions.KindKey; {
	case isKey && !o.keep:
		err = usage(append(keyTries(o.name, w.env, f.SecretFile), "pinseal set "+o.name+" -e "+w.env+" --keep --about TEXT      changes what stands beside it"),
			"%q is a named encryption key; its versions are not %s", o.name, how)
	case isKey && o.optionGiven:
		err = usage(append(keyTries(o.name, w.env, f.SecretFile)[:1], "pinseal key rm "+o.name+" -e "+w.env), "%q is a named encryption key, and those cannot be optional", o.name)
	}
	if err == nil {
		err = o.describe(f.SecretFile, w.env)
	}
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return w, f, nil
}

// describe puts the flags that were given into the file, of env; the rest stays.
func (o *setOptions) describe(f *versions.SecretFile, env string) error {
	if o.aboutGiven {
		if err := spelling.CheckText(o.about, versions.MaxAbout); err != nil {
			return usage(nil, "--about: %s", err)
		}
		f.About = o.about
	}
	if o.expiresGiven {
		if o.expires != "" && versions.CheckDate(o.expires) != nil {
			return usage([]string{o.command + " " + o.name + " -e " + env + " --expires 2027-01-31"}, "--expires wants a date")
		}
		f.Expires = o.expires
	}
	if o.optionGiven {
		f.Optional = o.optional
	}
	return nil
}
