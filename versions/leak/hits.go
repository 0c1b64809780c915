package leak

import (
	"bytes"
	"cmp"
	"slices"
)

// place is where one hit at most is reported.
type place struct {
	line  int
	value int32
}

// hit is what is known of a place: it is reported when no other match can begin there.
type hit struct {
	form    uint8
	allowed []string
}

// keep notes a match, unless its line goes on beyond data.
func (s *scanner) keep(n *needle, start, end int) verdict {
	if s.matched != nil {
		s.matched(n, start, end)
		return yes
	}
	names, ok := s.allowedAt(start, end)
	if !ok {
		return more
	}
	line := s.lineAt(start)
	for _, value := range s.t.groups[n.group] {
		p := place{line: line, value: value}
		h := s.hits[p]
		if h == nil {
			s.hits[p] = &hit{form: n.form, allowed: names}
			continue
		}
		h.form = min(h.form, n.form)
		// On a line too long to be read as one, each match needs its own comment.
		h.allowed = common(h.allowed, names)
	}
	return yes
}

// common returns the names that are in both, nil if none.
func common(a, b []string) []string {
	var both []string
	for _, name := range a {
		if slices.Contains(b, name) {
			both = append(both, name)
		}
	}
	return both
}

// allowedAt returns the names that are allowed on the line of a match; ok is
// false if it takes more data. The match itself is not read: a value is no name.
func (s *scanner) allowedAt(start, end int) (names []string, ok bool) {
	low := max(0, start-allowReach)
	low += bytes.LastIndexByte(s.data[low:start], '\n') + 1
	names = allowed(s.data[low:start], true)
	if bytes.IndexByte(s.data[start:end], '\n') >= 0 {
		return names, true
	}
	high := min(len(s.data), end+allowReach)
	n := bytes.IndexByte(s.data[end:high], '\n')
	switch {
	case n >= 0:
		high = end + n
	case high < end+allowReach && !s.end:
		return nil, false
	}
	return append(names, allowed(s.data[end:high], n < 0 && high < len(s.data))...), true
}

// lineAt returns the number of the line that data[i] is on.
func (s *scanner) lineAt(i int) int {
	lf := []byte{'\n'}
	if i < s.at {
		return s.line - bytes.Count(s.data[i:s.at], lf)
	}
	s.line += bytes.Count(s.data[s.at:i], lf)
	s.at = i
	return s.line
}

// report hands out the hits before the line of data[next], all at the end of the text.
func (s *scanner) report(next int) error {
	if len(s.hits) == 0 {
		return nil
	}
	line := s.lineAt(max(0, next))
	var ready []place
	for p := range s.hits {
		if p.line < line || s.end && next == len(s.data) {
			ready = append(ready, p)
		}
	}
	slices.SortFunc(ready, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.value, b.value))
	})
	for _, p := range ready {
		h := s.hits[p]
		delete(s.hits, p)
		if err := s.found(Hit{Value: int(p.value), Form: rank[h.form], Line: p.line, Allowed: h.allowed}); err != nil {
			return err
		}
	}
	return nil
}
