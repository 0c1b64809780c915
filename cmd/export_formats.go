package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"pinseal/cmd/child"
	"pinseal/cmd/dotenv"
)

// Formats of export alone.
const (
	formatShell  = "shell"
	formatDocker = "docker"
	formatK8s    = "k8s-secret"
	formatGitHub = "github-env"
)

// exportFormats lists what export writes, in the order of its help.
func exportFormats() []string {
	return []string{formatDotenv, formatJSON, formatYAML, formatShell, formatK8s, formatDocker, formatGitHub}
}

// chooseExportFormat is chooseFormat with the formats that nothing reads back, none
// of which a file's name suggests.
func chooseExportFormat(format, file string) (string, error) {
	switch format {
	case formatShell, formatK8s, formatDocker, formatGitHub:
		return format, nil
	}
	chosen, err := chooseFormat(format, file)
	if err != nil {
		var try []string
		for _, f := range exportFormats() {
			try = append(try, "--format "+f)
		}
		return "", usage(try, "there is no such format")
	}
	return chosen, nil
}

// formatPairs writes pairs, sorted by name, in a format that is a text alone. k8s is
// for formatK8s. Each name and value is carried exactly, or refused by name.
func formatPairs(format string, pairs []plainPair, k8s k8sMeta) (data []byte, err error) {
	switch format {
	case formatJSON:
		data, err = formatFlatJSON(pairs)
	case formatYAML:
		data, err = formatFlatYAML(pairs)
	case formatShell:
		data, err = formatShellLines(pairs)
	case formatDocker:
		data, err = formatDockerEnv(pairs)
	case formatK8s:
		data, err = formatK8sSecret(k8s, pairs)
	default:
		data, err = formatDotenvFile(pairs)
	}
	return data, exportHint(err)
}

// exportHint says what can be done about a value that a format cannot carry.
func exportHint(err error) error {
	if err == nil || errors.As(err, new(*hinted)) || errors.As(err, new(*usageError)) {
		return err
	}
	return hint(err, "pinseal get NAME > FILE       takes any bytes", "pinseal export --only A,B      leaves it out", "pinseal export --dir DIR      a file for each, of any bytes")
}

// warnNotVariables names what is no variable to a shell that reads a .env file.
func (c *cli) warnNotVariables(pairs []plainPair) {
	list := make([]dotenv.Pair, len(pairs))
	for i, p := range pairs {
		list[i].Name = p.name
	}
	if names := dotenv.NotVariables(list); len(names) > 0 {
		c.warn("a shell that reads this file prints the line of a name that is no variable, with the value: %s\n  try:  pinseal export --format json     or yaml", strings.Join(names, ", "))
	}
}

func formatDotenvFile(pairs []plainPair) ([]byte, error) {
	list := make([]dotenv.Pair, len(pairs))
	for i, p := range pairs {
		list[i] = dotenv.Pair{Name: p.name, Value: p.value.Reveal()}
	}
	data, err := dotenv.Format(list)
	if bad := (*dotenv.UnsupportedError)(nil); errors.As(err, &bad) {
		err = fmt.Errorf("%q %s: a .env file cannot carry it", bad.Name, bad.Reason)
	}
	return data, err
}

// variables are the names that pairs have in an environment, in their order. Two
// secrets of one name are an error that names both, and so is a value that no
// variable can have.
func variables(pairs []plainPair) ([]string, error) {
	names := make([]string, len(pairs))
	owner := make(map[string]string, len(pairs))
	for i, p := range pairs {
		name := child.EnvName(p.name)
		if first, taken := owner[name]; taken {
			return nil, hint(&child.CollisionError{Name: name, First: first, Second: p.name},
				"pinseal export --only A,B      leaves the others out", "pinseal mv OLD NEW")
		}
		if bytes.IndexByte(p.value.Reveal(), 0) >= 0 {
			return nil, fmt.Errorf("%q holds a NUL byte, which no variable can", p.name)
		}
		owner[name], names[i] = p.name, name
	}
	return names, nil
}

// refuseVariable is an error for a variable that another uses itself.
func refuseVariable(secret, name, why string) error {
	as := ""
	if name != secret {
		as = fmt.Sprintf(" (variable %q)", name)
	}
	return hint(fmt.Errorf("%q%s %s", secret, as, why), "pinseal export --only A,B      leaves it out", "pinseal mv "+secret+" NEW")
}
