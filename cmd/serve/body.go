package serve

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"pinseal/seal"
)

// parseChange reads the body of a write. Errors are ours: what it held is not in them.
func parseChange(body []byte) (Change, error) {
	notObject := errors.New("the body is not one JSON object in UTF-8")
	if !utf8.Valid(body) || !json.Valid(body) {
		return Change{}, notObject
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return Change{}, notObject
	}
	var p changeParser
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Change{}, notObject
		}
		name, _ := key.(string)
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return Change{}, notObject
		}
		if seen[name] {
			return Change{}, errors.New("a member of the body stands there twice")
		}
		seen[name] = true
		if err := p.member(name, raw); err != nil {
			return Change{}, err
		}
	}
	if _, err := d.Token(); err != nil {
		return Change{}, notObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Change{}, notObject
	}
	if p.values > 1 {
		return Change{}, errors.New("one of value, value_base64 and generate is enough")
	}
	return p.change, nil
}

type changeParser struct {
	change Change
	values int
}

func (p *changeParser) member(name string, raw []byte) error {
	if name == "optional" {
		if err := json.Unmarshal(raw, &p.change.Optional); err != nil || p.change.Optional == nil {
			return errors.New("optional is true or false")
		}
		return nil
	}
	switch name {
	case "name", "description", "expires", "value", "value_base64", "generate":
	default:
		return errors.New("members of a body: name, description, expires, optional, and one of value, value_base64, generate")
	}
	text, err := jsonText(raw)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	switch name {
	case "name":
		p.change.Name = &text
		if err := seal.CheckSecretName(text); err != nil {
			return err
		}
	case "description":
		p.change.Description = &text
	case "expires":
		p.change.Expires = &text
	case "generate":
		p.values++
		p.change.Generate = text
		if text == "" {
			return errors.New("generate wants a recipe, such as base64:32")
		}
	case "value":
		p.values++
		return p.value([]byte(text))
	case "value_base64":
		p.values++
		data, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || bytes.ContainsAny([]byte(text), "\r\n") {
			return errors.New("value_base64 is not standard base64 with padding")
		}
		return p.value(data)
	}
	return nil
}

func (p *changeParser) value(data []byte) error {
	switch {
	case len(data) == 0:
		return errors.New("the value is empty: leave it out, and the secret is blank")
	case len(data) > seal.MaxValue:
		return errors.New("the value is larger than 64 KiB")
	}
	secret := seal.NewSecret(data)
	p.change.Value = &secret
	return nil
}

// jsonText reads a string that stands for exactly one text.
func jsonText(raw []byte) (text string, err error) {
	if raw[0] != '"' {
		return "", errors.New("is not a string")
	}
	if json.Unmarshal(raw, &text) != nil {
		return "", errors.New("is not a string")
	}
	if strings.ContainsRune(text, utf8.RuneError) {
		// The library puts it in the place of half a surrogate pair, \ud800 to \udfff.
		return "", errors.New("holds U+FFFD, which stands for what is no character: value_base64 takes any bytes")
	}
	return text, nil
}
