package cmd

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// namedPath is what a path on the command line leads to: links are followed.
type namedPath struct {
	top     string // of the work tree
	typed   string // absolute
	file    string // as the file system has it
	mode    fs.FileMode
	outside bool
	link    *versions.ScanItem // what was named, where it is a link of the repository
	gone    bool               // the link leads nowhere
}

// named looks up a path of the command line.
func (c *cli) named(r *repo.Repo, target string) (n namedPath, err error) {
	info, err := os.Lstat(c.path(target))
	if err != nil {
		return n, hint(&versions.NotFoundError{What: "file or directory that was asked for"}, "pinseal scan A..B      for commits")
	}
	root, inside := c.pathIn(r, c.path(target))
	n = namedPath{top: r.Top(), typed: c.path(target), file: root, mode: info.Mode(), outside: !inside}
	if info.Mode()&fs.ModeSymlink == 0 {
		return n, nil
	}
	if inside {
		link := fileItem(n.nameOf(root), root)
		n.link = &link
	}
	info, err = os.Stat(root)
	if err != nil {
		n.gone = true
		return n, nil
	}
	n.mode = info.Mode()
	n.file, inside = c.pathIn(r, resolved(root)) // of a pipe that a shell opened this is the link
	n.outside = !inside
	return n, nil
}

// nameOf is the slash path from the top of a file there, or as it was asked for.
func (n namedPath) nameOf(file string) string {
	from := n.top
	if n.outside {
		from = n.file
	}
	rel, err := filepath.Rel(from, file)
	switch {
	case err != nil:
		return filepath.ToSlash(file)
	case n.outside:
		return filepath.ToSlash(filepath.Join(n.typed, rel))
	}
	return filepath.ToSlash(rel)
}

// items are the texts of what was named; there is one at least, or one that says
// that there is none.
func (n namedPath) items(done <-chan struct{}) iter.Seq2[versions.ScanItem, error] {
	return func(yield func(versions.ScanItem, error) bool) {
		if n.link != nil && !yield(*n.link, nil) {
			return
		}
		own := versions.ScanItem{Path: n.nameOf(n.file), Outside: n.outside}
		switch {
		case n.gone && n.link != nil:
		case n.gone:
			own.Open = failing("leads nowhere")
			yield(own, nil)
		case n.mode.IsDir():
			n.walk(yield)
		case n.mode.IsRegular():
			own.Open = func() (io.ReadCloser, error) { return os.Open(n.file) }
			yield(own, nil)
		default:
			own.Open = func() (io.ReadCloser, error) {
				file := &lateFile{name: n.file, done: done}
				return struct {
					io.Reader
					io.Closer
				}{doneReader{done, file}, file}, nil
			}
			yield(own, nil)
		}
	}
}

// walk yields the files below a directory, and what cannot be read.
func (n namedPath) walk(yield func(versions.ScanItem, error) bool) {
	texts, more := 0, true
	take := func(item versions.ScanItem) error {
		texts++
		item.Outside = n.outside
		if more = yield(item, nil); !more {
			return filepath.SkipAll
		}
		return nil
	}
	filepath.WalkDir(n.file, func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return take(unreadItem(n.nameOf(file), reasonOf(err)))
		case e.IsDir() && e.Name() == ".git" && file != n.file:
			return filepath.SkipDir
		case e.IsDir() || !e.Type().IsRegular() && e.Type()&fs.ModeSymlink == 0:
			return nil
		}
		return take(fileItem(n.nameOf(file), file))
	}) // take returns no errors
	if texts == 0 && more {
		take(unreadItem(n.nameOf(n.file), "there is nothing in it to look into"))
	}
}

// fileItem is a file of the file system. Of a link what it says is looked into, as
// git keeps it.
func fileItem(name, file string) versions.ScanItem {
	return versions.ScanItem{Path: name, Open: func() (io.ReadCloser, error) {
		info, err := os.Lstat(file)
		switch {
		case err != nil:
			return nil, err
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			return io.NopCloser(strings.NewReader(target)), err
		case !info.Mode().IsRegular():
			return nil, errors.New("is no plain file")
		}
		return os.Open(file)
	}}
}

// unreadItem is one that cannot be read.
func unreadItem(name, reason string) versions.ScanItem {
	return versions.ScanItem{Path: name, Open: failing(reason)}
}

func failing(reason string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return nil, errors.New(reason) }
}

// pathIn is a path as the file system has it, and whether the repository has it.
func (c *cli) pathIn(r *repo.Repo, target string) (root string, inside bool) {
	root = c.path(target)
	dir := filepath.Join(resolved(filepath.Dir(root)), filepath.Base(root))
	if r.Top() == "" {
		return dir, false
	}
	rel, err := filepath.Rel(resolved(r.Top()), dir)
	if err != nil || !filepath.IsLocal(rel) {
		return dir, false
	}
	return filepath.Join(r.Top(), rel), true
}

// doneReader gives up when done is closed, also in the middle of a read.
type doneReader struct {
	done <-chan struct{}
	in   io.Reader
}

func (d doneReader) Read(p []byte) (int, error) {
	data, err := orDone(d.done, func() ([]byte, error) {
		own := make([]byte, min(len(p), 64<<10)) // a read that was given up must not write into p
		n, err := d.in.Read(own)
		return own[:n], err
	})
	return copy(p, data), err
}

// lateFile is opened when it is read: to open a pipe waits for its writer. It is
// for a doneReader.
type lateFile struct {
	name string
	done <-chan struct{}
	file *os.File
}

func (l *lateFile) Read(p []byte) (n int, err error) {
	if l.file == nil {
		if l.file, err = os.Open(l.name); err != nil {
			return 0, err
		}
	}
	return l.file.Read(p)
}

// Close leaves alone what a read that was given up may still use.
func (l *lateFile) Close() error {
	select {
	case <-l.done:
		return nil
	default:
	}
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
