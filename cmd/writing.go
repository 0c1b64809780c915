package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// writer is an environment of the work tree that a command changes.
type writer struct {
	*session
	env    string
	sealer *seal.Sealer
}

// write opens the work tree's set for changing. It needs trust, not a key.
func (s *session) write(flag string) (*writer, error) {
	env, err := s.environment(flag)
	if err != nil {
		return nil, err
	}
	newest, ok := s.note.Newest(seal.ReadSlot(env))
	if !ok {
		return nil, &versions.NotFoundError{What: "environment", Name: env, In: "the app note"}
	}
	if err := s.checkSealing(newest); err != nil {
		return nil, err
	}
	w := &writer{session: s, env: env}
	w.sealer, err = seal.NewSealer(newest.Key, newest.Generation)
	return w, err
}

// current returns a secret's file as it is, or a fresh one when there is none.
func (w *writer) current(name string) (f *versions.SecretFile, exists bool, err error) {
	if err := seal.CheckSecretName(name); err != nil {
		return nil, false, err
	}
	f, err = w.head.File(w.env, name)
	if errors.Is(err, versions.ErrNotFound) {
		return &versions.SecretFile{Kind: versions.KindSecret}, false, w.checkNewName(name)
	}
	return f, err == nil, err
}

// taken lists the names in the environment as its directory spells them,
// whatever their files hold. It is sorted.
func (w *writer) taken() ([]string, error) {
	files, err := w.files.Names(w.env)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(files))
	for _, file := range files {
		if name, ok := strings.CutSuffix(file, ".yaml"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names) // A.b-c.yaml comes before A.b.yaml, A.b-c after A.b
	return names, err
}

// checkNewName refuses a name that differs from another only in case.
func (w *writer) checkNewName(name string) error {
	taken, err := w.taken()
	if err != nil {
		return err
	}
	return w.checkNames(taken, []string{name})
}

// checkNames refuses names that would stand beside another that differs only in
// case, or be more than an environment may hold. Names that are taken already
// are fine.
func (w *writer) checkNames(taken, names []string) error {
	folded := make(map[string]string, len(taken)+len(names))
	for _, name := range taken {
		folded[strings.ToLower(name)] = name
	}
	total := len(taken)
	for _, name := range names {
		if _, ok := slices.BinarySearch(taken, name); ok {
			continue
		}
		other, ok := folded[strings.ToLower(name)]
		if ok && other == name {
			continue // named twice
		}
		if ok {
			try := []string{"pinseal mv " + quoteShell(other) + " " + name + " -e " + w.env}
			if _, ok := slices.BinarySearch(taken, other); !ok {
				try = nil
			}
			return usage(try, "%q and %q in %s: names that differ only in case are not kept apart everywhere", other, name, w.env)
		}
		folded[strings.ToLower(name)] = name
		total++
	}
	if total > versions.MaxSecrets && total > len(taken) {
		return usage(nil, "%s would hold %d secrets; the limit is %d", w.env, total, versions.MaxSecrets)
	}
	return nil
}

// exists says that a secret is in the way.
func (w *writer) exists(name string, try ...string) error {
	return hint(fmt.Errorf("secret %q is in %s already: %w", name, w.env, versions.ErrConflict), try...)
}

// seal seals a value for a name.
func (w *writer) seal(name string, value seal.Secret) (string, error) {
	return w.sealer.Seal(seal.Place{App: w.id, Environment: w.env, Kind: versions.KindSecret, Name: name}, value)
}

// put writes secret files, each whole or not at all.
func (w *writer) put(files map[string]*versions.SecretFile) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		data, err := files[name].Bytes()
		if err != nil {
			return err
		}
		if err := w.files.WriteFile(versions.FilePath(w.env, name), data); err != nil {
			return err
		}
	}
	if len(names) > 0 {
		w.warnIgnored(w.ctx, w.repo, w.dir+"/"+versions.FilePath(w.env, names[0]))
	}
	return nil
}

// sayGit prints the line that puts the change into the next commit.
func (w *writer) sayGit() { w.say("Next: %s", w.gitCommit()) }

// warnIgnored says when a .gitignore hides a file of ours from git add.
func (c *cli) warnIgnored(ctx context.Context, r *repo.Repo, path string) {
	rules, err := r.Ignored(ctx, []string{storeDir + "/" + path})
	if err != nil {
		c.warn("cannot ask git whether %s is ignored: %s", storeDir, err)
	}
	for _, rule := range rules {
		c.warn("git ignores %q, by %q line %d: %q\n  try:  echo '!%s' >> %s     or take that rule out", rule.Path, rule.Source, rule.Line, rule.Pattern, "/"+storeDir+"/", quoteShell(c.fromHere(r.Top(), ".gitignore")))
	}
}
