package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/versions"
)

func newKey(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "key",
		Aliases: []string{"keys"},
		Short:   "Named encryption keys: create, list, rotate, reset, rm, import, export",
		Long: `A named encryption key is for data of your app: encrypt and decrypt use it by its
name, so that no code holds it. It is sealed in the set like a secret, in versions:
the newest encrypts, and each of them decrypts what it encrypted, 32 at most. So a
pin says which versions a release has, and a release decrypts what came before it.

Keys have 128 bits, and what they encrypt is what platforms with such keys make of
them: data and keys can be moved in and out. Keys of 256 bits are pinseal's own.

Of one version at most 2^32 values should be encrypted: rotate before that.`,
		Example: `  pinseal key create customer_data --about "What customers upload"
  pinseal encrypt --key customer_data < note.txt
  pinseal key rotate customer_data
  pinseal key list`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeyCreate(c), newKeyList(c), newKeyRotate(c), newKeyReset(c), newKeyRm(c), newKeyImport(c), newKeyExport(c))
	return cmd
}

// openKeys opens an environment of the work tree for changing its encryption keys.
// Close it.
func (c *cli) openKeys(ctx context.Context, env string) (*writer, error) {
	s, err := c.open(ctx, use)
	if err != nil {
		return nil, err
	}
	w, err := s.write(env)
	if err != nil {
		s.Close()
		return nil, err
	}
	return w, nil
}

// keyOrNew reads a key, blank or not; where nothing has the name it is a fresh one of
// 128 bits.
func (w *writer) keyOrNew(name string) (*changedFile, error) {
	k, err := w.current(name)
	switch {
	case err != nil:
		return nil, err
	case !k.there():
		k.Kind, k.Bits = versions.KindKey, 128
	case k.Kind != versions.KindKey:
		return nil, w.notKey(name, "pinseal list -e "+w.env)
	}
	return k, nil
}

// key reads a key that has versions.
func (w *writer) key(name string) (*changedFile, error) {
	f, err := w.head.File(w.env, name)
	if missing := (*versions.NotFoundError)(nil); errors.As(err, &missing) {
		missing.What = "encryption key"
		return nil, hint(missing, "pinseal key list -e "+w.env)
	}
	switch {
	case err != nil:
		return nil, err
	case f.Kind != versions.KindKey:
		return nil, w.notKey(name, "pinseal key list -e "+w.env)
	case f.Blank():
		return nil, hint(blankKey(&versions.BlankError{Name: name, Environment: w.env}), keyTries(name, w.env, f)...)
	}
	return changing(name, f)
}

// notKey says that a name is that of a secret.
func (w *writer) notKey(name string, try ...string) error {
	return usage(try, "%q in %s is a secret, and no encryption key", name, w.env)
}

// blankKeyError is a *versions.BlankError of an encryption key.
type blankKeyError struct{ *versions.BlankError }

func (e *blankKeyError) Error() string {
	return fmt.Sprintf("encryption key %q is blank in %s: declared, but it has no version", e.Name, e.Environment)
}

func (e *blankKeyError) Unwrap() error { return e.BlankError }

// blankKey says of a blank that it is an encryption key.
func blankKey(err error) error {
	if blank := (*versions.BlankError)(nil); errors.As(err, &blank) {
		return &blankKeyError{blank}
	}
	return err
}

// keyTries is how an encryption key gets a version.
func keyTries(name, env string, f *versions.SecretFile) []string {
	at := " " + name + " -e " + env
	if f.Blank() {
		return []string{"pinseal key create" + at, "pinseal key import" + at + "      takes one that there is"}
	}
	return []string{"pinseal key rotate" + at, "pinseal key import" + at + " --add      takes one that there is"}
}

// addVersions seals keys as the newest versions of one, in their order.
func (w *writer) addVersions(k *changedFile, texts ...seal.Secret) error {
	for _, text := range texts {
		err := k.AddVersion(w.sealer, w.id, w.env, k.name, text)
		if errors.As(err, new(*versions.FullError)) {
			at := " " + k.name + " -e " + w.env
			return hint(err, fmt.Sprintf("pinseal rewrap --key%s < STORED > REWRAPPED      first, with all that is stored", at),
				fmt.Sprintf("pinseal key rm%s --before %d      then drops the versions that nothing needs any more", at, k.newest()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newest is the number of the version that encrypts; the key is not blank.
func (k *changedFile) newest() uint32 { return k.Versions[len(k.Versions)-1].Number }

// agreed wants a yes to what cannot be taken back, from --yes or the user. line is the
// command.
func (c *cli) agreed(line, question string) error {
	switch {
	case c.yes:
		return nil
	case !c.interactive():
		return usage([]string{line + " --yes"}, "this wants a yes, and there is no terminal to ask on")
	case !c.ask(question):
		return c.declined("nothing was changed")
	}
	return nil
}

// warnBits says of a key's size what its user may not expect.
func (c *cli) warnBits(bits int) {
	if bits != 128 {
		c.warn("keys of %d bits are pinseal's own: platforms whose keys have 128 bits take the first 16 bytes, so what is moved to one or from one does not decrypt", bits)
	}
}

// sayPinned tells when those who read pins have what was changed. It is told where the
// newest pin has one of the keys.
func (w *writer) sayPinned(names ...string) {
	pin := w.newestPin(w.env)
	if pin == nil {
		return
	}
	for _, name := range names {
		if _, ok := pin.Sum.Digest(w.env, name); ok {
			w.say("Running releases go on with the pin they have, until the next:  %s", w.here("pinseal publish "+w.env))
			return
		}
	}
}

// newestPin is the newest pin that is here, nil where there is none that can be read.
func (s *session) newestPin(env string) *versions.Source {
	l, _, err := s.localLedger(env)
	if err != nil || l == nil || l.Tip() == nil {
		return nil
	}
	source, err := l.Source(s.ctx, l.Tip())
	if err != nil {
		return nil
	}
	return source
}

// bindBits adds --bits, as it is typed: see parseBits.
func bindBits(cmd *cobra.Command, bits *string, what string) {
	cmd.Flags().StringVar(bits, "bits", "", what)
	completeFlag(cmd, "bits", cobra.FixedCompletions([]string{"128", "256"}, cobra.ShellCompDirectiveNoFileComp))
}

// parseBits is the size that --bits gives, 0 where it was not given. line is the command
// without it.
func parseBits(line, text string) (int, error) {
	switch text {
	case "":
		return 0, nil
	case "128":
		return 128, nil
	case "256":
		return 256, nil
	}
	return 0, usage([]string{line + " --bits 128", line + " --bits 256"}, "--bits is 128 or 256")
}
