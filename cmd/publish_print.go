package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

func (s *session) sayDraft(o publishOptions, d *versions.Draft) {
	before, verb := "(none)", ""
	if d.Previous != nil {
		before = fmt.Sprintf("#%d", d.Previous.Number)
	}
	if o.dryRun {
		verb = "would be "
	}
	s.say("%s  %s -> %s#%d  commit %s", o.env, before, verb, d.Pin.Number, d.Pin.Commit[:12])
	if d.Pin.RollbackOf > 0 {
		s.say("  the set of #%d again", d.Pin.RollbackOf)
	}
	for _, r := range d.Readers {
		mark := "- reader"
		if r.Gained {
			mark = "+ reader"
		}
		s.say("  %s %s", mark, r.Name)
	}
	for _, line := range describeChanges(d.Changes, true) {
		s.say("  %s", line)
	}
	for i := range d.Changes {
		for _, line := range encryptionLines(&d.Changes[i]) {
			s.say("  ! %s %s", d.Changes[i].Name, strings.ReplaceAll(line, "the next pin", "this pin"))
		}
	}
	if d.Secrets == 0 {
		s.say("  0 secrets")
	}
	if len(d.Changes)+len(d.Readers) == 0 {
		s.say("  the same set and readers as before")
	}
	if o.allow.Retired {
		s.warnRetired(o.env, d)
	}
}

// warnRetired names who can open values of retired generations: everyone who
// ever held them, which the present note does not tell.
func (s *session) warnRetired(env string, d *versions.Draft) {
	newest, _ := s.note.Newest(seal.ReadSlot(env))
	var names []string
	for _, c := range d.Changes {
		if c.New != nil && slices.ContainsFunc(c.New.Generations(), func(g int) bool { return g < newest.Generation }) {
			names = append(names, c.Name)
		}
	}
	if len(names) > 0 {
		s.warn("sealed to a retired read key, so whoever held it can open: %s", strings.Join(names, ", "))
	}
}
