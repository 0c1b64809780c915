package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/seal"
)

// valueInput is where a value comes from: --file, else stdin, else a prompt.
type valueInput struct {
	file       string
	raw        bool
	allowEmpty bool
	again      string // the command, for hints; "" when it is not known
}

func (v *valueInput) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&v.file, "file", "", "take the value from `FILE`, byte for byte (- is stdin)")
	f.BoolVar(&v.raw, "raw", false, "keep the last newline of piped input")
	f.BoolVar(&v.allowEmpty, "allow-empty", false, "an empty value is meant")
}

// readValue reads a value of at most seal.MaxValue bytes. It says what it
// changed and never shows what it read.
func (c *cli) readValue(prompt string, in valueInput) (seal.Secret, error) {
	again := cmp.Or(in.again, "…")
	data, err := c.readBytes(prompt, in)
	if err != nil {
		return seal.Secret{}, err
	}
	switch {
	case len(data) > seal.MaxValue:
		return seal.Secret{}, usage(nil, "the value is larger than %d bytes, which is the limit", seal.MaxValue)
	case len(data) == 0 && !in.allowEmpty:
		return seal.Secret{}, usage([]string{again + " --allow-empty      if it is meant", again + " --blank            to declare the name without a value"}, "the value is empty")
	}
	return seal.NewSecret(data), nil
}

func (c *cli) readBytes(prompt string, in valueInput) ([]byte, error) {
	switch {
	case in.file != "" && in.file != "-":
		data, err := c.readFile(c.path(in.file), seal.MaxValue)
		switch {
		case errors.Is(err, context.Canceled):
			return nil, err
		case errors.Is(err, os.ErrNotExist):
			return nil, usage(nil, "there is no file %q", in.file)
		case err != nil:
			return nil, usage(nil, "file %q: %s", in.file, reasonOf(err))
		}
		return data, nil
	case c.StdinTTY && in.file == "":
		if c.noInput {
			return nil, usage([]string{"some-command | pinseal …", "pinseal … --file FILE"}, "a value is wanted, and --no-input forbids to ask for it")
		}
		return c.typedHidden(prompt, cmp.Or(in.again, "pinseal …")+" < FILE")
	}
	data, err := orDone(c.done, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(c.Stdin, seal.MaxValue+3)) // room for a newline to drop
	})
	if err != nil {
		return nil, fmt.Errorf("stdin cannot be read: %w", err)
	}
	if in.file == "" && !in.raw {
		data = c.dropNewline(data)
	}
	return data, nil
}

// typedHidden asks for a value where nobody sees it. A terminal cuts a line that is too
// long without a word, so one that fills it is refused; try takes it from elsewhere.
func (c *cli) typedHidden(prompt, try string) ([]byte, error) {
	line, err := c.ReadHidden(prompt)
	if longest := longestTyped(); err == nil && longest > 0 && len(line) >= longest {
		return nil, usage([]string{try}, "a terminal takes no more than %d bytes in a line, and may have cut this one: nothing was done with it", longest)
	}
	return line, err
}

// longestTyped is how many bytes of a line the terminals of this system keep, 0 for all.
func longestTyped() int {
	switch runtime.GOOS {
	case "linux":
		return 4095
	case "windows":
		return 0
	}
	return 1023
}

// dropNewline takes exactly one line end off piped input, as echo and most
// programs add one that is not part of the value.
func (c *cli) dropNewline(data []byte) []byte {
	cut := bytes.TrimSuffix(data, []byte("\n"))
	if len(cut) < len(data) {
		cut = bytes.TrimSuffix(cut, []byte("\r"))
		c.say("dropped one newline at the end (--raw keeps it)")
	}
	if len(bytes.TrimSpace(cut)) != len(cut) && len(cut) > 0 {
		c.say("note: the value begins or ends with white space")
	}
	return cut
}

// containsValue reports whether an argument looks like NAME=value rather than
// like a mistyped name.
func containsValue(arg string) bool { return strings.ContainsRune(arg, '=') }

// bytesOf is a count for people.
func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// count is a number with a noun, as in "1 secret" and "3 secrets".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// quoteShell makes a text one word of a POSIX shell.
func quoteShell(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,", r)
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
