package cmd

import (
	"context"
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

type getOptions struct {
	reading
	name string
	json bool
}

func newGet(c *cli) *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use:     "get NAME",
		Aliases: []string{"read"},
		Short:   "Print one secret",
		Long: `Print the exact bytes of a secret to stdout. On a terminal a newline is added.
With --at pin it is the value of the newest published set, and never another: a pin
that cannot be had or does not verify is an error. Of an encryption key it is the
newest version, in base64; pinseal key export prints the others.

` + overrideLong,
		Example: `  pinseal get DATABASE_URL
  pinseal get DATABASE_URL -e production --at pin
  pinseal get TLS_KEY -e production --at v1.4 > tls.key
  pinseal get API_KEY --bundle prod.bundle --app APPID
  PINSEAL__SECRETS__API_KEY=test pinseal get API_KEY`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return c.runGet(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeNames,
	}
	o.bind(c, cmd)
	o.override.bind(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, with the value")
	return cmd
}

func (c *cli) runGet(ctx context.Context, o getOptions) error {
	if err := seal.CheckSecretName(o.name); err != nil {
		return err
	}
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return err
	}
	defer v.Close()
	value, err := v.Get(o.name)
	if err != nil {
		return c.readHint(v, err)
	}
	v.sayOverridden(value)
	if o.json {
		out := struct {
			Schema      int    `json:"schema"`
			Name        string `json:"name"`
			Environment string `json:"environment"`
			Version     string `json:"version"`
			Commit      string `json:"commit,omitempty"`
			Pin         int    `json:"pin,omitempty"`
			revealed
		}{1, o.name, v.Environment, v.Source.What, string(v.Commit), 0, reveal(value.Secret)}
		if v.Pin != nil {
			out.Pin = v.Pin.Number
		}
		return c.printJSON(out)
	}
	data := value.Secret.Reveal()
	if c.StdoutTTY {
		data = append(data[:len(data):len(data)], '\n')
	}
	return c.writeStdout(data)
}

// readHint tells someone without a key what to do about it, and where the names
// are when there is none such; v may be nil.
func (c *cli) readHint(v *view, err error) error {
	var missing *versions.NotFoundError
	if v != nil && errors.As(err, &missing) && missing.What == "secret" {
		return hint(err, v.listCommand())
	}
	var blank *versions.BlankError
	switch {
	case errors.As(err, new(*hinted)):
		return err
	case v != nil && missing != nil && missing.What == "encryption key":
		return hint(err, v.keyListCommand())
	case v != nil && errors.As(err, &blank):
		return hint(err, v.fillHints(blank.Name)...)
	case errors.Is(err, seal.ErrPlugin):
		return pluginError(err)
	case errors.Is(err, seal.ErrNoKey):
		return hint(err, c.keyHints(v, err)...)
	}
	return err
}

// set is the flags that say which set was read, for hints.
func (v *view) set() string {
	switch {
	case v.asked.bundle != "":
		return "--bundle " + quoteShell(v.asked.bundle)
	case v.asked.at != "":
		return "-e " + v.Environment + " --at " + quoteShell(v.asked.at)
	}
	return "-e " + v.Environment
}

// listCommand lists the names of what was read.
func (v *view) listCommand() string { return "pinseal list " + v.set() }

// keyListCommand lists the encryption keys of what was read.
func (v *view) keyListCommand() string { return "pinseal key list " + v.set() }

// fillHints are how a blank of the view gets a value.
func (v *view) fillHints(name string) []string {
	if f, err := v.Source.File(v.Environment, name); err == nil && f.Kind == versions.KindKey {
		return keyTries(name, v.Environment, f)
	}
	return []string{"pinseal set " + name + " -e " + v.Environment}
}

// revealed is a value in JSON: as text, or in base64 when it is not UTF-8.
type revealed struct {
	Value  *string `json:"value,omitempty"`
	Base64 *string `json:"value_base64,omitempty"`
}

func reveal(s seal.Secret) (r revealed) {
	data := s.Reveal()
	if utf8.Valid(data) {
		text := string(data)
		r.Value = &text
		return r
	}
	text := base64.StdEncoding.EncodeToString(data)
	r.Base64 = &text
	return r
}
