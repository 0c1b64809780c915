package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/versions"
)

type keyRmOptions struct {
	env    string
	names  []string
	before int // below 0: the whole key
}

func newKeyRm(c *cli) *cobra.Command {
	var o keyRmOptions
	cmd := &cobra.Command{
		Use:     "rm NAME…",
		Aliases: []string{"remove", "delete"},
		Short:   "Remove encryption keys, or the oldest versions of one",
		Long: `Remove encryption keys from an environment of the work tree. What they encrypted
cannot be decrypted from this set again; commits and pins keep them, for who can read
those. All names are looked at before the first is removed.

With --before N the versions below N of one key are dropped, and the rest stays: that
is for versions which nothing needs any more, after all that is stored was rewrapped
(see pinseal rewrap). It never drops the newest.

It asks before; --yes is the answer where there is no terminal. It needs no identity,
and removes a key whose file does not read, too; of one in a merge see pinseal resolve.`,
		Example: `  pinseal key rm old_uploads
  pinseal key rm customer_data --before 3
  pinseal key rm customer_data -e production --before 3 --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = slices.Compact(slices.Sorted(slices.Values(args)))
			if o.before >= 0 {
				return c.runKeyRmBefore(cmd.Context(), o)
			}
			return c.runKeyRm(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeKeys,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := secretArgs("NAME…")(cmd, args); err != nil || o.before < 0 || len(args) == 1 {
			return err
		}
		return usage([]string{cmd.CommandPath() + " NAME --before N"}, "--before goes with one name")
	}
	bindEnv(c, cmd, &o.env)
	o.before = -1
	cmd.Flags().Var((*number)(&o.before), "before", "drop the versions below number `N`, and keep the others")
	return cmd
}

func (c *cli) runKeyRm(ctx context.Context, o keyRmOptions) error {
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	r, err := w.keyRemovals(o.names)
	if err != nil {
		return err
	}
	names, losing := strings.Join(o.names, ", "), r.losing()
	if losing != "" {
		err = w.agreed("pinseal key rm "+strings.Join(o.names, " ")+" -e "+w.env,
			fmt.Sprintf("Remove %s from %s, %s? What was encrypted with that cannot be decrypted from this set again.", names, w.env, losing))
	}
	if err == nil {
		err = w.meanwhile(w.edit(ctx, r.edits))
	}
	if err != nil {
		return err
	}
	w.say("Removed %s from %s. Commits and pins that hold %s still do.", names, w.env, itOrThem(len(o.names)))
	w.sayGit()
	if losing != "" {
		w.sayPinned(o.names...)
	}
	return nil
}

// keyRemovals is what removes keys.
type keyRemovals struct {
	edits   []repo.Edit
	dropped int      // versions
	broken  []string // names, whose files do not read: nobody knows what is in them
}

// losing is what of the keys is lost, "" for blanks.
func (r *keyRemovals) losing() string {
	switch {
	case len(r.broken) > 0:
		return "and whatever is in it (" + strings.Join(r.broken, ", ") + " does not read)"
	case r.dropped > 0:
		return "with " + count(r.dropped, "version")
	}
	return ""
}

// keyRemovals wants every name to be that of a key, and counts their versions. One of
// two names that differ only in case can be removed, and what does not read, unless it
// is in the middle of a merge.
func (w *writer) keyRemovals(names []string) (*keyRemovals, error) {
	if err := w.checkThere("encryption key", "pinseal key list -e "+w.env, names); err != nil {
		return nil, err
	}
	r := &keyRemovals{}
	for _, name := range names {
		path, asSecret := versions.FilePath(w.env, name), "pinseal rm "+name+" -e "+w.env
		data, err := w.files.ReadFile(path)
		if err != nil {
			return nil, hint(err, asSecret)
		}
		f, err := versions.ParseSecretFile(data)
		isKey := isKeyText(data)
		switch {
		case errors.As(err, new(*versions.UnmergedError)):
			return nil, &versions.UnmergedError{Paths: []string{w.head.Dir + "/" + path}, Markers: true, In: w.head.What}
		case isKey && err != nil:
			r.broken = append(r.broken, name)
		case err != nil:
			return nil, hint(fmt.Errorf("%q is no encryption key: %w", name, err), asSecret)
		case f.Kind != versions.KindKey:
			return nil, w.notKey(name, asSecret)
		default:
			r.dropped += len(f.Versions)
		}
		r.edits = append(r.edits, repo.Edit{Path: path, Was: data})
	}
	return r, nil
}

func (c *cli) runKeyRmBefore(ctx context.Context, o keyRmOptions) error {
	w, err := c.openKeys(ctx, o.env)
	if err != nil {
		return err
	}
	defer w.Close()
	k, err := w.key(o.names[0])
	if err != nil {
		return err
	}
	line := "pinseal key rm " + k.name + " -e " + w.env
	if o.before > int(k.newest()) {
		return usage([]string{line + fmt.Sprintf(" --before %d", k.newest()), line + "      removes the whole key"},
			"that would leave nothing of %s: its newest version is %d", k.name, k.newest())
	}
	kept := slices.IndexFunc(k.Versions, func(v versions.KeyVersion) bool { return int(v.Number) >= o.before })
	if kept == 0 {
		w.say("%s has no version below %d in %s: nothing was changed", k.name, o.before, w.env)
		return nil
	}
	if err := w.agreed(line+fmt.Sprintf(" --before %d", o.before), fmt.Sprintf("Drop %s of %s in %s? What was encrypted with that cannot be decrypted from this set again.",
		numbered(k.Versions[:kept]), k.name, w.env)); err != nil {
		return err
	}
	dropped := k.Versions[:kept]
	k.Versions = k.Versions[kept:]
	if err := w.put(k); err != nil {
		return err
	}
	w.say("Dropped %s of %s in %s, and kept %s. Commits and pins that hold what was dropped still do.", numbered(dropped), k.name, w.env, numbered(k.Versions))
	w.sayGit()
	w.sayPinned(k.name)
	return nil
}

// numbered names versions by their numbers, one at least.
func numbered(all []versions.KeyVersion) string {
	numbers := make([]uint32, len(all))
	for i, v := range all {
		numbers[i] = v.Number
	}
	return versionNumbers(numbers)
}
