package versions

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"
	"sync"

	"pinseal/repo"
)

// CommitItems yields what the commits brought that words name to git rev-list, as
// [repo.Repo.Range] takes them: of each its header and its message, as bytes of the
// object, and its files. A submodule is a name without content.
func CommitItems(ctx context.Context, r *repo.Repo, revs []string) iter.Seq2[ScanItem, error] {
	return func(yield func(ScanItem, error) bool) {
		for c, err := range r.Range(ctx, revs) {
			if err != nil {
				yield(ScanItem{}, err)
				return
			}
			if !textItems(ctx, r, c.Commit, yield) || !eachFile(c, yield) {
				return
			}
		}
	}
}

func eachFile(c repo.Change, yield func(ScanItem, error) bool) bool {
	for _, f := range c.Files {
		item := ScanItem{Commit: c.Commit, Path: f.Path, Blob: f.New}
		if f.Status == 'D' {
			continue
		}
		if f.New == "" {
			item = nameItem(c.Commit, f.Path)
		}
		if !yield(item, nil) {
			return false
		}
	}
	return true
}

// textItems yields the header and the message of a commit or a tag. The object is
// read when the first of them is.
func textItems(ctx context.Context, r *repo.Repo, id repo.Hash, yield func(ScanItem, error) bool) bool {
	read := sync.OnceValues(func() ([]byte, error) {
		_, data, err := r.Object(ctx, id, repo.MaxBlob)
		return data, err
	})
	part := func(header bool) ScanItem {
		return ScanItem{Commit: id, Header: header, Open: func() (io.ReadCloser, error) {
			data, err := read()
			if err != nil {
				return nil, err
			}
			above, below, _ := bytes.Cut(data, []byte("\n\n"))
			if header {
				below = above
			}
			return io.NopCloser(bytes.NewReader(below)), nil
		}}
	}
	return yield(part(true), nil) && yield(part(false), nil)
}

// nameItem is a name that nothing is read of.
func nameItem(commit repo.Hash, name string) ScanItem {
	return ScanItem{Commit: commit, Path: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }}
}
