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
	if len(data) > MaxBlob {
		return &TooLargeError{Name: w.where(name), Size: int64(len(data)), Max: MaxBlob}
	}
	// A concurrent Remove may take an emptied directory away between its opening
	// and the first file in it.
	for round := 0; ; round++ {
		l, base, err := w.parent("write", name, true)
		if err != nil {
			return err
		}
		full := w.where(name)
		if fi, err := l.root.Lstat(base); err == nil && !fi.Mode().IsRegular() {
			return &OddEntryError{Path: full, Kind: kindOfInfo(fi)}
		}
		temp, err := writeTemp(l.root, data)
		if errors.Is(err, fs.ErrNotExist) && round < 10 {
			continue
		}
		if err != nil {
			return pathError("write", full, err)
		}
		if err := place(l, temp, base); err != nil {
			// The temporary file may be gone already, and the first error counts.
			_ = l.root.Remove(temp)
			return pathError("write", full, err)
		}
		if err := syncDir(l.root); err != nil {
			return pathError("sync", full, err)
		}
		return nil
	}
}

// writeTemp makes a synced file with a fresh name.
func writeTemp(root *os.Root, data []byte) (name string, err error) {
	var salt [8]byte
	rand.Read(salt[:]) // never fails
	name = fmt.Sprintf("%s%x", tempPrefix, salt)
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
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
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		up, base, err := w.parent("remove", dir, false)
		if err != nil {
			return err
		}
		if fi, err := up.root.Lstat(base); err != nil || !fi.IsDir() {
			break
		}
		// The error that matters is "not empty"; an empty directory that stays
		// harms nobody.
		if up.root.Remove(base) != nil {
			break
		}
		l = up
	}
	if err := syncDir(l.root); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pathError("sync", full, err)
	}
	return nil
}
