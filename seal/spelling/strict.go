package spelling

import (
	"bytes"
	"strings"
)

// strict reads the lines of the grammar. A YAML library is not asked: on this
// grammar it reads the same (the fuzz targets compare), takes ten times as long
// on the path of every read, and is the larger thing to attack.
type strict struct {
	top  Map
	list *field // of mappings, whose items may follow; nil when none is open
	line int
}

func readStrict(data []byte) (*Map, error) {
	s := &strict{top: Map{line: 1}}
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		s.line++
		if end < 0 {
			return nil, &Error{Line: s.line, Reason: "does not end with a newline"}
		}
		if err := s.read(string(data[:end])); err != nil {
			return nil, err
		}
		data = data[end+1:]
	}
	if err := s.closeList(); err != nil {
		return nil, err
	}
	if err := s.top.check(); err != nil {
		return nil, err
	}
	return &s.top, nil
}

// read takes one line without its LF.
func (s *strict) read(line string) error {
	into := &s.top
	if rest, ok := strings.CutPrefix(line, "  - "); ok && s.list != nil {
		s.list.maps = append(s.list.maps, &Map{line: s.line})
		into, line = s.item(), rest
	} else if rest, ok := strings.CutPrefix(line, "    "); ok && s.list != nil && len(s.list.maps) > 0 {
		into, line = s.item(), rest
	} else if err := s.closeList(); err != nil {
		return err
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok || !isKey(key) {
		return s.odd()
	}
	if len(into.fields) == maxFields {
		return &Error{Line: s.line, Reason: "has more than 1,000 fields"}
	}
	into.fields = append(into.fields, field{key: key, line: s.line})
	f := &into.fields[len(into.fields)-1]
	if value == "" && into == &s.top {
		f.kind, s.list = mapsField, f
		return nil
	}
	value, ok = strings.CutPrefix(value, " ")
	if !ok || !f.set(value) {
		return s.odd()
	}
	return nil
}

func (s *strict) item() *Map { return s.list.maps[len(s.list.maps)-1] }

// closeList ends the open list, which must have items, each with its fields
// once.
func (s *strict) closeList() error {
	if s.list == nil {
		return nil
	}
	if len(s.list.maps) == 0 {
		return &Error{Line: s.list.line, Key: s.list.key, Reason: "has no value"}
	}
	for _, m := range s.list.maps {
		if err := m.check(); err != nil {
			return err
		}
	}
	s.list = nil
	return nil
}

func (s *strict) odd() error {
	return &Error{Line: s.line, Reason: "is not in the one spelling"}
}

// check refuses a key that occurs twice.
func (m *Map) check() error {
	if i, dup := hasDuplicate(m.fields); dup {
		return &Error{Line: m.fields[i].line, Key: m.fields[i].key, Reason: "occurs twice"}
	}
	return nil
}

// set reads a value of the grammar.
func (f *field) set(value string) (ok bool) {
	switch {
	case strings.HasPrefix(value, `"`):
		f.text, ok = unquote(value)
		return ok
	case strings.HasPrefix(value, "["):
		f.kind = wordsField
		f.words, ok = splitWords(value)
		return ok
	}
	f.text = value
	return isPlain(value)
}

// unquote undoes a quoted value; only `\"` and `\\` are escapes.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	s = s[1 : len(s)-1]
	if CheckText(s, len(s)) != nil {
		return "", false
	}
	if strings.IndexByte(s, '"') < 0 && strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return "", false
		case s[i] != '\\':
		case i+1 == len(s) || s[i+1] != '"' && s[i+1] != '\\':
			return "", false
		default:
			i++
		}
		out = append(out, s[i])
	}
	return string(out), true
}

// splitWords reads "[a, b]".
func splitWords(s string) ([]string, bool) {
	inner, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return nil, false
	}
	words := strings.Split(inner, ", ")
	for _, w := range words {
		if !isWord(w) {
			return nil, false
		}
	}
	return words, true
}
