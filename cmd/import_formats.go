package cmd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"pinseal/cmd/dotenv"
	"pinseal/seal"
)

// Formats of import; export has the first three, too.
const (
	formatDotenv = "dotenv"
	formatJSON   = "json"
	formatYAML   = "yaml"
	formatVault  = "vault"
)

// importFormats lists what import reads, in the order of its help.
func importFormats() []string {
	return []string{formatDotenv, formatJSON, formatYAML, formatVault, formatK8s}
}

// chooseFormat takes the flat format that was asked for, else the one that a
// file's name suggests, else dotenv.
func chooseFormat(format, file string) (string, error) {
	switch {
	case slices.Contains([]string{formatDotenv, formatJSON, formatYAML}, format):
		return format, nil
	case format != "":
		return "", usage([]string{"--format dotenv", "--format json", "--format yaml"}, "there is no such format")
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".json":
		return formatJSON, nil
	case ".yaml", ".yml":
		return formatYAML, nil
	}
	return formatDotenv, nil
}

// check refuses flags that mean nothing, without showing them.
func (o *importOptions) check() error {
	if o.format != "" && !slices.Contains(importFormats(), o.format) {
		var try []string
		for _, f := range importFormats() {
			try = append(try, "--format "+f)
		}
		return usage(try, "there is no such format")
	}
	if !slices.Contains([]string{"_", "__", ".", "-"}, o.separator) {
		return usage([]string{"--separator _", "--separator ."}, "--separator is one of _, __, . and -")
	}
	if o.separator != "_" && !o.flatten {
		return usage([]string{"pinseal import … --flatten --separator " + o.separator}, "--separator means nothing without --flatten")
	}
	return nil
}

// maxImport is the largest file, in bytes, of a format that may not be known yet.
func maxImport(format, file string) int {
	if format == "" {
		format, _ = chooseFormat("", file)
	}
	switch format {
	case formatDotenv:
		return dotenv.MaxSize
	case formatYAML:
		return maxYAML
	}
	return maxJSON
}

// parseImport reads a file of the format that was asked for, or that it is of.
func (c *cli) parseImport(o *importOptions, data []byte) ([]plainPair, error) {
	format := o.format
	if format == "" {
		format, _ = chooseFormat("", o.file)
	}
	if o.format == "" && format == formatDotenv && beginsJSON(data) {
		format = formatJSON // no line of a .env file begins so
	}
	if o.flatten && (format == formatDotenv || format == formatK8s) {
		return nil, usage(nil, "--flatten is for json, yaml and vault: in %s every value is a string", format)
	}
	if format == formatDotenv {
		if o.format = format; isJSONList(data) {
			return nil, usage([]string{`{"NAME": "value", "OTHER": "value"}`}, "the file is a JSON list, not one flat object of strings")
		}
		return c.parseDotenv(data)
	}
	parse, fix := parseYAMLTree, fixYAML()
	if format == formatJSON || format != formatYAML && beginsJSON(data) {
		parse, fix = parseJSONTree, fixJSON()
	}
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	if root.holds("sops", kindObject) {
		return nil, encryptedBySops(o.file)
	}
	f := flatten{fix: fix}
	if o.flatten {
		f.join = o.separator
	}
	switch format {
	case formatVault:
		if root, err = vaultData(root); err != nil {
			return nil, err
		}
		f.fix = nil
	case formatK8s:
		return secretData(root)
	default:
		if err := checkNotWrapped(root, o.file); err != nil {
			return nil, err
		}
	}
	return f.pairs(root)
}

// beginsJSON reports whether what is no .env file is a JSON object.
func beginsJSON(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

// isJSONList reports whether what is no .env file is a list.
func isJSONList(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) && json.Valid(data)
}

// checkNotWrapped finds what has a format of its own. Strings alone have none,
// whatever their names are.
func checkNotWrapped(root *plainNode, file string) error {
	format, what := "", ""
	switch {
	case root.isFlat():
		return nil
	case isVault(root):
		format, what = formatVault, "what Vault prints, with values inside"
	case root.says("kind", "Secret") && root.says("apiVersion", "v1"):
		format, what = formatK8s, "a Kubernetes Secret, with values inside"
	default:
		return nil
	}
	return usage([]string{"pinseal import --format " + format + " " + quoteShell(file)}, "the file is %s", what)
}

// parseDotenv reads a .env file and warns, once each, of what other readers would
// have expanded, and where one would have seen another name. A file of which that is
// all, as "dotenvx get --format shell" prints, is refused.
func (c *cli) parseDotenv(data []byte) ([]plainPair, error) {
	read, err := dotenv.Parse(data)
	if err != nil {
		return nil, asUsage(err)
	}
	pairs := make([]plainPair, len(read))
	var inline []string
	for i, p := range read {
		if isBase64Key(p) {
			return nil, usage([]string{"some-command | pinseal set NAME      seals what is piped in under a name", "NAME=''      in quotes, if that is a name, and empty"},
				"line %d is text in base64, as keys are, and no NAME=value", p.Line)
		}
		pairs[i] = plainPair{p.Name, seal.NewSecret(p.Value), fmt.Sprintf("line %d", p.Line)}
		if p.Inline {
			inline = append(inline, p.Name)
		}
	}
	if len(inline) > 0 && (len(inline) == len(read) || slices.ContainsFunc(inline, isPublicKey)) {
		return nil, usage([]string{"dotenvx get | pinseal import -", "NAME='…'      in quotes, if it is all one value"},
			"line %d has several names and no quotes: where a value ends cannot be told", read[0].Line)
	}
	if len(inline) > 0 {
		c.warn("taken as one value to the end of the line, though it goes on like another NAME=value: %s", strings.Join(inline, ", "))
	}
	if names := dotenv.Unexpanded(read); len(names) > 0 {
		c.warn("taken as written, though other readers of .env would expand a $ or ` in: %s", strings.Join(names, ", "))
	}
	return pairs, nil
}

// isBase64Key reports whether a line that reads as a name and an empty value is at
// least 16 bytes in base64, padded: a secret that stands by itself.
func isBase64Key(p dotenv.Pair) bool {
	if p.Quoted || len(p.Value) > 0 && string(p.Value) != "=" {
		return false
	}
	text := p.Name + "=" + string(p.Value)
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		if key, err := alphabet.Strict().DecodeString(text); err == nil && len(key) >= 16 {
			return true
		}
	}
	return false
}
