package versions

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"pinseal/repo"
	"pinseal/seal"
)

// FindDir is the app's directory at a commit, "" when it is not there: l.Dir, unless
// that is not the app's by its note and another one is.
func (l *SecretLog) FindDir(ctx context.Context, commit repo.Hash) (string, error) {
	c, err := l.Repo.Commit(ctx, commit)
	if err != nil {
		return "", err
	}
	top := l.Repo.TreeFS(ctx, c.Tree)
	if is, err := l.owns(ctx, top, l.Dir); is || err != nil {
		return l.Dir, err
	}
	found, err := l.find(ctx, top, nil)
	if err != nil || found != "" {
		return found, err
	}
	if _, err := top.Entry(l.Dir); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return l.Dir, nil // what is odd about it, its reader finds
}

// dirAt is FindDir where an app that is not there has the directory that it has
// now.
func (l *SecretLog) dirAt(ctx context.Context, commit repo.Hash) (string, error) {
	dir, err := l.FindDir(ctx, commit)
	if dir == "" {
		dir = l.Dir
	}
	return dir, err
}

// cameFrom is where a commit that has the app in a directory has it from: where it
// was in a parent, before. It is "" when that has it nowhere.
func (l *SecretLog) cameFrom(ctx context.Context, before, after *repo.TreeFS, dir string) (string, error) {
	if stays, err := l.stays(ctx, before, after, dir); stays || err != nil {
		return dir, err
	}
	old, err := l.find(ctx, before, after)
	if old == "" && isDir(before, dir) {
		old = dir // its note was damaged
	}
	return old, err
}

// stays reports whether a parent has the app in the directory in which a commit has
// it. That there is a directory says nothing: anybody can leave one behind, with
// whatever is in it.
func (l *SecretLog) stays(ctx context.Context, before, after *repo.TreeFS, dir string) (bool, error) {
	was, err := before.Entry(dir + "/" + NoteName)
	if err != nil {
		return false, absent(err)
	}
	if is, err := after.Entry(dir + "/" + NoteName); err == nil && is == was {
		return true, nil
	}
	return l.owns(ctx, before, dir)
}

// find looks for the one directory that is this app's and that is not so in later, a
// later commit.
func (l *SecretLog) find(ctx context.Context, top, later *repo.TreeFS) (string, error) {
	homes, err := l.homes(ctx, top)
	if err != nil {
		return "", err
	}
	found := ""
	for _, dir := range homes {
		if later != nil {
			if still, err := l.owns(ctx, later, dir); err != nil {
				return "", err
			} else if still {
				continue
			}
		}
		if found != "" {
			return "", nil // two of them: neither is to be believed
		}
		found = dir
	}
	return found, nil
}

// homes lists the directories that are this app's.
func (l *SecretLog) homes(ctx context.Context, top *repo.TreeFS) (dirs []string, err error) {
	store := path.Dir(l.Dir)
	names, err := top.Names(store)
	if err != nil {
		return nil, absent(err)
	}
	for _, name := range names {
		dir := store + "/" + name
		is, err := l.owns(ctx, top, dir)
		if err != nil {
			return nil, err
		}
		if is {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// alone reports whether there is no directory of apps but dir.
func (l *SecretLog) alone(top *repo.TreeFS, dir string) (bool, error) {
	names, err := top.Names(path.Dir(l.Dir))
	if err != nil {
		return true, absent(err)
	}
	for _, name := range names {
		if other := path.Dir(l.Dir) + "/" + name; other != dir && isDir(top, other) {
			return false, nil
		}
	}
	return true, nil
}

// owns reports whether a directory is this app's: its note is signed by it.
func (l *SecretLog) owns(ctx context.Context, top *repo.TreeFS, dir string) (bool, error) {
	entry, err := top.Entry(dir + "/" + NoteName)
	if err != nil || entry.Mode != repo.ModeFile {
		return false, absent(err)
	}
	if is, known := l.notes[entry.Hash]; known {
		return is, nil
	}
	_, signed, err := l.Repo.Object(ctx, entry.Hash, MaxNote)
	if skip, err := passOver(err); skip || err != nil {
		return false, err
	}
	note, err := seal.ParseNote(signed)
	if l.notes == nil {
		l.notes = map[repo.Hash]bool{}
	}
	l.notes[entry.Hash] = err == nil && note.ID == l.App
	return l.notes[entry.Hash], nil
}

func isDir(t *repo.TreeFS, dir string) bool {
	entry, err := t.Entry(dir)
	return err == nil && entry.Mode == repo.ModeTree
}

// absent takes what is not there, or is something else, for nothing.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*repo.OddEntryError)) {
		return nil
	}
	return err
}
