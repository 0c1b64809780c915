package cmd

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type keyRotateOptions struct {
	env   string
	names []string
}

func newKeyRotate(c *cli) *cobra.Command {
	var o keyRotateOptions
	cmd := &cobra.Command{
		Use:   "rotate NAME…",
		Short: "Add a version, which encrypts from now on",
		Long: `Add a random version to encryption keys. It encrypts from now on; what the versions
before it encrypted is still decrypted. It needs no identity. All names are looked at
before the first is written.

Releases go on with the pin they have: what a later release encrypts, an earlier one
cannot decrypt. To be rid of a version, rewrap what is stored (see pinseal rewrap),
then drop it with pinseal key rm NAME --before N. More than 32 versions are refused,
for no more are tried.`,
		Example: `  pinseal key rotate customer_data
  pinseal key rotate customer_data uploads -e production`,
		Args: secretArgs("NAME…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = slices.Compact(slices.Sorted(slices.Values(args)))
			return c.runKeyRotate(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeKeys,
	}
	bindEnv(c, cmd, &o.env)
	return cmd
}

func (c *cli) runKeyRotate(ctx context.Context, o keyRotateOptions) error {
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	keys := make([]*changedFile, len(o.names))
	for i, name := range o.names {
		if keys[i], err = w.key(name); err != nil {
			return err
		}
		text, err := seal.NewKeyText(keys[i].Bits)
		if err == nil {
			err = w.addVersions(keys[i], text)
		}
		if err != nil {
			return err
		}
	}
	if err := w.put(keys...); err != nil {
		return err
	}
	for _, k := range keys {
		w.say("Rotated %s in %s: version %d (%d bits) encrypts from now on", k.name, w.env, k.newest(), k.Bits)
	}
	w.sayGit()
	w.sayPinned(o.names...)
	return nil
}
