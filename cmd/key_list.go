package cmd

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

type keyListOptions struct {
	reading
	json bool
}

func newKeyList(c *cli) *cobra.Command {
	var o keyListOptions
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "Encryption keys and their versions; never a key itself",
		Long: `List the encryption keys of an environment: how large they are, how many versions
each has, which one encrypts, and what it is for. It needs no key and prints none. A
blank one is declared, and encrypts nothing until it is created or imported.

Keys of 256 bits are pinseal's own: platforms whose keys have 128 bits cannot decrypt
what they encrypt. When each was changed last is in pinseal list.`,
		Example: `  pinseal key list
  pinseal key list -e production --at pin
  pinseal key list --json | jq -r '.keys[] | select(.versions | length > 5) | .name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runKeyList(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.bind(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// listedKey is an encryption key for people and programs.
type listedKey struct {
	Name          string   `json:"name"`
	Bits          int      `json:"bits"`
	Versions      []uint32 `json:"versions"`         // ascending
	Newest        uint32   `json:"newest,omitempty"` // the version that encrypts
	Blank         bool     `json:"blank,omitempty"`
	About         string   `json:"about,omitempty"`
	Expires       string   `json:"expires,omitempty"`
	Interoperates bool     `json:"interoperates"` // with platforms whose keys have 128 bits
}

func (c *cli) runKeyList(ctx context.Context, o keyListOptions) error {
	v, _, err := c.lookAt(ctx, o.reading)
	if err != nil {
		return err
	}
	defer v.Close()
	names, files, unmerged, err := v.Source.MergedFiles(v.Environment)
	if err != nil {
		return err
	}
	keys := []listedKey{}
	for i, f := range files {
		if f != nil && f.Kind == versions.KindKey {
			keys = append(keys, listKey(names[i], f))
		}
	}
	if o.json {
		return afterwards(unmerged, c.printJSON(struct {
			Schema      int         `json:"schema"`
			Environment string      `json:"environment"`
			Version     string      `json:"version"`
			Keys        []listedKey `json:"keys"`
		}{1, v.Environment, v.Source.What, keys}))
	}
	if len(keys) == 0 {
		c.say("%s has no encryption keys in the %s\n  try:  %s", v.Environment, v.Source.What, c.here("pinseal key create NAME -e "+v.Environment))
		return afterwards(unmerged, nil)
	}
	table := [][]string{{"NAME", "BITS", "VERSIONS", "NEWEST", "ABOUT"}}
	for _, k := range keys {
		table = append(table, k.row())
	}
	return afterwards(unmerged, printTable(c.Stdout, table))
}

func listKey(name string, f *versions.SecretFile) listedKey {
	k := listedKey{Name: name, Bits: f.Bits, Versions: []uint32{}, Blank: f.Blank(), About: f.About, Expires: f.Expires, Interoperates: f.Bits == 128}
	for _, v := range f.Versions {
		k.Versions, k.Newest = append(k.Versions, v.Number), v.Number
	}
	return k
}

func (k *listedKey) row() []string {
	bits := strconv.Itoa(k.Bits)
	if !k.Interoperates {
		bits += " (pinseal only)"
	}
	if k.Blank {
		return []string{k.Name, bits, "blank", "", k.About}
	}
	_, all, _ := strings.Cut(versionNumbers(k.Versions), " ")
	return []string{k.Name, bits, all, strconv.Itoa(int(k.Newest)), k.About}
}
