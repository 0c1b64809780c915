package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"pinseal/seal"
)

// Limits on a JSON file: the size for reading and writing, the names, of all objects
// in it and counting what lists hold, for reading. It is read in some four times its size.
const (
	maxJSON         = 16 << 20 // bytes: twice what a .env file may have, for what is escaped
	maxPlainMembers = 1 << 16
)

// plainPair is a name and its value on the way in or out, in plain text.
type plainPair struct {
	name  string
	value seal.Secret
	where string // for people: "line 3" or "member 3"
}

// parseFlatJSON reads one object whose members are strings. What is not of that
// shape is a usageError, which holds no text of the file but names that are
// names of secrets.
func parseFlatJSON(data []byte) ([]plainPair, error) {
	root, err := parseJSONTree(data)
	if err != nil {
		return nil, err
	}
	return flatten{fix: fixJSON()}.pairs(root)
}

// fixJSON is how to make strings of everything in a JSON object.
func fixJSON() []string {
	return []string{`jq 'map_values(if type == "string" then . else tojson end)' FILE | pinseal import --format json -`}
}

// parseJSONTree reads one object of anything. Errors are as of [parseFlatJSON].
func parseJSONTree(data []byte) (*plainNode, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, usage(nil, "the file is not UTF-8")
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, &validJSON{}); errors.As(err, &syntax) {
		// The library's message quotes the text, which may be a value.
		line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
		return nil, usage(nil, "the file is not JSON: line %d", line)
	} else if err != nil {
		return nil, usage(nil, "the file is not JSON")
	}
	w := &jsonWalk{dec: json.NewDecoder(bytes.NewReader(data)), data: data}
	w.dec.UseNumber()
	root, err := w.value("", 0)
	switch {
	case err != nil:
		return nil, err
	case root.kind != kindObject:
		return nil, usage([]string{`{"NAME": "value", "OTHER": "value"}`}, "the file is %s, not one flat JSON object of strings", root.kind)
	}
	return root, nil
}

// validJSON takes any JSON and keeps nothing of it.
type validJSON struct{}

// UnmarshalJSON implements [json.Unmarshaler].
func (*validJSON) UnmarshalJSON([]byte) error { return nil }

// jsonWalk goes through data, which is valid JSON, once.
type jsonWalk struct {
	dec     *json.Decoder // of data
	data    []byte
	members int // of all objects so far, and what is in lists
}

func (w *jsonWalk) count() error {
	if w.members++; w.members > maxPlainMembers {
		return usage(nil, "the file has more than %d names, which is the limit", maxPlainMembers)
	}
	return nil
}

// value reads the next value. where is for people, "" for the document itself; depth
// is how many objects and lists are around it.
func (w *jsonWalk) value(where string, depth int) (*plainNode, error) {
	from := w.dec.InputOffset()
	token, err := w.dec.Token()
	if err != nil {
		return nil, usage(nil, "the file is not JSON")
	}
	switch token := token.(type) {
	case json.Delim:
		if depth++; depth > maxPlainDepth {
			return nil, usage(nil, "%s is nested deeper than %d objects and lists, which is the limit", where, maxPlainDepth)
		}
		if token == '[' {
			return w.list(where, depth)
		}
		return w.object(where, depth)
	case string:
		// What stands before the string, a colon at most, has no backslash.
		if hasLoneSurrogate(w.data[from:w.dec.InputOffset()]) {
			return nil, errLoneSurrogate
		}
		return &plainNode{kind: kindText, text: seal.NewSecret([]byte(token))}, nil
	case json.Number:
		return &plainNode{kind: kindNumber, text: seal.NewSecret([]byte(token))}, nil
	case bool:
		return &plainNode{kind: kindBoolean, text: seal.NewSecret(strconv.AppendBool(nil, token))}, nil
	}
	return &plainNode{kind: kindNull}, nil
}

var errLoneSurrogate = errors.New(`has half of a surrogate pair (\ud800 to \udfff), which stands for no character`)

// object reads the members of an object.
func (w *jsonWalk) object(where string, depth int) (*plainNode, error) {
	place := "member "
	if where != "" {
		place = where + "."
	}
	n := &plainNode{kind: kindObject}
	for w.dec.More() {
		key, err := w.dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, usage(nil, "the file is not JSON")
		}
		if err := w.count(); err != nil {
			return nil, err
		}
		m := plainMember{name: name, where: place + strconv.Itoa(len(n.members)+1)}
		m.value, err = w.value(m.where, depth)
		if errors.Is(err, errLoneSurrogate) {
			p := plainPair{name: m.name, where: m.where}
			err = usage(nil, "%s %s", p.label(), err)
		}
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, m)
	}
	if _, err := w.dec.Token(); err != nil {
		return nil, usage(nil, "the file is not JSON")
	}
	return n, checkTwice(n.members)
}

// list passes over the rest of a list, of which nothing is kept.
func (w *jsonWalk) list(where string, depth int) (*plainNode, error) {
	for outer := depth; depth >= outer; {
		token, err := w.dec.Token()
		if err != nil {
			return nil, usage(nil, "the file is not JSON")
		}
		if err := w.count(); err != nil {
			return nil, err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth > maxPlainDepth {
			return nil, usage(nil, "%s is nested deeper than %d objects and lists, which is the limit", where, maxPlainDepth)
		}
	}
	return &plainNode{kind: kindList}, nil
}

// label is the name, or where it stands when it is not the name of a secret and
// may be anything.
func (p *plainPair) label() string {
	if seal.CheckSecretName(p.name) != nil {
		return p.where
	}
	return fmt.Sprintf("%q", p.name)
}

// hasLoneSurrogate finds what the library would silently replace by U+FFFD. raw
// is a valid JSON string, and what stands before it.
func hasLoneSurrogate(raw []byte) bool {
	unit := func(i int) uint64 {
		if i+6 > len(raw) || raw[i] != '\\' || raw[i+1] != 'u' {
			return 0
		}
		n, err := strconv.ParseUint(string(raw[i+2:i+6]), 16, 16)
		if err != nil {
			return 0
		}
		return n
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		switch n := unit(i) >> 10; {
		case n == 0xd800>>10 && unit(i+6)>>10 == 0xdc00>>10:
			i += 11
		case n == 0xd800>>10 || n == 0xdc00>>10:
			return true
		default:
			i++ // the character that is escaped, which may be a backslash
		}
	}
	return false
}

// formatFlatJSON writes one object, sorted by name, that parseFlatJSON reads
// back byte for byte. A value that JSON cannot carry is refused by name.
func formatFlatJSON(pairs []plainPair) ([]byte, error) {
	members := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if !utf8.Valid(p.value.Reveal()) {
			return nil, fmt.Errorf("%q is not UTF-8 text: JSON cannot carry it", p.name)
		}
		members[p.name] = string(p.value.Reveal())
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(members); err != nil {
		return nil, errors.New("the values cannot be written as JSON")
	}
	if out.Len() > maxJSON {
		return nil, fmt.Errorf("the JSON would be larger than %d bytes, which is the limit", maxJSON)
	}
	return out.Bytes(), nil
}
