package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"pinseal/seal"
)

// recipient reads RECIPIENT or --file and returns its canonical text, "" for
// neither. A private key in its place is not shown.
func (c *cli) recipient(o *memberAddOptions) (string, error) {
	text := o.recipient
	if o.file != "" {
		var data []byte
		var err error
		if o.file == "-" {
			data, err = readAtMost(c.Stdin, seal.MaxIdentity)
		} else {
			data, err = c.readFile(c.path(o.file), seal.MaxIdentity)
		}
		if errors.Is(err, context.Canceled) {
			return "", err
		}
		if err != nil {
			name := ""
			if o.file != "-" && !looksPrivate(o.file) {
				name = fmt.Sprintf(" %q", o.file)
			}
			return "", usage(nil, "--file%s cannot be read: %s", name, reasonOf(err))
		}
		if text, err = oneRecipient(string(data)); err != nil {
			return "", err
		}
	}
	if text == "" {
		return "", nil
	}
	_, canonical, _, err := seal.ParseRecipient(strings.TrimSpace(text), nil)
	if err == nil || errors.Is(err, seal.ErrPlugin) {
		return canonical, nil
	}
	if looksPrivate(text) {
		return "", usage([]string{"pinseal member request      prints the public half, on its owner's machine"},
			"that is a private key, not a recipient. If it was sent to you, it is known: its owner needs a new one")
	}
	return "", usage([]string{"age1pq1…, age1…, \"ssh-ed25519 …\" or \"ssh-rsa …\"", "pinseal member request      prints it, on its owner's machine"}, "that is no recipient: %s", err)
}

// looksPrivate reports whether a text holds, or may hold, a private key.
func looksPrivate(text string) bool {
	return strings.Contains(text, "PRIVATE KEY") || strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-") || strings.Contains(strings.ToUpper(text), "PINSEAL-SERVICE-")
}

// oneRecipient takes the only line of a file that is neither empty nor a comment.
func oneRecipient(text string) (string, error) {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			found = append(found, line)
		}
	}
	switch {
	case len(found) == 1, len(found) > 1 && strings.Contains(text, "PRIVATE KEY"):
		return found[0], nil
	case len(found) == 0:
		return "", usage(nil, "--file holds no recipient")
	}
	return "", usage(nil, "--file holds %d lines: a member has one key", len(found))
}

// fingerprint is what two people compare instead of a long recipient, as ssh
// spells it: the SHA-256 of its canonical text.
func fingerprint(recipient string) string {
	sum := sha256.Sum256([]byte(recipient))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
