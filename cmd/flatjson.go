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
	notFlat := usage([]string{`{"NAME": "value", "OTHER": "value"}`}, "the file is not one flat JSON object of strings")
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, notFlat
	}
	var pairs []plainPair
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		var raw json.RawMessage
		if err == nil && ok {
			err = dec.Decode(&raw)
		}
		if err != nil || !ok {
			return nil, notFlat
		}
		p := plainPair{name: name, where: "member " + strconv.Itoa(len(pairs)+1)}
		if seen[name] {
			return nil, usage(nil, "%s is given twice", p.label())
		}
		seen[name] = true
		if kind := jsonKind(raw); kind != "" {
			return nil, usage([]string{`jq 'map_values(if type == "string" then . else tojson end)' FILE | pinseal import --format json -`},
				"%s is %s, not a string: put its JSON text in a string", p.label(), kind)
		}
		if p.value, err = jsonString(raw); err != nil {
			return nil, usage(nil, "%s %s", p.label(), err)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// label is the name, or where it stands when it is not the name of a secret and
// may be anything.
func (p *plainPair) label() string {
	if seal.CheckSecretName(p.name) != nil {
		return p.where
	}
	return fmt.Sprintf("%q", p.name)
}

// jsonKind says what a JSON value is, "" for a string.
func jsonKind(raw []byte) string {
	switch raw[0] {
	case '"':
		return ""
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
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
