package repo

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// TreeFS is a tree of the repository as a read-only file system: fs.FS with
// ReadFile, ReadDir and Stat. What it reads never changes. Only plain files
// (mode 100644) can be read and only plain directories walked; anything else is
// *OddEntryError from Open and ReadFile, and shows in ReadDir and Stat.
//
// An absent path is fs.ErrNotExist; an absent object is ErrMissing and never
// fs.ErrNotExist. Files are at most MaxBlob bytes. Parsed trees are kept for the
// life of the TreeFS. It is safe for concurrent use.
type TreeFS struct {
	ctx    context.Context // an fs.FS has no other way to be cancelled
	repo   *Repo
	root   Hash
	prefix string // where root is in the commit, for messages

	mu    sync.Mutex
	trees map[Hash][]TreeEntry
}

// FS returns the directory dir, a slash path without leading slash, of a commit;
// "" is the top. fs.ErrNotExist says that dir is absent, *OddEntryError that one
// of its components is not a directory. ctx covers every later read.
func (r *Repo) FS(ctx context.Context, commit Hash, dir string) (*TreeFS, error) {
	if dir == "" {
		dir = "."
	}
	c, err := r.Commit(ctx, commit)
	if err != nil {
		return nil, err
	}
	top := r.TreeFS(ctx, c.Tree)
	e, err := top.lookup("open", dir)
	if err != nil {
		return nil, err
	}
	if !isTree(e) {
		return nil, &OddEntryError{Path: dir, Kind: kindOf(e.Mode)}
	}
	if dir == "." {
		return top, nil
	}
	sub := r.TreeFS(ctx, e.Hash)
	sub.prefix = dir
	return sub, nil
}

// TreeFS is FS for a tree whose id is known. Nothing is read yet. ctx covers
// every later read.
func (r *Repo) TreeFS(ctx context.Context, tree Hash) *TreeFS {
	return &TreeFS{ctx: ctx, repo: r, root: tree, trees: make(map[Hash][]TreeEntry)}
}

// Entry returns mode and object id of a path without reading the object; "." is
// the root. The entry may be of any kind.
func (t *TreeFS) Entry(name string) (TreeEntry, error) { return t.lookup("stat", name) }

// lookup walks down from the root.
func (t *TreeFS) lookup(op, name string) (TreeEntry, error) {
	if !fs.ValidPath(name) {
		return TreeEntry{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	e := TreeEntry{Name: ".", Mode: ModeTree, Hash: t.root}
	if name == "." {
		return e, nil
	}
	walked := 0
	for part := range strings.SplitSeq(name, "/") {
		if !isTree(e) {
			return e, &OddEntryError{Path: t.where(name[:walked-1]), Kind: kindOf(e.Mode)}
		}
		entries, err := t.tree(e.Hash)
		if err != nil {
			return e, &fs.PathError{Op: op, Path: t.where(name), Err: err}
		}
		found := findEntry(entries, part, false)
		if found == nil {
			found = findEntry(entries, part, true)
		}
		if found == nil {
			return e, &fs.PathError{Op: op, Path: t.where(name), Err: fs.ErrNotExist}
		}
		e = *found
		walked += len(part) + 1
	}
	return e, nil
}

// where is a path as seen from the top of the commit.
func (t *TreeFS) where(name string) string { return path.Join(t.prefix, name) }

func (t *TreeFS) tree(h Hash) ([]TreeEntry, error) {
	t.mu.Lock()
	entries, ok := t.trees[h]
	t.mu.Unlock()
	if ok {
		return entries, nil
	}
	entries, err := t.repo.Tree(t.ctx, h)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.trees[h] = entries
	t.mu.Unlock()
	return entries, nil
}

// kindOf names a mode for *OddEntryError.
func kindOf(mode uint32) string {
	switch mode {
	case ModeTree:
		return "directory"
	case ModeFile:
		return "file"
	case ModeExec:
		return "executable"
	case ModeSymlink:
		return "symlink"
	case ModeGitlink:
		return "submodule"
	}
	return "unknown mode"
}

// Open opens a plain file or a directory.
func (t *TreeFS) Open(name string) (fs.File, error) {
	e, err := t.lookup("open", name)
	if err != nil {
		return nil, err
	}
	info := t.info(name, e)
	if isTree(e) {
		entries, err := t.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &dirFile{info: info, path: t.where(name), entries: entries}, nil
	}
	data, err := t.blob(name, e)
	if err != nil {
		return nil, err
	}
	info.size = func() int64 { return int64(len(data)) }
	return &byteFile{info: info, Reader: bytes.NewReader(data)}, nil
}

// ReadFile returns the bytes of a plain file. They are the caller's.
func (t *TreeFS) ReadFile(name string) ([]byte, error) {
	e, err := t.lookup("read", name)
	if err != nil {
		return nil, err
	}
	return t.blob(name, e)
}

func (t *TreeFS) blob(name string, e TreeEntry) ([]byte, error) {
	if e.Mode != ModeFile {
		return nil, &OddEntryError{Path: t.where(name), Kind: kindOf(e.Mode)}
	}
	data, err := t.repo.typed(t.ctx, e.Hash, BlobObject, MaxBlob)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: t.where(name), Err: err}
	}
	return data, nil
}

// entries returns the tree that name is, in git's order. It is shared.
func (t *TreeFS) entries(name string) ([]TreeEntry, error) {
	e, err := t.lookup("readdir", name)
	if err != nil {
		return nil, err
	}
	if !isTree(e) {
		return nil, &OddEntryError{Path: t.where(name), Kind: kindOf(e.Mode)}
	}
	entries, err := t.tree(e.Hash)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: t.where(name), Err: err}
	}
	return entries, nil
}

// Names lists the names in a directory, whatever they are, in no promised order.
func (t *TreeFS) Names(dir string) ([]string, error) {
	entries, err := t.entries(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i := range entries {
		names[i] = entries[i].Name
	}
	return names, nil
}

// ReadDir lists a directory by name, odd entries included. Info of an entry
// does not fail; its Size reads the blob when asked.
func (t *TreeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := t.entries(name)
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		list[i] = fs.FileInfoToDirEntry(t.info(path.Join(name, e.Name), e))
	}
	sortByName(list) // git sorts directories as if they ended in "/"
	return list, nil
}

// Stat describes a path of any kind. Size reads the blob when asked.
func (t *TreeFS) Stat(name string) (fs.FileInfo, error) {
	e, err := t.lookup("stat", name)
	if err != nil {
		return nil, err
	}
	return t.info(name, e), nil
}

// info is the fs.FileInfo of an entry.
func (t *TreeFS) info(name string, e TreeEntry) *treeInfo {
	i := &treeInfo{name: path.Base(name), entry: e}
	i.size = sync.OnceValue(func() int64 {
		if isTree(e) || e.Mode == ModeGitlink {
			return 0
		}
		data, err := t.repo.typed(t.ctx, e.Hash, BlobObject, MaxBlob)
		if err != nil {
			return -1
		}
		return int64(len(data))
	})
	return i
}
