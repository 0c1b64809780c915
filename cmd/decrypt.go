package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

func newDecrypt(c *cli) *cobra.Command {
	var o cryptingLines
	cmd := &cobra.Command{
		Use:   "decrypt --key NAME",
		Short: "Decrypt what encrypt printed",
		Long: `Decrypt the payload on stdin, with one line end behind it or none, and print the
exact bytes that were encrypted. On a terminal a newline is added. Whichever version
of the key made it is found, of the newest 32. It takes memory of about three times the
payload.

What was changed, is of another key, or is no payload at all is one error, exit code
5, and nothing is printed. A release that reads its pin has the key's versions of
then: for a value that a later one wrote it says "newer key version needed".

With --lines each line of stdin is a payload, and each value becomes a line. A value
that holds a line end itself is an error: decrypt it alone.`,
		Example: `  pinseal decrypt --key customer_data < value.enc
  pinseal decrypt -k customer_data -e production --at pin < photo.enc > photo.jpg
  pinseal decrypt -k customer_data -e production --at pin --lines < column.enc`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runDecrypt(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	return cmd
}

// whatPayload is a payload in messages.
const whatPayload = "the encrypted value"

func (c *cli) runDecrypt(ctx context.Context, o cryptingLines) error {
	if err := c.checkLines(&o); err != nil {
		return err
	}
	k, err := c.cryptKey(ctx, o.crypting)
	if err != nil {
		return err
	}
	defer k.Close()
	if o.lines {
		return k.decryptLines(ctx)
	}
	payload, err := c.readWhole("Encrypted value: ", whatPayload, maxPayload, o.line())
	if err != nil {
		return err
	}
	plain, version, err := k.decrypt(ctx, nil, cutLineEnd(payload))
	if err != nil {
		return err
	}
	if o.json {
		return c.printJSON(struct {
			Schema      int    `json:"schema"`
			Key         string `json:"key"`
			Version     uint32 `json:"version"`
			Environment string `json:"environment"`
			revealed
		}{1, k.name, version, k.Environment, reveal(seal.NewSecret(plain))})
	}
	if c.StdoutTTY {
		plain = append(plain, '\n')
	}
	return c.writeStdout(plain)
}

func (k *cryptKey) decryptLines(ctx context.Context) error {
	number := 0
	_, err := k.eachLine(whatPayload, maxPayload, func(out, line []byte) ([]byte, error) {
		number++
		all, _, err := k.decrypt(ctx, out, bytes.TrimSuffix(line, []byte("\r")))
		if err != nil {
			return nil, err
		}
		if bytes.Contains(all[len(out):], []byte("\n")) {
			return nil, hint(errors.New("the value has a line end in it, and so is not one line"),
				fmt.Sprintf("sed -n %dp FILE | pinseal decrypt -k %s %s      decrypts it alone", number, k.name, k.set()))
		}
		return all, nil
	})
	return err
}
