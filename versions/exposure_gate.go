package versions

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// leaver is a recipient that was given an environment's read key and does not hold
// it today, or that was given any and is nobody's now: who left, or has another
// identity.
type leaver struct {
	name      string // the one it had last
	recipient string
}

// leavers lists who left an environment, by name.
func (h *History) leavers(environment string) []leaver {
	seen, member := map[string]bool{}, map[string]bool{}
	for _, m := range h.note.Readers(environment) {
		seen[m.Recipient] = true
	}
	for _, m := range h.note.Members {
		member[m.Recipient] = true
	}
	var left []leaver
	for _, c := range h.held { // newest note first
		lost := c.environment == environment || c.environment != "" && !member[c.recipient]
		if lost && !seen[c.recipient] {
			seen[c.recipient] = true // once
			left = append(left, leaver{c.name, c.recipient})
		}
	}
	slices.SortStableFunc(left, func(a, b leaver) int { return strings.Compare(a.name, b.name) })
	return left
}

// rotated refuses each secret of the set whose value is one that somebody who left
// could open, there or in another environment, or may be as far as the publisher can
// tell. Of a named key that is its newest version: the older ones are needed to rewrap.
func (g *gate) rotated(ctx context.Context, h *History, keys *Keyring) error {
	left := h.leavers(g.environment)
	reaches := make([]reach, len(left))
	for i, l := range left {
		reaches[i] = h.reachOf([]string{l.recipient})
		for env := range reaches[i] {
			if _, err := h.read(ctx, env); err != nil {
				return err
			}
		}
	}
	if len(h.damaged) > 0 {
		g.refuse("", "", "what those who left could open is not all here: %s does not hold what it names", strings.Join(h.damaged, ", "))
		return nil
	}
	if !h.complete() {
		g.refuse("", "git fetch --unshallow", "what those who left could open is not all here: this clone is shallow, or lacks objects")
		return nil
	}
	if len(left) == 0 {
		return nil
	}
	p, err := h.read(ctx, g.environment)
	if err != nil {
		return err
	}
	values := map[string][]*pastValue{}
	var used []*pastValue
	for name, f := range g.parsed {
		values[name] = p.find(name, f)
		used = append(used, values[name]...)
	}
	could, might := map[string][]string{}, map[string][]string{} // leavers by secret
	o := newOpener(h, keys)
	for i, l := range left {
		verdicts, err := h.judge(ctx, o, reaches[i], used)
		if err != nil {
			return err
		}
		for name := range g.parsed {
			switch w := worst(verdicts, newestOnly(values[name])); {
			case w.known:
				could[name] = append(could[name], l.name)
			case w.maybe != "":
				might[name] = append(might[name], l.name)
			}
		}
	}
	g.refuseExposed(could, might)
	return nil
}

// refuseExposed refuses secrets by who could open, or might open, what they have.
func (g *gate) refuseExposed(could, might map[string][]string) {
	for _, name := range unionKeys(could, might) {
		try := fmt.Sprintf("pinseal set %s -e %s", name, g.environment)
		if g.parsed[name].Kind == KindKey {
			try = fmt.Sprintf("pinseal key rotate %s -e %s", name, g.environment)
		}
		who := slices.Compact(could[name])
		if who != nil {
			g.refuse(name, try, "its value is known to who left: %s", strings.Join(who, ", "))
		} else {
			who = slices.Compact(might[name])
			g.refuse(name, try, "its value may be known to who left: %s; who can tell: %s",
				strings.Join(who, ", "), strings.Join(memberNames(g.note.Readers(g.environment)), ", "))
		}
		g.problems[len(g.problems)-1].Left = who
	}
}
