package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type keyResetOptions struct {
	env     string
	name    string
	bits    int // below 0: as before
	confirm string
}

func newKeyReset(c *cli) *cobra.Command {
	var o keyResetOptions
	cmd := &cobra.Command{
		Use:   "reset NAME",
		Short: "Make a new key of the same name, and drop all its versions",
		Long: `Make a new random key of the same name. Every version that it had is dropped: what
they encrypted can never be decrypted from this set again. That is for data which is
to be lost, and for a key that nothing was encrypted with; else rotate it. In git's
history and in pins the old versions stay, for who can read those.

It asks twice: for a yes, and for the name. Without a terminal it wants both as
--yes --confirm NAME. The number of the version goes on: none is used again. It needs
no identity.`,
		Example: `  pinseal key reset customer_data
  pinseal key reset customer_data -e production --bits 256
  pinseal key reset customer_data -e dev --yes --confirm customer_data`,
		Args: secretArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return c.runKeyReset(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeKey,
	}
	bindEnv(c, cmd, &o.env)
	bindBits(cmd, &o.bits, "the `SIZE` of the new key: 128 or 256 (default: as before)")
	cmd.Flags().StringVar(&o.confirm, "confirm", "", "the `NAME` again: the second yes")
	completeFlag(cmd, "confirm", cobra.NoFileCompletions)
	return cmd
}

func (c *cli) runKeyReset(ctx context.Context, o keyResetOptions) error {
	if err := checkBits("pinseal key reset "+o.name, o.bits); err != nil {
		return err
	}
	if o.confirm != "" && o.confirm != o.name {
		return usage([]string{"pinseal key reset " + o.name + " --yes --confirm " + o.name}, "--confirm wants the name of the key, and what was given is another")
	}
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	k, err := w.key(o.name)
	if err == nil {
		err = w.confirmReset(k, o)
	}
	if err != nil {
		return err
	}
	if o.bits > 0 {
		k.Bits = o.bits
	}
	text, err := seal.NewKeyText(k.Bits)
	if err != nil {
		return err
	}
	dropped := len(k.Versions)
	k.Versions = k.Versions[dropped-1:] // its number is what the new one follows
	if err = w.addVersions(k, text); err != nil {
		return err
	}
	k.Versions = k.Versions[1:]
	if err := w.putKeys(k); err != nil {
		return err
	}
	w.say("Reset %s in %s: version %d (%d bits) is the only one; %s dropped. Commits and pins that hold them still do.",
		k.name, w.env, k.newest(), k.Bits, areMany(dropped, "version"))
	w.warnBits(k.Bits)
	w.sayGit()
	w.sayPinned()
	return nil
}

// confirmReset asks twice.
func (w *writer) confirmReset(k *keyFile, o keyResetOptions) error {
	confirmed := o.confirm == k.name
	if w.yes && confirmed {
		return nil
	}
	if !w.interactive() {
		return usage([]string{fmt.Sprintf("pinseal key reset %s -e %s --yes --confirm %s", k.name, w.env, k.name), "pinseal key rotate " + k.name + " -e " + w.env + "      keeps what there is"},
			"resetting a key drops every version of it: that wants --yes and --confirm NAME, for there is no terminal to ask on")
	}
	nothing := errors.New("nothing was changed")
	w.warn("%s of %s in %s will be dropped: what was encrypted with them can never be decrypted from this set again. Git's history and pins keep them, for who can read those",
		count(len(k.Versions), "version"), k.name, w.env)
	if !w.yes && !w.ask("Reset "+k.name+"?") {
		return nothing
	}
	if confirmed {
		return nil
	}
	fmt.Fprint(w.Stderr, "Type the name of the key: ")
	if typed, err := w.readLine(); err != nil || strings.TrimSpace(typed) != k.name {
		return nothing
	}
	return nil
}
