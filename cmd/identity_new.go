package cmd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
)

// The commands that make a file of an identity, for hints.
const (
	identityNew    = "pinseal identity new"
	identityExport = "pinseal identity export"
)

type identityNewOptions struct {
	file       string
	passphrase bool
}

func newIdentityNew(c *cli) *cobra.Command {
	var o identityNewOptions
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make an identity",
		Long: `Make a post-quantum identity and print its public recipient. Without -o it goes
where the lookup ends, $XDG_CONFIG_HOME/pinseal/identity. A file that is there is
never overwritten.`,
		Example: `  pinseal identity new
  pinseal identity new -o ../recovery.identity --passphrase`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runIdentityNew(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "output", "o", "", "write it to `FILE`")
	f.BoolVar(&o.passphrase, "passphrase", false, "protect it with a passphrase, asked for twice")
	return cmd
}

func (c *cli) runIdentityNew(ctx context.Context, o identityNewOptions) error {
	file, err := c.defaultIdentity()
	if o.file != "" {
		file, err = c.path(o.file), nil
	}
	if err != nil {
		return err
	}
	if o.file == "-" {
		return usage([]string{"pinseal identity new -o FILE"}, "-o wants a file: stdout is for the recipient")
	}
	if o.file == "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
	}
	if err := checkNewFile(identityNew, file); err != nil { // before a passphrase is asked for
		return err
	}
	var passphrase []byte
	if o.passphrase {
		if passphrase, err = c.askNewPassphrase(identityNew); err != nil {
			return err
		}
	}
	data, recipient, err := seal.NewIdentity()
	if err == nil && o.passphrase {
		data, err = seal.EncryptIdentity(data, passphrase)
	}
	if err != nil {
		return err
	}
	if err := c.createPrivate(ctx, identityNew, file, data); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.Stdout, recipient); err != nil {
		return err
	}
	c.say("Made an identity: %s\n  Its recipient, above, is public: an admin adds you with it.\n  Make a recovery copy of the file now, before this machine dies:\n    pinseal identity export --identity %s -o COPY", file, quoteShell(file))
	return nil
}

type identityExportOptions struct {
	file             string
	show, passphrase bool
}

func newIdentityExport(c *cli) *cobra.Command {
	var o identityExportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Copy your private identity, for recovery or another machine",
		Long: `Write the private identity to a pipe, or to a file that only you can read. On a
terminal it wants --show. Whoever has it is you: keep the copy off this machine, in
a password manager or on paper. age can use it to rescue what was wrapped for you.`,
		Example: `  pinseal identity export -o /media/usb/pinseal-recovery --passphrase
  pinseal identity export | some-password-manager add pinseal`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runIdentityExport(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "output", "o", "", "write it to `FILE`, which must not exist")
	f.BoolVar(&o.show, "show", false, "show it on the terminal")
	f.BoolVar(&o.passphrase, "passphrase", false, "protect the copy with a passphrase, asked for twice")
	return cmd
}

func (c *cli) runIdentityExport(ctx context.Context, o identityExportOptions) error {
	toFile := o.file != "" && o.file != "-"
	if !toFile && c.StdoutTTY && !o.show {
		return usage([]string{"pinseal identity export -o FILE", "pinseal identity export --show"}, "the private identity would be on the screen")
	}
	if toFile {
		if err := checkNewFile(identityExport, c.path(o.file)); err != nil { // before a passphrase is asked for
			return err
		}
	}
	source, err := c.needIdentity()
	if err != nil {
		return err
	}
	data, err := c.privateCopy(source, o.passphrase)
	if err != nil {
		return err
	}
	if toFile {
		file := c.path(o.file)
		if err := c.createPrivate(ctx, identityExport, file, data); err != nil {
			return err
		}
		c.say("Copied the identity of %s to %s", source.where, file)
	} else if err := c.writeStdout(data); err != nil {
		return err
	}
	c.say("Whoever has this copy is you. Keep it for recovery, away from this machine;\nto try it:  pinseal identity show --identity FILE")
	return nil
}

// privateCopy returns the bytes of an identity, protected where that is asked
// for. What has a passphrase already keeps that one.
func (c *cli) privateCopy(source *identitySource, protect bool) ([]byte, error) {
	data := source.data
	text := bytes.TrimSpace(data)
	if bytes.HasPrefix(text, []byte("-----BEGIN AGE ENCRYPTED FILE-----")) || bytes.HasPrefix(data, []byte("age-encryption.org/")) {
		if protect {
			c.say("It has a passphrase already, and keeps it.")
		}
		return data, nil
	}
	if _, err := c.parse(source); err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data[:len(data):len(data)], '\n')
	}
	if !protect {
		return data, nil
	}
	passphrase, err := c.askNewPassphrase(identityExport)
	if err != nil {
		return nil, err
	}
	return seal.EncryptIdentity(data, passphrase)
}

// warnInRepo says when a private file stands where git add would find it.
func (c *cli) warnInRepo(ctx context.Context, file string) {
	r, err := repo.Open(ctx, filepath.Dir(file), repo.Options{Env: c.Environ, Offline: true})
	if err != nil {
		return
	}
	defer r.Close()
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil || r.Bare() {
		return
	}
	rel, err := filepath.Rel(r.Top(), filepath.Join(dir, filepath.Base(file)))
	if err != nil || strings.HasPrefix(rel, "..") || strings.HasPrefix(rel, ".git"+string(filepath.Separator)) {
		return
	}
	if rules, err := r.Ignored(ctx, []string{filepath.ToSlash(rel)}); err == nil && len(rules) > 0 {
		return
	}
	c.warn("%s is inside a git work tree: an identity must never be committed", file)
}
