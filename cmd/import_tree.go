package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// maxPlainDepth bounds how deep the objects and lists of a file that is imported nest.
const maxPlainDepth = 32

// plainKind is what a value of a JSON or YAML document is, for people; "" is a
// string.
type plainKind string

const (
	kindText    plainKind = ""
	kindNumber  plainKind = "a number"
	kindBoolean plainKind = "a boolean"
	kindDate    plainKind = "a date"
	kindSymbol  plainKind = "a symbol" // of Ruby
	kindNull    plainKind = "null"
	kindList    plainKind = "a list" // what it holds is not kept
	kindObject  plainKind = "an object"
)

// String is the kind with its article.
func (k plainKind) String() string {
	if k == kindText {
		return "a string"
	}
	return string(k)
}

// isScalar reports whether a value of this kind has a text of its own.
func (k plainKind) isScalar() bool {
	return k == kindText || k == kindNumber || k == kindBoolean || k == kindDate || k == kindSymbol
}

// plainNode is a value of a JSON or YAML document, in plain text.
type plainNode struct {
	kind    plainKind
	text    seal.Secret   // of a scalar; a number is as it is written
	members []plainMember // of an object, in its order, each name once
}

// plainMember is a name and its value. The name may be any text.
type plainMember struct {
	name  string
	value *plainNode
	where string // for people: "line 3" or "member 3"; inside of member 3, "member 3.1"
}

// member returns the value of a name of an object; nil when there is none.
func (n *plainNode) member(name string) *plainNode {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// holds reports whether a member of an object is of a kind.
func (n *plainNode) holds(name string, kind plainKind) bool {
	m := n.member(name)
	return m != nil && m.kind == kind
}

// isFlat reports whether every member of an object is a string.
func (n *plainNode) isFlat() bool {
	return !slices.ContainsFunc(n.members, func(m plainMember) bool { return m.value.kind != kindText })
}

// says reports whether a member of an object is this string.
func (n *plainNode) says(name, text string) bool {
	return n.holds(name, kindText) && string(n.member(name).text.Reveal()) == text
}

// checkTwice refuses a name that an object gives twice. It is linear.
func checkTwice(members []plainMember) error {
	first := make(map[string]int, len(members))
	for i, m := range members {
		if j, there := first[m.name]; there {
			p := plainPair{name: m.name, where: m.where}
			return usage(nil, "%s is given twice, at %s and %s", p.label(), members[j].where, m.where)
		}
		first[m.name] = i
	}
	return nil
}

// flatten says what becomes of what is not one flat object of strings: with join
// "" it is refused. Else objects are taken in, their names joined by join, and
// numbers, booleans and dates are taken as they are written. Lists and nulls are
// refused either way.
type flatten struct {
	join string
	fix  []string // for people: what makes strings of the rest
}

// pairs returns what a document holds, in its order, each name once.
func (f flatten) pairs(root *plainNode) ([]plainPair, error) {
	var found []plainPair
	var odd []string
	var walk func(prefix string, n *plainNode)
	walk = func(prefix string, n *plainNode) {
		for _, m := range n.members {
			p := plainPair{name: prefix + m.name, value: m.value.text, where: m.where}
			nested := m.value.kind == kindObject && len(m.value.members) > 0
			switch {
			case m.value.kind == kindText, f.join != "" && m.value.kind.isScalar():
				found = append(found, p)
			case f.join != "" && nested:
				walk(p.name+f.join, m.value)
			case f.join != "" && m.value.kind == kindObject:
				odd = append(odd, p.label()+" is an empty object")
			default:
				odd = append(odd, p.label()+" is "+m.value.kind.String())
			}
		}
	}
	walk("", root)
	if len(odd) > 0 {
		return nil, f.refuse(odd)
	}
	return found, checkCollisions(found)
}

// refuse names what is not a string, ten at most.
func (f flatten) refuse(odd []string) error {
	const most = 10
	text := odd[0] + ", not a string"
	if len(odd) > 1 {
		text += "; neither are others: " + strings.Join(odd[1:min(len(odd), most)], ", ")
	}
	if len(odd) > most {
		text += fmt.Sprintf(", and %d more", len(odd)-most)
	}
	try := f.fix
	if f.join == "" {
		try = append([]string{"pinseal import … --flatten      takes numbers and booleans as they are written, and A: {B: x} as A_B"}, try...)
	}
	return usage(try, "%s", text)
}

// checkCollisions refuses two values that came to the same name.
func checkCollisions(pairs []plainPair) error {
	first := make(map[string]int, len(pairs))
	for i, p := range pairs {
		if j, there := first[p.name]; there {
			return usage([]string{"pinseal import … --flatten --separator .      joins names by another sign"},
				"%s and %s both come to the name %s", pairs[j].where, p.where, p.label())
		}
		first[p.name] = i
	}
	return nil
}
