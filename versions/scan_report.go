package versions

import (
	"context"
	"crypto/sha256"
	"errors"

	"pinseal/repo"
)

// scanReport turns what workers found into findings, one job after another.
type scanReport struct {
	scan  *Scan
	found func(Finding) error
	stats ScanStats
	at    repo.Hash             // the last commit that was counted
	hits  map[blobID][]scanHit  // of blobs that have some
	told  map[[16]byte]struct{} // hashes of such blobs with a path, and of paths
}

func newScanReport(s *Scan, found func(Finding) error) *scanReport {
	return &scanReport{scan: s, found: found, hits: map[blobID][]scanHit{}, told: map[[16]byte]struct{}{}}
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
	if len(j.name) > 0 && r.first("", j.item.Path) {
		if err := r.report(j.item, j.name); err != nil {
			return err
		}
	}
	if len(j.hits) > 0 && (j.item.Blob == "" || r.first(string(j.item.Blob), j.item.Path)) {
		if err := r.report(j.item, j.hits); err != nil {
			return err
		}
	}
	if r.scan.Each != nil {
		r.scan.Each(r.stats)
	}
	return nil
}

// first reports whether a blob at a path has not been told of yet.
func (r *scanReport) first(blob, path string) bool {
	sum := sha256.Sum256([]byte(blob + "\x00" + path))
	id := [16]byte(sum[:])
	_, again := r.told[id]
	r.told[id] = struct{}{}
	return !again
}

// report tells of the hits in one text, in the order of their first lines.
func (r *scanReport) report(item ScanItem, hits []scanHit) (err error) {
	for _, h := range hits {
		f := Finding{ScanItem: item, Line: h.line, More: h.more, Form: h.form, Known: r.scan.Values[h.value]}
		if f.Listed, err = r.scan.Passes(f); err != nil {
			return err
		}
		if err := r.found(f); err != nil {
			return err
		}
	}
	return nil
}
