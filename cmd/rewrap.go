package cmd

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newRewrap(c *cli) *cobra.Command {
	var o crypting
	cmd := &cobra.Command{
		Use:   "rewrap --key NAME",
		Short: "Encrypt values anew with the newest version of their key",
		Long: `Read payloads of a named encryption key, one per line, and print each under the
newest version of the key, one per line and in order. The values are not shown. One
that is under the newest version already is printed as it is, and has to decrypt all
the same. At the end it is said how many came from which version: when nothing is
left of a version, whatever stores the payloads does without it.

A line that does not decrypt ends it: the lines before are printed, and the error
says how many they are. Any number of lines takes no more memory.

Releases have to know the newest version before they can read what comes out:
publish, and deploy, first.`,
		Example: `  pinseal rewrap -k customer_data -e production --at pin < column.enc > column.new`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runRewrap(cmd.Context(), o)
		},
	}
	o.bind(c, cmd)
	return cmd
}

func (c *cli) runRewrap(ctx context.Context, o crypting) error {
	if err := c.refuseTyping(o.line()); err != nil {
		return err
	}
	k, err := c.cryptKey(ctx, o)
	if err != nil {
		return err
	}
	defer k.Close()
	k.warnAhead(ctx)
	newest := k.key.Newest()
	of := map[uint32]int{} // payloads, by version
	var plain []byte
	lines, err := c.eachLine(whatPayload, maxPayload, func(out, line []byte) ([]byte, error) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		opened, version, err := k.decrypt(ctx, plain[:0], line)
		if err != nil {
			return nil, err
		}
		plain = opened
		of[version]++
		if version == newest {
			return append(out, line...), nil
		}
		return k.key.Encrypt(out, plain)
	})
	if err != nil {
		return err
	}
	c.say("%s", rewrapped(lines, of, newest))
	return nil
}

// rewrapped counts values by the version they came from.
func rewrapped(values int, of map[uint32]int, newest uint32) string {
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(of)) {
		if version == newest {
			parts = append(parts, fmt.Sprintf("%d already under version %d", of[version], version))
		} else {
			parts = append(parts, fmt.Sprintf("%d from version %d", of[version], version))
		}
	}
	if len(parts) == 0 {
		return count(values, "value")
	}
	return count(values, "value") + ": " + strings.Join(parts, ", ")
}
