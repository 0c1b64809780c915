package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"pinseal/repo"
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

// keyFile is the file of an encryption key that a command changes.
type keyFile struct {
	*versions.SecretFile
	name string
	was  []byte // what it is in the work tree; nil for one that is not there
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
func (w *writer) keyOrNew(name string) (*keyFile, error) {
	f, exists, err := w.current(name)
	switch {
	case err != nil:
		return nil, err
	case !exists:
		return &keyFile{SecretFile: &versions.SecretFile{Kind: versions.KindKey, Bits: 128}, name: name}, nil
	case f.Kind != versions.KindKey:
		return nil, w.notKey(name, "pinseal list -e "+w.env)
	}
	was, err := f.Bytes()
	return &keyFile{f, name, was}, err
}

// key reads a key that has versions.
func (w *writer) key(name string) (*keyFile, error) {
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
		return nil, hint(&versions.BlankError{Name: name, Environment: w.env}, keyTries(name, w.env, f)...)
	}
	was, err := f.Bytes()
	return &keyFile{f, name, was}, err
}

// notKey says that a name is that of a secret.
func (w *writer) notKey(name string, try ...string) error {
	return usage(try, "%q in %s is a secret, and no encryption key", name, w.env)
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
func (w *writer) addVersions(k *keyFile, texts ...seal.Secret) error {
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
func (k *keyFile) newest() uint32 { return k.Versions[len(k.Versions)-1].Number }

// putKeys writes keys, all or none, where their files are still what they were read as:
// of two that add a version at once one is refused, and no version is lost.
func (w *writer) putKeys(keys ...*keyFile) error {
	var edits []repo.Edit
	for _, k := range keys {
		data, err := k.Bytes()
		if err != nil {
			return err
		}
		if path := versions.FilePath(w.env, k.name); k.was != nil {
			edits = append(edits, repo.Edit{Path: path, Data: data, Was: k.was})
		} else if err := w.files.WriteNew(path, data); errors.Is(err, fs.ErrExist) {
			return w.exists(k.name, "pinseal key list -e "+w.env)
		} else if err != nil {
			return err
		}
	}
	if err := w.files.Apply(w.ctx, edits); err != nil {
		if errors.Is(err, repo.ErrChanged) {
			err = hint(fmt.Errorf("nothing was changed: %w", err), "the same command again")
		}
		return err
	}
	w.warnIgnored(w.ctx, w.repo, w.dir+"/"+versions.FilePath(w.env, keys[0].name))
	return nil
}

// agreed wants a yes to what cannot be taken back, from --yes or the user. line is the
// command.
func (c *cli) agreed(line, question string) error {
	switch {
	case c.yes:
		return nil
	case !c.interactive():
		return usage([]string{line + " --yes"}, "this wants a yes, and there is no terminal to ask on")
	case !c.ask(question):
		return errors.New("nothing was changed")
	}
	return nil
}

// warnBits says of a key's size what its user may not expect.
func (c *cli) warnBits(bits int) {
	if bits != 128 {
		c.warn("keys of %d bits are pinseal's own: platforms whose keys have 128 bits take the first 16 bytes, so what is moved to one or from one does not decrypt", bits)
	}
}

// sayPinned tells when those who read pins have what was changed. It is told where
// there is a pin.
func (w *writer) sayPinned() {
	remote, err := w.remote()
	if err != nil {
		remote = ""
	}
	tips, err := versions.ReadTips(w.ctx, w.repo, remote, w.id, w.env)
	if err == nil && tips != (versions.Tips{}) {
		w.say("Running releases go on with the pin they have, until the next:  %s", w.here("pinseal publish "+w.env))
	}
}

// bindBits adds --bits. Below 0 it was not given.
func bindBits(cmd *cobra.Command, bits *int, what string) {
	*bits = -1
	cmd.Flags().Var((*number)(bits), "bits", what)
	completeFlag(cmd, "bits", cobra.FixedCompletions([]string{"128", "256"}, cobra.ShellCompDirectiveNoFileComp))
}

func checkBits(line string, bits int) error {
	if bits >= 0 && bits != 128 && bits != 256 {
		return usage([]string{line + " --bits 128", line + " --bits 256"}, "--bits is 128 or 256")
	}
	return nil
}
