package cmd

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

type forkOptions struct {
	name string // "" is one made of the directory's or upstream's
	sync bool
	from string // with sync: upstream, by name or id; "" is the only other app
}

func newFork(c *cli) *cobra.Command {
	var o forkOptions
	cmd := &cobra.Command{
		Use:   "fork [NAME]",
		Short: "Start your own app with another's names, and no values",
		Long: `Make an app of your own beside the one that is here, its upstream: the same
environments and the same names with their descriptions, every value blank. It has
keys of its own, you are its first member, and it is the default from now on. The
name is the directory's if that is free, else UPSTREAM-fork.

It needs no key of upstream. Upstream's directory stays as it is, byte for byte, so
merges from upstream stay clean. Expiry dates are not taken over: they were about
values.

With --sync, later and in the fork: declare the names that upstream has added since,
blank, in the environments that both have. Nothing is replaced or removed.`,
		Example: `  pinseal fork
  pinseal fork myshop
  pinseal fork --sync
  pinseal fork --sync --from shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.sync {
				return c.runForkSync(cmd.Context(), o)
			}
			return c.runFork(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := rangeArgs(0, "NAME")(cmd, args); err != nil {
			return err
		}
		if len(args) == 1 {
			o.name = args[0]
		}
		return o.check()
	}
	f := cmd.Flags()
	f.BoolVar(&o.sync, "sync", false, "declare what upstream has added since")
	f.StringVar(&o.from, "from", "", "with --sync: the upstream `APP`, by name or id (default: the only other app)")
	completeFlag(cmd, "from", c.completeOtherApps)
	return cmd
}

func (o *forkOptions) check() error {
	_, err := seal.ParseAppID(o.from)
	switch {
	case o.name != "" && o.sync:
		return usage([]string{"pinseal fork --sync --from UPSTREAM"}, "--sync goes with no NAME: it is for the fork that is here")
	case o.name != "":
		return seal.CheckAppName(o.name)
	case o.from != "" && !o.sync:
		return usage([]string{"pinseal --app UPSTREAM fork"}, "--from goes with --sync")
	case o.from != "" && err != nil && seal.CheckAppName(o.from) != nil:
		return usage(nil, "--from wants an app, and what was given is neither the name nor the id of one")
	}
	return nil
}

func (c *cli) runFork(ctx context.Context, o forkOptions) error {
	up, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer up.Close()
	if up.files == nil {
		return usage([]string{"git clone " + quoteShell(up.repo.GitDir())}, "a bare repository has no work tree to start an app in")
	}
	tree, err := repo.OpenWorkTree(up.repo.Top(), storeDir)
	if err != nil {
		return err
	}
	defer tree.Close()
	if err := o.choose(up, tree); err != nil {
		return err
	}
	declared, err := up.blanks()
	if err != nil {
		return err
	}
	me, made, err := c.firstMember(ctx, up.repo)
	if err != nil {
		return err
	}
	files, note, err := makeApp(o.name, up.note.Environments(), me)
	if err != nil {
		return err
	}
	for _, b := range declared {
		for i, f := range b.files {
			if files[o.name+"/"+versions.FilePath(b.env, b.names[i])], err = f.Bytes(); err != nil {
				return err
			}
		}
	}
	files["default"] = []byte(o.name + "\n")
	if err := writeApp(ctx, tree, files, o.name+"/"+versions.NoteName, "default"); err != nil {
		return err
	}
	c.recordNew(ctx, up.repo, claim{directory: o.name, id: note.ID, def: o.name}, note)
	c.warnIgnored(ctx, up.repo, o.name+"/"+versions.NoteName)
	c.sayMade(o.name, note, me, made)
	c.sayFork(o.name, up.dir, declared)
	return nil
}

// choose settles the fork's name, which must be free.
func (o *forkOptions) choose(up *session, tree *repo.WorkTree) error {
	in, err := listApps(tree)
	if err != nil {
		return err
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(in.apps, func(a found) bool { return a.name == name })
	}
	if o.name == "" {
		if len(in.apps) > 1 && up.isMember() {
			return hint(fmt.Errorf("app %q is yours already, and stands beside others: %w", up.dir, versions.ErrConflict),
				"pinseal fork --sync      to declare what its upstream has added", "pinseal fork NAME        to fork it all the same")
		}
		if o.name = appNameFrom(filepath.Base(up.repo.Top())); taken(o.name) {
			o.name = forkName(up.dir)
		}
	}
	if taken(o.name) {
		try := []string{"pinseal fork OTHERNAME"}
		if o.name != up.dir {
			try = append(try, "pinseal --app "+o.name+" fork --sync --from "+up.dir+"      if it is the fork")
		}
		return hint(fmt.Errorf("app %q is there already: %w", o.name, versions.ErrConflict), try...)
	}
	return up.checkLeft(tree, o.name, func(dir string) bool { return dir == versions.KeysDir || onlyBlanks(tree, o.name, dir) })
}

// forkName makes a name of upstream's that is no longer than an app's may be.
func forkName(upstream string) string {
	const suffix = "-fork"
	return strings.TrimRight(upstream[:min(len(upstream), maxAppName-len(suffix))], "-") + suffix
}

// isMember reports whether the identity at hand is known to be a member's. It
// asks for nothing.
func (s *session) isMember() bool {
	keys := s.silentKeyring()
	if keys == nil {
		return false
	}
	_, ok := keys.Member()
	return ok
}

// onlyBlanks reports whether a directory of an app that has no note holds secret
// files without a value and nothing else, as a fork that was cut short leaves
// them.
func onlyBlanks(tree fs.FS, app, env string) bool {
	dir, err := fs.Sub(tree, app)
	if err != nil || seal.CheckEnvironment(env) != nil {
		return false
	}
	_, files, err := (&versions.Source{FS: dir, What: workTree}).Files(env)
	return err == nil && !slices.ContainsFunc(files, func(f *versions.SecretFile) bool { return !f.Blank() })
}

func (c *cli) sayFork(name, upstream string, declared []blanks) {
	var names []string
	for _, b := range declared {
		names = append(names, b.names...)
	}
	slices.Sort(names)
	c.say("Kept %s of %s, every value blank; %s/%s is untouched, and the default is %s", count(len(slices.Compact(names)), "name"), upstream, storeDir, upstream, name)
	for _, b := range declared {
		if len(b.names) > 0 {
			c.say("  missing in %s: %s", b.env, b.missing())
		}
	}
	c.say("Next:%s", lines(append(c.fillLines(name, declared), c.gitCommit()+" -m \"fork secrets\"")))
}
