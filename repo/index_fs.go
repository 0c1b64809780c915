package repo

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// UnmergedError says that the index holds paths which a merge left in conflict.
type UnmergedError struct {
	Paths []string // from the top, sorted
}

func (e *UnmergedError) Error() string {
	if len(e.Paths) == 1 {
		return fmt.Sprintf("%q is unmerged", e.Paths[0])
	}
	return fmt.Sprintf("%q and %d more are unmerged", e.Paths[0], len(e.Paths)-1)
}

// IndexFS returns what the index holds below dir, a slash path from the top ("" is
// all), as a file system of the rules and errors of FS: what a commit of the index
// would hold there. It is read at once and stays the same when the index changes.
// fs.ErrNotExist says that nothing is below dir, *OddEntryError that dir or one of
// its parents is not a directory, *UnmergedError that something at or below dir is
// in conflict. What git add -N only announced is not there. A bare repository has
// no index. One process; blobs are read when asked for. ctx covers every later read.
func (r *Repo) IndexFS(ctx context.Context, dir string) (*TreeFS, error) {
	if dir == "" {
		dir = "."
	}
	if !fs.ValidPath(dir) {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid}
	}
	if r.Bare() {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	// All below the first component: it tells a parent that is odd from one that is absent.
	top, _, _ := strings.Cut(dir, "/")
	if top == "." {
		top = ""
	}
	files := make(map[string]indexEntry)
	var paths, unmerged []string
	err := r.diffIndex(ctx, string(r.emptyTree()), top, func(e indexEntry) {
		switch {
		case e.Status != 'U':
			files[e.Path] = e
			paths = append(paths, e.Path)
		case dir == "." || e.Path == dir || strings.HasPrefix(e.Path, dir+"/") || strings.HasPrefix(dir, e.Path+"/"):
			unmerged = append(unmerged, e.Path)
		}
	})
	if err != nil {
		return nil, err
	}
	if len(unmerged) > 0 {
		return nil, &UnmergedError{Paths: unmerged}
	}
	all := r.TreeFS(ctx, "")
	if all.root, err = all.plant(paths, files, 0); err != nil {
		return nil, err
	}
	sub, err := all.sub(dir)
	if err == nil && dir == "." && len(paths) == 0 {
		err = &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return sub, nil
}

// sub is the file system of a directory of t, with what t has read.
func (t *TreeFS) sub(dir string) (*TreeFS, error) {
	e, err := t.lookup("open", dir)
	if err != nil {
		return nil, err
	}
	if !isTree(e) {
		return nil, &OddEntryError{Path: dir, Kind: kindOf(e.Mode)}
	}
	s := t.repo.TreeFS(t.ctx, e.Hash)
	s.trees = t.trees
	if dir != "." {
		s.prefix = dir
	}
	return s, nil
}

// plant keeps the trees that git would write of files, as if they had been read,
// and returns the id of the root: of those paths, sorted, that share the first
// skip bytes. The trees need not be in the repository.
func (t *TreeFS) plant(paths []string, files map[string]indexEntry, skip int) (Hash, error) {
	var entries []TreeEntry
	for len(paths) > 0 {
		first, n := paths[0], 1
		name, _, deep := strings.Cut(first[skip:], "/")
		e := TreeEntry{Name: name, Hash: files[first].id}
		if deep {
			below := first[:skip+len(name)+1]
			for n < len(paths) && strings.HasPrefix(paths[n], below) {
				n++
			}
			var err error
			if e.Hash, err = t.plant(paths[:n], files, len(below)); err != nil {
				return "", err
			}
			e.Mode = ModeTree
		} else if mode, err := strconv.ParseUint(files[first].mode, 8, 32); err == nil {
			e.Mode = uint32(mode)
		}
		entries = append(entries, e)
		paths = paths[n:]
	}
	slices.SortFunc(entries, func(a, b TreeEntry) int {
		switch {
		case treeLess(a, b):
			return -1
		case treeLess(b, a):
			return 1
		}
		return 0
	})
	var raw []byte
	for _, e := range entries {
		raw = fmt.Appendf(raw, "%o %s\x00", e.Mode, e.Name)
		raw, _ = hex.AppendDecode(raw, []byte(e.Hash))
	}
	// The same checks as of a tree that was read: names, twins.
	entries, err := parseTree(raw, t.repo.hashLen()/2)
	if err != nil {
		return "", &CorruptError{Name: "index", Reason: err.Error()}
	}
	id, _ := hashObject(t.repo.loc.format, TreeObject, raw)
	t.trees[id] = entries
	return id, nil
}
