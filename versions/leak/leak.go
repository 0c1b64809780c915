package leak

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Form is how a value was written where it was found.
type Form string

// The forms. Where a value is found in several on one line, the first in this
// order is reported.
const (
	Raw    Form = "raw"
	Line   Form = "line"   // one line of a value of several
	Base64 Form = "base64" // standard or URL-safe
	Hex    Form = "hex"
	URL    Form = "url"
	JSON   Form = "json"
	Shell  Form = "shell"
	Quoted Form = "quoted" // a string in source code, SQL, YAML or CSV
	HTML   Form = "html"   // or XML
	UTF16  Form = "utf-16" // either byte order
)

// rank orders the forms; a needle holds an index of it.
var rank = [...]Form{Raw, Line, Base64, Hex, URL, JSON, Shell, Quoted, HTML, UTF16}

// Skipped is a value that is not looked for.
type Skipped struct {
	Value  int // index into the values
	Reason string
}

// Hit is a value that was found.
type Hit struct {
	Value   int // index into the values
	Form    Form
	Line    int      // from 1, of where the match begins
	Allowed []string // names after pinseal:allow on that line; nil if none
}

// Patterns is a set of values to look for. It is safe for concurrent use, holds
// plaintext, and prints as "[patterns]".
type Patterns struct {
	// Behind a pointer: fmt prints the bytes in an unexported field of another
	// struct whatever Format says; of a pointer it prints the address.
	t *tables
}

// New prepares the search for values, and lists those that are not looked for.
// It copies what it needs: the caller may overwrite the values afterwards.
func New(values [][]byte) (*Patterns, []Skipped) {
	t, skipped := build(values)
	return &Patterns{t: t}, skipped
}

// Scan reports each value found in r, at most once per line, in order of line,
// and on one line in order of value. An error of found ends the scan and is
// returned, as are one of r and the end of ctx, at once: what was found and not
// yet reported is lost then. Without a value to look for, r is not read.
func (p *Patterns) Scan(ctx context.Context, r io.Reader, found func(Hit) error) error {
	return p.t.stream(ctx, r, found, chunk)
}

// ScanBytes is [Patterns.Scan] of bytes in memory, which it does not modify.
func (p *Patterns) ScanBytes(data []byte, found func(Hit) error) error {
	if len(p.t.needles) == 0 {
		return nil
	}
	s := newScanner(p.t, found)
	s.data, s.end = data, true
	if _, err := s.scan(0); err != nil {
		return err
	}
	return s.report(len(data))
}

// Span is a place in bytes in memory that holds a value: data[Start:End].
type Span struct {
	Value      int // index into the values
	Form       Form
	Start, End int
}

// Spans lists every match in data, in the order of their starts, of one start the
// longest first. They may overlap; of several forms of one value in one place the
// first is listed.
func (p *Patterns) Spans(data []byte) []Span {
	if len(p.t.needles) == 0 {
		return nil
	}
	var all []Span
	s := newScanner(p.t, nil)
	s.data, s.end = data, true
	s.matched = func(n *needle, start, end int) {
		for _, value := range p.t.groups[n.group] {
			all = append(all, Span{Value: int(value), Form: rank[n.form], Start: start, End: end})
		}
	}
	s.scan(0) // only found fails
	slices.SortFunc(all, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.Value, b.Value), cmp.Compare(rankOf(a.Form), rankOf(b.Form)))
	})
	return slices.CompactFunc(all, func(a, b Span) bool { return a.Value == b.Value && a.Start == b.Start && a.End == b.End })
}

const patternsText = "[patterns]"

// Format implements [fmt.Formatter] for every verb.
func (p Patterns) Format(f fmt.State, _ rune) { io.WriteString(f, patternsText) }

// String returns "[patterns]".
func (p Patterns) String() string { return patternsText }

// LogValue implements [slog.LogValuer].
func (p Patterns) LogValue() slog.Value { return slog.StringValue(patternsText) }
