package cmd

import (
	"fmt"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// What text and Markdown have in common: words made of names that were checked, and
// of nothing else that a branch can choose.

// dangerous reports whether somebody comes to read or to administer, or a name
// stands for another key.
func (m *reviewMember) dangerous() bool {
	return m.NewRecipient || m.change.Gains(seal.Read) || m.change.Gains(seal.Administer)
}

// says is what happens to a member, after the name.
func (m *reviewMember) says() string {
	var parts []string
	if m.NewRecipient {
		parts = append(parts, "stands for another key")
	}
	reads, publishes := byPower(m.Given, seal.Read), byPower(m.Given, seal.Publish)
	if len(reads) > 0 {
		parts = append(parts, "reads "+strings.Join(reads, ", "))
	}
	if m.change.Gains(seal.Administer) {
		parts = append(parts, "says who is in")
	}
	if len(publishes) > 0 {
		parts = append(parts, "publishes "+strings.Join(publishes, ", "))
	}
	if len(m.Taken) > 0 {
		taken := make([]string, len(m.Taken))
		for i, s := range m.Taken {
			taken[i] = string(s)
		}
		parts = append(parts, "loses "+strings.Join(taken, ", "))
	}
	var notes []string
	old, new := m.change.Old, m.change.New
	switch {
	case old == nil:
		notes = append(notes, "new member")
	case new == nil:
		notes = append(notes, "removed")
	case old.Service != new.Service && new.Service:
		notes = append(notes, "was a person")
	case old.Service != new.Service:
		notes = append(notes, "was a service")
	}
	if m.Service {
		notes = append(notes, "service")
	}
	if new != nil && !m.PostQuantum && (old == nil || m.NewRecipient || len(reads) > 0) {
		notes = append(notes, "not post-quantum")
	}
	text := strings.Join(parts, "; ")
	if len(notes) > 0 {
		text = strings.TrimSpace(text + " (" + strings.Join(notes, ", ") + ")")
	}
	return text
}

func byPower(slots []seal.Slot, p seal.Power) []string {
	var envs []string
	for _, s := range slots {
		if s.Power() == p {
			envs = append(envs, s.Environment())
		}
	}
	return envs
}

func (k *reviewKey) says() string {
	if k.Old == 0 {
		return fmt.Sprintf("%s is new, key %d", k.Slot, k.Generation)
	}
	return fmt.Sprintf("%s has a new key, %d after %d", k.Slot, k.Generation, k.Old)
}

// says is what became of an app itself, "" when it is the same.
func (a *reviewApp) says() string {
	switch a.Change {
	case "added":
		return "is a new app, " + a.ID
	case "removed":
		return "is gone, with all its secrets"
	case "replaced":
		return fmt.Sprintf("IS ANOTHER APP NOW: %s, and was %s", a.ID, a.OldID)
	case "moved":
		return "was called " + a.OldName
	}
	return ""
}

// noteSays is what became of the note's version.
func (a *reviewApp) noteSays() string {
	switch {
	case a.OldNote == a.Note || a.Note == 0:
		return ""
	case a.OldNote == 0:
		return fmt.Sprintf("app note %d", a.Note)
	}
	return fmt.Sprintf("app note %d to %d", a.OldNote, a.Note)
}

// says is what there is to know of a secret beside its name and action. show is how
// another secret's name is written.
func (s *reviewSecret) says(show func(string) string) string {
	var notes []string
	if len(s.Fields) > 0 {
		notes = append(notes, strings.Split(fieldWords(s.change), ", ")...)
	}
	switch key, action := isKeyChange(s.change), versions.Action(s.Action); {
	case key && action == versions.Added:
		notes = append(notes, keyFileSays(s.change.New))
	case key && action == versions.Removed:
		notes = append(notes, keyFileSays(s.change.Old))
	case action != versions.Changed:
	case s.Versions != nil:
		notes = append(notes, versionsSay(*s.Versions))
	case len(s.Fields) > 0:
		notes = append(notes, "value")
	}
	if s.From != "" {
		notes = append(notes, "likely moved from "+show(s.From))
	}
	switch {
	case s.Blank && s.Optional:
		notes = append(notes, "blank, optional")
	case s.Blank && !isKeyChange(s.change):
		notes = append(notes, "blank")
	case s.WasBlank && s.Action != string(versions.Removed):
		notes = append(notes, "was blank")
	}
	if s.Expired != "" {
		notes = append(notes, "expired "+s.Expired)
	}
	if s.Action == string(versions.Resealed) {
		notes = append(notes, "likely the same value, sealed to a newer key")
	}
	if s.Unread {
		notes = append(notes, "is no secret file")
	}
	return strings.Join(notes, "; ")
}

// silent reports that only the readers of an environment change, of which there is
// nothing more to say.
func (e *reviewEnvironment) silent() bool {
	return len(e.Secrets) == 0 && e.Pin == nil && !e.NoPins
}

// says is how the pin would change, by name.
func (p *reviewPin) says(rekeyed bool) string {
	if !p.moves() {
		return fmt.Sprintf("pin %d (%s) has it so already", p.Number, shortHash(p.Commit))
	}
	var parts []string
	for _, r := range p.Readers {
		mark := "-"
		if r.Gained {
			mark = "+"
		}
		parts = append(parts, mark+" reader "+r.Name)
	}
	const most = 20
	marks := map[string]string{string(versions.Added): "+", string(versions.Removed): "-", string(versions.Resealed): "="}
	named, folded := foldResealed(p.Changes, rekeyed, func(c changeJSON) string { return c.Action })
	for i, c := range named {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(named)-most))
			break
		}
		mark := marks[c.Action]
		if mark == "" {
			mark = "~"
		}
		parts = append(parts, mark+" "+c.Name)
	}
	if folded > 0 {
		parts = append(parts, "= "+foldedSays(folded))
	}
	return fmt.Sprintf("pin %d (%s) would change: %s", p.Number, shortHash(p.Commit), strings.Join(parts, ", "))
}

// foldResealed leaves out what was only sealed anew where that is many and the branch
// makes a read key, and says how many those are.
func foldResealed[C any](changes []C, rekeyed bool, action func(C) string) (rest []C, folded int) {
	const most = 5
	if !rekeyed {
		return changes, 0
	}
	for _, c := range changes {
		if action(c) == string(versions.Resealed) {
			folded++
		} else {
			rest = append(rest, c)
		}
	}
	if folded <= most {
		return changes, 0
	}
	return rest, folded
}

// foldedSays is what there is to say of values that were left out.
func foldedSays(n int) string {
	return count(n, "value") + ", likely the same, sealed to a newer key"
}

func actionOfSecret(s reviewSecret) string { return s.Action }

// by lists the commits of a change, and more that are not among them, each author in
// the way that show has, with the newest few.
func by(commits []reviewCommit, more int, show func(string) string) string {
	const most = 3
	var parts []string
	for i, c := range commits {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(commits)-most+more))
			break
		}
		parts = append(parts, show(c.Author)+" "+shortHash(c.Commit))
	}
	return strings.Join(parts, ", ")
}
