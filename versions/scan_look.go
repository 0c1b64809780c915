package versions

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"pinseal/versions/leak"
)

// scanJob is an item on its way through a worker.
type scanJob struct {
	item ScanItem
	name []scanHit // in the item's path
	id   blobID
	done chan struct{} // closed when what follows is there; nil when another job has it
	hits []scanHit
	read int64
	err  error
}

// scanHit is a value in a text: the first line that no comment allows, and how
// many follow.
type scanHit struct {
	value int
	form  leak.Form
	line  int
	more  int
}

// look reads one item. What it keeps is bounded by the number of values, however
// often they are there.
func (s *Scan) look(ctx context.Context, j *scanJob) {
	in, err := s.open(ctx, j.item)
	if err != nil {
		j.err = err
		return
	}
	counted := &countReader{Reader: in}
	of := map[int]int{} // indices into j.hits, by value
	err = s.Patterns.Scan(ctx, counted, func(h leak.Hit) error {
		if i, again := of[h.Value]; s.allowed(h) {
			return nil
		} else if again {
			j.hits[i].more++
			return nil
		}
		of[h.Value] = len(j.hits)
		j.hits = append(j.hits, scanHit{value: h.Value, form: h.Form, line: h.Line})
		return nil
	})
	j.read = counted.n
	j.err = errors.Join(err, in.Close())
}

// allowed reports whether a comment on the line of a hit names a secret that has
// the value.
func (s *Scan) allowed(h leak.Hit) bool {
	return len(h.Allowed) > 0 && slices.ContainsFunc(s.Values[h.Value].In, func(in Holding) bool { return slices.Contains(h.Allowed, in.Name) })
}

// lookAtName looks into the path of an item, and masks what it finds there.
func (s *Scan) lookAtName(j *scanJob) {
	path := j.item.Path
	if path == "" {
		return
	}
	spans := s.Patterns.Spans([]byte(path))
	if len(spans) == 0 {
		return
	}
	var masked strings.Builder
	shown := 0 // path[:shown] has been dealt with
	for _, span := range spans {
		if span.Start >= shown {
			masked.WriteString(path[shown:span.Start] + "[" + s.Values[span.Value].In[0].Name + "]")
		}
		shown = max(shown, span.End)
	}
	j.item.Masked = masked.String() + path[shown:]
	slices.SortStableFunc(spans, func(a, b leak.Span) int { return cmp.Compare(a.Value, b.Value) })
	for _, span := range slices.CompactFunc(spans, func(a, b leak.Span) bool { return a.Value == b.Value }) {
		j.name = append(j.name, scanHit{value: span.Value, form: span.Form})
	}
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
