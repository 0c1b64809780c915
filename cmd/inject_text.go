package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxIndent is the most spaces that indent puts before a line.
const maxIndent = 100

// text calls a function of Go that makes a text of its arguments, of at most factor
// times their size.
func (t *templateValues) text(factor int, f func(...any) string, args []any) (string, error) {
	return keep(t, func(args []any) (string, error) {
		size, err := t.sizeOf(args)
		if err == nil {
			err = t.spend(factor * size)
		}
		if err != nil {
			return "", err
		}
		return f(args...), nil
	}, args)
}

// sizeOf is the size of arguments that can be printed, each with a space.
func (t *templateValues) sizeOf(args []any) (size int, err error) {
	for _, arg := range args {
		text, err := t.exact(arg)
		if err != nil {
			return 0, err
		}
		size += len(text) + 1
	}
	return size, nil
}

// printf is fmt.Sprintf, with an error where that would print its complaint, and
// without what lets a short format make a long text.
func (t *templateValues) printf(format string, args []any) (string, error) {
	size, err := t.sizeOf(args)
	if err != nil {
		return "", err
	}
	verbs := strings.ReplaceAll(format, "%%", "")
	digits := 0
	for _, r := range verbs {
		switch {
		case '0' <= r && r <= '9':
			digits++
		default:
			digits = 0
		}
		if digits > 3 || r == '[' || r == '*' {
			return "", usage(nil, "printf takes no \"[\" or \"*\" in its format, and no number above 999")
		}
	}
	if err := t.spend(len(format) + 1000*strings.Count(verbs, "%") + 12*size); err != nil {
		return "", err
	}
	harmless := make([]any, len(args))
	for i, arg := range args {
		harmless[i] = arg
		switch arg.(type) {
		case string:
			harmless[i] = ""
		case json.Number:
			harmless[i] = json.Number("")
		}
	}
	if strings.Contains(fmt.Sprintf(verbs, harmless...), "%!") {
		return "", usage([]string{"printf \"%s\" takes a text, and a number of JSON"}, "the verbs of printf and its arguments do not go together")
	}
	return fmt.Sprintf(format, args...), nil
}

// indent puts spaces before every line of a text but the first, and empty ones: that
// stands where the template has it.
func (t *templateValues) indent(spaces int, text string) (string, error) {
	if spaces < 0 || spaces > maxIndent {
		return "", usage(nil, "indent wants a number of spaces from 0 to %d", maxIndent)
	}
	if err := t.spend(len(text) + spaces*strings.Count(text, "\n")); err != nil {
		return "", err
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if b.Len() > 0 && strings.Trim(line, "\r\n") != "" {
			b.WriteString(strings.Repeat(" ", spaces))
		}
		b.WriteString(line)
	}
	return b.String(), nil
}
