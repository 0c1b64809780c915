package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// clean takes terminal escapes out of a text, whatever a file, git or a remote
// put into it. Its lines stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.TrimRight(s, "\n"))
}

// gitLine is how a *repo.GitError marks the lines of git itself.
const gitLine = "  git: "

// inset is clean for a text that others may have had a hand in: its further lines
// are marked, so that none passes for one of ours.
func inset(s string) string {
	first, more, _ := strings.Cut(clean(s), "\n")
	var b strings.Builder
	b.WriteString(first)
	for line := range strings.SplitSeq(more, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, gitLine):
			b.WriteString("\n" + line)
		default:
			b.WriteString("\n  | " + line)
		}
	}
	return b.String()
}

// talk is Sprintf and clean. Lines of their own have the format, a trustError
// and lines; those of other texts and errors are inset.
func talk(format string, args ...any) string {
	told := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case *trustError:
			told[i] = arg
		case error:
			told[i] = others(arg.Error())
		case string:
			told[i] = others(arg)
		default:
			told[i] = arg
		}
	}
	return clean(fmt.Sprintf(format, told...))
}

// others is a text that others may have had a hand in.
type others string

// Format prints the text inset, but for %q, which keeps it on its line.
func (t others) Format(w fmt.State, verb rune) {
	text := string(t)
	if verb != 'q' {
		text = inset(text)
	}
	fmt.Fprintf(w, fmt.FormatString(w, verb), text)
}

// lines are printed below what they belong to.
type lines []string

// String is the lines, each after a newline.
func (l lines) String() string {
	var b strings.Builder
	for _, line := range l {
		b.WriteString("\n  " + oneLine(line))
	}
	return b.String()
}

// declined is that no yes came, so that nothing was done: the user said no, or ended the
// command.
func (c *cli) declined(nothing string) error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return errors.New(nothing)
	}
}

// writeStdout prints the bytes that were asked for.
func (c *cli) writeStdout(data []byte) error {
	_, err := c.Stdout.Write(data)
	return err
}
