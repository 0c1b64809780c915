package dotenv

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Format writes pairs in order, one name per line, such that [Parse] reads
// back the same names and values, and bash, compose and node no other names. It
// never returns part of a file: a pair the format cannot carry is an
// [*UnsupportedError], and more than [MaxSize] bytes or [MaxPairs] names is
// [ErrTooLarge]. Who has names with a dot or a dash asks [NotVariables] first.
func Format(pairs []Pair) ([]byte, error) {
	if len(pairs) > MaxPairs {
		return nil, ErrTooLarge
	}
	seen := make(map[string]bool, len(pairs))
	var out []byte
	for _, p := range pairs {
		if err := check(p); err != nil {
			return nil, err
		}
		if seen[p.Name] {
			return nil, &UnsupportedError{p.Name, "is given twice"}
		}
		seen[p.Name] = true
		if len(out)+len(p.Value) > MaxSize {
			return nil, ErrTooLarge
		}
		out = append(out, p.Name...)
		out = append(out, '=')
		out = appendValue(out, p.Value)
		out = append(out, '\n')
	}
	if len(out) > MaxSize {
		return nil, ErrTooLarge
	}
	return out, nil
}

// check reports whether the format can carry p at all.
func check(p Pair) error {
	if len(p.Name) > MaxName || p.Name == "" || !isNameStart(p.Name[0]) {
		return &UnsupportedError{p.Name, "is not a dotenv name"}
	}
	for i := range len(p.Name) {
		if !isNameByte(p.Name[i]) {
			return &UnsupportedError{p.Name, "is not a dotenv name"}
		}
	}
	if bytes.IndexByte(p.Value, 0) >= 0 {
		return &UnsupportedError{p.Name, "holds a NUL byte"}
	}
	if !utf8.Valid(p.Value) {
		return &UnsupportedError{p.Name, "is not UTF-8 text"}
	}
	return nil
}

// NotVariables returns the names of the pairs that have a dot or a dash, in order.
// bash takes a line that begins with one for a command: it prints the line, value
// and all, as a command that it did not find, or runs a program of that name.
func NotVariables(pairs []Pair) []string {
	var names []string
	for _, p := range pairs {
		if strings.ContainsAny(p.Name, ".-") {
			names = append(names, p.Name)
		}
	}
	return names
}

// appendValue quotes one value. A backslash before the closing single quote
// keeps the quote open in compose, hence the rule about the last byte. To node a
// double quote that is escaped closes the value, the rest of the line is nothing,
// and the next line is another variable: so there must be no next line.
func appendValue(out, value []byte) []byte {
	if bytes.IndexByte(value, '\'') < 0 && bytes.IndexByte(value, '\r') < 0 && !bytes.HasSuffix(value, []byte(`\`)) {
		out = append(out, '\'')
		out = append(out, value...)
		return append(out, '\'')
	}
	oneLine := bytes.IndexByte(value, '"') >= 0
	out = append(out, '"')
	for _, c := range value {
		switch {
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\n' && oneLine:
			out = append(out, '\\', 'n')
		case c == '"', c == '\\', c == '$', c == '`':
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
