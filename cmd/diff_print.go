package cmd

import (
	"fmt"
	"strconv"

	"pinseal/seal"
	"pinseal/versions"
)

type revealedJSON struct {
	changeJSON
	Old *revealed `json:"old,omitempty"`
	New *revealed `json:"new,omitempty"`
	// Values are those of a named encryption key's versions that differ.
	Values []revealedVersionJSON `json:"version_values,omitempty"`
}

func (s *session) printDiff(o diffOptions, a, b side, readers []versions.ReaderChange, changes []versions.Change, shown []revealedChange) error {
	if o.json {
		out := make([]revealedJSON, len(changes))
		for i, change := range toChangesJSON(changes) {
			out[i].changeJSON = change
			if shown != nil {
				out[i].Old, out[i].New = revealPointer(shown[i].old), revealPointer(shown[i].new)
				out[i].Values = toRevealedVersions(shown[i].versions)
			}
		}
		return s.printJSON(struct {
			Schema      int            `json:"schema"`
			App         string         `json:"app"`
			Environment string         `json:"environment"`
			A           string         `json:"a"`
			B           string         `json:"b"`
			Readers     []readerJSON   `json:"readers"`
			Changes     []revealedJSON `json:"changes"`
		}{1, s.id.String(), o.env, o.a, o.b, toReadersJSON(readers), out})
	}
	if len(readers)+len(changes) == 0 {
		s.say("%s is the same in %s and %s", o.env, a.text, b.text)
		return nil
	}
	for _, r := range readers {
		mark := "-"
		if r.Gained {
			mark = "+"
		}
		if _, err := fmt.Fprintf(s.Stdout, "%s reader %s\n", mark, r.Name); err != nil {
			return err
		}
	}
	if shown == nil {
		for _, line := range describeChanges(changes, false) {
			if _, err := fmt.Fprintln(s.Stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	return s.printRevealed(changes, shown)
}

// printRevealed keeps the order of describeChanges: first what stands beside
// the values.
func (s *session) printRevealed(changes []versions.Change, shown []revealedChange) error {
	for _, edited := range []bool{true, false} {
		for i, change := range changes {
			if len(change.Fields) > 0 != edited {
				continue
			}
			lines := describeChanges([]versions.Change{change}, true)
			if old, new := shown[i].old, shown[i].new; old != nil && new != nil && old.Equal(*new) {
				lines = append(lines, "    the same value, sealed anew")
			} else {
				lines = append(lines, quoteValue("-", old)...)
				lines = append(lines, quoteValue("+", new)...)
			}
			for _, v := range shown[i].versions {
				lines = append(lines, quoteValue(fmt.Sprintf("- version %d:", v.number), v.old)...)
				lines = append(lines, quoteValue(fmt.Sprintf("+ version %d:", v.number), v.new)...)
			}
			for _, line := range lines {
				if _, err := fmt.Fprintln(s.Stdout, line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// quoteValue makes one line of a value whatever bytes it has.
func quoteValue(mark string, value *seal.Secret) []string {
	if value == nil {
		return nil
	}
	return []string{"    " + mark + " " + strconv.Quote(string(value.Reveal()))}
}

func revealPointer(value *seal.Secret) *revealed {
	if value == nil {
		return nil
	}
	r := reveal(*value)
	return &r
}
