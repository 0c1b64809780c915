package leak

import (
	"bytes"
	"context"
	"io"
	"slices"
)

// verdict on a needle at a place.
type verdict int

const (
	no verdict = iota
	yes
	more // it takes bytes that were not read yet
)

const (
	chunk    = 256 << 10            // how much of a stream is held, if that will do
	keep     = maxBack + allowReach // how much is held of what was scanned
	maxEmpty = 100                  // reads without a byte in a row
)

// scanner is one pass over a text.
type scanner struct {
	t     *tables
	found func(Hit) error
	// matched, where set, is told of every match, and there are no hits.
	matched func(n *needle, start, end int)

	data []byte // the part of the text that is held
	end  bool   // data ends where the text does

	at, line int // data[at] is on this line
	hits     map[place]*hit
	enough   int // hits that are held before some are reported
}

func newScanner(t *tables, found func(Hit) error) *scanner {
	return &scanner{t: t, found: found, line: 1, hits: map[place]*hit{}, enough: 64}
}

// stream scans r, of which it holds size bytes, more only while a needle matches that far.
func (t *tables) stream(ctx context.Context, r io.Reader, found func(Hit) error, size int) error {
	if len(t.needles) == 0 {
		return ctx.Err()
	}
	buf, _ := t.buffers.Get().(*[]byte)
	if buf == nil || size != chunk {
		b := make([]byte, 0, size)
		buf = &b
	}
	s := newScanner(t, found)
	s.data = (*buf)[:0]
	err := s.run(ctx, r)
	if cap(s.data) <= 4*chunk && size == chunk {
		*buf = s.data
		t.buffers.Put(buf)
	}
	return err
}

func (s *scanner) run(ctx context.Context, r io.Reader) error {
	next := 0
	for {
		if err := s.fill(ctx, r); err != nil {
			return err
		}
		var err error
		if next, err = s.scan(next); err != nil {
			return err
		}
		if s.end {
			return s.report(len(s.data))
		}
		if err := s.report(next - maxBack); err != nil {
			return err
		}
		next = s.drop(next)
	}
}

// fill reads until the buffer is full or r ends.
func (s *scanner) fill(ctx context.Context, r io.Reader) error {
	empty := 0
	for len(s.data) < cap(s.data) {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(s.data[len(s.data):cap(s.data)])
		s.data = s.data[:len(s.data)+n]
		switch {
		case err == io.EOF:
			s.end = true
			return nil
		case err != nil:
			return err
		case n > 0:
			empty = 0
		default:
			if empty++; empty == maxEmpty {
				return io.ErrNoProgress
			}
		}
	}
	return nil
}

// drop makes room for what follows and returns where next is then.
func (s *scanner) drop(next int) int {
	if n := next - keep; n > 0 {
		if s.at < n {
			s.lineAt(n)
		}
		s.data = s.data[:copy(s.data, s.data[n:])]
		s.at -= n
		next -= n
	}
	if len(s.data) > cap(s.data)/2 {
		s.data = slices.Grow(s.data, cap(s.data))
	}
	return next
}

// scan looks at every window from i on, and returns the first that takes more data.
func (s *scanner) scan(i int) (next int, err error) {
	for {
		var ok bool
		if i, ok = s.t.candidate(s.data, i, s.end); !ok {
			return i, nil
		}
		x := load(s.data[i:])
		k := hash(x) >> s.t.bucket
		for _, e := range s.t.entries[s.t.starts[k]:s.t.starts[k+1]] {
			if e.window != x {
				continue
			}
			n := &s.t.needles[e.needle]
			start, end, v := s.match(n, i, int(e.at))
			if v == yes {
				v = s.keep(n, start, end)
			}
			if v == more {
				return i, nil
			}
		}
		if len(s.hits) >= s.enough {
			if err := s.report(i - maxBack); err != nil {
				return i, err
			}
			s.enough = 2*len(s.hits) + 64
		}
		i++
	}
}

// match compares a needle whose window, its text from at on, is at i.
func (s *scanner) match(n *needle, i, at int) (start, end int, v verdict) {
	text := s.t.text(n)
	switch n.kind {
	case literal:
		return s.matchText(text, i-at)
	case percented:
		p, ok := percent{value: text}, false
		if start, ok = p.matchBack(s.data, i, at); ok {
			end, v = p.matchOn(s.data, i+window, at+window, s.end)
		}
	default:
		d, ok := n.kind.digits(text), false
		if start, ok = d.matchBack(s.data, i, at); ok {
			end, v = d.matchOn(s.data, i+window, at+window)
		}
		if v == more && s.end {
			v = no
		}
	}
	return start, end, v
}

// matchText compares a text that begins at start.
func (s *scanner) matchText(text []byte, start int) (_, end int, v verdict) {
	end = start + len(text)
	if start < 0 || !bytes.HasPrefix(s.data[start:], text[:min(len(text), len(s.data)-start)]) {
		return 0, 0, no
	}
	switch {
	case end <= len(s.data):
		return start, end, yes
	case s.end:
		return 0, 0, no
	}
	return 0, 0, more
}
