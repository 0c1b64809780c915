package cmd

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"unicode/utf8"

	"pinseal/seal"
	"pinseal/versions"
)

// Limits of a template that is filled, in bytes.
const (
	maxFilled = 64 << 20  // the text
	maxMade   = 256 << 20 // all that its functions make
)

// templateValues is what the functions of a template have at hand.
type templateValues struct {
	ctx      context.Context
	view     *view
	literals map[string]bool   // texts that stand in the template
	opened   map[string]string // values by name
	parsed   map[string]any    // those that were taken apart
	failed   error             // the first error of a function, without a value
	made     int               // bytes that functions made
	out      []byte
}

func newTemplateValues() *templateValues {
	return &templateValues{literals: map[string]bool{}, opened: map[string]string{}, parsed: map[string]any{}}
}

// ourFunctions are those that Go's templates do not have.
func ourFunctions() []string { return []string{"secret", "json", "base64", "has", "tojson", "indent"} }

// functions are ours, and those of Go that make texts, held to the limit, and index.
// An error of each is kept: the library would quote arguments beside it.
func (t *templateValues) functions() template.FuncMap {
	bounded := func(factor int, f func(...any) string) func(...any) (string, error) {
		return func(args ...any) (string, error) { return t.text(factor, f, args) }
	}
	return template.FuncMap{
		"secret": func(name any) (string, error) { return keep(t, t.secret, name) },
		"base64": func(name any) (string, error) { return keep(t, t.base64, name) },
		"json":   func(name any) (any, error) { return keep(t, t.json, name) },
		"has": func(object, key any) (bool, error) {
			return keep(t, func(object any) (bool, error) { return t.has(object, key) }, object)
		},
		"index": func(value any, at ...any) (any, error) {
			return keep(t, func(value any) (any, error) { return t.index(value, at) }, value)
		},
		"tojson":      func(value any) (string, error) { return keep(t, t.toJSON, value) },
		printFunction: func(value any) (string, error) { return keep(t, t.exact, value) },
		"indent": func(spaces int, text string) (string, error) {
			return keep(t, func(text string) (string, error) { return t.indent(spaces, text) }, text)
		},
		"printf": func(format string, args ...any) (string, error) {
			return keep(t, func(format string) (string, error) { return t.printf(format, args) }, format)
		},
		"print": bounded(1, fmt.Sprint), "println": bounded(1, fmt.Sprintln),
		"html": bounded(6, template.HTMLEscaper), "js": bounded(6, template.JSEscaper), "urlquery": bounded(3, template.URLQueryEscaper),
	}
}

// keep calls a function of a template and remembers how it failed.
func keep[A, R any](t *templateValues, f func(A) (R, error), arg A) (result R, err error) {
	if err = t.ctx.Err(); err == nil {
		result, err = f(arg)
	}
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return result, err
}

// spend holds what functions make to the limit, before it is made.
func (t *templateValues) spend(n int) error {
	if t.made += n; n > maxMade || t.made > maxMade {
		return fmt.Errorf("makes texts of more than %d bytes in all, which is the limit", maxMade)
	}
	return nil
}

// Write takes what the template prints.
func (t *templateValues) Write(data []byte) (int, error) {
	_, err := keep(t, func(data []byte) (int, error) {
		if len(t.out)+len(data) > maxFilled {
			return 0, fmt.Errorf("the text would be larger than %d bytes, which is the limit", maxFilled)
		}
		return 0, nil
	}, data)
	if err != nil {
		return 0, err
	}
	t.out = append(t.out, data...)
	return len(data), nil
}

// secret opens a secret, once.
func (t *templateValues) secret(arg any) (string, error) {
	name, ok := arg.(string)
	if !ok || seal.CheckSecretName(name) != nil {
		return "", usage([]string{`{{ secret "NAME" }}`}, "secret, json and base64 want the name of a secret, and what was given cannot be one")
	}
	if value, ok := t.opened[name]; ok {
		return value, nil
	}
	chosen, err := t.view.choose(t.ctx, []string{name})
	switch {
	case errors.Is(err, versions.ErrNotFound) && !errors.As(err, new(*versions.BlankError)) && !t.literals[name]:
		// Who computes a name may have computed it from a value.
		return "", &versions.NotFoundError{What: "secret of the name that is computed there", In: t.view.Environment}
	case err != nil:
		return "", err
	case len(chosen.values) == 0:
		return "", t.view.blankError(chosen.blanks)
	}
	value := string(chosen.values[0].Secret.Reveal())
	t.opened[name] = value
	return value, nil
}

func (t *templateValues) base64(name any) (string, error) {
	value, err := t.secret(name)
	if err == nil {
		err = t.spend(len(value)*4/3 + 4)
	}
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString([]byte(value)), nil
}

// json takes a value apart, once. Numbers stay as they are written.
func (t *templateValues) json(arg any) (any, error) {
	text, err := t.secret(arg)
	if err != nil {
		return nil, err
	}
	name := arg.(string) // or it would not have been opened
	value, ok := t.parsed[name]
	if ok {
		return value, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	switch {
	case !utf8.ValidString(text) || !json.Valid([]byte(text)) || d.Decode(&value) != nil:
		return nil, fmt.Errorf("the value of %q is not JSON", name)
	case hasLoneSurrogate([]byte(text)):
		return nil, fmt.Errorf("the JSON in the value of %q has half of a surrogate pair, which stands for no character", name)
	}
	t.parsed[name] = value
	return value, nil
}

// toJSON writes a text, or what json took apart, as JSON on one line.
func (t *templateValues) toJSON(value any) (string, error) {
	if text, ok := value.(string); ok {
		if !utf8.ValidString(text) {
			return "", errors.New("what tojson is given is not UTF-8 text: JSON cannot carry it")
		}
		if err := t.spend(6*len(text) + 2); err != nil {
			return "", err
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "", errors.New("what tojson is given cannot be JSON")
	}
	return strings.TrimSuffix(out.String(), "\n"), t.spend(out.Len())
}

// exact is a text, number or boolean as it is printed. All that a template prints
// passes it: of the rest Go prints what no reader of a file expects.
func (t *templateValues) exact(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	case bool, int, int32, int64, float64, complex128:
		return fmt.Sprint(value), nil
	case nil:
		return "", errors.New("there is nothing to print: null, or no value")
	}
	return "", hint(errors.New("an object or a list cannot be printed as it is"), `{{ json "NAME" | tojson }}      prints it as JSON`)
}
