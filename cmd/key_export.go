package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

type keyExportOptions struct {
	reading
	name    string
	reveal  bool
	all     bool
	version int // below 0: the newest
	json    bool
}

func newKeyExport(c *cli) *cobra.Command {
	var o keyExportOptions
	cmd := &cobra.Command{
		Use:   "export NAME --reveal",
		Short: "Print an encryption key itself",
		Long: `Print the newest version of an encryption key, in base64, to move it elsewhere. Whoever
has it can decrypt what it encrypted, and encrypt in its name, for as long as the
version is in use: so it wants --reveal. With --all it is every version, one per line,
the oldest first, which pinseal key import takes.

A key of 128 bits decrypts on platforms with such keys. One of 256 bits does not: they
take its first 16 bytes.`,
		Example: `  pinseal key export customer_data -e production --reveal | some-vault write customer-data-key
  pinseal key export customer_data --reveal --all --at pin:3
  pinseal key export customer_data --reveal --version 2`,
		Args: secretArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return c.runKeyExport(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeKey,
	}
	o.bind(c, cmd)
	o.version = -1
	f := cmd.Flags()
	f.BoolVar(&o.reveal, "reveal", false, "print the key itself")
	f.BoolVar(&o.all, "all", false, "print every version, the oldest first")
	f.Var((*number)(&o.version), "version", "print version `N`")
	f.BoolVar(&o.json, "json", false, "print JSON, with the key")
	return cmd
}

// exportedVersion is a version of a key for programs.
type exportedVersion struct {
	Number uint32 `json:"number"`
	Key    string `json:"key"` // base64
}

func (c *cli) runKeyExport(ctx context.Context, o keyExportOptions) error {
	switch {
	case o.all && o.version >= 0:
		return usage(nil, "--all and --version exclude each other")
	case !o.reveal:
		return usage([]string{"pinseal key export " + o.name + o.given() + " --reveal", "pinseal key list" + o.given() + "      says what there is"},
			"export prints the key itself: --reveal says that it is meant")
	}
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return err
	}
	defer v.Close()
	f, texts, err := v.keyTexts(o)
	if err != nil {
		return c.readHint(v, err)
	}
	if o.json {
		return c.printJSON(struct {
			Schema      int               `json:"schema"`
			Name        string            `json:"name"`
			Environment string            `json:"environment"`
			Version     string            `json:"version"`
			Bits        int               `json:"bits"`
			Versions    []exportedVersion `json:"versions"`
		}{1, o.name, v.Environment, v.Source.What, f.Bits, texts})
	}
	var out []byte
	for _, text := range texts {
		out = append(append(out, text.Key...), '\n')
	}
	return c.writeStdout(out)
}

// keyTexts opens the versions that are asked for, ascending, and no other: one that does
// not open keeps nobody from the others.
func (v *view) keyTexts(o keyExportOptions) (*versions.SecretFile, []exportedVersion, error) {
	f, err := v.KeyFile(o.name)
	if err != nil {
		return nil, nil, blankKey(err)
	}
	wanted := *f
	if !o.all {
		wanted.Versions = f.Versions[len(f.Versions)-1:]
	}
	if o.version >= 0 {
		wanted.Versions = slices.DeleteFunc(slices.Clone(f.Versions), func(k versions.KeyVersion) bool { return int(k.Number) != o.version })
	}
	if len(wanted.Versions) == 0 {
		return nil, nil, hint(&versions.NotFoundError{What: fmt.Sprintf("version %d of encryption key", o.version), Name: o.name, In: v.Environment + " of the " + v.Source.What}, v.keyListCommand())
	}
	opened, err := v.OpenVersions(o.name, &wanted)
	texts := make([]exportedVersion, len(opened))
	for i, one := range opened {
		texts[i] = exportedVersion{one.Number, string(one.Text.Reveal())}
	}
	return f, texts, err
}
