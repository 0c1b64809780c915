package versions

import (
	"context"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// origin is an environment at a commit and at all its parents.
type origin struct {
	parents []repo.Hash
	dir     string // the app's directory in the parents
	is      map[string]repo.Hash
	had     []map[string]repo.Hash // of each parent
}

// changes lists what is in no parent as it is now, sorted by name.
func (o *origin) changes() []LogChange {
	names := o.is
	for _, had := range o.had {
		names = mergedKeys(names, had)
	}
	changes := []LogChange{}
	for _, name := range unionKeys(names, nil) {
		c := LogChange{Name: name, New: o.is[name], Olds: make([]repo.Hash, len(o.had))}
		for i, had := range o.had {
			c.Olds[i] = had[name]
		}
		if !slices.Contains(c.Olds, c.New) {
			changes = append(changes, c)
		}
	}
	return changes
}

func mergedKeys(a, b map[string]repo.Hash) map[string]repo.Hash {
	m := make(map[string]repo.Hash, max(len(a), len(b)))
	for name := range a {
		m[name] = ""
	}
	for name := range b {
		m[name] = ""
	}
	return m
}

// origin looks at a commit's parents for the app, under the directory that it has
// now or another that is gone since. It is nil for a root, where the app is new,
// and where the parents do not agree on the directory. Files are read where files
// says so or the directory is another.
func (l *SecretLog) origin(ctx context.Context, commit repo.Hash, dir string, files bool) (*origin, error) {
	c, err := l.Repo.Commit(ctx, commit)
	if err != nil || len(c.Parents) == 0 {
		return nil, err
	}
	o := &origin{parents: c.Parents}
	top := l.Repo.TreeFS(ctx, c.Tree)
	tops := make([]*repo.TreeFS, len(c.Parents))
	for i, h := range c.Parents {
		p, err := l.Repo.Commit(ctx, h)
		if err != nil {
			return nil, err
		}
		tops[i] = l.Repo.TreeFS(ctx, p.Tree)
		at, err := l.cameFrom(ctx, tops[i], top, dir)
		if err != nil {
			return nil, err
		}
		if at == "" || i > 0 && at != o.dir {
			return nil, nil
		}
		o.dir = at
	}
	if !files && o.dir == dir {
		return o, nil
	}
	o.had = make([]map[string]repo.Hash, len(tops))
	for i := range tops {
		if o.had[i], err = l.environmentIn(tops[i], o.dir); err != nil {
			return nil, err
		}
	}
	o.is, err = l.environmentIn(top, dir)
	return o, err
}

// environmentIn lists the blobs of an environment's secrets by name.
func (l *SecretLog) environmentIn(top *repo.TreeFS, dir string) (map[string]repo.Hash, error) {
	at := dir + "/" + l.Environment
	names, err := top.Names(at)
	if err != nil {
		return nil, absent(err)
	}
	files := make(map[string]repo.Hash, len(names))
	for _, file := range names {
		name, ok := strings.CutSuffix(file, fileSuffix)
		if !ok || seal.CheckSecretName(name) != nil {
			continue
		}
		entry, err := top.Entry(at + "/" + file)
		if err != nil {
			return nil, err
		}
		if entry.Mode == repo.ModeFile {
			files[name] = entry.Hash
		}
	}
	return files, nil
}

// lacking lists the parents of a merge that do not have what a line is about,
// where others have.
func (w *logWalk) lacking(c repo.Change, line logLine) (parents []repo.Hash, err error) {
	if !slices.ContainsFunc(w.changesOf(line.dir, c.Files), func(c LogChange) bool {
		return slices.Contains(c.Olds, "") && !c.added()
	}) {
		return nil, nil
	}
	commit, err := w.Repo.Commit(w.ctx, c.Commit)
	if err != nil {
		return nil, err
	}
	for _, p := range commit.Parents {
		if has, err := w.has(p, line); err != nil {
			return nil, err
		} else if !has {
			parents = append(parents, p)
		}
	}
	return parents, nil
}

// has reports whether a commit has what a line is about.
func (w *logWalk) has(commit repo.Hash, line logLine) (bool, error) {
	c, err := w.Repo.Commit(w.ctx, commit)
	if err != nil {
		return false, err
	}
	_, err = w.Repo.TreeFS(w.ctx, c.Tree).Entry(w.path(line))
	return err == nil, absent(err)
}
