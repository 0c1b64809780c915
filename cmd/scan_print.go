package cmd

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"pinseal/versions"
	"pinseal/versions/leak"
)

// print tells what a scan found: findings on stdout, what was not looked for and
// a summary beside.
func (sc *scanning) print(asJSON bool) error {
	sc.sayWithout()
	if asJSON {
		return sc.printJSON(sc.asJSON())
	}
	out := bufio.NewWriterSize(sc.Stdout, 64<<10)
	for _, line := range sc.lines() {
		if _, err := out.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if len(sc.found) == 0 && len(sc.unread) == 0 {
		sc.say("Nothing found%s", sc.looked())
	}
	return nil
}

// looked says how much was looked for and into.
func (sc *scanning) looked() string {
	s := fmt.Sprintf(": %s, %s, %s", count(len(sc.values.List)-len(sc.skipped), "value"), count(sc.stats.Items, "text"), bytesText(sc.stats.Bytes))
	if n := sc.passed; n > 0 {
		s += fmt.Sprintf("; the baseline lets %d pass", n)
	}
	return s
}

// sayWithout names what is not looked for.
func (sc *scanning) sayWithout() {
	for _, w := range sc.values.without {
		sc.say("Not looked for: %s", w)
	}
	var reasons []string
	names := map[string][]string{}
	for _, s := range sc.skipped {
		if !slices.Contains(reasons, s.Reason) {
			reasons = append(reasons, s.Reason)
		}
		names[s.Reason] = append(names[s.Reason], sc.holders(sc.values.List[s.Value]))
	}
	for _, reason := range reasons {
		sc.say("Not looked for, %s: %s", reason, someOf(names[reason]))
	}
}

// holders names the secrets that have a value: "A (dev, production), B (dev)".
func (sc *scanning) holders(v *versions.Known) string {
	apps := map[string]bool{}
	for _, a := range sc.values.apps {
		apps[a.dir] = true
	}
	var names []string
	where := map[string][]string{}
	for _, in := range v.In {
		env := in.Environment
		if len(apps) > 1 {
			env += " of " + in.App
		}
		if !slices.Contains(names, in.Name) {
			names = append(names, in.Name)
		}
		where[in.Name] = append(where[in.Name], env)
	}
	for i, name := range names {
		names[i] = name + " (" + strings.Join(where[name], ", ") + ")"
	}
	return strings.Join(names, ", ")
}

// lines are the findings for people.
func (sc *scanning) lines() []string {
	var all []string
	for _, f := range sc.found {
		line := placeOf(f) + "  " + sc.holders(f.Known)
		if f.Form != leak.Raw {
			line += "  as " + string(f.Form)
		}
		if f.More > 0 {
			line += fmt.Sprintf("  and %s more", count(f.More, "line"))
		}
		if !f.Known.Current {
			line += "  an old value"
		}
		all = append(all, oneLine(line))
	}
	if sc.beyond > 0 {
		all = append(all, fmt.Sprintf("and %d more", sc.beyond))
	}
	return all
}

// placeOf is where a finding is. Line 0 is the name itself.
func placeOf(f versions.Finding) string { return fmt.Sprintf("%s:%d", itemName(f.ScanItem), f.Line) }

// itemName names a text, and shows no value that its name holds.
func itemName(item versions.ScanItem) string {
	name := shownPath(item)
	switch {
	case name != "":
	case item.Header:
		name = "(header)"
	default:
		name = "(message)"
	}
	if item.Commit != "" {
		name = shortHash(string(item.Commit)) + " " + name
	}
	return name
}

func shownPath(item versions.ScanItem) string {
	if item.Masked != "" {
		return item.Masked
	}
	return item.Path
}

type foundJSON struct {
	Commit  string       `json:"commit,omitempty"`
	Path    string       `json:"path"`             // "" in a message or header
	Masked  bool         `json:"masked,omitempty"` // the path holds a value, which is not shown
	Header  bool         `json:"header,omitempty"` // of the commit or tag
	Line    int          `json:"line"`             // 0 is the path
	More    int          `json:"more_lines,omitempty"`
	Form    string       `json:"form"`
	Old     bool         `json:"old,omitempty"` // what has been replaced since
	Secrets []holderJSON `json:"secrets"`
}

type holderJSON struct {
	App         string `json:"app"`
	Environment string `json:"environment"`
	Name        string `json:"name"`
}

type skippedJSON struct {
	Reason  string       `json:"reason"`
	Secrets []holderJSON `json:"secrets"`
}

func (sc *scanning) asJSON() any {
	out := struct {
		Schema  int           `json:"schema"`
		Found   []foundJSON   `json:"findings"`
		Beyond  int           `json:"more_findings,omitempty"`
		Allowed int           `json:"allowed"`
		Skipped []skippedJSON `json:"not_looked_for"`
		Without []string      `json:"without_key"`
		Unread  []string      `json:"not_read"`
		Values  int           `json:"values"`
		Texts   int           `json:"texts"`
		Bytes   int64         `json:"bytes"`
	}{1, []foundJSON{}, sc.beyond, sc.passed, []skippedJSON{}, sc.values.without, sc.unread, len(sc.values.List) - len(sc.skipped), sc.stats.Items, sc.stats.Bytes}
	for _, f := range sc.found {
		out.Found = append(out.Found, foundJSON{Commit: string(f.Commit), Path: shownPath(f.ScanItem), Masked: f.Masked != "", Header: f.Header,
			Line: f.Line, More: f.More, Form: string(f.Form), Old: !f.Known.Current, Secrets: holdersJSON(f.Known)})
	}
	for _, s := range sc.skipped {
		out.Skipped = append(out.Skipped, skippedJSON{s.Reason, holdersJSON(sc.values.List[s.Value])})
	}
	if out.Without == nil {
		out.Without = []string{}
	}
	if out.Unread == nil {
		out.Unread = []string{}
	}
	return out
}

func holdersJSON(v *versions.Known) []holderJSON {
	all := make([]holderJSON, len(v.In))
	for i, in := range v.In {
		all[i] = holderJSON(in)
	}
	return all
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	units := []string{"bytes", "KB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for ; f >= 1000 && i < len(units)-1; i++ {
		f /= 1000
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}
