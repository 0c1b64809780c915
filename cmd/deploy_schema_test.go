//go:build unix

package cmd_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// node is a part of a YAML document; that of what is not there is nil.
type node struct {
	t *testing.T
	*yaml.Node
}

// documents reads the documents of a YAML text, of which no mapping has a key twice.
func documents(t *testing.T, text string) (docs []node) {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err == nil {
			err = doc.Decode(new(any)) // which looks for repeated keys
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		docs = append(docs, node{t, doc.Content[0]})
	}
}

// plain is a node without an alias before it.
func (n node) plain() node {
	if n.Node != nil && n.Kind == yaml.AliasNode {
		return node{n.t, n.Alias}
	}
	return n
}

// at goes down mappings.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		next := node{t: n.t}
		for k, v := range n.members() {
			if k == key {
				next = v
			}
		}
		n = next
	}
	return n
}

func (n node) members() map[string]node {
	n = n.plain()
	members := map[string]node{}
	if n.Node == nil || n.Kind != yaml.MappingNode {
		return members
	}
	for i := 0; i < len(n.Content); i += 2 {
		members[n.Content[i].Value] = node{n.t, n.Content[i+1]}.plain()
	}
	return members
}

func (n node) items() (items []node) {
	n = n.plain()
	if n.Node == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range n.Content {
		items = append(items, node{n.t, item}.plain())
	}
	return items
}

// text is that of a scalar, "" for what is none.
func (n node) text() string {
	if n = n.plain(); n.Node == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func (n node) texts() (texts []string) {
	for _, item := range n.items() {
		texts = append(texts, item.text())
	}
	return texts
}

// checkSchema holds a document to a kind of testdata/schema/FILE.yaml. There a mapping
// lists every key that may stand here, with "!" behind those that must, and "*" for any
// other; a list has the shape of its items; and a word is a scalar: text, int, bool, map
// (of texts), or another kind of the file. A word with "=" before it stands for itself.
func checkSchema(t *testing.T, file, kind string, doc node) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "schema", file+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := schema{t, documents(t, string(data))[0]}
	s.check(kind, s.kinds.at(kind), doc)
}

type schema struct {
	t     *testing.T
	kinds node
}

func (s schema) check(path string, want, got node) {
	s.t.Helper()
	got = got.plain()
	switch {
	case want.Node == nil:
		s.t.Errorf("%s: the schema does not know it", path)
	case got.Node == nil:
		s.t.Errorf("%s: is not there", path)
	case want.Kind == yaml.SequenceNode:
		if got.Kind != yaml.SequenceNode || len(got.Content) == 0 {
			s.t.Errorf("%s: is no list", path)
		}
		for _, item := range got.items() {
			s.check(path+"[]", want.items()[0], item)
		}
	case want.Kind == yaml.MappingNode:
		s.checkMembers(path, want.members(), got)
	default:
		s.checkScalar(path, want.text(), got)
	}
}

func (s schema) checkMembers(path string, want map[string]node, got node) {
	s.t.Helper()
	if got.Kind != yaml.MappingNode {
		s.t.Errorf("%s: is no mapping", path)
		return
	}
	members := got.members()
	for key, value := range members {
		shape, ok := want[key+"!"]
		if !ok {
			shape, ok = want[key]
		}
		if !ok {
			shape = want["*"]
		}
		s.check(path+"."+key, shape, value)
	}
	for key := range want {
		if name, must := strings.CutSuffix(key, "!"); must && members[name].Node == nil {
			s.t.Errorf("%s: has no %s", path, name)
		}
	}
}

func (s schema) checkScalar(path, want string, got node) {
	s.t.Helper()
	tags := map[string]string{"text": "!!str", "int": "!!int", "bool": "!!bool"}
	literal, isLiteral := strings.CutPrefix(want, "=")
	switch {
	case want == "map":
		for key, value := range got.members() {
			s.checkScalar(path+"."+key, "text", value)
		}
		if got.Kind != yaml.MappingNode {
			s.t.Errorf("%s: is no mapping", path)
		}
	case isLiteral && got.text() != literal:
		s.t.Errorf("%s: is %q and not %s", path, got.text(), literal)
	case isLiteral:
	case tags[want] == "":
		s.check(path, s.kinds.at(want), got)
	case got.Kind != yaml.ScalarNode || got.ShortTag() != tags[want]:
		s.t.Errorf("%s: %q is no %s", path, got.Value, want)
	}
}
