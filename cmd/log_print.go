package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/versions"
)

// printLogged prints one version on a line, and below it the names, unless it
// is the history of one.
func (c *cli) printLogged(e logged, one bool) error {
	when := minutes(e.When)
	line := fmt.Sprintf("%s  %s  %s  %s", when, shortHash(e.Commit), e.Author, e.Subject)
	if one {
		mark := ""
		if len(e.Changes) > 0 {
			mark = markOf(e.Changes[0].Action)
		}
		line = fmt.Sprintf("%s  %s", mark, line)
		if len(e.Pins) > 0 {
			line += "  (" + pinNumbers(e.Pins) + ")"
		}
		_, err := fmt.Fprintln(c.Stdout, oneLine(line))
		return err
	}
	_, err := fmt.Fprintln(c.Stdout, oneLine(line))
	for _, change := range e.Changes {
		if err == nil {
			_, err = fmt.Fprintf(c.Stdout, "  %s %s\n", markOf(change.Action), change.Name)
		}
	}
	return err
}

func markOf(action string) string {
	switch versions.Action(action) {
	case versions.Added:
		return "+"
	case versions.Removed:
		return "-"
	}
	return "~"
}

// pinNumbers writes pins as "pin 1-3, 5".
func pinNumbers(pins []int) string {
	pins = slices.Sorted(slices.Values(pins))
	var parts []string
	for i := 0; i < len(pins); {
		end := i
		for end+1 < len(pins) && pins[end+1] == pins[end]+1 {
			end++
		}
		part := fmt.Sprint(pins[i])
		if end > i {
			part += fmt.Sprintf("-%d", pins[end])
		}
		parts = append(parts, part)
		i = end + 1
	}
	return "pin " + strings.Join(parts, ", ")
}
