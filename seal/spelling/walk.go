package spelling

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// readYAML hands the bytes to the YAML library and walks the nodes. The library
// panics on some inputs instead of failing; that is one more refusal.
func readYAML(data []byte) (m *Map, err error) {
	defer func() {
		if recover() != nil {
			m, err = nil, &Error{Reason: "file cannot be read as YAML"}
		}
	}()
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if dec.Decode(&doc) != nil {
		// The library's own message quotes the text, which may be a secret.
		return nil, &Error{Reason: "file cannot be read as YAML"}
	}
	if !errors.Is(dec.Decode(&more), io.EOF) {
		return nil, &Error{Reason: "file has more than one document"}
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, &Error{Reason: "file is not one mapping"}
	}
	if err := bare(&doc); err != nil {
		return nil, err
	}
	return mapping(doc.Content[0], 0)
}

// bare refuses what may decorate any node.
func bare(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Alias != nil:
		return &Error{Line: n.Line, Reason: "is an alias"}
	case n.Anchor != "":
		return &Error{Line: n.Line, Reason: "has an anchor"}
	case n.Style&yaml.TaggedStyle != 0:
		return &Error{Line: n.Line, Reason: "has a tag"}
	}
	return nil
}

// mapping reads a mapping; depth is 0 for the file and 1 in a list.
func mapping(n *yaml.Node, depth int) (*Map, error) {
	if err := bare(n); err != nil {
		return nil, err
	}
	if n.Kind != yaml.MappingNode {
		return nil, &Error{Line: n.Line, Reason: "is not a mapping"}
	}
	if len(n.Content)/2 > maxFields {
		return nil, &Error{Line: n.Line, Reason: "has more than 1,000 fields"}
	}
	m := &Map{line: n.Line, fields: make([]field, len(n.Content)/2)}
	for i := range m.fields {
		key := n.Content[2*i]
		if err := bare(key); err != nil {
			return nil, err
		}
		if key.Kind != yaml.ScalarNode || !isKey(key.Value) {
			return nil, &Error{Line: key.Line, Reason: "has a key that is not plain"}
		}
		f := &m.fields[i]
		f.key, f.line = key.Value, key.Line
		if err := value(f, n.Content[2*i+1], depth); err != nil {
			return nil, err
		}
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

func value(f *field, n *yaml.Node, depth int) error {
	if err := bare(n); err != nil {
		return err
	}
	switch n.Kind {
	case yaml.ScalarNode:
		f.text = scalar(n)
		return nil
	case yaml.SequenceNode:
		return list(f, n, depth)
	}
	return &Error{Line: n.Line, Key: f.key, Reason: "nests too deep"}
}

// list reads a list of words, or, at depth 0, a list of mappings.
func list(f *field, n *yaml.Node, depth int) error {
	f.kind = wordsField
	if len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode {
		f.kind = mapsField
	}
	for _, item := range n.Content {
		switch {
		case f.kind == mapsField && depth == 0:
			m, err := mapping(item, depth+1)
			if err != nil {
				return err
			}
			f.maps = append(f.maps, m)
		case f.kind == wordsField && item.Kind == yaml.ScalarNode:
			if err := bare(item); err != nil {
				return err
			}
			f.words = append(f.words, scalar(item))
		default:
			return &Error{Line: item.Line, Key: f.key, Reason: "nests too deep"}
		}
	}
	return nil
}

// scalar returns the text of a scalar. Node.Value is the text as written, with
// quoting undone and no type guessed.
func scalar(n *yaml.Node) string {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		return n.Value
	}
	lines := strings.Split(strings.TrimRight(n.Value, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " ")
}
