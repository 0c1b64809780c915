package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"pinseal/seal"
)

// maxJSON is the largest JSON file, in bytes, that import reads and export
// writes.
const maxJSON = 64 << 20

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
	if err := json.Unmarshal(data, new(json.RawMessage)); errors.As(err, &syntax) {
		// The library's message quotes the text, which may be a value.
		line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
		return nil, usage(nil, "the file is not JSON: line %d", line)
	} else if err != nil {
		return nil, usage(nil, "the file is not JSON")
	}
	if kind := jsonKind(bytes.TrimLeft(data, " \t\r\n")); kind != kindObject {
		return nil, notFlatJSON()
	}
	return jsonObject(data, "member ", 1)
}

func notFlatJSON() error {
	return usage([]string{`{"NAME": "value", "OTHER": "value"}`}, "the file is not one flat JSON object of strings")
}

// jsonObject reads an object, which is valid JSON. place is for people: what
// stands before the number of a member.
func jsonObject(data []byte, place string, depth int) (*plainNode, error) {
	if depth > maxPlainDepth {
		return nil, usage(nil, "%sis nested deeper than %d objects, which is the limit", strings.TrimSuffix(place, ".")+" ", maxPlainDepth)
	}
	n := &plainNode{kind: kindObject}
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return nil, notFlatJSON()
	}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		var raw json.RawMessage
		if err == nil && ok {
			err = dec.Decode(&raw)
		}
		if err != nil || !ok {
			return nil, notFlatJSON()
		}
		m := plainMember{name: name, where: place + strconv.Itoa(len(n.members)+1)}
		if m.value, err = jsonValue(raw, m, depth); err != nil {
			return nil, err
		}
		n.members = append(n.members, m)
	}
	return n, checkTwice(n.members)
}

func jsonValue(raw []byte, m plainMember, depth int) (*plainNode, error) {
	n := &plainNode{kind: jsonKind(raw)}
	switch n.kind {
	case kindObject:
		return jsonObject(raw, m.where+".", depth+1)
	case kindNumber, kindBoolean:
		n.text = seal.NewSecret(bytes.Clone(raw))
	case kindText:
		text, err := jsonString(raw)
		if err != nil {
			p := plainPair{name: m.name, where: m.where}
			return nil, usage(nil, "%s %s", p.label(), err)
		}
		n.text = text
	}
	return n, nil
}

// label is the name, or where it stands when it is not the name of a secret and
// may be anything.
func (p *plainPair) label() string {
	if seal.CheckSecretName(p.name) != nil {
		return p.where
	}
	return fmt.Sprintf("%q", p.name)
}

// jsonKind says what a JSON value is. raw is valid JSON without white space
// before it.
func jsonKind(raw []byte) plainKind {
	switch raw[0] {
	case '"':
		return kindText
	case '{':
		return kindObject
	case '[':
		return kindList
	case 't', 'f':
		return kindBoolean
	case 'n':
		return kindNull
	}
	return kindNumber
}

// jsonString reads a string that stands for exactly one sequence of bytes.
func jsonString(raw []byte) (seal.Secret, error) {
	if hasLoneSurrogate(raw) {
		return seal.Secret{}, errors.New(`has half of a surrogate pair (\ud800 to \udfff), which stands for no character`)
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return seal.Secret{}, errors.New("is not a JSON string")
	}
	return seal.NewSecret([]byte(text)), nil
}

// hasLoneSurrogate finds what the library would silently replace by U+FFFD. raw
// is a valid JSON string.
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
