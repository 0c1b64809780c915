package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// Files at the top of .pinseal, byte for byte.
const (
	attributesFile = "* -text -ident -filter -working-tree-encoding !merge !eol\n*.yaml diff=pinseal\n*.baseline merge=union\n"
	ignoreFile     = "!*\n.tmp-*\n"
)

type initOptions struct {
	name  string
	named bool // the name was given; else it is the directory's
	envs  []string
}

func newInit(c *cli) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init [NAME]",
		Short: "Start sealed secrets in this repository",
		Long: `Make an app in .pinseal: its keys, its first member (you), and your identity if
you have none. It works before the first commit. The name is the directory's
unless you give one.`,
		Example: `  pinseal init
  pinseal init shop --env dev,staging,production`,
		Args: rangeArgs(0, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
			}
			o.named = len(args) == 1
			return c.runInit(cmd.Context(), o)
		},
	}
	cmd.Flags().StringSliceVarP(&o.envs, "env", "e", []string{"dev", "production"}, "its environments; the first is the default")
	return cmd
}

func (c *cli) runInit(ctx context.Context, o initOptions) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Bare() {
		return usage([]string{"git clone " + quoteShell(r.GitDir())}, "a bare repository has no work tree to start an app in")
	}
	if err := o.check(r); err != nil {
		return err
	}
	tree, err := repo.OpenWorkTree(r.Top(), storeDir)
	if err != nil {
		return err
	}
	defer tree.Close()
	in, err := listApps(tree)
	if err != nil {
		return err
	}
	if !o.named && len(in.apps) > 0 {
		return hint(fmt.Errorf("this repository has an app already: %s: %w", appNames(in.apps), versions.ErrConflict),
			"pinseal status", "pinseal init NAME       for another beside it")
	}
	for _, a := range in.apps {
		if a.name == o.name {
			return hint(fmt.Errorf("app %q is there already: %w", o.name, versions.ErrConflict), "pinseal status", "pinseal init OTHERNAME")
		}
	}
	if err := c.checkLeft(tree, o.name, func(dir string) bool { return dir == versions.KeysDir }); err != nil {
		return err
	}
	me, made, err := c.firstMember(ctx, r)
	if err != nil {
		return err
	}
	files, note, err := makeApp(o.name, o.envs, me)
	if err != nil {
		return err
	}
	def := in.def
	if def == "" {
		def = o.name
		files["default"] = []byte(def + "\n")
	}
	if err := writeApp(ctx, tree, files, o.name+"/"+versions.NoteName); err != nil {
		return err
	}
	c.recordNew(ctx, r, claim{directory: o.name, id: note.ID, def: def}, note)
	c.warnIgnored(ctx, r, o.name+"/"+versions.NoteName)
	c.sayMade(o.name, note, me, made)
	flag := c.appFlag(o.name)
	if o.name != def {
		flag = "--app " + o.name + " "
	}
	c.say("Next:%s", lines{c.here("pinseal " + flag + "set DATABASE_URL"), c.gitCommit() + " -m \"seal secrets\"",
		c.here("pinseal hooks install") + "      keeps values out of commits and pushes"})
	return nil
}

// checkLeft refuses to start an app over what is left of another, but for the
// directories that one which was cut short may leave: keys, which nothing was
// sealed to.
func (c *cli) checkLeft(tree *repo.WorkTree, app string, harmless func(dir string) bool) error {
	entries, err := tree.ReadDir(app)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !harmless(e.Name()) {
			dir := storeDir + "/" + app
			return hint(fmt.Errorf("%s has no %s, and yet holds %q: %w", dir, versions.NoteName, e.Name(), versions.ErrConflict),
				c.gitFor("checkout HEAD", dir), "pinseal init OTHERNAME")
		}
	}
	left, err := fs.Sub(tree, app)
	if err != nil {
		return err
	}
	return (&versions.Source{FS: left, What: workTree, Dir: storeDir + "/" + app}).CheckAll()
}

func (o *initOptions) check(r *repo.Repo) error {
	if o.name == "" {
		o.name = appNameFrom(filepath.Base(r.Top()))
	}
	if err := seal.CheckAppName(o.name); err != nil {
		return err
	}
	if len(o.envs) == 0 {
		return usage([]string{"pinseal init --env dev,production"}, "an app needs an environment")
	}
	seen := map[string]bool{}
	for _, env := range o.envs {
		if err := seal.CheckEnvironment(env); err != nil {
			return err
		}
		if seen[env] {
			return usage(nil, "environment %q is named twice", env)
		}
		seen[env] = true
	}
	return nil
}

// maxAppName is how long the name of an app may be, see seal.CheckAppName.
const maxAppName = 25

// appNameFrom makes an app name of a directory's, "app" when nothing is left.
func appNameFrom(dir string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r == '_' || r == '.' || r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(dir))
	name = strings.TrimLeft(name, "-0123456789")
	name = strings.Trim(name[:min(len(name), maxAppName)], "-")
	if seal.CheckAppName(name) != nil {
		return "app"
	}
	return name
}

// member0 is the app's first member: whoever ran init.
type member0 struct {
	name string
	seal.Identity
}

// firstMember takes the identity that is at hand, or makes one.
func (c *cli) firstMember(ctx context.Context, r *repo.Repo) (me member0, made string, err error) {
	source, err := c.findIdentity()
	if err != nil {
		return me, "", err
	}
	if source == nil {
		if made, err = c.makeIdentity(r); err != nil {
			return me, "", err
		}
		if source, err = c.readIdentity(made); err != nil {
			return me, "", err
		}
	}
	ids, err := c.parse(source)
	if err != nil {
		return me, "", err
	}
	if ids.Service != nil {
		return me, "", &noIdentityError{"a service identity is of one app and its machine: a person needs one of their own"}
	}
	me.Identity = ids.List[0]
	if me.Recipient == "" {
		return me, "", &noIdentityError{"identity from " + source.where + " is a plugin's, which does not tell its recipient: a first member needs one that does"}
	}
	me.name = cmp.Or(memberNameFrom(r.UserEmail(ctx)), "me")
	return me, made, nil
}

// memberNameFrom makes a member's name of an address, "" when nothing is left.
func memberNameFrom(email string) string {
	local, _, _ := strings.Cut(email, "@")
	name := appNameFrom(local)
	if seal.CheckMember(name) != nil || name == "app" {
		return ""
	}
	return name
}

// recordNew remembers an app that was made here: its place, id and note.
func (c *cli) recordNew(ctx context.Context, r *repo.Repo, cl claim, note *seal.Note) {
	dir, err := c.stateDir()
	if err == nil {
		s := &session{cli: c, ctx: ctx, repo: r, id: cl.id}
		var urls []string
		if s.mem, err = loadMemory(dir, c.warn); err == nil {
			urls, err = s.remoteURLs()
		}
		if err == nil {
			p := place{r.CommonDir(), urls}
			s.mem.remember(func(k *knownApps) bool {
				copied := k.copyPlace(k.nameOf(p), p.dir) // the apps that stand here already
				return recordPlace(k, p, cl) || copied
			})
			err = s.mem.rememberNote(note)
		}
	}
	if err != nil {
		c.warn("cannot remember this app: %s", err)
	}
}
