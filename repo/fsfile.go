package repo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"
)

// treeInfo describes a tree entry. Sys is the TreeEntry.
type treeInfo struct {
	name  string
	entry TreeEntry
	size  func() int64 // -1 when the object cannot be read
}

func (i *treeInfo) Name() string       { return i.name }
func (i *treeInfo) Size() int64        { return i.size() }
func (i *treeInfo) ModTime() time.Time { return time.Time{} }
func (i *treeInfo) IsDir() bool        { return isTree(i.entry) }
func (i *treeInfo) Sys() any           { return i.entry }

func (i *treeInfo) Mode() fs.FileMode {
	switch i.entry.Mode {
	case ModeTree:
		return fs.ModeDir | 0o755
	case ModeFile:
		return 0o644
	case ModeExec:
		return 0o755
	case ModeSymlink:
		return fs.ModeSymlink | 0o777
	}
	return fs.ModeIrregular
}

// byteFile is an open file whose bytes are in memory.
type byteFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f *byteFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *byteFile) Close() error               { return nil }

// dirFile is an open directory.
type dirFile struct {
	info    fs.FileInfo
	path    string
	entries []fs.DirEntry
}

func (d *dirFile) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *dirFile) Close() error               { return nil }

func (d *dirFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errors.New("is a directory")}
}

func (d *dirFile) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	list := d.entries[:n:n]
	d.entries = d.entries[n:]
	return list, nil
}
