package repo

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// WriteFile replaces the content of a file, making it and its parent
// directories when they are absent. After a crash the file is the old or the
// new one, never a part: the bytes go to a temporary file beside it, are synced
// and renamed over it, and the directory is synced. An odd entry in its place or
// on the way is *OddEntryError.
func (w *WorkTree) WriteFile(name string, data []byte) error {
	return w.write(name, data, func(l *level, temp, base string) error {
		return l.root.Rename(temp, base)
	})
}

// WriteNew is WriteFile for a file that must not exist: fs.ErrExist if it does,
// also when two writers race.
func (w *WorkTree) WriteNew(name string, data []byte) error {
	return w.write(name, data, func(l *level, temp, base string) error {
		if _, err := l.root.Lstat(base); err == nil {
			return fs.ErrExist
		}
		err := l.root.Link(temp, base)
		if err == nil || errors.Is(err, fs.ErrExist) {
			return errors.Join(err, l.root.Remove(temp))
		}
		// No hard links here. Claim the name, then replace what is claimed.
		f, err := l.root.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), l.root.Rename(temp, base))
	})
}

func (w *WorkTree) write(name string, data []byte, place func(l *level, temp, base string) error) error {
	l, temp, err := w.beside(name, data, 0)
	if err != nil {
		return err
	}
	full := w.where(name)
	if err := place(l, temp, path.Base(full)); err != nil {
		// The temporary file may be gone already, and the first error counts.
		_ = l.root.Remove(temp)
		return pathError("write", full, err)
	}
	if err := syncDir(l.root); err != nil {
		return pathError("sync", full, err)
	}
	return nil
}

// beside writes data to a synced temporary file in the directory of name, l,
// which is made when it is absent. What stands in the place of name is looked at,
// not touched. Of mode the permission bits count; 0 leaves them to the umask.
func (w *WorkTree) beside(name string, data []byte, mode fs.FileMode) (l *level, temp string, err error) {
	full := w.where(name)
	if len(data) > MaxBlob {
		return nil, "", &TooLargeError{Name: full, Size: int64(len(data)), Max: MaxBlob}
	}
	// A concurrent Remove may take an empty directory away between its making, its
	// opening and the first file in it.
	for round := 0; ; round++ {
		l, base, err := w.parent("write", name, true)
		if errors.Is(err, fs.ErrNotExist) && round < 10 {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		if fi, err := l.root.Lstat(base); err == nil && !fi.Mode().IsRegular() {
			return nil, "", &OddEntryError{Path: full, Kind: kindOfInfo(fi)}
		}
		temp, err := writeTemp(l.root, data, mode)
		if errors.Is(err, fs.ErrNotExist) && round < 10 {
			continue
		}
		if err != nil {
			return nil, "", pathError("write", full, err)
		}
		return l, temp, nil
	}
}

// writeTemp makes a synced file with a fresh name.
func writeTemp(root *os.Root, data []byte, mode fs.FileMode) (name string, err error) {
	var salt [8]byte
	rand.Read(salt[:]) // never fails
	name = fmt.Sprintf("%s%x", tempPrefix, salt)
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil && mode != 0 {
		err = f.Chmod(mode.Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = root.Remove(name)
		return "", err
	}
	return name, nil
}

// Remove removes a file, and the directories above it that became empty, but not
// the WorkTree's own directory. A symlink or special file in its place is itself
// removed, never what it points to; a directory is *OddEntryError.
func (w *WorkTree) Remove(name string) error {
	if err := w.unlink(name); err != nil {
		return err
	}
	return w.syncDir(w.prune(path.Dir(name)))
}

// unlink is Remove of the file alone, not synced.
func (w *WorkTree) unlink(name string) error {
	l, base, err := w.parent("remove", name, false)
	if err != nil {
		return err
	}
	full := w.where(name)
	fi, err := l.root.Lstat(base)
	if err != nil {
		return pathError("remove", full, err)
	}
	if fi.IsDir() {
		return &OddEntryError{Path: full, Kind: kindOfInfo(fi)}
	}
	if err := l.root.Remove(base); err != nil {
		return pathError("remove", full, err)
	}
	return nil
}

// prune removes the directory dir and those above it that are empty, but not the
// WorkTree's own. It returns the one that stays, as seen from the top.
func (w *WorkTree) prune(dir string) string {
	for dir != "." && w.rmdir(w.where(dir)) {
		dir = path.Dir(dir)
	}
	return w.where(dir)
}

// rmdir removes the directory p, a slash path below top, and reports whether it
// did. The reason that matters is "not empty"; an empty directory that stays
// harms nobody.
func (w *WorkTree) rmdir(p string) bool {
	up, err := w.level(path.Dir(p), false)
	if err != nil {
		return false
	}
	base := path.Base(p)
	fi, err := up.root.Lstat(base)
	return err == nil && fi.IsDir() && up.root.Remove(base) == nil
}

// syncDir syncs the directory p, a slash path below top; one that somebody has
// removed needs none.
func (w *WorkTree) syncDir(p string) error {
	l, err := w.level(p, false)
	if err == nil {
		err = syncDir(l.root)
	}
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return nil
	case is[*OddEntryError](err):
		return err
	}
	return pathError("sync", p, err)
}
