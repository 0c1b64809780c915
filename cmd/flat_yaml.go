package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"pinseal/seal"
)

// Limits on a YAML file, for reading and writing. A node takes some 200 bytes
// when it is read, and each takes one of the marks.
const (
	maxYAML      = 8 << 20 // bytes
	maxYAMLMarks = 500_000 // newlines, commas, brackets and braces
)

// parseFlatYAML reads one mapping whose values are strings to every reader of
// YAML, 1.1 and 1.2, and names too: plain text that one of them takes for something
// else (yes, 0x1F, 1,000, 2001-01-01, :sym, ~) is refused. So are anchors, aliases, merge keys, tags,
// directives, further documents and names given twice. Errors are as of
// [parseFlatJSON].
func parseFlatYAML(data []byte) ([]plainPair, error) {
	root, err := parseYAMLTree(data)
	if err != nil {
		return nil, err
	}
	return flatten{fix: fixYAML()}.pairs(root)
}

// fixYAML is how to make a string of anything in YAML.
func fixYAML() []string { return []string{`NAME: "…"      quotes make a string of anything`} }

// parseYAMLTree reads one mapping of anything. Errors are as of [parseFlatJSON].
func parseYAMLTree(data []byte) (root *plainNode, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := checkYAML(data); err != nil {
		return nil, err
	}
	// The library panics on some inputs instead of failing.
	defer func() {
		if recover() != nil {
			root, err = nil, usage(nil, "the file cannot be read as YAML")
		}
	}()
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, notYAML(err, data)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, usage(nil, "the file holds more than one YAML document")
	} else if !errors.Is(err, io.EOF) {
		return nil, notYAML(err, data)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, usage([]string{`NAME: "value"`}, "the file is not one YAML mapping of names to strings")
	}
	return yamlValue(doc.Content[0], 1)
}

// checkYAML refuses what would be dangerous to read, and what readers of YAML
// read differently wherever it stands.
func checkYAML(data []byte) error {
	if err := checkYAMLSize(data); err != nil {
		return usage(nil, "the file %s", err)
	}
	if !utf8.Valid(data) {
		return usage(nil, "the file is not UTF-8")
	}
	for n, line := range bytes.Split(data, []byte("\n")) {
		switch {
		case bytes.HasPrefix(line, []byte("%")):
			return usage(nil, "line %d is a YAML directive", n+1)
		case bytes.IndexByte(bytes.TrimSuffix(line, []byte("\r")), '\r') >= 0:
			return usage([]string{`"\r"      in double quotes`}, "line %d holds a carriage return, which ends a line to readers of YAML: write it as an escape", n+1)
		case bytes.ContainsAny(line, "\u0085\u2028\u2029\ufeff"):
			return usage([]string{`"\u2028"      in double quotes`}, "line %d holds a character that ends a line to some readers of YAML, and is text to others: write it as an escape", n+1)
		}
	}
	return nil
}

func checkYAMLSize(data []byte) error {
	if len(data) > maxYAML {
		return fmt.Errorf("is larger than %d bytes, which is the limit", maxYAML)
	}
	marks := 0
	for _, mark := range []string{"\n", ",", "[", "{"} {
		marks += bytes.Count(data, []byte(mark))
	}
	if marks > maxYAMLMarks {
		return fmt.Errorf("has more than %d newlines, commas and brackets, which is the limit", maxYAMLMarks)
	}
	return nil
}

// notYAML keeps of the library's message the line alone: the rest may quote the
// text. JSON has escapes that the library does not know.
func notYAML(err error, data []byte) error {
	var try []string
	if regexp.MustCompile(`\\/|\\u[dD][89a-fA-F]`).Match(data) {
		try = []string{`pinseal import … --format json      if it is JSON: \/ and \ud83d\ude00 are not YAML`}
	}
	var line int
	if _, scanErr := fmt.Sscanf(err.Error(), "yaml: line %d:", &line); scanErr == nil {
		return usage(try, "the file is not YAML: near line %d", line)
	}
	return usage(try, "the file is not YAML")
}

// yamlValue walks a node. The library checks nothing of what is refused here.
func yamlValue(n *yaml.Node, depth int) (*plainNode, error) {
	if err := bareYAML(n); err != nil {
		return nil, err
	}
	switch {
	case depth > maxPlainDepth:
		return nil, usage(nil, "line %d is nested deeper than %d objects, which is the limit", n.Line, maxPlainDepth)
	case n.Kind == yaml.SequenceNode:
		return &plainNode{kind: kindList}, nil
	case n.Kind == yaml.ScalarNode:
		return &plainNode{kind: scalarKind(n), text: seal.NewSecret([]byte(n.Value))}, nil
	}
	object := &plainNode{kind: kindObject, members: make([]plainMember, 0, len(n.Content)/2)}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Style == 0 {
			return nil, usage(nil, "line %d is a YAML merge key: write out what it stands for", key.Line)
		}
		if err := bareYAML(key); err != nil {
			return nil, err
		}
		if key.Kind != yaml.ScalarNode {
			return nil, usage(nil, "line %d has a list or a mapping where a name should be", key.Line)
		}
		if kind := scalarKind(key); kind != kindText {
			return nil, usage([]string{`"NO": "value"      quotes make a name of anything`}, "line %d has %s where a name should be, to one reader of YAML or another", key.Line, kind)
		}
		value, err := yamlValue(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		object.members = append(object.members, plainMember{name: key.Value, value: value, where: fmt.Sprintf("line %d", key.Line)})
	}
	return object, checkTwice(object.members)
}

// bareYAML refuses what may decorate any node.
func bareYAML(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Alias != nil:
		return usage(nil, "line %d is a YAML alias: write out what it stands for", n.Line)
	case n.Anchor != "":
		return usage(nil, "line %d has a YAML anchor: write out what it stands for, where it is used", n.Line)
	case n.Style&yaml.TaggedStyle != 0:
		return usage(nil, "line %d has a YAML tag: write a string in quotes", n.Line)
	}
	return nil
}

// scalarKind is the kind of a scalar. In quotes and blocks it is a string.
func scalarKind(n *yaml.Node) plainKind {
	if n.Style != 0 {
		return kindText
	}
	if kind := plainWord(n.Value); kind != kindText {
		return kind
	}
	switch n.ShortTag() {
	case "!!str":
		return kindText
	case "!!null":
		return kindNull
	case "!!bool":
		return kindBoolean
	case "!!timestamp":
		return kindDate
	}
	return kindNumber
}

var (
	yamlNumber = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?(?:[0-9][0-9_,]*(?::[0-5]?[0-9])*(?:\.[0-9_,]*)?(?:[eE][-+]?[0-9]+)?` +
			`|\.[0-9_]+(?:[eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	})
	yamlDate = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$`)
	})
)

// plainWord is the kind that any reader of YAML, 1.1 or 1.2, gives to text
// without quotes.
func plainWord(text string) plainKind {
	switch lower := strings.ToLower(text); lower {
	case "", "~", "null":
		return kindNull
	case "y", "yes", "on", "true", "n", "no", "off", "false":
		return kindBoolean
	}
	switch {
	case text == "=", yamlNumber().MatchString(text):
		return kindNumber // to 1.1 "=" is a default value, whatever that is
	case yamlDate().MatchString(text):
		return kindDate
	case strings.HasPrefix(text, ":") && len(text) > 1:
		return kindSymbol
	}
	return kindText
}
