package cmd

import (
	"fmt"
	"strings"

	"pinseal/versions"
)

// text is the review for a terminal: who can do what first, then what is wrong, then
// the secrets. "!" stands before what must be looked at. "" when there is nothing.
func (r *reviewReport) text() string {
	t := &reviewText{}
	if r.Default != nil {
		t.line("! a bare command means %s", defaultSays(r.Default))
	}
	apps, moreApps := capped(r.Apps, maxApps)
	for i := range apps {
		t.access(&apps[i])
	}
	if moreApps > 0 {
		t.line("! and %d more apps, which --app and --json show", moreApps)
	}
	problems, more := capped(r.Problems, maxProblems)
	for _, p := range problems {
		t.line("! %s", p.in(p.Text))
	}
	if more > 0 {
		t.line("! and %d more problems, which --json shows", more)
	}
	files, more := capped(r.Files, maxProblems)
	for _, f := range files {
		t.line("%s %q %s  %s", actionMark(f.Action), f.Path, f.Text, by(f.Commits, f.More, short))
	}
	if more > 0 {
		t.line("  and %d more files, which --json shows", more)
	}
	for i := range apps {
		for _, e := range r.Apps[i].Environments {
			if !e.silent() {
				t.environment(&apps[i], e)
			}
		}
	}
	return t.String()
}

// What a branch can make any number of is shown up to here: JSON has all.
const (
	maxApps     = 50
	maxProblems = 100
)

// capped are the first of a list, and how many more there are.
func capped[E any](all []E, most int) (shown []E, more int) {
	return all[:min(len(all), most)], max(len(all)-most, 0)
}

// reviewText collects lines that hold nothing that moves a terminal.
type reviewText struct{ strings.Builder }

func (t *reviewText) line(format string, args ...any) {
	t.WriteString(strings.TrimRight(oneLine(fmt.Sprintf(format, args...)), " ") + "\n")
}

func (t *reviewText) access(a *reviewApp) {
	if says := a.says(); says != "" {
		mark := "!"
		if a.Change == "added" {
			mark = "+"
		}
		t.line("%s %s %s", mark, a.Name, says)
	}
	if a.noteSays() != "" || len(a.Members)+len(a.Keys) > 0 {
		t.line("%s  %s  %s", a.Name, a.noteSays(), by(a.NoteCommits, a.MoreNoteCommits, short))
	}
	for _, m := range a.Members {
		mark := map[string]string{string(versions.Added): "+", string(versions.Removed): "-"}[m.Action]
		switch {
		case m.dangerous():
			mark = "!"
		case mark == "":
			mark = "~"
		}
		t.line("  %s %s %s", mark, m.Name, m.says())
	}
	for _, k := range a.Keys {
		t.line("  ~ %s", k.says())
	}
}

func (t *reviewText) environment(a *reviewApp, e reviewEnvironment) {
	known := ""
	if !e.Known && a.Change != "removed" {
		known = "  (nobody holds a slot of it)"
	}
	t.line("%s %s%s", a.Name, e.Name, known)
	switch {
	case e.Pin != nil:
		t.line("  %s", e.Pin.says(e.rekeyed))
	case e.NoPins:
		t.line("  its pins are not here: pinseal fetch")
	}
	secrets, folded := foldResealed(e.Secrets, e.rekeyed, actionOfSecret)
	for _, s := range secrets {
		note := s.says(short)
		if note != "" {
			note = "  (" + note + ")"
		}
		t.line("  %s %s%s  %s", actionMark(s.Action), s.Name, note, by(s.Commits, s.More, short))
		for _, line := range s.encryptionLines(e.rekeyed, short) {
			t.line("  ! %s %s", s.Name, line)
		}
	}
	if folded > 0 {
		t.line("  = %s", foldedSays(folded))
	}
}

func actionMark(action string) string {
	switch versions.Action(action) {
	case versions.Added:
		return "+"
	case versions.Removed:
		return "-"
	case versions.Moved:
		return ">"
	case versions.Resealed:
		return "="
	}
	return "~"
}

// in puts the app before a text, when there is one.
func (p reviewProblem) in(text string) string {
	if p.App == "" || p.Path != "" {
		return text
	}
	return p.App + " " + text
}

func defaultSays(d *reviewDefault) string {
	name := func(s string) string {
		if s == "" {
			return "no app"
		}
		return s
	}
	return name(d.New) + ", and meant " + name(d.Old)
}

// maxAuthor is how many characters of an author's name are shown; no name of ours
// is longer.
const maxAuthor = 64

// short is an author for a terminal, or another name; line cleans it.
func short(name string) string {
	if runes := []rune(name); len(runes) > maxAuthor {
		return string(runes[:maxAuthor]) + "…"
	}
	return name
}
