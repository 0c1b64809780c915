package repo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// tempPrefix begins the names of files that are being written.
const tempPrefix = ".tmp-"

// maxLevels bounds the directory handles that a WorkTree keeps.
const maxLevels = 32

// WorkTree is a directory of the user's files, for reading and writing: fs.FS
// with ReadFile, ReadDir and Stat, and atomic writes. No symlink is followed:
// every component from the top of the work tree down is inspected with Lstat
// and compared with what was opened, and anything but directories and regular
// files is *OddEntryError. Names that begin with ".tmp-" are never listed.
// Files show mode 0644 whatever their execute bit, which some systems lack.
//
// Files are at most MaxBlob bytes. It is safe for concurrent use; two writers
// of one file leave either's content, whole.
type WorkTree struct {
	top string
	dir string // slash path below top, "." for top itself

	mu     sync.Mutex
	levels map[string]*level
}

// level is an open directory and what it was when it was opened.
type level struct {
	root *os.Root
	info fs.FileInfo
}

// OpenWorkTree returns the directory dir, a slash path, below top, an absolute
// path to the top of a work tree. dir need not exist: reads then give
// fs.ErrNotExist and the first write makes it. top itself is taken as it is.
func OpenWorkTree(top, dir string) (*WorkTree, error) {
	if dir == "" {
		dir = "."
	}
	if !fs.ValidPath(dir) {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid}
	}
	if !filepath.IsAbs(top) {
		return nil, &fs.PathError{Op: "open", Path: top, Err: errors.New("not an absolute path")}
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	w := &WorkTree{top: top, dir: dir, levels: map[string]*level{".": {root: root}}}
	return w, nil
}

// Close closes the directories that are kept open. The WorkTree is of no use
// afterwards.
func (w *WorkTree) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, l := range w.levels {
		errs = append(errs, l.root.Close())
	}
	w.levels = nil
	return errors.Join(errs...)
}

// where is a path as seen from the top.
func (w *WorkTree) where(name string) string { return path.Join(w.dir, name) }

// level returns the directory p, a slash path below top, after checking every
// component again. With create, missing ones are made.
func (w *WorkTree) level(p string, create bool) (*level, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cur := w.levels["."]
	if cur == nil {
		return nil, fs.ErrClosed
	}
	if p == "." {
		return cur, nil
	}
	for end := 0; end < len(p); end++ {
		start := end
		if i := strings.IndexByte(p[start:], '/'); i >= 0 {
			end = start + i
		} else {
			end = len(p)
		}
		next, err := w.step(cur, p[:end], p[start:end], create)
		if err != nil {
			return nil, err
		}
		cur = next
	}
	return cur, nil
}

// step goes from cur down to name, whose path below top is p. The caller has the lock.
func (w *WorkTree) step(cur *level, p, name string, create bool) (*level, error) {
	fi, err := cur.root.Lstat(name)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err = cur.root.Mkdir(name, 0o777); err == nil {
			err = syncDir(cur.root)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, pathError("mkdir", p, err)
		}
		fi, err = cur.root.Lstat(name)
	}
	if err != nil {
		return nil, pathError("open", p, err)
	}
	if !fi.IsDir() {
		return nil, &OddEntryError{Path: p, Kind: kindOfInfo(fi)}
	}
	if l := w.levels[p]; l != nil && os.SameFile(l.info, fi) {
		return l, nil
	}
	root, err := cur.root.OpenRoot(name)
	if err != nil {
		return nil, pathError("open", p, err)
	}
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(opened, fi) {
		root.Close()
		return nil, &OddEntryError{Path: p, Kind: "changed while it was opened"}
	}
	if len(w.levels) >= maxLevels {
		// Others may be using them: the garbage collector closes.
		w.levels = map[string]*level{".": w.levels["."]}
	}
	l := &level{root: root, info: opened}
	w.levels[p] = l
	return l, nil
}

// parent returns the directory that holds name, and its last component.
func (w *WorkTree) parent(op, name string, create bool) (*level, string, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	full := w.where(name)
	l, err := w.level(path.Dir(full), create)
	return l, path.Base(full), err
}

// pathError replaces the path that os reports, one component, by the whole.
func pathError(op, p string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	} else if le, ok := errors.AsType[*os.LinkError](err); ok {
		err = le.Err
	}
	return &fs.PathError{Op: op, Path: p, Err: err}
}

func kindOfInfo(fi fs.FileInfo) string {
	switch m := fi.Mode(); {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "symlink"
	}
	return "special file"
}

// ReadFile returns the bytes of a regular file of at most MaxBlob bytes.
func (w *WorkTree) ReadFile(name string) ([]byte, error) {
	data, _, err := w.read(name)
	return data, err
}

// read retries when another writer renamed a new file into place between the
// look and the opening.
func (w *WorkTree) read(name string) ([]byte, fs.FileInfo, error) {
	for range 10 {
		data, fi, err := w.readOnce(name)
		if !errors.Is(err, errReplaced) {
			return data, fi, err
		}
	}
	return nil, nil, &OddEntryError{Path: w.where(name), Kind: "changed while it was opened"}
}

var errReplaced = errors.New("file was replaced")

func (w *WorkTree) readOnce(name string) ([]byte, fs.FileInfo, error) {
	l, base, err := w.parent("read", name, false)
	if err != nil {
		return nil, nil, err
	}
	full := w.where(name)
	fi, err := l.root.Lstat(base)
	if err != nil {
		return nil, nil, pathError("read", full, err)
	}
	if !fi.Mode().IsRegular() {
		return nil, nil, &OddEntryError{Path: full, Kind: kindOfInfo(fi)}
	}
	if fi.Size() > MaxBlob {
		return nil, nil, &TooLargeError{Name: full, Size: fi.Size(), Max: MaxBlob}
	}
	f, err := l.root.OpenFile(base, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, pathError("read", full, err)
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil {
		return nil, nil, pathError("read", full, err)
	}
	if !os.SameFile(opened, fi) {
		return nil, nil, errReplaced
	}
	data, err := readAll(f, opened.Size())
	if err != nil {
		return nil, nil, pathError("read", full, err)
	}
	if int64(len(data)) > MaxBlob {
		return nil, nil, &TooLargeError{Name: full, Max: MaxBlob}
	}
	return data, opened, nil
}

// readAll reads a file of about size bytes, and no more than MaxBlob and one.
func readAll(f io.Reader, size int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, MaxBlob)) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(f, MaxBlob+1))
	return b.Bytes(), err
}
