package versions

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"runtime"
	"sync"

	"pinseal/repo"
	"pinseal/versions/leak"
)

// ScanItem is one text to look into.
type ScanItem struct {
	Commit  repo.Hash // "" for what is not committed
	Path    string    // "" for the commit's message or header
	Header  bool      // of the commit, or a tag itself
	Outside bool      // the path is not the repository's, and no baseline has it
	Blob    repo.Hash // what to read from the repository, or "" with Open
	Open    func() (io.ReadCloser, error)

	// Masked is Path with [NAME] for each value that it holds, "" where it holds
	// none. A scan sets it before the item is read: who shows such a path shows this.
	Masked string
}

// Place is what a baseline knows the text by: its path, of a commit with the blob
// that is there, or the commit whose message it is.
func (i ScanItem) Place() string {
	switch {
	case i.Path == "":
		return string(i.Commit)
	case i.Commit != "":
		return i.Path + "@" + string(i.Blob)
	}
	return i.Path
}

// Finding is a value in a text. A text has at most one for each value, and one
// more for each in its name.
type Finding struct {
	ScanItem
	Line   int       // from 1, the first where the value is; 0 when it is in the name of the file
	More   int       // lines further down that hold it, or parts of it
	Form   leak.Form // how it is written
	Known  *Known
	Listed bool // the baseline lets it pass
}

// Place is what a baseline knows the finding by: that of its text, or of the name
// alone.
func (f Finding) Place() string {
	if f.Line == 0 {
		return f.Path + "@"
	}
	return f.ScanItem.Place()
}

// Places are those whose entries let the finding pass. A value that may stand in
// a file may stand in the commits of the file.
func (f Finding) Places() []string {
	if place := f.Place(); f.Line == 0 || f.Path == "" || place == f.Path {
		return []string{place}
	}
	return []string{f.Place(), f.Path}
}

// ScanStats is how far a scan has come.
type ScanStats struct {
	Commits, Items int
	Bytes          int64 // read; a blob that stands in several places is read once
}

// Scan looks for known values.
type Scan struct {
	Repo     *repo.Repo
	Values   []*Known
	Patterns *leak.Patterns // of Values, in their order

	// Passes says whether the baseline lets a finding pass.
	Passes func(Finding) (bool, error)
	// Each, where set, is told of every item when it is done.
	Each func(ScanStats)
	// Unread is told of every item that could not be read; the scan goes on.
	Unread func(ScanItem, error)
}

// blobID is enough of a blob's id to tell it from others: a long history has
// many.
type blobID [16]byte

// Run looks into items on all cores and yields what it finds in their order; a
// text that stands at several paths is looked into once. Memory is bounded but for
// 16 bytes for each blob, and some for each finding. Errors: those that items
// yields, of found, of Passes, and of ctx.
func (s *Scan) Run(ctx context.Context, items iter.Seq2[ScanItem, error], found func(Finding) error) (stats ScanStats, err error) {
	ctx, stop := context.WithCancel(ctx)
	ordered := make(chan *scanJob, 64)
	work := make(chan *scanJob, 64)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	var failed error
	workers.Go(func() {
		defer close(ordered)
		defer close(work)
		failed = s.feed(ctx, items, ordered, work)
	})
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range work {
				s.look(ctx, j)
				close(j.done)
			}
		})
	}
	r := newScanReport(s, found)
	for j := range ordered {
		if j.done != nil {
			select {
			case <-j.done:
			case <-ctx.Done():
				return r.stats, ctx.Err()
			}
		}
		if err := r.take(j); err != nil {
			return r.stats, err
		}
	}
	return r.stats, errors.Join(ctx.Err(), failed)
}

// feed makes jobs of items until the caller stops.
func (s *Scan) feed(ctx context.Context, items iter.Seq2[ScanItem, error], ordered, work chan<- *scanJob) error {
	seen := map[blobID]struct{}{}
	send := func(to chan<- *scanJob, j *scanJob) bool {
		select {
		case to <- j:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for item, err := range items {
		if err != nil {
			return err
		}
		j := &scanJob{item: item}
		s.lookAtName(j)
		if item.Blob != "" {
			hex.Decode(j.id[:], []byte(item.Blob)[:2*len(j.id)]) // an id is hexadecimal
			if _, again := seen[j.id]; again {
				if !send(ordered, j) {
					return nil
				}
				continue
			}
			seen[j.id] = struct{}{}
		}
		j.done = make(chan struct{})
		if !send(work, j) || !send(ordered, j) {
			return nil
		}
	}
	return nil
}
