package cmd

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

func newTextconv(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:    "textconv FILE",
		Hidden: true,
		Short:  "Print a secret file as git diff is to show it",
		Long: `Git calls it for the files that .pinseal/.gitattributes gives to diff=pinseal, once
hooks install has said so. A sealed value is shown by its state, length and digest;
what should be sealed and is not is never shown. It needs no key and no repository.`,
		Example: `  pinseal textconv .pinseal/shop/dev/DATABASE_URL.yaml`,
		Args:    exactArgs("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			return c.runTextconv(args[0])
		},
	}
}

// maxShown is how much of a file that is none of ours is shown, in bytes.
const maxShown = 1 << 20

func (c *cli) runTextconv(name string) error {
	if !filepath.IsAbs(name) {
		name = filepath.Join(c.workDir(), name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxShown+1))
	if err != nil {
		return err
	}
	return c.writeStdout([]byte(textconv(data)))
}

// textconv is a secret file for people. What is no secret file is shown as it
// is, but for values that are not sealed.
func textconv(data []byte) string {
	if f, err := versions.ParseSecretFile(data); err == nil {
		return describeFile(f)
	}
	if m, err := spelling.ParseLoose(data, versions.MaxSecretFile); err == nil {
		if shown, unsealed := describeLoose(m); unsealed {
			return shown
		}
		return printable(string(data))
	}
	more := ""
	if len(data) > maxShown {
		data, more = data[:maxShown], "\n… and more, which is not shown\n"
	}
	return printable(hideUnsealed(string(data))) + more
}

// describeFile is a file in the one spelling.
func describeFile(f *versions.SecretFile) string {
	var b strings.Builder
	add := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	add("kind", f.Kind)
	add("about", f.About)
	add("expires", f.Expires)
	if f.Optional {
		add("optional", "true")
	}
	add("generate", f.Generate)
	if f.Bits != 0 {
		add("bits", strconv.Itoa(f.Bits))
	}
	for _, v := range f.Versions {
		add("value."+strconv.Itoa(int(v.Number)), describeSealed(v.Value))
	}
	switch {
	case f.Blank():
		add("value", "blank")
	case f.Kind == versions.KindSecret:
		add("value", describeSealed(f.Value))
	}
	return b.String()
}

const notSealed = "not sealed!"

// describeSealed is a sealed value for people.
func describeSealed(value string) string {
	generation, err := seal.ParseSealed(value)
	if err != nil {
		return notSealed
	}
	digest := sha256.Sum256([]byte(value))
	return fmt.Sprintf("sealed to read key %d, %d characters, sha256:%x", generation, len(value), digest[:6])
}

// describeLoose is a file in another spelling, and whether a value of it is not
// sealed, wherever the spelling puts the text.
func describeLoose(m *spelling.Map) (shown string, unsealed bool) {
	var b strings.Builder
	for _, key := range m.Keys() {
		value, isText := m.Text(key)
		if isValueKey(key) && !(isText && isSealed(value)) {
			value, unsealed = notSealed, true
		}
		fmt.Fprintf(&b, "%s: %s\n", oneLine(key), oneLine(value))
	}
	return b.String(), unsealed
}

func isValueKey(key string) bool {
	key, _, _ = strings.Cut(key, ".")
	return key == "value"
}

// isSealed reports whether a value can be shown.
func isSealed(value string) bool {
	_, err := seal.ParseSealed(value)
	return err == nil || value == "blank"
}

// valueOnLine finds a value, and what stands before it.
var valueOnLine = regexp.MustCompile(`^((?:.*[\s{,"'])?value(?:\.[0-9]+)?["']?\s*:)(.*)`)

// hideUnsealed takes the text of values that are not sealed out of lines that do
// not make up a secret file: one with conflict markers, one cut short. A value may
// go on for lines, so after it only conflict markers and lines that begin like ours
// stay.
func hideUnsealed(text string) string {
	var b strings.Builder
	hiding := false
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		key, _, hasKey := strings.Cut(bare, ":")
		at := valueOnLine.FindStringSubmatch(bare)
		switch {
		case at != nil && !isSealed(strings.Trim(at[2], ` "'`)):
			hiding = true
			b.WriteString(at[1] + " " + notSealed + "\n")
		case !hiding || isConflictMarker(bare):
			b.WriteString(line)
		case hasKey && isFileKey(key):
			hiding = false
			b.WriteString(line)
		}
	}
	return b.String()
}

// isFileKey reports whether a line of a secret file can begin with key.
func isFileKey(key string) bool {
	switch key {
	case "kind", "about", "expires", "optional", "generate", "bits":
		return true
	}
	return isValueKey(key)
}

func isConflictMarker(line string) bool {
	for _, mark := range []string{"<<<<<<< ", "||||||| ", ">>>>>>> "} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return line == "======="
}

// printable is clean for text of which the ends of lines and tabs are compared too.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
