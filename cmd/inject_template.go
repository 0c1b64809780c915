package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// Names of the template in the library's messages, which are read back for the line
// alone, and of the function that everything printed passes.
const (
	templateName  = "template"
	printFunction = "_exact"
)

// secretTemplate is a template that has been parsed and not yet filled. It is filled
// once.
type secretTemplate struct {
	*template.Template
	*templateValues
}

// parseTemplate reads a template. Its errors are the user's mistakes: they have a line,
// and no text of the template, which may hold anything. d is what its actions stand in.
func parseTemplate(text []byte, d delims) (*secretTemplate, error) {
	values := newTemplateValues()
	t, err := template.New(templateName).Delims(d.left, d.right).Option("missingkey=error").Funcs(values.functions()).Parse(string(text))
	if err != nil {
		why, text := "is not in the language of Go templates", err.Error()
		if strings.Contains(text, " not defined") || strings.Contains(text, "undefined variable") {
			why = "names a function or variable that there is not; functions of ours: " + strings.Join(ourFunctions(), ", ")
		}
		return nil, usage([]string{"pinseal inject --help"}, "the template, %s: %s", lineOf(err), why)
	}
	parsed := &secretTemplate{t, values}
	for _, named := range t.Templates() {
		if named.Tree == nil || named.Root == nil {
			continue
		}
		for node := range templateNodes(named.Root) {
			parsed.rework(node)
		}
	}
	if parsed.circular() {
		return nil, usage(nil, "the template calls itself")
	}
	return parsed, nil
}

// rework notes a text that stands in the template, so that a message may show it, and
// sends what an action prints through our function.
func (t *secretTemplate) rework(node parse.Node) {
	switch node := node.(type) {
	case *parse.StringNode:
		t.literals[node.Text] = true
	case *parse.ActionNode:
		if len(node.Pipe.Decl) > 0 {
			return // it assigns and prints nothing
		}
		node.Pipe.Cmds = append(node.Pipe.Cmds, &parse.CommandNode{
			NodeType: parse.NodeCommand, Pos: node.Pos, Args: []parse.Node{parse.NewIdentifier(printFunction).SetPos(node.Pos)},
		})
	}
}

// circular reports whether a template calls itself, also through others. Without that
// the depth of all calls has the length of the text for a limit.
func (t *secretTemplate) circular() bool {
	const unfinished, finished = 1, 2
	state := map[string]int{}
	var visit func(name string) bool
	visit = func(name string) bool {
		called := t.Lookup(name)
		switch {
		case state[name] == unfinished:
			return true
		case state[name] == finished || called == nil || called.Tree == nil || called.Root == nil:
			return false
		}
		state[name] = unfinished
		for node := range templateNodes(called.Root) {
			if call, ok := node.(*parse.TemplateNode); ok && visit(call.Name) {
				return true
			}
		}
		state[name] = finished
		return false
	}
	return slices.ContainsFunc(t.Templates(), func(named *template.Template) bool { return visit(named.Name()) })
}

// fill makes the text. An error has the line, what went wrong in words of ours, and the
// exit code of the secret that was not had.
func (t *secretTemplate) fill(ctx context.Context, v *view) ([]byte, error) {
	t.ctx, t.view = ctx, v
	err := t.Execute(t, nil)
	switch {
	case err == nil:
		return t.out, nil
	case errors.Is(t.failed, context.Canceled):
		return nil, t.failed
	case t.failed != nil:
		return nil, fmt.Errorf("the template, %s: %w", lineOf(err), t.failed)
	}
	// The library's words quote arguments, which may be values.
	why := "cannot be carried out: an argument of the wrong kind or number"
	for _, known := range [][2]string{
		{"map has no entry for key", "asks for a key that the JSON does not have"},
		{"nil data; no entry for key", "asks for a field of nothing: values come from {{ secret \"NAME\" }}"},
		{"can't evaluate field", "asks for a field of what is not a JSON object"},
		{"incompatible types for comparison", "compares what cannot be compared: a number of JSON is a text here"},
		{"out of range", "asks for an element that is not there"},
	} {
		if strings.Contains(err.Error(), known[0]) {
			why = known[1]
			break
		}
	}
	return nil, usage([]string{"pinseal inject --help"}, "the template, %s: %s", lineOf(err), why)
}

// lineOf takes the line out of a message of the library, which begins with
// "template: NAME:LINE:".
func lineOf(err error) string {
	rest, ok := strings.CutPrefix(err.Error(), "template: "+templateName+":")
	line := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	if !ok || line == "" {
		return "as a whole"
	}
	return "line " + line
}
