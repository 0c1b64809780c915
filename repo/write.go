package repo

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"

	githash "github.com/go-git/go-git/v5/plumbing/hash"
)

// Draft is the objects of one publish, built in memory. Nothing touches the
// repository before Write, and nothing is reachable before UpdateRef. Not for
// concurrent use.
type Draft struct {
	repo    *Repo
	objects []draftObject
	have    map[Hash]bool // built here
	uses    map[Hash]bool // named by trees and commits
}

type draftObject struct {
	hash Hash
	typ  ObjectType
	data []byte
}

// NewDraft returns an empty draft.
func (r *Repo) NewDraft() *Draft {
	return &Draft{repo: r, have: make(map[Hash]bool), uses: make(map[Hash]bool)}
}

func (d *Draft) add(typ ObjectType, data []byte) Hash {
	h, _ := hashObject(d.repo.loc.format, typ, data)
	if !d.have[h] {
		d.have[h] = true
		d.objects = append(d.objects, draftObject{h, typ, data})
	}
	return h
}

// Blob adds a blob and returns its id. data is kept and must not be changed.
// What the repository already has is not written again.
func (d *Draft) Blob(data []byte) Hash { return d.add(BlobObject, data) }

// Tree adds the trees for a set of plain files (mode 100644), slash paths to
// blob ids, and returns the root's. Blobs may be of the draft or of the
// repository. A path that is malformed, or both file and directory, is an error.
func (d *Draft) Tree(files map[string]Hash) (Hash, error) {
	paths := make([]string, 0, len(files))
	for p, h := range files {
		if !fs.ValidPath(p) || p == "." || strings.IndexByte(p, 0) >= 0 {
			return "", fmt.Errorf("tree path %q is malformed", p)
		}
		if err := d.repo.wants(h); err != nil {
			return "", fmt.Errorf("tree path %q: %w", p, err)
		}
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return d.tree(files, paths, 0)
}

// tree builds the tree of paths, sorted, that share their first skip bytes.
func (d *Draft) tree(files map[string]Hash, paths []string, skip int) (Hash, error) {
	var entries []TreeEntry
	for i := 0; i < len(paths); {
		name, _, isDir := strings.Cut(paths[i][skip:], "/")
		if !isDir {
			h := files[paths[i]]
			d.uses[h] = true
			entries = append(entries, TreeEntry{Name: name, Mode: ModeFile, Hash: h})
			i++
			continue
		}
		end := i + 1
		for end < len(paths) && strings.HasPrefix(paths[end][skip:], name+"/") {
			end++
		}
		h, err := d.tree(files, paths[i:end], skip+len(name)+1)
		if err != nil {
			return "", err
		}
		entries = append(entries, TreeEntry{Name: name, Mode: ModeTree, Hash: h})
		i = end
	}
	sort.Slice(entries, func(i, j int) bool { return treeLess(entries[i], entries[j]) })
	var b bytes.Buffer
	for _, e := range entries {
		id, err := hex.DecodeString(string(e.Hash))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%o %s\x00", e.Mode, e.Name)
		b.Write(id)
	}
	if err := noTwins(entries); err != nil {
		return "", err
	}
	return d.add(TreeObject, b.Bytes()), nil
}

// Commit adds a commit and returns its id. ident, "Name <mail> SECONDS ZONE" as
// Repo.Committer returns it, is author and committer. The message is stored as
// it is.
func (d *Draft) Commit(tree Hash, parents []Hash, ident, message string) (Hash, error) {
	open, end := strings.IndexByte(ident, '<'), strings.IndexByte(ident, '>')
	if strings.ContainsAny(ident, "\n\x00") || open < 0 || end < open || parseSignature(ident).When.IsZero() {
		return "", errors.New("commit identity is malformed")
	}
	if strings.IndexByte(message, 0) >= 0 {
		return "", errors.New("commit message holds a NUL")
	}
	var b bytes.Buffer
	for i, h := range append([]Hash{tree}, parents...) {
		if err := d.repo.wants(h); err != nil {
			return "", fmt.Errorf("commit: %w", err)
		}
		d.uses[h] = true
		if i == 0 {
			fmt.Fprintf(&b, "tree %s\n", h)
		} else {
			fmt.Fprintf(&b, "parent %s\n", h)
		}
	}
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s", ident, ident, message)
	return d.add(CommitObject, b.Bytes()), nil
}

// Write stores the objects that the repository lacks, durably (core.fsync=all),
// with one process. It is an error if a tree or commit names an object that is
// neither in the draft nor in the repository.
func (d *Draft) Write(ctx context.Context) error {
	for h := range d.uses {
		if d.have[h] {
			continue
		}
		if ok, err := d.repo.Has(ctx, h); err != nil {
			return err
		} else if !ok {
			return missing(h)
		}
	}
	var todo []draftObject
	for _, o := range d.objects {
		// A miss here may be wrong and costs nothing: git drops the duplicate.
		if d.repo.loc.format == "sha1" {
			if ok, err := d.repo.store.has(o.hash, false); err == nil && ok {
				continue
			}
		}
		todo = append(todo, o)
	}
	if len(todo) == 0 {
		return nil
	}
	// Contents before what names them, so that a crash leaves nothing dangling.
	sort.SliceStable(todo, func(i, j int) bool { return todo[i].typ > todo[j].typ })
	for round := 1; ; round++ {
		err := d.repo.unpack(ctx, todo)
		failed, ok := errors.AsType[*GitError](err)
		// A concurrent gc removes directories of loose objects that it emptied,
		// also between git's making of one and its first file. Doing it again is
		// harmless: objects are named by content.
		if !ok || round == unpackRounds || !strings.Contains(failed.Stderr, "unable to create temporary file: No such file") {
			return err
		}
	}
}

const unpackRounds = 10

func (r *Repo) unpack(ctx context.Context, objects []draftObject) error {
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(writePack(pw, r.loc.format, objects)) }()
	_, err := r.git(ctx, pr, "-c", "core.fsync=all", "unpack-objects", "-q")
	pr.Close() // ends the writer if git left early
	return err
}

// writePack writes a version 2 pack of whole objects (gitformat-pack(5)).
func writePack(w io.Writer, format string, objects []draftObject) error {
	kind := crypto.SHA1
	if format == "sha256" {
		kind = crypto.SHA256
	}
	sum := githash.New(kind)
	out := io.MultiWriter(w, sum)
	head := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(objects)))
	if _, err := out.Write(head); err != nil {
		return err
	}
	var b bytes.Buffer
	// Git compresses anew, as the user configured it.
	z, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		return err
	}
	for _, o := range objects {
		b.Reset()
		size := len(o.data)
		c := byte(o.typ)<<4 | byte(size&15)
		for size >>= 4; size > 0; size >>= 7 {
			b.WriteByte(c | 0x80)
			c = byte(size & 0x7f)
		}
		b.WriteByte(c)
		z.Reset(&b)
		if _, err := z.Write(o.data); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if _, err := out.Write(b.Bytes()); err != nil {
			return err
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}
