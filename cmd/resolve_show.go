package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// noteChanges lists what one app note has changed against another, by name, a
// line each.
func noteChanges(old, now *seal.Note) []string {
	var all []string
	for _, env := range now.Environments() {
		if !slices.Contains(old.Environments(), env) {
			all = append(all, "+ environment "+env)
		}
	}
	for _, env := range old.Environments() {
		if !slices.Contains(now.Environments(), env) {
			all = append(all, "- environment "+env)
		}
	}
	names := map[string]bool{}
	for _, m := range slices.Concat(old.Members, now.Members) {
		names[m.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, before := old.Member(name)
		is, after := now.Member(name)
		switch {
		case !before:
			all = append(all, "+ "+memberLine(is))
		case !after:
			all = append(all, "- "+memberLine(was))
		default:
			all = append(all, memberChanges(was, is)...)
		}
	}
	for _, e := range now.Slots {
		if was, ok := old.Entry(e.Slot, e.Generation); !ok || string(was.Key) != string(e.Key) {
			all = append(all, fmt.Sprintf("  new key: %s %d", e.Slot, e.Generation))
		}
	}
	return all
}

func memberChanges(was, is seal.Member) (all []string) {
	if was.Recipient != is.Recipient {
		all = append(all, "~ "+is.Name+": another public key")
	}
	var parts []string
	for _, s := range is.Slots {
		if !slices.Contains(was.Slots, s) {
			parts = append(parts, "+"+string(s))
		}
	}
	for _, s := range was.Slots {
		if !slices.Contains(is.Slots, s) {
			parts = append(parts, "-"+string(s))
		}
	}
	if len(parts) > 0 {
		all = append(all, "~ "+is.Name+": "+strings.Join(parts, " "))
	}
	return all
}

// showSides prints what each side has done to the members and keys, -q or not:
// what is asked, or was answered by a flag, is about it.
func (m *merging) showSides() {
	for _, side := range []versions.Side{versions.Ours, versions.Theirs} {
		note := m.known.Of(side)
		changes := []string{"(there is no version that both began with)"}
		if m.known.Base != nil {
			changes = noteChanges(m.known.Base, note)
		}
		if len(changes) == 0 {
			changes = []string{"(nothing)"}
		}
		fmt.Fprintln(m.Stderr, talk("%s, version %d of the app note:%s", side.String(), note.Version, lines(changes)))
		if err := m.known.Check(side); err != nil {
			m.warn("%s", err)
		}
	}
}

// askSide asks whose changes are to be taken.
func (m *merging) askSide() (versions.Side, error) {
	if !m.interactive() {
		return 0, usage([]string{"pinseal resolve --both", "pinseal resolve --ours", "pinseal resolve --theirs"}, "the members or keys were changed on both sides: say whose changes are to be taken")
	}
	for {
		fmt.Fprint(m.Stderr, "Take the changes of ours, theirs or both? [o/t/b, empty: none] ")
		answer, err := m.readLine()
		if err != nil && err != io.EOF { // the end is no answer, as an empty line is
			return 0, err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "o", "ours":
			return versions.Ours, nil
		case "t", "theirs":
			return versions.Theirs, nil
		case "b", "both":
			return versions.Both, nil
		case "":
			m.say("Nothing was changed.")
			return 0, &exitError{exitConflict}
		}
	}
}

// sayMerged tells what the app note is now, against ours, and who has to look.
func (m *merging) sayMerged(take versions.Side, e *versions.Edits, settled []versions.Settled, dryRun bool) {
	known := m.known
	verb := "Merged the app note"
	if dryRun {
		verb = "Nothing was written; without --dry-run: the app note"
	}
	changes := noteChanges(known.Ours, e.Note)
	if len(changes) == 0 {
		changes = []string{"(nothing)"}
	}
	m.say("%s, taking %s: version %d. Against ours:%s", verb, take.String(), e.Note.Version, lines(changes))
	m.saySettled(settled, false)
	if len(e.Values) > 0 {
		m.say("  %s written", count(len(e.Values), "value"))
	}
	m.sayPending(e.Pending)
	m.warnOrphans(e.Note)
	for _, side := range []versions.Side{versions.Ours, versions.Theirs} {
		if note := known.Of(side); !note.Precedes(e.Note) {
			m.warn("it does not go on from version %d of %s, keys of which were dropped: who has seen that one must look at this, with: pinseal trust", note.Version, side.String())
		}
	}
}

// warnOrphans names environments that one side had, and the merged note has not,
// whose files are still there: nobody can open them.
func (m *merging) warnOrphans(note *seal.Note) {
	known := m.known
	for _, env := range append(known.Ours.Environments(), known.Theirs.Environments()...) {
		if names, err := m.head.Names(env); err == nil && len(names) > 0 && !slices.Contains(note.Environments(), env) {
			m.warn("%s is no environment any more, and %s there still\n  try:  %s", env, count(len(names), "secret"), m.gitFor("rm -r -q", storeDir+"/"+m.dir+"/"+env))
		}
	}
}
