package spelling

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrSpelling is wrapped by every error of reading and by [Same]: the file is
// not in our spelling, or does not hold what it must.
var ErrSpelling = errors.New("not in the one spelling")

// Error says where and why a file was refused. It never holds text of the file
// except a key that is of the key alphabet. It wraps [ErrSpelling].
type Error struct {
	Line   int    // from 1; 0 when it concerns the file as a whole
	Key    string // the field; "" when unknown
	Reason string // lower case, without a full stop
}

// Error implements error.
func (e *Error) Error() string {
	s := e.Reason
	if e.Key != "" {
		s = fmt.Sprintf("%q %s", e.Key, s)
	}
	if e.Line > 0 {
		s = fmt.Sprintf("line %d: %s", e.Line, s)
	}
	return s
}

// Unwrap returns [ErrSpelling].
func (e *Error) Unwrap() error { return ErrSpelling }

// Same returns nil when input and printed are the same bytes, and otherwise an
// [*Error] that names the first line that differs. Callers hand in what they
// read and what a [Printer] made of what they understood.
func Same(input, printed []byte) error {
	if bytes.Equal(input, printed) {
		return nil
	}
	n := 0
	for n < len(input) && n < len(printed) && input[n] == printed[n] {
		n++
	}
	return &Error{Line: 1 + bytes.Count(input[:n], []byte{'\n'}), Reason: "is not in the one spelling"}
}

// Map is one mapping that was read: fields in the order of the file. Taking a
// field marks it as known; [Map.Close] reports what nobody took. Mistakes are
// kept, so that a reader can take all its fields and look at one error.
//
// A Map is not safe for concurrent use.
type Map struct {
	line   int
	fields []field
	err    error
}

type field struct {
	key   string
	line  int
	kind  fieldKind
	taken bool
	text  string
	words []string
	maps  []*Map
}

type fieldKind uint8

const (
	textField fieldKind = iota
	wordsField
	mapsField
)

// Keys returns the keys in the order of the file.
func (m *Map) Keys() []string {
	keys := make([]string, len(m.fields))
	for i := range m.fields {
		keys[i] = m.fields[i].key
	}
	return keys
}

// Has reports whether there is a field key, without taking it.
func (m *Map) Has(key string) bool { return m.find(key) != nil }

// Line returns the line of a field, from 1, or of the mapping when there is no
// such field.
func (m *Map) Line(key string) int {
	if f := m.find(key); f != nil {
		return f.line
	}
	return m.line
}

// Text takes a plain or quoted field. It reports false when there is none; a
// field of another kind is a mistake too.
func (m *Map) Text(key string) (string, bool) {
	f := m.take(key, textField, "is not a single value")
	if f == nil {
		return "", false
	}
	return f.text, true
}

// Required takes a plain or quoted field. That there is none is a mistake.
func (m *Map) Required(key string) string {
	s, ok := m.Text(key)
	if !ok {
		m.missing(key)
	}
	return s
}

// Number takes a number from 0 to 2^31-1. It reports false when there is none;
// a value of another spelling is a mistake too.
func (m *Map) Number(key string) (int, bool) {
	s, ok := m.Text(key)
	if !ok {
		return 0, false
	}
	n, ok := ParseNumber(s)
	if !ok {
		m.Wrong(key, "is not a number")
	}
	return n, ok
}

// RequiredNumber takes a number. That there is none is a mistake.
func (m *Map) RequiredNumber(key string) int {
	n, ok := m.Number(key)
	if !ok {
		m.missing(key)
	}
	return n
}

// Words takes a list of words. It returns nil when there is none. The slice is
// the caller's.
func (m *Map) Words(key string) []string {
	f := m.take(key, wordsField, "is not a list of words")
	if f == nil {
		return nil
	}
	return f.words
}

// Maps takes a list of mappings. It returns nil when there is none. [Map.Close]
// of m closes them too.
func (m *Map) Maps(key string) []*Map {
	f := m.take(key, mapsField, "is not a list of mappings")
	if f == nil {
		return nil
	}
	return f.maps
}

// Wrong keeps and returns a mistake at key. Reason must not hold text of the
// file: it is shown to people and logged.
func (m *Map) Wrong(key, reason string) error {
	e := &Error{Line: m.Line(key), Key: key, Reason: reason}
	if !isKey(key) {
		e.Key = ""
	}
	if m.err == nil {
		m.err = e
	}
	return e
}

// Close returns the first mistake, in this mapping or those in its lists, or an
// error for the first field that nobody took.
func (m *Map) Close() error {
	if m.err != nil {
		return m.err
	}
	for i := range m.fields {
		f := &m.fields[i]
		if !f.taken {
			return m.Wrong(f.key, "is not known here")
		}
		for _, sub := range f.maps {
			if err := sub.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Map) find(key string) *field {
	for i := range m.fields {
		if m.fields[i].key == key {
			return &m.fields[i]
		}
	}
	return nil
}

func (m *Map) take(key string, kind fieldKind, reason string) *field {
	f := m.find(key)
	if f == nil {
		return nil
	}
	f.taken = true
	// `[]` names no kind: it is an empty list of either.
	if f.kind != kind && (kind == textField || f.kind == textField || len(f.words)+len(f.maps) > 0) {
		m.Wrong(key, reason)
		return nil
	}
	return f
}

func (m *Map) missing(key string) {
	if m.err == nil {
		m.err = &Error{Line: m.line, Key: key, Reason: "is missing"}
	}
}

// ParseNumber reads a number of our files: decimal, no sign, no leading zero,
// at most [MaxNumber].
func ParseNumber(s string) (int, bool) {
	if s == "" || len(s) > 10 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= MaxNumber
}

// hasDuplicate returns the index of a field whose key occurs before. Comparing
// all pairs is the fastest for the few fields that mappings mostly have.
func hasDuplicate(fields []field) (int, bool) {
	if len(fields) <= 16 {
		for i := range fields {
			for j := range i {
				if fields[i].key == fields[j].key {
					return i, true
				}
			}
		}
		return 0, false
	}
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return strings.Compare(fields[a].key, fields[b].key)
	})
	for i := 1; i < len(order); i++ {
		if fields[order[i]].key == fields[order[i-1]].key {
			return order[i], true
		}
	}
	return 0, false
}
