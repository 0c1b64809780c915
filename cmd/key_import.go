package cmd

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

type keyImportOptions struct {
	setOptions // name, env, file and what stands beside the versions
	add        bool
}

func newKeyImport(c *cli) *cobra.Command {
	var o keyImportOptions
	cmd := &cobra.Command{
		Use:   "import NAME",
		Short: "Seal an encryption key that there is already",
		Long: `Seal an encryption key that there is already: 16 or 32 bytes in standard base64 with
padding, from stdin, --file, or a hidden prompt. Several lines are its versions, the
oldest first, as pinseal key export --all prints them. It needs no identity.

A key that has versions is left alone; with --add what comes in is added to them, and
the last line encrypts from now on.

What other platforms encrypted with the key can be decrypted then, and the other way
round, where it has 128 bits. Other sizes are refused: platforms that take the first
16 bytes of a longer key, and do not say so, would not be compatible.`,
		Example: `  some-vault read customer-data-key | pinseal key import customer_data
  pinseal key import customer_data -e production --file key.b64
  pinseal key export customer_data -e dev --reveal --all | pinseal key import customer_data -e staging
  some-vault read newer-key | pinseal key import customer_data --add`,
		Args: nameOnly,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			o.markGiven(cmd)
			return c.runKeyImport(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeKey,
	}
	bindEnv(c, cmd, &o.env)
	f := cmd.Flags()
	f.StringVar(&o.value.file, "file", "", "take the key from `FILE` (- is stdin)")
	f.BoolVar(&o.add, "add", false, "add to the versions that the key has")
	bindKeyMetadata(cmd, &o.setOptions)
	return cmd
}

func (c *cli) runKeyImport(ctx context.Context, o keyImportOptions) error {
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	k, err := w.keyOrNew(o.name)
	if err != nil {
		return err
	}
	adds := !k.Blank()
	if adds && !o.add {
		return w.keyExists(k)
	}
	if err := o.describe(k.SecretFile, w.env); err != nil {
		return err
	}
	o.value.raw = true // readKeyLines knows the ends of lines
	o.value.again = "pinseal key import " + o.name + " -e " + w.env
	if o.add {
		o.value.again += " --add"
	}
	data, err := c.readBytes("Key for "+o.name+", in base64 (hidden): ", o.value)
	if err != nil {
		return err
	}
	texts, bits, err := readKeyLines(data)
	if err != nil {
		return err
	}
	if adds && bits != k.Bits {
		return usage([]string{"pinseal key import OTHERNAME -e " + w.env}, "%s has %d bits, and what came in has %d: all versions of a key are of one size", k.name, k.Bits, bits)
	}
	k.Bits = bits
	if err := w.addVersions(k, texts...); err != nil {
		return err
	}
	if err := w.put(k); err != nil {
		return err
	}
	done := numbered(k.Versions[len(k.Versions)-len(texts):])
	if adds {
		w.say("Added %s to %s in %s: version %d (%d bits) encrypts from now on", done, k.name, w.env, k.newest(), k.Bits)
	} else {
		w.say("Imported key %s (%d bits) in %s, %s", k.name, k.Bits, w.env, done)
	}
	w.warnBits(bits)
	o.warnExpired(c, k.SecretFile)
	w.sayGit()
	if adds {
		w.sayPinned(k.name)
	}
	return nil
}

// readKeyLines reads keys, one per line, all of one size. The last line may lack its end.
// Errors do not hold what was read: it may be anything.
func readKeyLines(data []byte) (texts []seal.Secret, bits int, err error) {
	try := []string{"head -c 16 /dev/urandom | base64      is how a key of 128 bits looks"}
	if len(data) == 0 {
		return nil, 0, usage(try, "a key is wanted, and nothing came in")
	}
	several := bytes.IndexByte(data, '\n') < len(data)-1 && bytes.IndexByte(data, '\n') >= 0
	for line := range bytes.Lines(data) {
		if line, ended := bytes.CutSuffix(line, []byte("\n")); ended {
			texts = append(texts, seal.NewSecret(bytes.TrimSuffix(line, []byte("\r"))))
		} else {
			texts = append(texts, seal.NewSecret(line))
		}
		if len(texts) > seal.MaxKeyVersions {
			return nil, 0, usage(nil, "a key has %d versions at most, and more lines came in", seal.MaxKeyVersions)
		}
		where := "what came in"
		if several {
			where = fmt.Sprintf("line %d", len(texts))
		}
		text := texts[len(texts)-1]
		size, err := seal.KeyTextBits(text)
		if n := base64Len(text); err != nil && n > 16 {
			return nil, 0, usage(try, "%s is a key of %d bytes: only 16 and 32 are taken. Platforms that take the first 16 bytes of a longer one, and do not say so, would not be compatible", where, n)
		}
		if err != nil {
			return nil, 0, usage(try, "%s is %s, with padding", where, err)
		}
		if same := slices.IndexFunc(texts[:len(texts)-1], text.Equal); same >= 0 {
			return nil, 0, usage(nil, "%s is the same key as line %d: two versions of one key would be alike", where, same+1)
		}
		if bits != 0 && size != bits {
			return nil, 0, usage(nil, "%s is a key of %d bits, and those before have %d: all versions of a key are of one size", where, size, bits)
		}
		bits = size
	}
	return texts, bits, nil
}

// base64Len is how many bytes a text in standard base64 stands for, 0 for any other.
func base64Len(text seal.Secret) int {
	data := text.Reveal()
	if bytes.ContainsAny(data, "\r\n") {
		return 0
	}
	raw, err := base64.StdEncoding.Strict().AppendDecode(nil, data)
	if err != nil {
		return 0
	}
	return len(raw)
}
