package versions

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"

	"pinseal/repo"
	"pinseal/versions/leak"
)

// ScanItem is one text to look into.
type ScanItem struct {
	Commit repo.Hash // "" for what is not committed
	Path   string    // "" for the commit's message
	Blob   repo.Hash // what to read from the repository, or "" with Open
	Open   func() (io.ReadCloser, error)
}

// Place is what a baseline knows the text by: its path, or the commit whose
// message it is.
func (i ScanItem) Place() string {
	if i.Path == "" {
		return string(i.Commit)
	}
	return i.Path
}

// Finding is a value in a text. A text has at most one for each value.
type Finding struct {
	ScanItem
	Line   int       // from 1, the first where the value is; 0 when it is in the name of the file
	More   int       // lines further down that hold it, or parts of it
	Form   leak.Form // how it is written
	Known  *Known
	Listed bool // the baseline lets it pass
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

	// Passes says whether the baseline lets a value pass in a place.
	Passes func(place string, v *Known) (bool, error)
	// Each, where set, is told of every item when it is done.
	Each func(ScanStats)
	// Unread is told of every item that could not be read; the scan goes on.
	Unread func(ScanItem, error)
}

// scanJob is an item on its way through a worker.
type scanJob struct {
	item ScanItem
	id   blobID
	done chan struct{} // closed when what follows is there; nil when another job has it
	hits []leak.Hit
	read int64
	err  error
}

// blobID is enough of a blob's id to tell it from others: a long history has
// many.
type blobID [16]byte

// Run looks into items on all cores and yields what it finds in their order; a
// text that stands at several paths is looked into once. Memory is bounded but for
// 16 bytes for each blob. Errors: those that items yields, of found, of Passes,
// and of ctx.
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
	r := scanReport{scan: s, found: found, hits: map[blobID][]leak.Hit{}, seen: map[string]bool{}}
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

// look reads one item.
func (s *Scan) look(ctx context.Context, j *scanJob) {
	in, err := s.open(ctx, j.item)
	if err != nil {
		j.err = err
		return
	}
	counted := &countReader{Reader: in}
	err = s.Patterns.Scan(ctx, counted, func(h leak.Hit) error {
		j.hits = append(j.hits, h)
		return nil
	})
	j.read = counted.n
	j.err = errors.Join(err, in.Close())
}

func (s *Scan) open(ctx context.Context, item ScanItem) (io.ReadCloser, error) {
	if item.Open != nil {
		return item.Open()
	}
	return s.Repo.Blob(ctx, item.Blob)
}

type countReader struct {
	io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// scanReport turns what workers found into findings, one job after another.
type scanReport struct {
	scan  *Scan
	found func(Finding) error
	stats ScanStats
	at    repo.Hash             // the last commit that was counted
	hits  map[blobID][]leak.Hit // of blobs that have some
	seen  map[string]bool       // paths of such blobs that were told
}

func (r *scanReport) take(j *scanJob) error {
	switch {
	case j.err != nil:
		if errors.Is(j.err, context.Canceled) {
			return j.err
		}
		r.scan.Unread(j.item, j.err)
	case j.done == nil:
		j.hits = r.hits[j.id]
	case len(j.hits) > 0 && j.item.Blob != "":
		r.hits[j.id] = j.hits
	}
	r.stats.Items++
	r.stats.Bytes += j.read
	if j.item.Commit != r.at {
		r.at = j.item.Commit
		r.stats.Commits++
	}
	if err := r.name(j.item); err != nil {
		return err
	}
	if len(j.hits) > 0 {
		told := string(j.item.Blob) + "\x00" + j.item.Path
		if j.item.Blob == "" || !r.seen[told] {
			r.seen[told] = true
			if err := r.report(j.item, j.hits); err != nil {
				return err
			}
		}
	}
	if r.scan.Each != nil {
		r.scan.Each(r.stats)
	}
	return nil
}

// name looks into the name of a file.
func (r *scanReport) name(item ScanItem) error {
	var hits []leak.Hit
	err := r.scan.Patterns.ScanBytes([]byte(item.Path), func(h leak.Hit) error {
		h.Line, h.Allowed = 0, nil
		hits = append(hits, h)
		return nil
	})
	if err != nil || len(hits) == 0 || r.seen["\x00"+item.Path] {
		return err
	}
	r.seen["\x00"+item.Path] = true
	return r.report(item, hits)
}

// report tells of the hits in one text, in the order of their first lines.
func (r *scanReport) report(item ScanItem, hits []leak.Hit) error {
	var all []*Finding
	of := map[int]*Finding{}
	for _, h := range hits {
		known := r.scan.Values[h.Value]
		if slices.ContainsFunc(known.In, func(in Holding) bool { return slices.Contains(h.Allowed, in.Name) }) {
			continue
		}
		if f := of[h.Value]; f != nil {
			f.More++
			continue
		}
		f := &Finding{ScanItem: item, Line: h.Line, Form: h.Form, Known: known}
		of[h.Value] = f
		all = append(all, f)
	}
	for _, f := range all {
		passes, err := r.scan.Passes(item.Place(), f.Known)
		if err != nil {
			return err
		}
		f.Listed = passes
		if err := r.found(*f); err != nil {
			return err
		}
	}
	return nil
}
