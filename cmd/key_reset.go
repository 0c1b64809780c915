package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type keyResetOptions struct {
	env     string
	name    string
	bits    string // "": as before
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
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	bits, err := parseBits("pinseal key reset "+o.name+" -e "+w.env, o.bits)
	if err != nil {
		return err
	}
	k, err := w.key(o.name)
	if err == nil {
		err = w.confirmReset(k, o)
	}
	if err != nil {
		return err
	}
	if bits > 0 {
		k.Bits = bits
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
	if err := w.put(k); err != nil {
		return err
	}
	w.say("Reset %s in %s: version %d (%d bits) is the only one; %s dropped. Commits and pins that hold them still do.",
		k.name, w.env, k.newest(), k.Bits, areMany(dropped, "version"))
	w.warnBits(k.Bits)
	w.sayGit()
	w.sayPinned(k.name)
	return nil
}

// confirmReset asks twice.
func (w *writer) confirmReset(k *changedFile, o keyResetOptions) error {
	line := "pinseal key reset " + k.name + " -e " + w.env
	if o.bits != "" {
		line += " --bits " + o.bits
	}
	confirmed := o.confirm == k.name
	switch {
	case o.confirm != "" && !confirmed:
		return usage([]string{"pinseal key list -e " + w.env}, "--confirm wants the name of the key, and what was given is another")
	case w.yes && confirmed:
		return nil
	case !w.interactive():
		return usage([]string{line + " --yes --confirm " + k.name, "pinseal key rotate " + k.name + " -e " + w.env + "      keeps what there is"},
			"resetting a key drops every version of it: that wants --yes and --confirm NAME, for there is no terminal to ask on")
	}
	w.warn("%s of %s in %s will be dropped: what was encrypted with them can never be decrypted from this set again. Git's history and pins keep them, for who can read those",
		count(len(k.Versions), "version"), k.name, w.env)
	if !w.yes && !w.ask("Reset "+k.name+"?") {
		return w.declined("nothing was changed")
	}
	if confirmed {
		return nil
	}
	fmt.Fprint(w.Stderr, "Type the name of the key: ")
	if typed, err := w.readLine(); err != nil || strings.TrimSpace(typed) != k.name {
		return w.declined("nothing was changed")
	}
	return nil
}
