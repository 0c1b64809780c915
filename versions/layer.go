package versions

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// layer is a file system in which some files are others, or absent. What is not
// in it is as below. Open lists no directory; ReadDir does.
type layer struct {
	below fs.FS
	files map[string]content // by path; nil is absent
}

// content reads a file of a layer, whole. It may be called more than once.
type content func() ([]byte, error)

// bytesOf is content that is at hand; nil is an absent file.
func bytesOf(data []byte) content {
	if data == nil {
		return nil
	}
	return func() ([]byte, error) { return data, nil }
}

// ReadFile implements [fs.ReadFileFS].
func (l *layer) ReadFile(name string) ([]byte, error) {
	read, ok := l.files[name]
	switch {
	case !ok:
		return fs.ReadFile(l.below, name)
	case read == nil:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return read()
}

// Open implements [fs.FS].
func (l *layer) Open(name string) (fs.File, error) {
	if _, ok := l.files[name]; !ok {
		return l.below.Open(name)
	}
	data, err := l.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &layerFile{layerInfo{path.Base(name), int64(len(data))}, bytes.NewReader(data)}, nil
}

// Stat implements [fs.StatFS].
func (l *layer) Stat(name string) (fs.FileInfo, error) {
	if _, ok := l.files[name]; !ok {
		return fs.Stat(l.below, name)
	}
	data, err := l.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return layerInfo{path.Base(name), int64(len(data))}, nil
}

// ReadDir implements [fs.ReadDirFS]. Files of the layer show no size.
func (l *layer) ReadDir(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(l.below, dir)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, err
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool {
		_, ok := l.files[path.Join(dir, e.Name())]
		return ok
	})
	for p, read := range l.files {
		if read != nil && path.Dir(p) == dir {
			entries = append(entries, fs.FileInfoToDirEntry(layerInfo{path.Base(p), 0}))
		}
	}
	if missing && len(entries) == 0 {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// layerInfo describes a file of a layer.
type layerInfo struct {
	name string
	size int64
}

func (i layerInfo) Name() string     { return i.name }
func (i layerInfo) Size() int64      { return i.size }
func (layerInfo) Mode() fs.FileMode  { return 0o644 }
func (layerInfo) ModTime() time.Time { return time.Time{} }
func (layerInfo) IsDir() bool        { return false }
func (layerInfo) Sys() any           { return nil }

type layerFile struct {
	info fs.FileInfo
	*bytes.Reader
}

func (f *layerFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *layerFile) Close() error               { return nil }
