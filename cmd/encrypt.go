package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

func newEncrypt(c *cli) *cobra.Command {
	var o cryptingLines
	cmd := &cobra.Command{
		Use:   "encrypt --key NAME",
		Short: "Encrypt data with a named encryption key",
		Long: `Encrypt the exact bytes of stdin, up to 1 GiB, with the newest version of a named
encryption key, and print the payload: one line of standard base64 of a 12-byte IV,
AES-GCM ciphertext and tag. Doing it twice gives different payloads. At a terminal
the value is asked for, hidden. It takes memory of about three times the value.

With --lines each line of stdin is a value of its own, without the LF that ends it,
and an empty line is the empty value. Any number of them takes no more memory.

The key is that of the work tree, unless --at or --bundle says which set. A version
of it that was never committed can be lost, and with it what it encrypted.`,
		Example: `  printf %s "$EMAIL" | pinseal encrypt --key customer_data
  pinseal encrypt -k customer_data -e production --at pin < photo.jpg > photo.enc
  pinseal encrypt -k customer_data -e production --at pin --lines < column.txt > column.enc`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runEncrypt(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	return cmd
}

func (c *cli) runEncrypt(ctx context.Context, o cryptingLines) error {
	if err := c.checkLines(&o); err != nil {
		return err
	}
	k, err := c.cryptKey(ctx, o.crypting)
	if err != nil {
		return err
	}
	defer k.Close()
	k.warnAhead(ctx)
	const what = "what is to be encrypted"
	if o.lines {
		_, err := c.eachLine(what, seal.MaxPlaintext, k.key.Encrypt)
		return err
	}
	plain, err := c.readWhole("Value to encrypt: ", what, seal.MaxPlaintext, o.line())
	if err != nil {
		return err
	}
	payload, err := k.key.Encrypt(nil, plain)
	if err != nil {
		return err
	}
	if o.json {
		return c.printJSON(struct {
			Schema      int    `json:"schema"`
			Key         string `json:"key"`
			Version     uint32 `json:"version"`
			Environment string `json:"environment"`
			Value       string `json:"value"`
		}{1, k.name, k.key.Newest(), k.Environment, string(payload)})
	}
	return c.writeStdout(append(payload, '\n'))
}
