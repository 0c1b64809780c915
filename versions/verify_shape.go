package versions

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxOddities ends a survey: what holds more than that is not ours to list.
const maxOddities = 100

// survey runs a check of shape, which stops at the first thing that has no place,
// again and again, each time without what was found before. It returns the file
// system without all of that. dir is where fsys is, in the paths of the check's
// errors.
func survey(fsys fs.FS, dir string, check func(fs.FS) error) (*masked, []Fault) {
	left := &masked{FS: fsys, hidden: map[string]bool{}, listed: map[string][]fs.DirEntry{}}
	var faults []Fault
	for range maxOddities {
		err := check(left)
		if err == nil {
			break
		}
		odd := (*StructureError)(nil)
		if !errors.As(err, &odd) {
			return left, append(faults, Fault{Err: err})
		}
		faults = append(faults, Fault{Path: odd.Path, Environment: environmentAt(dir, odd.Path), Err: err})
		if !left.hide(strings.TrimPrefix(strings.TrimPrefix(odd.Path, dir), "/")) {
			break
		}
	}
	return left, faults
}

// environmentAt is the environment that a path below an app's directory is in.
func environmentAt(dir, p string) string {
	below, ok := strings.CutPrefix(p, dir)
	env, _, deeper := strings.Cut(strings.TrimPrefix(below, "/"), "/")
	if !ok || !deeper || dir == StoreDir || env == KeysDir {
		return ""
	}
	return env
}

// masked is a file system without some of its entries, which lists a directory
// once. It is not safe for concurrent listing.
type masked struct {
	fs.FS
	hidden map[string]bool
	listed map[string][]fs.DirEntry
}

// hide takes an entry away, and reports whether it was there.
func (m *masked) hide(name string) bool {
	if m.hidden[name] || name == "" {
		return false
	}
	m.hidden[name] = true
	dir := path.Dir(name)
	m.listed[dir] = slices.DeleteFunc(m.listed[dir], func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
	return true
}

// ReadDir lists a directory.
func (m *masked) ReadDir(name string) ([]fs.DirEntry, error) {
	if list, ok := m.listed[name]; ok {
		return slices.Clone(list), nil
	}
	entries, err := fs.ReadDir(m.FS, name)
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		list[i] = fs.FileInfoToDirEntry(info)
	}
	m.listed[name] = list
	return slices.Clone(list), nil
}

// ReadFile reads a whole file.
func (m *masked) ReadFile(name string) ([]byte, error) { return fs.ReadFile(m.FS, name) }
