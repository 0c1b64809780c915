package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
)

// report shows the facts: one line each, what differs in words.
func (f *trustFacts) report() []string {
	lines := []string{fmt.Sprintf("App %s in %s/%s, %s", f.dir, storeDir, f.dir, f.where())}
	add := func(label, format string, args ...any) {
		lines = append(lines, fmt.Sprintf("  %-9s ", label)+fmt.Sprintf(format, args...))
	}
	add("id", "%s", f.id)
	add("place", "%s", f.place.dir)
	for _, u := range f.place.urls {
		add("remote", "%s", u)
	}
	for i, line := range f.verdictLines() {
		label := ""
		if i == 0 {
			label = "known"
		}
		add(label, "%s", line)
	}
	add("app note", "%s", f.noteLine())
	for _, p := range f.pins {
		if line := f.pinLine(p); line != "" {
			add("pins", "%s: %s", p.env, line)
		}
	}
	add("signed by", "%s", f.signer())
	for i, m := range f.note.Members {
		label := ""
		if i == 0 {
			label = "members"
		}
		add(label, "%s", memberLine(m))
	}
	return lines
}

func (f *trustFacts) verdictLines() []string {
	k := f.mem.known
	switch f.row {
	case goOn:
		return []string{"this app, in this place"}
	case otherApp:
		was, _ := k.app(f.name, f.dir)
		return []string{"ANOTHER APP: " + was.String(), "found now:   " + f.id.String()}
	case newApp:
		lines := []string{"this place, with other apps:"}
		for _, a := range k.apps {
			if a.place == f.name {
				lines = append(lines, "  "+a.directory+"  "+a.id.String())
			}
		}
		return lines
	case newDef:
		return []string{fmt.Sprintf("this place, where the DEFAULT APP was %q and is now %q", k.place(f.name).def, f.claim.def)}
	case newPlace:
		lines := []string{"this app, from other places:"}
		for _, p := range k.placesOf(f.id) {
			lines = append(lines, "  "+p)
		}
		return lines
	}
	return []string{"neither this app nor this place"}
}

func (f *trustFacts) noteLine() string {
	found := fmt.Sprintf("version %d", f.note.Version)
	switch {
	case f.damaged != nil:
		return found + "; the remembered one cannot be read: " + f.damaged.Error()
	case f.remembered == nil:
		return found
	}
	was := fmt.Sprintf("; version %d is remembered", f.remembered.Version)
	switch seal.Compare(f.remembered, f.note) {
	case seal.Same:
		return found + ", as remembered"
	case seal.Follows:
		return found + was + ", and this one follows it"
	case seal.Precedes:
		return found + was + ": this one is OLDER, and whoever was removed since would be back"
	case seal.Diverged:
		return found + was + ": this is ANOTHER of that version, by an admin on another branch"
	}
	return found + was + ": this one DOES NOT GO ON from it"
}

func (f *trustFacts) pinLine(p pinFact) string {
	found := fmt.Sprintf("#%d", p.found.Number)
	was := fmt.Sprintf("#%d is remembered", p.seen.Number)
	switch {
	case p.bad != nil:
		return "the ledger here does not verify: " + p.bad.Error()
	case p.absent() && f.settled():
		return was + ", and there is NO LEDGER here: pinseal fetch, or trust it to be gone"
	case p.absent():
		return was + "; no ledger here yet"
	case p.back != nil:
		return found + "; " + was + ": this ledger DOES NOT GO ON from it: " + p.back.Error()
	case p.found.Number == 0:
		return ""
	case p.seen.Number == 0 || p.seen.Number == p.found.Number:
		return found
	}
	return found + "; " + was + ", and this one goes on from it"
}

func (f *trustFacts) signer() string {
	key, _ := f.note.Newest(seal.Admin)
	var names []string
	for _, m := range f.note.Holders(seal.Admin) {
		names = append(names, m.Name)
	}
	return fmt.Sprintf("admin key %d, held by %s", key.Generation, strings.Join(names, ", "))
}

// memberLine says what a member may do.
func memberLine(m seal.Member) string {
	var parts []string
	if slices.Contains(m.Slots, seal.Admin) {
		parts = append(parts, "admin")
	}
	for _, power := range []seal.Power{seal.Read, seal.Publish} {
		var envs []string
		for _, slot := range m.Slots {
			if slot.Power() == power {
				envs = append(envs, slot.Environment())
			}
		}
		if len(envs) > 0 {
			parts = append(parts, power.String()+" "+strings.Join(envs, ", "))
		}
	}
	name := m.Name
	if m.Service {
		name += " (service)"
	}
	return name + ": " + strings.Join(parts, "; ")
}
