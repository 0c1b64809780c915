package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

type mvOptions struct {
	env       string
	old, name string
}

func newMv(c *cli) *cobra.Command {
	var o mvOptions
	cmd := &cobra.Command{
		Use:     "mv OLD NEW",
		Aliases: []string{"rename"},
		Short:   "Rename a secret",
		Long: `Rename a secret in an environment of the work tree. A value is sealed for its name,
so it is opened and sealed again, which needs an identity that can read; a blank
needs none. Description, expiry and the rest stay, and all versions of an encryption
key. Commits and pins keep the old name.`,
		Example: `  pinseal mv DB_URL DATABASE_URL
  pinseal mv api_key API_KEY -e production`,
		Args: secretArgs("OLD", "NEW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.old, o.name = args[0], args[1]
			return c.runMv(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeTaken("env", 1),
	}
	bindEnv(c, cmd, &o.env)
	return cmd
}

func (c *cli) runMv(ctx context.Context, o mvOptions) error {
	if o.old == o.name {
		return usage(nil, "OLD and NEW are the same name")
	}
	s, err := c.open(ctx, use)
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.write(o.env)
	if err != nil {
		return err
	}
	f, err := w.head.File(w.env, o.old)
	if errors.Is(err, versions.ErrNotFound) {
		return hint(err, "pinseal list -e "+w.env)
	}
	if err != nil {
		return err
	}
	was, err := changing(o.old, f)
	if err == nil {
		err = w.checkFree(o.old, o.name)
	}
	if err != nil {
		return err
	}
	if !f.Blank() {
		keys, err := s.keyring(s.head)
		if err != nil {
			return err
		}
		set := &versions.Set{Source: s.head, Environment: w.env, Keys: keys}
		if f, err = set.Reseal(o.old, f, w.sealer, seal.Place{App: s.id, Environment: w.env, Name: o.name}); err != nil {
			return c.readHint(nil, err)
		}
	}
	if err := w.rename(was, o.name, f); err != nil {
		return err
	}
	s.say("Renamed %s to %s in %s. Commits and pins keep the old name.", o.old, o.name, w.env)
	w.sayGit()
	return nil
}

// checkFree refuses a new name that is taken, or that differs only in case from
// any but the old one.
func (w *writer) checkFree(old, name string) error {
	taken, err := w.taken()
	if err != nil {
		return err
	}
	if slices.Contains(taken, name) {
		return w.exists(name, w.rmLine(name)+"       if it is to be replaced")
	}
	others := slices.DeleteFunc(taken, func(n string) bool { return n == old })
	return w.checkNames(others, []string{name})
}

// rename writes f under the new name and then removes the old file, so that a kill in
// between loses nothing. The old one has to be still what it was read as, else nothing
// is renamed. Where the file system takes both names for one, it has to go first:
// removing it afterwards would remove the new one.
func (w *writer) rename(old *changedFile, name string, f *versions.SecretFile) error {
	data, err := f.Bytes()
	if err != nil {
		return err
	}
	from, to := versions.FilePath(w.env, old.name), versions.FilePath(w.env, name)
	remove := func() error {
		return w.meanwhile(w.edit(w.ctx, []repo.Edit{{Path: from, Was: old.was}}))
	}
	if _, err := w.files.Stat(to); err == nil && strings.EqualFold(old.name, name) {
		if err := remove(); err != nil {
			return err
		}
		if err := w.putNew(name, data); err != nil {
			return errors.Join(err, w.files.WriteNew(from, old.was))
		}
	} else {
		if err := w.putNew(name, data); err != nil {
			return err
		}
		if err := remove(); err != nil {
			return errors.Join(err, w.edit(context.WithoutCancel(w.ctx), []repo.Edit{{Path: to, Was: data}}))
		}
	}
	w.warnIgnored(w.ctx, w.repo, w.dir+"/"+to)
	return nil
}
