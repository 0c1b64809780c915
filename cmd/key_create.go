package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type keyCreateOptions struct {
	setOptions        // name, env and what stands beside the versions
	bits       string // "": those of the blank, else 128
}

func newKeyCreate(c *cli) *cobra.Command {
	var o keyCreateOptions
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a random encryption key",
		Long: `Make a random encryption key and seal it as version 1, in the work tree. It needs no
identity, and nobody has seen the key. A blank one, as a fork has it, is filled.

Keys have 128 bits unless --bits 256 is given. Those are pinseal's own: platforms
whose keys have 128 bits take the first 16 bytes of them, so what is moved to one or
from one does not decrypt.`,
		Example: `  pinseal key create customer_data
  pinseal key create customer_data -e production --about "What customers upload"
  pinseal key create archive --bits 256 --expires 2031-01-31`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && seal.CheckSecretName(args[0]) != nil && containsValue(args[0]) {
				return newKeyGiven(cmd)
			}
			return secretArgs("NAME")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			o.markGiven(cmd)
			return c.runKeyCreate(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeKey,
	}
	bindEnv(c, cmd, &o.env)
	bindBits(cmd, &o.bits, "the `SIZE` of the key: 128 or 256 (default: that of a blank one, else 128)")
	bindKeyMetadata(cmd, &o.setOptions)
	return cmd
}

// bindKeyMetadata is bindMetadata for a key, which cannot be optional.
func bindKeyMetadata(cmd *cobra.Command, o *setOptions) {
	f := cmd.Flags()
	f.StringVar(&o.about, "about", "", "a description, which everyone can read")
	f.StringVar(&o.expires, "expires", "", "`DATE` (2027-01-31) after which publish refuses it")
}

// newKeyGiven is for NAME=KEY: create takes no key, and import none from the command line.
func newKeyGiven(cmd *cobra.Command) error {
	at := " NAME"
	if env := cmd.Flag("env").Value.String(); seal.CheckEnvironment(env) == nil {
		at += " -e " + env
	}
	return usage([]string{"pinseal key import" + at + "      hidden prompt"},
		"%s takes a name alone: ps and the shell's history keep what stands on the command line. If that was a real key, your history now holds it: make another", cmd.CommandPath())
}

func (c *cli) runKeyCreate(ctx context.Context, o keyCreateOptions) error {
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	bits, err := parseBits("pinseal key create "+o.name+" -e "+w.env, o.bits)
	if err != nil {
		return err
	}
	k, err := w.keyOrNew(o.name)
	if err != nil {
		return err
	}
	if !k.Blank() {
		return w.keyExists(k)
	}
	if bits > 0 {
		k.Bits = bits
	}
	if err := o.describe(k.SecretFile, w.env); err != nil {
		return err
	}
	text, err := seal.NewKeyText(k.Bits)
	if err == nil {
		err = w.addVersions(k, text)
	}
	if err == nil {
		err = w.put(k)
	}
	if err != nil {
		return err
	}
	w.say("Created key %s (%d bits) in %s", k.name, k.Bits, w.env)
	w.warnBits(k.Bits)
	o.warnExpired(c, k.SecretFile)
	w.sayGit()
	return nil
}

// keyExists says that a key has a version, and how it comes to another.
func (w *writer) keyExists(k *changedFile) error {
	return hint(fmt.Errorf("encryption key %q is in %s already: %w", k.name, w.env, versions.ErrConflict), append(keyTries(k.name, w.env, k.SecretFile),
		"pinseal key reset "+k.name+" -e "+w.env+"      if the versions it has are to be dropped")...)
}
