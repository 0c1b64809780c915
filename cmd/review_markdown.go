package cmd

import (
	"fmt"
	"strings"

	"pinseal/versions"
)

// maxListed is how many secrets of an environment Markdown lists: a comment has a
// limit that the JSON has not.
const maxListed = 200

// markdown is the review for a comment or a job's summary. Whatever the branch or
// the caller chose stands in code spans, where nothing of it is markup, a link, or
// a mention that calls somebody.
func (r *reviewReport) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("### Secrets in %s\n", code(r.Range))
	if r.empty() {
		line("Nothing in %s changes.", code(storeDir))
		return b.String()
	}
	if r.Default != nil {
		line("- **A bare command means %s**", defaultSays(r.Default))
	}
	apps, more := capped(r.Apps, maxApps)
	for i := range apps {
		apps[i].accessMarkdown(line)
	}
	if more > 0 {
		line("- **and %d more apps**", more)
	}
	r.restMarkdown(line)
	for _, a := range apps {
		for _, e := range a.Environments {
			if !e.silent() {
				e.markdown(line, a.Name)
			}
		}
	}
	return strings.TrimRight(strings.ReplaceAll(b.String(), "\n\n\n", "\n\n"), "\n") + "\n"
}

// restMarkdown lists problems and files.
func (r *reviewReport) restMarkdown(line func(string, ...any)) {
	problems, more := capped(r.Problems, maxProblems)
	if len(problems) > 0 {
		line("\n#### Problems\n")
	}
	for _, p := range problems {
		line("- **%s**: %s", p.Kind, code(p.in(p.Text)))
	}
	if more > 0 {
		line("- **and %d more**", more)
	}
	files, more := capped(r.Files, maxProblems)
	if len(files) > 0 {
		line("\n#### Other files\n")
	}
	for _, f := range files {
		line("- %s", joinBy(f.Action+" "+code(f.Path)+": "+code(f.Text), f.Commits, f.More))
	}
	if more > 0 {
		line("- and %d more", more)
	}
}

func (a *reviewApp) accessMarkdown(line func(string, ...any)) {
	if says := a.says(); says != "" {
		line("- **%s %s**", code(a.Name), says)
	}
	if a.noteSays() == "" && len(a.Members)+len(a.Keys) == 0 {
		return
	}
	line("\n#### Who can, in %s\n\n%s\n", code(a.Name), joinBy(a.noteSays(), a.NoteCommits, a.MoreNoteCommits))
	for _, m := range a.Members {
		says := code(m.Name) + " " + m.says()
		if m.dangerous() {
			says = "**" + says + "**"
		}
		line("- %s", says)
	}
	for _, k := range a.Keys {
		line("- %s", k.says())
	}
}

func (e reviewEnvironment) markdown(line func(string, ...any), app string) {
	line("\n#### %s %s\n", code(app), code(e.Name))
	switch {
	case e.Pin != nil:
		line("%s\n", code(e.Pin.says(e.rekeyed)))
	case e.NoPins:
		line("Its pins are not here: %s\n", code("pinseal fetch"))
	}
	secrets, folded := foldResealed(e.Secrets, e.rekeyed, actionOfSecret)
	more := len(secrets) - maxListed
	if more > 0 {
		secrets = secrets[:maxListed]
	}
	for _, s := range secrets {
		says := s.Action
		if s.Action == string(versions.Edited) || s.Action == string(versions.Moved) {
			says = string(versions.Changed)
		}
		says += " " + code(s.Name)
		if note := s.says(code); note != "" {
			says += " (" + note + ")"
		}
		line("- %s", joinBy(says, s.Commits, s.More))
		for _, means := range s.encryptionLines(e.rekeyed, code) {
			line("- **%s %s**", code(s.Name), means)
		}
	}
	if more > 0 {
		line("- and %d more", more)
	}
	if folded > 0 {
		line("- %s", foldedSays(folded))
	}
}

func joinBy(text string, commits []reviewCommit, more int) string {
	if who := by(commits, more, code); who != "" {
		return strings.TrimSpace(text + " by " + who)
	}
	return text
}

// code is a text that anyone may have made up as a code span of one line. What would
// end the span, or a cell if it is put in a table, is replaced.
func code(s string) string {
	const most = 500
	runes := []rune(strings.TrimSpace(oneLine(s)))
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	text := strings.NewReplacer("`", "'", "|", "¦").Replace(string(runes))
	if text == "" {
		text = "?"
	}
	return "`" + text + "`"
}
