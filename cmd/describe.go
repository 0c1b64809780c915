package cmd

import (
	"encoding/hex"
	"strings"
	"time"

	"pinseal/versions"
)

// describeChanges prints changes by name, one line each: what stands beside the
// values before the values, so that a new expiry or kind is not lost in a long
// list.
func describeChanges(changes []versions.Change) []string {
	marks := map[versions.Action]string{versions.Added: "+", versions.Removed: "-", versions.Changed: "~", versions.Edited: "~"}
	var edited, rest []string
	for _, c := range changes {
		line := marks[c.Action] + " " + c.Name
		if note := changeNote(c); note != "" {
			line += "  (" + note + ")"
		}
		if len(c.Fields) > 0 {
			edited = append(edited, line)
		} else {
			rest = append(rest, line)
		}
	}
	return append(edited, rest...)
}

func changeNote(c versions.Change) string {
	var notes []string
	if len(c.Fields) > 0 {
		notes = append(notes, strings.Join(c.Fields, ", "))
	}
	switch {
	case c.Action == versions.Added && c.New.Blank():
		notes = append(notes, "blank")
	case c.Action == versions.Changed && c.New.Blank():
		notes = append(notes, "now blank")
	case c.Action == versions.Changed && c.Old.Blank():
		notes = append(notes, "was blank")
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
}

func toChangesJSON(changes []versions.Change) []changeJSON {
	out := make([]changeJSON, len(changes))
	for i, c := range changes {
		out[i] = changeJSON{c.Name, string(c.Action), c.Fields}
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
