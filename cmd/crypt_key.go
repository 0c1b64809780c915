package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

// crypting is the flags of a command that works with a named encryption key. Nothing
// stands in for a key: its reading takes no override.
type crypting struct {
	reading
	command string // as it is typed, for hints: "decrypt --lines"
	key     string
}

func (o *crypting) bind(c *cli, cmd *cobra.Command) {
	o.command = cmd.Name()
	cmd.Flags().StringVarP(&o.key, "key", "k", "", "the encryption key, by `NAME`")
	completeFlag(cmd, "key", c.completeKeys)
	o.reading.bind(c, cmd)
}

// cryptKey is a named encryption key of a set, opened. Close it.
type cryptKey struct {
	*cli
	*view
	command string // for hints
	name    string
	file    *versions.SecretFile
	key     *seal.NamedKey
}

// cryptKey opens the key that the flags ask for.
func (c *cli) cryptKey(ctx context.Context, o crypting) (*cryptKey, error) {
	if o.key == "" {
		return nil, usage([]string{"pinseal " + o.command + " --key NAME", "pinseal key list"}, "--key is wanted: it says which encryption key")
	}
	if err := seal.CheckSecretName(o.key); err != nil {
		return nil, err
	}
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return nil, err
	}
	k := &cryptKey{cli: c, view: v, command: o.command, name: o.key}
	if k.key, k.file, err = v.NamedKey(o.key); err != nil {
		v.Close()
		return nil, k.openHint(err)
	}
	return k, nil
}

// openHint says where the keys are when there is none such, and how one that is blank
// comes by a version.
func (k *cryptKey) openHint(err error) error {
	var missing *versions.NotFoundError
	switch {
	case errors.As(err, new(*versions.BlankError)):
		return hint(err, keyTries(k.name, k.Environment, k.file)...)
	case errors.As(err, &missing) && missing.What == "encryption key":
		return hint(err, "pinseal key list "+k.set())
	}
	return k.readHint(k.view, err)
}

// set is the flags that say which set was read, for hints.
func (k *cryptKey) set() string {
	switch {
	case k.asked.bundle != "":
		return "--bundle " + quoteShell(k.asked.bundle)
	case k.asked.at != "":
		return "-e " + k.Environment + " --at " + quoteShell(k.asked.at)
	}
	return "-e " + k.Environment
}

// decrypt appends to dst what a payload stands for, and says which version it is of.
// What does not decrypt is a *versions.NotEncryptedError; or a *versions.NewerKeyError,
// where the set is fixed and a later one here does it.
func (k *cryptKey) decrypt(ctx context.Context, dst, payload []byte) (out []byte, version uint32, err error) {
	out, version, err = k.key.Decrypt(dst, payload)
	if err == nil {
		return out, version, nil
	}
	refused := &versions.NotEncryptedError{Key: k.name, Newest: k.key.Newest()}
	if !k.fixed() {
		return nil, 0, refused
	}
	refused.In = k.Source.What
	if later, at := k.laterVersion(ctx, payload); later > 0 {
		return nil, 0, hint(&versions.NewerKeyError{Key: k.name, Have: k.key.Newest(), Need: later, In: k.Source.What},
			"pinseal "+k.command+" -k "+k.name+" -e "+k.Environment+" --at "+at)
	}
	return nil, 0, refused
}

// fixed reports whether the set is a pin's, a bundle's or a commit's, to which nothing
// is added.
func (k *cryptKey) fixed() bool { return k.Commit != "" || k.Pin != nil }
