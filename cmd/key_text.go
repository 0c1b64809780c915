package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"pinseal/versions"
)

// isKeyText reports whether a text is the file of an encryption key, or was meant to be
// one: with the markers of a merge or bad spelling in it, it holds versions all the same.
func isKeyText(data []byte) bool {
	trim := func(s string) string { return strings.Trim(s, " \t\r\n\"'\ufeff") }
	for line := range bytes.Lines(data) {
		field, value, _ := strings.Cut(string(line), ":")
		value, _, _ = strings.Cut(value, "#")
		if trim(field) == "kind" && trim(value) == versions.KindKey {
			return true
		}
	}
	return false
}

// isBlankKey reports whether a text is the file of an encryption key without a version.
func isBlankKey(data []byte) bool {
	f, err := versions.ParseSecretFile(data)
	return err == nil && f.Kind == versions.KindKey && f.Blank()
}

// isKeyAt is isKeyText for the file of the work tree at a path, from the top; false where
// there is none.
func (c *cli) isKeyAt(p string) bool {
	file := filepath.Join(c.top, filepath.FromSlash(p))
	info, err := os.Lstat(file)
	if c.top == "" || err != nil || !info.Mode().IsRegular() {
		return false
	}
	data, err := c.readFile(file, 2*versions.MaxSecretFile) // of two sides
	return err == nil && isKeyText(data)
}

// rmLineAt is the command that removes what has a name in env, whose file of the work
// tree is at a path.
func (c *cli) rmLineAt(p, name, env string) string {
	if c.isKeyAt(p) {
		return "pinseal key rm " + name + " -e " + env
	}
	return "pinseal rm " + name + " -e " + env
}
