package cmd

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// maxShown is how much of a file that is none of ours is looked at, in bytes.
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

// textconv is a secret file for people. Of what is no secret file only that is
// shown which such a file could say.
func textconv(data []byte) string {
	if f, err := versions.ParseSecretFile(data); err == nil {
		return describeFile(f)
	}
	if m, err := spelling.ParseLoose(data, versions.MaxSecretFile); err == nil {
		return describeLoose(m)
	}
	more := ""
	if len(data) > maxShown {
		data, more = data[:maxShown], "… and more, which is not shown\n"
	}
	return describeLines(string(data)) + more
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

const (
	notSealed = "not sealed!"
	notShown  = "not shown: not in our spelling"
)

// describeSealed is a sealed value for people.
func describeSealed(value string) string {
	generation, err := seal.ParseSealed(value)
	if err != nil {
		return notSealed
	}
	digest := sha256.Sum256([]byte(value))
	return fmt.Sprintf("sealed to read key %d, %d characters, sha256:%x", generation, len(value), digest[:6])
}

// describeLoose is a file in another spelling, by the keys that are ours.
func describeLoose(m *spelling.Map) string {
	var b strings.Builder
	for _, key := range m.Keys() {
		value, isText := m.Text(key)
		switch {
		case isValueKey(key) && !(isText && isSealed(value)):
			value = notSealed
		case key == "about" && isText:
			value = oneLine(value)
		case !isText || !isOurs(key, value):
			key, value = notShown, ""
		}
		b.WriteString(key)
		if value != "" {
			b.WriteString(": " + value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// isValueKey reports whether a key is that of a value: "value", or "value." and
// the number of a version.
func isValueKey(key string) bool {
	number, ok := strings.CutPrefix(key, "value.")
	return key == "value" || ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// isSealed reports whether a value can be shown.
func isSealed(value string) bool {
	_, err := seal.ParseSealed(value)
	return err == nil || value == "blank"
}

// isOurs reports whether a file of ours can have that line. What it lets pass,
// apart from what people say about a secret, has no room for a value.
func isOurs(key, text string) bool {
	line, file := key+": "+text+"\n", ""
	switch key {
	case "kind":
		return text == versions.KindSecret || text == versions.KindKey
	case "bits":
		file = "kind: key\n" + line + "value: blank\n"
	case "about", "expires", "optional", "generate":
		file = "kind: secret\n" + line + "value: blank\n"
	default:
		return isValueKey(key) && isSealed(text)
	}
	_, err := versions.ParseSecretFile([]byte(file))
	return err == nil
}

// describeLines is a text that is no map: one with conflict markers, one cut
// short. A value may stand in it anywhere and go on for lines: where anything
// before was not ours, what people say about a secret may be a part of it.
func describeLines(text string) string {
	var b strings.Builder
	odd, last := false, ""
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		key, value, _ := strings.Cut(bare, ": ")
		shown := bare
		switch {
		case isConflictMarker(bare) || isOurs(key, value) && !(odd && key == "about"):
		case isValueKey(key):
			shown = key + ": " + notSealed
		default:
			shown = notShown
		}
		odd = odd || shown != bare
		if shown != notShown || last != notShown { // once for many
			b.WriteString(shown + "\n")
		}
		last = shown
	}
	return printable(b.String())
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
