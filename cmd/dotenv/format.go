package dotenv

import (
	"bytes"
	"unicode/utf8"
)

// Format writes pairs in order, one name per line, such that [Parse] reads
// back the same names and values. It never returns part of a file: a pair the
// format cannot carry is an [*UnsupportedError], and more than [MaxSize] bytes
// or [MaxPairs] names is [ErrTooLarge].
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

// appendValue quotes one value. A backslash before the closing single quote
// keeps the quote open in compose, hence the rule about the last byte.
func appendValue(out, value []byte) []byte {
	if bytes.IndexByte(value, '\'') < 0 && bytes.IndexByte(value, '\r') < 0 && !bytes.HasSuffix(value, []byte(`\`)) {
		out = append(out, '\'')
		out = append(out, value...)
		return append(out, '\'')
	}
	out = append(out, '"')
	for _, c := range value {
		switch c {
		case '\r':
			out = append(out, '\\', 'r')
		case '"', '\\', '$', '`':
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
