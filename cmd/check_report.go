package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/cmd/child"
	"pinseal/versions"
)

// States of a name that an app needs.
const (
	needMissing  = "missing"
	needBlank    = "blank"
	needDefault  = "default"  // missing, and the code has a default
	needOptional = "optional" // blank, and may be
	needPresent  = "present"
)

// needStates are the states in the order of the list.
var needStates = []string{needMissing, needBlank, needDefault, needOptional, needPresent}

// checkReport is what an environment has of what an app needs.
type checkReport struct {
	Schema      int         `json:"schema"`
	App         string      `json:"app"`
	Environment string      `json:"environment"`
	Version     string      `json:"version"`
	Sources     []string    `json:"sources"` // files and directories as they were named
	Names       []checkName `json:"names"`   // by state, then by name
	Unused      []string    `json:"unused"`  // secrets that are not asked for
}

type checkName struct {
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Secret string    `json:"secret,omitempty"` // that becomes the variable, where it has another name
	Kind   string    `json:"kind,omitempty"`   // key: run passes it only when asked
	Places []askedAt `json:"places"`
}

// compareNeeds tells for each need what there is. names are sorted, and files are
// theirs.
func compareNeeds(list []*need, names []string, files []*versions.SecretFile) checkReport {
	report := checkReport{Schema: 1, Names: []checkName{}, Unused: []string{}}
	variables := map[string]string{} // by the variable that run makes; the first name wins
	for _, name := range slices.Backward(names) {
		variables[child.EnvName(name)] = name
	}
	used := map[string]bool{}
	for _, n := range list {
		row := checkName{Name: n.name, State: needMissing, Places: append([]askedAt{}, n.places...)}
		secret := n.name
		i, there := slices.BinarySearch(names, secret)
		if !there && n.variable {
			if secret = variables[n.name]; secret != "" {
				i, there = slices.BinarySearch(names, secret)
				row.Secret = secret
			}
		}
		switch {
		case there:
			used[secret] = true
			row.State = needState(files[i])
			if files[i].Kind == versions.KindKey {
				row.Kind = versions.KindKey
			}
		case !n.required:
			row.State = needDefault
		}
		report.Names = append(report.Names, row)
	}
	slices.SortStableFunc(report.Names, func(a, b checkName) int {
		return slices.Index(needStates, a.State) - slices.Index(needStates, b.State)
	})
	for _, name := range names {
		if !used[name] {
			report.Unused = append(report.Unused, name)
		}
	}
	return report
}

func needState(f *versions.SecretFile) string {
	switch {
	case f.Blank() && f.Optional:
		return needOptional
	case f.Blank():
		return needBlank
	}
	return needPresent
}

// fails reports whether the app lacks something.
func (r *checkReport) fails() bool { return r.count(needMissing)+r.count(needBlank) > 0 }

func (r *checkReport) count(state string) (n int) {
	for _, name := range r.Names {
		if name.State == state {
			n++
		}
	}
	return n
}

func (c *cli) printCheck(r checkReport) error {
	rows := [][]string{{"NAME", "STATE", "ASKED FOR"}}
	for _, n := range r.Names {
		state := n.State
		switch {
		case n.Secret != "":
			state += ", as " + n.Secret
		case n.State == needDefault:
			state = "not set, has a default"
		}
		if n.Kind == versions.KindKey {
			state += ", a key: run passes it with --only"
		}
		rows = append(rows, []string{n.Name, state, placesOf(n.Places)})
	}
	for _, name := range r.Unused {
		rows = append(rows, []string{name, "not asked for", ""})
	}
	if len(rows) > 1 {
		if err := printTable(c.Stdout, rows); err != nil {
			return err
		}
	}
	c.say("%s: %d missing, %d blank, %d there", r.Environment, r.count(needMissing), r.count(needBlank), r.count(needPresent))
	for _, n := range r.Names {
		if n.State == needMissing || n.State == needBlank {
			c.say("  try:  %s", c.here("pinseal set "+n.Name+" -e "+r.Environment))
			break
		}
	}
	return nil
}

// placesOf names the first few places, as file:line.
func placesOf(places []askedAt) string {
	const most = 3
	var parts []string
	for i, p := range places {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(places)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%s:%d", p.File, p.Line))
	}
	return strings.Join(parts, ", ")
}
