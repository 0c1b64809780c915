package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// statusPrinter writes a report for people: sections with a blank line between,
// and nothing for a section that has nothing to say.
type statusPrinter struct {
	*statusReport
	w   io.Writer
	err error
}

func (p *statusPrinter) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, oneLine(fmt.Sprintf(format, args...)))
	}
}

func (p *statusPrinter) table(rows [][]string) {
	p.line("")
	if p.err == nil {
		p.err = printTable(p.w, rows)
	}
}

func (p *statusPrinter) lines(lines []string) {
	if len(lines) > 0 {
		p.line("")
	}
	for _, line := range lines {
		p.line("%s", line)
	}
}

func (c *cli) printStatus(r *statusReport, all bool) error {
	p := &statusPrinter{statusReport: r, w: c.Stdout}
	p.line("app %s  (id %s)  %s", r.App, r.ID, r.place())
	p.table(r.envTable())
	p.secrets(all)
	p.lines(r.uncommitted())
	p.lines(r.problems())
	if len(r.Members) > 1 {
		p.table(r.memberTable())
	}
	return p.err
}

func (r *statusReport) place() string {
	switch {
	case r.Commit == "":
		return "no commits yet"
	case r.Branch == "":
		return "at " + shortHash(r.Commit)
	}
	return r.Branch + " at " + shortHash(r.Commit)
}

// envTable leaves out columns about pins while there is none.
func (r *statusReport) envTable() [][]string {
	table := [][]string{{"ENVIRONMENT", "SECRETS", "PIN", "WHEN", "BY", "COMMIT", "SINCE THEN", "MESSAGE"}}
	pinned := false
	for _, e := range r.Environments {
		row := []string{e.Name, e.summary(), "none"}
		switch {
		case e.PinError != "":
			row[2] = "does not verify"
		case e.behind != nil:
			row[2] = fmt.Sprintf("#%d is not here", e.PinSeen)
		case e.unknown:
			row[2] = "none here"
		case e.Pin != nil:
			pinned = true
			row = append(row[:2], fmt.Sprintf("#%d", e.Pin.Number), minutes(e.Pin.Time), e.Pin.Publisher, shortHash(e.Pin.Commit), e.Drift.text(), e.Pin.Message)
		}
		table = append(table, row)
	}
	if !pinned {
		table[0] = table[0][:3]
	}
	return table
}

func (e *envStatus) summary() string {
	text := fmt.Sprint(e.Secrets)
	for _, part := range []struct {
		names []string
		what  string
	}{{e.Unmerged, "unmerged"}, {e.Blank, "blank"}, {e.Expired, "expired"}, {e.Expiring, "expiring"}} {
		if len(part.names) > 0 {
			text += fmt.Sprintf(", %d %s", len(part.names), part.what)
		}
	}
	return text
}

func (d *drift) text() string {
	var parts []string
	for _, side := range []struct {
		n    *int
		what string
	}{{d.Head, "HEAD"}, {d.WorkTree, "work tree"}} {
		if side.n != nil && *side.n > 0 {
			parts = append(parts, fmt.Sprintf("%s differs by %d", side.what, *side.n))
		}
	}
	if len(parts) == 0 {
		return "the same"
	}
	return strings.Join(parts, ", ")
}

// secrets prints the matrix: the rows that differ or want attention, or all.
func (p *statusPrinter) secrets(all bool) {
	header := []string{"SECRET"}
	for _, e := range p.Environments {
		header = append(header, e.Name)
	}
	table := [][]string{header}
	left := 0
	for _, secret := range p.Secrets {
		if secret.plain && !all {
			left++
			continue
		}
		row := []string{secret.Name}
		for _, e := range p.Environments {
			state, ok := secret.State[e.Name]
			if !ok {
				state = "-"
			}
			row = append(row, state)
		}
		table = append(table, row)
	}
	if len(table) > 1 {
		p.table(table)
	}
	switch {
	case len(p.Secrets) == 0:
		p.lines([]string{"No secrets yet      " + p.here("pinseal set NAME")})
	case left > 0 && len(table) == 1:
		p.lines([]string{fmt.Sprintf("%s, sealed in every environment      --all lists them", count(left, "secret"))})
	case left > 0:
		p.line("and %d more, sealed in every environment      --all lists them", left)
	}
}

func (r *statusReport) uncommitted() []string {
	switch {
	case r.Commit == "" || !r.inHead:
		return []string{"Nothing is committed yet      " + r.commit}
	case len(r.Uncommitted) == 0:
		return nil
	}
	const most = 10
	lines := []string{"Not committed:      " + r.commit}
	for i, path := range r.Uncommitted {
		if i == most {
			lines = append(lines, fmt.Sprintf("  and %d more", len(r.Uncommitted)-most))
			break
		}
		lines = append(lines, "  "+path)
	}
	return lines
}

// problems are the lines that say what is wrong, with the hard words it takes.
func (r *statusReport) problems() []string {
	var lines []string
	if r.OlderNote > 0 {
		lines = append(lines, fmt.Sprintf("The app note here is version %d; version %d has been seen      merge the newer one before you write", r.OlderNote, r.NoteVersion))
	}
	for _, name := range r.Unfinished {
		lines = append(lines, fmt.Sprintf("%s/%s has no %s, so it is no app      pinseal init %s finishes it", storeDir, name, versions.NoteName, name))
	}
	for _, e := range r.Environments {
		if e.PinError != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", e.Name, e.PinError))
		}
		if e.behind != nil {
			lines = append(lines, fmt.Sprintf("%s: #%d is known, and #%d is the newest here      %s", e.Name, e.PinSeen, e.behind.Have, r.here("pinseal fetch")))
		} else if e.PinSeen > 0 {
			lines = append(lines, fmt.Sprintf("%s: this clone has no pins; #%d has been seen elsewhere      %s", e.Name, e.PinSeen, r.here("pinseal fetch")))
		}
	}
	for _, env := range r.unpublished {
		lines = append(lines, fmt.Sprintf("%s: nobody can publish it      %s", env, r.here("pinseal member add NAME --can "+string(seal.PublishSlot(env)))))
	}
	lines = append(lines, versions.PendingLines(r.waiting)...)
	if len(r.Pending) > 0 {
		lines = append(lines, "Who can finishes what is pending with      "+r.here("pinseal member sync"))
	}
	if len(r.Members) > 1 {
		var classic []string
		for _, m := range r.Members {
			reads := slices.ContainsFunc(m.Slots, func(slot string) bool { return strings.HasSuffix(slot, ".read") })
			if !m.PostQuantum && reads {
				classic = append(classic, m.Name)
			}
		}
		if len(classic) > 0 {
			lines = append(lines, "Not post-quantum, and so nothing that they read is: "+strings.Join(classic, ", "))
		}
	}
	return lines
}

// someOf names a few of many.
func someOf(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func (r *statusReport) memberTable() [][]string {
	table := [][]string{{"MEMBER", "CAN"}}
	for _, m := range r.Members {
		name := m.Name
		if m.Service {
			name += " (service)"
		}
		table = append(table, []string{name, strings.Join(m.Slots, ", ")})
	}
	return table
}
