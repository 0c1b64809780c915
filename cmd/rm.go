package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/versions"
)

type rmOptions struct {
	env   string
	names []string
}

func newRm(c *cli) *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use:     "rm NAME…",
		Aliases: []string{"remove", "delete", "unset"},
		Short:   "Remove secrets",
		Long: `Remove secrets from an environment of the work tree. What is in commits and pins
stays readable there: a value that leaked has to be changed where it is used.

It removes what nothing else reads, too: a file with conflict markers or bad
spelling, one of two names that differ only in case, and a link in a secret's
place, whose target it leaves alone. All names are checked before the first is
removed. An encryption key, damaged or not, is for pinseal key rm: what it encrypted is lost
without it.`,
		Example: `  pinseal rm OLD_API_KEY
  pinseal rm OLD_API_KEY OLD_API_URL -e production`,
		Args: secretArgs("NAME…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return c.runRm(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeTaken("env", -1),
	}
	bindEnv(c, cmd, &o.env)
	return cmd
}

func (c *cli) runRm(ctx context.Context, o rmOptions) error {
	s, err := c.open(ctx, use)
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.write(o.env)
	if err != nil {
		return err
	}
	names := slices.Compact(slices.Sorted(slices.Values(o.names)))
	if err := w.checkThere("secret", "pinseal list -e "+w.env, names); err != nil {
		return err
	}
	if err := w.checkNoKeys(names); err != nil {
		return err
	}
	for _, name := range names {
		if err := w.files.Remove(versions.FilePath(w.env, name)); err != nil {
			return err
		}
	}
	s.say("Removed %s from %s. Commits and pins that hold %s still do.", strings.Join(names, ", "), w.env, itOrThem(len(names)))
	w.sayGit()
	return nil
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// checkNoKeys refuses names of encryption keys, whether their files read or not.
func (w *writer) checkNoKeys(names []string) error {
	for _, name := range names {
		if w.isKey(name) {
			return usage([]string{"pinseal key rm " + name + " -e " + w.env}, "%q is a named encryption key, and what it encrypted is lost without it; nothing was removed", name)
		}
	}
	return nil
}

// isKey reports whether the file of a name is an encryption key's.
func (w *writer) isKey(name string) bool {
	data, err := w.files.ReadFile(versions.FilePath(w.env, name))
	return err == nil && isKeyText(data)
}

// rmLine is the command that removes what has a name.
func (w *writer) rmLine(name string) string {
	if w.isKey(name) {
		return "pinseal key rm " + name + " -e " + w.env
	}
	return "pinseal rm " + name + " -e " + w.env
}

// checkThere wants every name to be an entry of the environment that is no
// directory, spelled exactly so, whatever is in it. A name that is none is said not
// to be that of a what.
func (w *writer) checkThere(what, list string, names []string) error {
	taken, err := w.taken()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := slices.BinarySearch(taken, name); !ok {
			return hint(&versions.NotFoundError{What: what, Name: name, In: w.env + " of the work tree; nothing was removed"}, list)
		}
		info, err := w.files.Stat(versions.FilePath(w.env, name))
		if err != nil {
			return err
		}
		if info.IsDir() {
			return &repo.OddEntryError{Path: storeDir + "/" + w.dir + "/" + versions.FilePath(w.env, name), Kind: "directory"}
		}
	}
	return nil
}
