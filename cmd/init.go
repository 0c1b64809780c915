package cmd

import (
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
	attributesFile = "* -text -ident -filter -working-tree-encoding !merge !eol\n*.yaml diff=pinseal\n"
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
	if err := c.checkLeft(tree, o.name); err != nil {
		return err
	}
	me, made, err := c.firstMember(ctx, r)
	if err != nil {
		return err
	}
	files, note, err := makeApp(o, me)
	if err != nil {
		return err
	}
	def := in.def
	if def == "" {
		def = o.name
		files["default"] = []byte(def + "\n")
	}
	if err := writeApp(tree, files, o.name); err != nil {
		return err
	}
	c.recordNew(ctx, r, claim{directory: o.name, id: note.ID, def: def}, note)
	c.warnIgnored(ctx, r, o.name+"/"+versions.NoteName)
	c.sayInit(o, note, me, made, def)
	return nil
}

// checkLeft refuses to start an app over what is left of another. An init that
// was cut short leaves keys and nothing else, which nothing was sealed to.
func (c *cli) checkLeft(tree *repo.WorkTree, app string) error {
	entries, err := tree.ReadDir(app)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != versions.KeysDir {
			dir := storeDir + "/" + app
			return hint(fmt.Errorf("%s has no %s, and yet holds %q: %w", dir, versions.NoteName, e.Name(), versions.ErrConflict),
				c.gitFor("checkout HEAD", dir), "pinseal init OTHERNAME")
		}
	}
	return nil
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
	name = strings.Trim(name[:min(len(name), 25)], "-")
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
		return me, "", &noIdentityError{"a service identity cannot start an app: it belongs to another"}
	}
	me.Identity = ids.List[0]
	if me.Recipient == "" {
		return me, "", &noIdentityError{"identity from " + source.where + " is a plugin's, which does not tell its recipient: init needs one that does"}
	}
	me.name = memberNameFrom(r.UserEmail(ctx))
	return me, made, nil
}

func memberNameFrom(email string) string {
	local, _, _ := strings.Cut(email, "@")
	name := appNameFrom(local)
	if seal.CheckMember(name) != nil || name == "app" {
		return "me"
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
			s.mem.remember(func(k *knownApps) bool { return recordPlace(k, place{r.CommonDir(), urls}, cl) })
			err = s.mem.rememberNote(note)
		}
	}
	if err != nil {
		c.warn("cannot remember this app: %s", err)
	}
}

func (c *cli) sayInit(o initOptions, note *seal.Note, me member0, made, def string) {
	flag := ""
	if o.name != def {
		flag = "--app " + o.name + " "
	}
	if made != "" {
		c.say("Made your identity: %s\n  It alone opens what you seal. Copy it to a safe place now, before this machine dies:\n    pinseal identity export", made)
	}
	c.say("Made app %s in .pinseal/%s (id %s)\n  environments: %s; first member: %s", o.name, o.name, note.ID, strings.Join(o.envs, ", "), me.name)
	c.say("Next:\n  pinseal %sset DATABASE_URL\n  %s -m \"seal secrets\"", flag, c.gitCommit())
}
