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

// cryptingLines is the flags of encrypt and decrypt: of one value, or of lines of them.
type cryptingLines struct {
	crypting
	lines, json bool
}

func (o *cryptingLines) bind(c *cli, cmd *cobra.Command) {
	o.crypting.bind(c, cmd)
	cmd.Flags().BoolVar(&o.lines, "lines", false, cmd.Name()+" each line by itself")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, with the version of the key")
}

// checkLines settles what --lines goes with.
func (c *cli) checkLines(o *cryptingLines) error {
	if !o.lines {
		return nil
	}
	if o.json {
		return usage(nil, "--lines and --json exclude each other")
	}
	o.command += " --lines"
	return c.refuseTyping(o.line())
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
		return nil, usage([]string{o.line(), "pinseal key list" + o.given()}, "--key is wanted: it says which encryption key")
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
		return hint(blankKey(err), keyTries(k.name, k.Environment, k.file)...)
	case errors.As(err, &missing) && missing.What == "encryption key":
		return hint(err, "pinseal key list "+k.set())
	}
	return k.readHint(k.view, err)
}

// given is the flags that say which set is meant, as they were given and each after a
// space, for hints before it was looked for.
func (o reading) given() string {
	s := ""
	if seal.CheckEnvironment(o.env) == nil {
		s += " -e " + o.env
	}
	if o.at != "" {
		s += " --at " + quoteShell(o.at)
	}
	if o.bundle != "" {
		s += " --bundle " + quoteShell(o.bundle)
	}
	return s
}

// line is the command, for hints.
func (o *crypting) line() string {
	key := o.key
	if seal.CheckSecretName(key) != nil {
		key = "NAME"
	}
	return "pinseal " + o.command + " -k " + key + o.given()
}

// decrypt appends to dst what a payload stands for, and says which version it is of.
// What does not decrypt is a *versions.NotEncryptedError; or a *versions.NewerKeyError,
// where a later set that is here does it.
func (k *cryptKey) decrypt(ctx context.Context, dst, payload []byte) (out []byte, version uint32, err error) {
	out, version, err = k.key.Decrypt(dst, payload)
	if err == nil {
		return out, version, nil
	}
	return nil, 0, k.refused(k.laterVersion(ctx, payload))
}

// refused says what came of a payload that does not decrypt, after the look for a later
// version. Where nobody could look, a later release may have written it.
func (k *cryptKey) refused(later laterVersion) error {
	in := k.Source.What
	if !k.fixed() {
		in = "the " + in
	}
	if later.number > 0 {
		return hint(&versions.NewerKeyError{Key: k.name, Have: k.key.Newest(), Need: later.number, In: in},
			"pinseal "+k.command+" -k "+k.name+" -e "+k.Environment+" --at "+later.at)
	}
	err := &versions.NotEncryptedError{Key: k.name, Newest: k.key.Newest()}
	if !later.looked {
		err.In = in
	}
	if len(later.try) == 0 {
		return err
	}
	return hint(err, later.try...)
}

// fixed reports whether the set is a pin's, a bundle's or a commit's, to which nothing
// is added.
func (k *cryptKey) fixed() bool { return k.Commit != "" || k.Pin != nil }
