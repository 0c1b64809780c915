package spelling

import (
	"bytes"
	"strings"
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
	if err := checkLines(data); err != nil {
		return nil, err
	}
	return read(data, false)
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
	return read(data, true)
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

// checkLines holds every line to the shape of the grammar, so that the YAML
// library sees nothing but flat mappings and lists of them.
func checkLines(data []byte) error {
	for n := 1; len(data) > 0; n++ {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return &Error{Line: n, Reason: "does not end with a newline"}
		}
		if !isLine(data[:end]) {
			return &Error{Line: n, Reason: "is not in the one spelling"}
		}
		data = data[end+1:]
	}
	return nil
}

// isLine reports whether a line without its LF is of the shape of the grammar.
// Only the outline of a quoted value is looked at: what is inside cannot leave
// it, because a quote that is not escaped ends the scalar and then the YAML
// library refuses what follows on the line.
func isLine(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("  - ")), bytes.HasPrefix(line, []byte("    ")):
		line = line[itemIndent:]
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || !isKey(string(line[:colon])) {
		return false
	}
	value := line[colon+1:]
	if len(value) == 0 {
		return true // the head of a list
	}
	if len(value) < 2 || value[0] != ' ' {
		return false
	}
	value = value[1:]
	switch last := value[len(value)-1]; value[0] {
	case '"':
		return len(value) > 1 && last == '"' && bytes.IndexFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
	case '[':
		return last == ']' && isWords(string(value[1:len(value)-1]))
	}
	return isPlain(string(value))
}

func isWords(s string) bool {
	for {
		word, rest, more := strings.Cut(s, ", ")
		if !isWord(word) {
			return false
		}
		if !more {
			return true
		}
		s = rest
	}
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
