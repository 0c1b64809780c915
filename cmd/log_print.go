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
	line := fmt.Sprintf("%s  %s  %s  %s", minutes(e.When), shortHash(e.Commit), e.Author, e.Subject)
	var notes []string
	if one && len(e.Changes) > 0 {
		line = markOf(e.Changes[0].Action) + "  " + line
		notes = e.Changes[0].notes()
	}
	if e.OldDir != "" {
		notes = append(notes, "the app was in "+e.OldDir)
	}
	if e.Cut {
		notes = append(notes, "history is cut here")
	}
	if len(e.Pins) > 0 {
		notes = append(notes, pinNumbers(e.Pins))
	}
	if e.Signature != nil {
		notes = append(notes, e.Signature.text())
	}
	_, err := fmt.Fprintln(c.Stdout, oneLine(inBrackets(line, notes)))
	if one {
		return err
	}
	for _, change := range e.Changes {
		if err == nil {
			_, err = fmt.Fprintln(c.Stdout, oneLine("  "+inBrackets(markOf(change.Action)+" "+change.Name, change.notes())))
		}
	}
	return err
}

// inBrackets puts what is to be said beside a line behind it.
func inBrackets(line string, notes []string) string {
	if len(notes) == 0 {
		return line
	}
	return line + "  (" + strings.Join(notes, "; ") + ")"
}

// notes are what is to be said of a change beside its mark.
func (c loggedChange) notes() []string {
	var notes []string
	if len(c.Fields) > 0 {
		notes = append(notes, strings.Join(c.Fields, ", "))
	}
	maybe := strings.Join(c.Maybe, " or ")
	switch {
	case c.MovedFrom != "":
		notes = append(notes, "likely moved here from "+c.MovedFrom)
	case c.MovedTo != "":
		notes = append(notes, "likely moved to "+c.MovedTo)
	case maybe != "" && c.Action == string(versions.Removed):
		notes = append(notes, "perhaps moved to "+maybe)
	case maybe != "":
		notes = append(notes, "perhaps moved here from "+maybe)
	case c.Action == string(versions.Changed) && c.Versions != nil:
		notes = append(notes, versionsSay(*c.Versions))
	case c.Action == string(versions.Resealed):
		notes = append(notes, "sealed to a newer key")
	case c.Action == string(versions.Changed) && len(c.Fields) > 0:
		notes = append(notes, "value")
	}
	return notes
}

func markOf(action string) string {
	switch versions.Action(action) {
	case versions.Added:
		return "+"
	case versions.Removed:
		return "-"
	case versions.Moved:
		return ">"
	case versions.Present:
		return "?"
	}
	return "~"
}

// pinNumbers writes pins as "pin 1-3, 5".
func pinNumbers(pins []int) string { return "pin " + numberRanges(pins) }

// numberRanges writes numbers as "1-3, 5".
func numberRanges[N int | uint32](numbers []N) string {
	numbers = slices.Sorted(slices.Values(numbers))
	var parts []string
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		part := fmt.Sprint(numbers[i])
		if end > i {
			part += fmt.Sprintf("-%d", numbers[end])
		}
		parts = append(parts, part)
		i = end + 1
	}
	return strings.Join(parts, ", ")
}
