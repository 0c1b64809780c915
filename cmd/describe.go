package cmd

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"pinseal/versions"
)

// describeChanges prints changes by name, one line each: what stands beside the
// values before the values, so that a new expiry or kind is not lost in a long
// list. What was only sealed anew comes last, as one line when it is many; but
// where the values were not opened it only looks so, and stands among the others.
func describeChanges(changes []versions.Change, opened bool) []string {
	const most = 5
	marks := map[versions.Action]string{versions.Added: "+", versions.Removed: "-", versions.Changed: "~", versions.Edited: "~", versions.Resealed: "="}
	var edited, rest, resealed []string
	for _, c := range changes {
		mark, note := marks[c.Action], changeNote(c)
		if c.Action == versions.Resealed && !opened {
			mark, note = marks[versions.Changed], "sealed to a newer key"
		}
		line := mark + " " + c.Name
		if note != "" {
			line += "  (" + note + ")"
		}
		switch {
		case len(c.Fields) > 0:
			edited = append(edited, line)
		case c.Action == versions.Resealed && opened:
			resealed = append(resealed, line)
		default:
			rest = append(rest, line)
		}
	}
	if len(resealed) > most {
		resealed = []string{fmt.Sprintf("= %s sealed anew", count(len(resealed), "value"))}
	}
	return slices.Concat(edited, rest, resealed)
}

func changeNote(c versions.Change) string {
	var notes []string
	if len(c.Fields) > 0 {
		notes = append(notes, fieldWords(c))
	}
	switch {
	case c.Action == versions.Resealed:
		notes = append(notes, "sealed anew")
	case c.Action == versions.Added && isKeyChange(c):
		notes = append(notes, keyFileSays(c.New))
	case c.Action == versions.Removed && isKeyChange(c):
		notes = append(notes, keyFileSays(c.Old))
	case c.Action == versions.Added && c.New.Blank():
		notes = append(notes, "blank")
	case c.Action == versions.Changed && c.New.Blank():
		notes = append(notes, "now blank")
	case c.Action == versions.Changed && c.Old.Blank():
		notes = append(notes, "was blank")
	case c.Action == versions.Changed && isKeyChange(c) && !c.Versions.Empty():
		notes = append(notes, versionsSay(c.Versions))
	case c.Action == versions.Changed && len(c.Fields) > 0:
		notes = append(notes, "value")
	}
	return strings.Join(notes, "; ")
}

// pinJSON is a pin for programs.
type pinJSON struct {
	Schema      int    `json:"schema"`
	App         string `json:"app"`
	Environment string `json:"environment"`
	Number      int    `json:"number"`
	Commit      string `json:"commit"`
	Set         string `json:"set"`
	Hash        string `json:"hash"`
	Time        string `json:"time"`
	Publisher   string `json:"publisher"`
	Message     string `json:"message,omitempty"`
	RollbackOf  int    `json:"rollback_of,omitempty"`
}

func toPinJSON(p *versions.Pin) pinJSON {
	hash := p.Hash()
	return pinJSON{1, p.App.String(), p.Environment, p.Number, string(p.Commit), hex.EncodeToString(p.Set[:]),
		hex.EncodeToString(hash[:]), p.Time.UTC().Format(time.RFC3339), p.Publisher, p.Message, p.RollbackOf}
}

// changeJSON is a change for programs.
type changeJSON struct {
	Name   string   `json:"name"`
	Action string   `json:"action"`
	Fields []string `json:"fields,omitempty"`
	// Versions is what became of those of a named encryption key.
	Versions *versions.VersionsChange `json:"versions,omitempty"`
}

func toChangesJSON(changes []versions.Change) []changeJSON {
	out := make([]changeJSON, len(changes))
	for i, c := range changes {
		out[i] = changeJSON{c.Name, string(c.Action), c.Fields, versionsOf(c.Versions)}
	}
	return out
}

type readerJSON struct {
	Name   string `json:"name"`
	Gained bool   `json:"gained"`
}

type draftReport struct {
	pinJSON
	DryRun  bool         `json:"dry_run,omitempty"`
	Changes []changeJSON `json:"changes"`
	Readers []readerJSON `json:"readers"`
}

func draftJSON(d *versions.Draft, dryRun bool) draftReport {
	return draftReport{toPinJSON(d.Pin), dryRun, toChangesJSON(d.Changes), toReadersJSON(d.Readers)}
}

func toReadersJSON(changes []versions.ReaderChange) []readerJSON {
	out := make([]readerJSON, len(changes))
	for i, r := range changes {
		out[i] = readerJSON{r.Name, r.Gained}
	}
	return out
}
