package repo

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Open opens a regular file or a directory. The content is read at once, so the
// file stays the same when it is written anew.
func (w *WorkTree) Open(name string) (fs.File, error) {
	fi, err := w.Stat(name)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		entries, err := w.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &dirFile{info: fi, path: w.where(name), entries: entries}, nil
	}
	data, opened, err := w.read(name)
	if err != nil {
		return nil, err
	}
	return &byteFile{info: plainInfo{opened, path.Base(name)}, Reader: bytes.NewReader(data)}, nil
}

// Stat describes a path of any kind; a symlink is described, not followed.
func (w *WorkTree) Stat(name string) (fs.FileInfo, error) {
	if name == "." {
		l, err := w.level(w.dir, false)
		if err != nil {
			return nil, err
		}
		fi, err := l.root.Stat(".")
		if err != nil {
			return nil, pathError("stat", w.dir, err)
		}
		return plainInfo{fi, "."}, nil
	}
	l, base, err := w.parent("stat", name, false)
	if err != nil {
		return nil, err
	}
	fi, err := l.root.Lstat(base)
	if err != nil {
		return nil, pathError("stat", w.where(name), err)
	}
	return plainInfo{fi, base}, nil
}

// ReadDir lists a directory by name, odd entries included.
func (w *WorkTree) ReadDir(name string) ([]fs.DirEntry, error) {
	d, l, err := w.openDir(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	list, err := d.ReadDir(-1)
	if err != nil {
		return nil, pathError("readdir", w.where(name), err)
	}
	list = slices.DeleteFunc(list, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), tempPrefix) })
	for i, e := range list {
		list[i] = plainEntry{e, l.root}
	}
	sortByName(list)
	return list, nil
}

// Names lists the names in a directory, sorted, without looking at the entries.
func (w *WorkTree) Names(dir string) ([]string, error) {
	d, _, err := w.openDir(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, pathError("readdir", w.where(dir), err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, tempPrefix) })
	slices.Sort(names)
	return names, nil
}

func (w *WorkTree) openDir(name string) (*os.File, *level, error) {
	if !fs.ValidPath(name) {
		return nil, nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	l, err := w.level(w.where(name), false)
	if err != nil {
		return nil, nil, err
	}
	d, err := l.root.Open(".")
	if err != nil {
		return nil, nil, pathError("readdir", w.where(name), err)
	}
	return d, l, nil
}

func sortByName(list []fs.DirEntry) {
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
}

// plainInfo is a file's info with the mode that git would record for a plain file.
type plainInfo struct {
	fs.FileInfo
	name string
}

func (i plainInfo) Name() string { return i.name }

func (i plainInfo) Mode() fs.FileMode {
	switch m := i.FileInfo.Mode(); {
	case m.IsRegular():
		return 0o644
	case m.IsDir():
		return fs.ModeDir | 0o755
	default:
		return m
	}
}

// ModTime is the zero time: a checkout's times say nothing about its content.
func (i plainInfo) ModTime() time.Time { return time.Time{} }

type plainEntry struct {
	fs.DirEntry
	root *os.Root
}

func (e plainEntry) Info() (fs.FileInfo, error) {
	fi, err := e.root.Lstat(e.Name())
	if err != nil {
		return nil, err
	}
	return plainInfo{fi, e.Name()}, nil
}
