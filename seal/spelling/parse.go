package spelling

import (
	"bytes"
	"unicode/utf8"
)

const (
	// maxMarks bounds LF and "," together: each may begin a YAML node, and a
	// node takes some 200 bytes.
	maxMarks = 100_000
	// maxFields bounds one mapping: key files have a field per version, and
	// looking a field up is linear.
	maxFields = 1000
)

// Parse reads a file of at most max bytes in our spelling. Errors are [*Error].
// The result still has to be printed and compared with [Same]: Parse refuses
// what would be dangerous to read, the comparison refuses the rest.
func Parse(data []byte, max int) (*Map, error) {
	if err := checkBytes(data, max); err != nil {
		return nil, err
	}
	return readStrict(data)
}

// ParseLoose reads other YAML spellings of the same shape, for repair: other
// quoting, comments (dropped), CRLF and a byte order mark, any order of keys,
// flow style, and block scalars, whose lines are joined by a space. Anchors,
// aliases, tags, duplicates, further documents and deeper nesting are refused
// as in [Parse].
func ParseLoose(data []byte, max int) (*Map, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := checkBytes(data, max); err != nil {
		return nil, err
	}
	if err := checkLoose(data); err != nil {
		return nil, err
	}
	return readYAML(data)
}

// checkBytes is the part of the guard that both readers share.
func checkBytes(data []byte, max int) error {
	switch {
	case len(data) > max:
		return &Error{Reason: "file is larger than its limit"}
	case len(data) == 0:
		return &Error{Reason: "file is empty"}
	case !utf8.Valid(data):
		return &Error{Reason: "file is not UTF-8"}
	case bytes.Count(data, []byte{'\n'})+bytes.Count(data, []byte{','}) > maxMarks:
		return &Error{Reason: "file has more than 100,000 parts"}
	}
	return nil
}

// checkLoose keeps a hostile file from making the YAML library slow or large.
// Our shapes need one bracket per list of words and an indent of a few spaces.
func checkLoose(data []byte) error {
	if bytes.Count(data, []byte{'['})+bytes.Count(data, []byte{'{'}) > 1000 {
		return &Error{Reason: "file has more than 1,000 brackets"}
	}
	for n := 1; len(data) > 0; n++ {
		line := data
		if end := bytes.IndexByte(data, '\n'); end >= 0 {
			line, data = data[:end], data[end+1:]
		} else {
			data = nil
		}
		text := bytes.TrimLeft(line, " \t-?:")
		if len(line)-len(text) > 64 {
			return &Error{Line: n, Reason: "is indented by more than 64 columns"}
		}
		if bytes.HasPrefix(line, []byte("%")) {
			return &Error{Line: n, Reason: "is a directive"}
		}
	}
	return nil
}
