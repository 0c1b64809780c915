package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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

// changedFile is the file of a secret or an encryption key that a command changes.
type changedFile struct {
	*versions.SecretFile
	name string
	was  []byte // what it is in the work tree; nil where nothing has the name
}

// there reports whether something had the name when it was looked at.
func (f *changedFile) there() bool { return f.was != nil }

// current returns a secret's file as it is, or a fresh one when there is none.
func (w *writer) current(name string) (*changedFile, error) {
	if err := seal.CheckSecretName(name); err != nil {
		return nil, err
	}
	f, err := w.head.File(w.env, name)
	if errors.Is(err, versions.ErrNotFound) {
		return &changedFile{SecretFile: &versions.SecretFile{Kind: versions.KindSecret}, name: name}, w.checkNewName(name)
	}
	if err != nil {
		return nil, err
	}
	return changing(name, f)
}

// changing is a file as it was read, before it is changed.
func changing(name string, f *versions.SecretFile) (*changedFile, error) {
	was, err := f.Bytes() // which is how it was spelled, else it does not read
	return &changedFile{f, name, was}, err
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

// put writes files, all or none, where they are still what they were read as: of two
// that change one at once one is refused, and nothing is lost.
func (w *writer) put(files ...*changedFile) error {
	slices.SortFunc(files, func(a, b *changedFile) int { return strings.Compare(a.name, b.name) })
	var edits, back []repo.Edit
	err := w.ctx.Err()
	for _, f := range files {
		if err != nil {
			break
		}
		var data []byte
		if data, err = f.Bytes(); err != nil {
			break
		}
		path := versions.FilePath(w.env, f.name)
		if f.there() {
			edits = append(edits, repo.Edit{Path: path, Data: data, Was: f.was})
			continue
		}
		if err = w.putNew(f.name, data); err == nil {
			back = append(back, repo.Edit{Path: path, Was: data})
		}
	}
	if err == nil {
		err = w.meanwhile(w.edit(w.ctx, edits))
	}
	if err != nil {
		return errors.Join(err, w.edit(context.WithoutCancel(w.ctx), back))
	}
	if len(files) > 0 {
		w.warnIgnored(w.ctx, w.repo, w.dir+"/"+versions.FilePath(w.env, files[0].name))
	}
	return nil
}

// edit is Apply of this app's files, one command of this work tree after the other: no
// other one comes between looking at a file and replacing it. Where no lock can be had,
// in a git directory that only is read, looking has to do.
func (s *session) edit(ctx context.Context, edits []repo.Edit) error {
	if unlock, err := repo.LockFile(filepath.Join(s.repo.GitDir(), "pinseal-edit.lock")); err == nil {
		defer unlock()
	}
	return s.files.Apply(ctx, edits)
}

// putNew writes a file that nothing had the name of.
func (w *writer) putNew(name string, data []byte) error {
	err := w.files.WriteNew(versions.FilePath(w.env, name), data)
	if errors.Is(err, fs.ErrExist) {
		return hint(fmt.Errorf("nothing was changed: %q has come into %s meanwhile: %w", name, w.env, versions.ErrConflict), w.nowLine())
	}
	return err
}

// meanwhile completes the error of edits that were made from what is there no more.
func (w *writer) meanwhile(err error) error {
	if errors.Is(err, repo.ErrChanged) {
		return hint(fmt.Errorf("nothing was changed: %w", err), w.nowLine())
	}
	return err
}

func (w *writer) nowLine() string { return "pinseal list -e " + w.env + "      says what is there now" }

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
