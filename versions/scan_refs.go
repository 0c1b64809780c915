package versions

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"path"

	"pinseal/repo"
)

// RefObjects yields what refs of the repository hold beside commits: their names,
// and what [RefItems] says of each.
func RefObjects(ctx context.Context, r *repo.Repo) iter.Seq2[ScanItem, error] {
	return func(yield func(ScanItem, error) bool) {
		refs, err := r.Refs(ctx, "refs/")
		if err != nil {
			yield(ScanItem{}, err)
			return
		}
		for _, ref := range refs {
			items, _, err := RefItems(ctx, r, ref)
			if err != nil {
				yield(ScanItem{}, err)
				return
			}
			if !yield(NameOf(ref), nil) {
				return
			}
			for item, err := range items {
				if !yield(item, err) {
					return
				}
			}
		}
	}
}

// NameOf is the name of a ref, which can hold a value as that of a file can.
func NameOf(ref repo.Ref) ScanItem { return nameItem(ref.Hash, ref.Name) }

// RefItems peels what a ref holds, one tag after another. commit is where that
// ends, or "". Items are header and message of each tag, then the blob, whose path
// is the name of the ref, or the files of the tree; their Commit is the id of that
// object. A commit is left to [CommitItems].
func RefItems(ctx context.Context, r *repo.Repo, ref repo.Ref) (items iter.Seq2[ScanItem, error], commit repo.Hash, err error) {
	var tags []repo.Hash
	at := ref.Hash
	for {
		kind, data, err := r.Object(ctx, at, repo.MaxBlob)
		if _, big := errors.AsType[*repo.TooLargeError](err); big {
			kind = repo.BlobObject // or it cannot be read, which is told then
		} else if err != nil {
			return nil, "", err
		}
		if kind != repo.TagObject {
			if kind == repo.CommitObject {
				commit = at
			}
			return peeledItems(ctx, r, tags, kind, repo.Ref{Name: ref.Name, Hash: at}), commit, nil
		}
		tags = append(tags, at)
		line, _, _ := bytes.Cut(data, []byte("\n"))
		id, _ := bytes.CutPrefix(line, []byte("object "))
		if at, err = repo.ParseHash(string(id)); err != nil {
			return nil, "", &repo.CorruptError{Name: string(tags[len(tags)-1]), Reason: "malformed tag"}
		}
	}
}

func peeledItems(ctx context.Context, r *repo.Repo, tags []repo.Hash, kind repo.ObjectType, end repo.Ref) iter.Seq2[ScanItem, error] {
	return func(yield func(ScanItem, error) bool) {
		for _, tag := range tags {
			if !textItems(ctx, r, tag, yield) {
				return
			}
		}
		switch kind {
		case repo.BlobObject:
			yield(ScanItem{Commit: end.Hash, Path: end.Name, Blob: end.Hash}, nil)
		case repo.TreeObject:
			w := treeWalk{ctx: ctx, repo: r, top: end.Hash, seen: map[repo.Hash]bool{}, yield: yield}
			w.walk(end.Hash, "")
		}
	}
}

// treeWalk yields the files of a tree. A directory that stands in several places is
// walked in the first; of the others there is the name.
type treeWalk struct {
	ctx   context.Context
	repo  *repo.Repo
	top   repo.Hash
	seen  map[repo.Hash]bool
	yield func(ScanItem, error) bool
}

func (w *treeWalk) walk(tree repo.Hash, dir string) bool {
	entries, err := w.repo.Tree(w.ctx, tree)
	if err != nil {
		unread := nameItem(w.top, dir)
		unread.Open = func() (io.ReadCloser, error) { return nil, err }
		return w.yield(unread, nil)
	}
	w.seen[tree] = true
	for _, e := range entries {
		more, name := false, path.Join(dir, e.Name)
		switch {
		case e.Mode == repo.ModeTree && !w.seen[e.Hash]:
			more = w.yield(nameItem(w.top, name), nil) && w.walk(e.Hash, name)
		case e.Mode == repo.ModeTree || e.Mode == repo.ModeGitlink:
			more = w.yield(nameItem(w.top, name), nil)
		default:
			more = w.yield(ScanItem{Commit: w.top, Path: name, Blob: e.Hash}, nil)
		}
		if !more {
			return false
		}
	}
	return true
}
