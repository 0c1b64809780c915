package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

const defaultRecipe = "base64:16"

type generateOptions struct {
	setOptions        // name, env and what stands beside the value
	recipe     string // "" for the one in the file, else the default
}

func newGenerate(c *cli) *cobra.Command {
	var o generateOptions
	cmd := &cobra.Command{
		Use:   "generate NAME",
		Short: "Seal a strong random value that nobody has seen",
		Long: `Make a strong random value and seal it under a name, in the work tree. It is not
shown; get prints it to who can read. The recipe is kept with the secret, so that
generating again makes one of the same kind:

  base64:N   N random bytes in base64      hex:N   N random bytes in hex
  alnum:N    N of A-Z, a-z and 0-9

Less than 128 bits is refused. It needs no identity.`,
		Example: `  pinseal generate SESSION_SECRET
  pinseal generate DB_PASSWORD -e production --recipe alnum:32
  pinseal generate WEBHOOK_KEY --recipe hex:32 --about "signs our webhooks"`,
		Args: secretArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			o.markGiven(cmd)
			if cmd.Flags().Changed("recipe") {
				if err := seal.CheckRecipe(o.recipe); err != nil {
					return usage([]string{"pinseal generate " + o.name + " --recipe alnum:32"}, "--recipe: %s", err)
				}
			}
			return c.runGenerate(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeNames,
	}
	bindEnv(c, cmd, &o.env)
	cmd.Flags().StringVar(&o.recipe, "recipe", "", "`RECIPE` of the value (default: the one it was made by, else "+defaultRecipe+")")
	bindMetadata(cmd, &o.setOptions)
	return cmd
}

func (c *cli) runGenerate(ctx context.Context, o generateOptions) error {
	w, f, err := c.openDescribed(ctx, &o.setOptions, "generated like a secret")
	if err != nil {
		return err
	}
	defer w.Close()
	replaces := f.there() && !f.Blank()
	switch {
	case o.recipe != "":
		f.Generate = o.recipe
	case f.Generate == "":
		f.Generate = defaultRecipe
	}
	value, err := seal.Random(f.Generate)
	if err != nil {
		return err
	}
	if f.Value, err = w.seal(o.name, value); err != nil {
		return err
	}
	if err := w.put(f); err != nil {
		return err
	}
	done := fmt.Sprintf("Generated %s (%s, %s) in %s", o.name, f.Generate, bytesOf(value.Len()), w.env)
	if replaces {
		done += ", in place of the value it had"
	}
	w.say("%s", done)
	o.warnExpired(c, f.SecretFile)
	w.sayGit()
	return nil
}
