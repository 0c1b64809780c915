package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/cmd/child"
	"pinseal/seal"
	"pinseal/versions"
)

// States of a name that an app needs.
const (
	needNoName   = "impossible" // no secret can have the name
	needClash    = "clash"      // two secrets become the variable, and run refuses both
	needMissing  = "missing"
	needBlank    = "blank"
	needDefault  = "default"  // missing, and the code has a default
	needOptional = "optional" // blank, and may be
	needPresent  = "present"
)

// needStates are the states in the order of the list.
var needStates = []string{needNoName, needClash, needMissing, needBlank, needDefault, needOptional, needPresent}

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
	Clash  []string  `json:"clash,omitempty"`  // the secrets that become it, where they are several
	Kind   string    `json:"kind,omitempty"`   // key: run passes it only when asked
	Places []askedAt `json:"places"`
}

// compareNeeds tells for each need what there is. names are sorted, and files are
// theirs.
func compareNeeds(list []*need, names []string, files []*versions.SecretFile) checkReport {
	report := checkReport{Schema: 1, Names: []checkName{}, Unused: []string{}}
	variables := map[string][]string{} // secrets by the variable that run makes
	for _, name := range names {
		variables[child.EnvName(name)] = append(variables[child.EnvName(name)], name)
	}
	used := map[string]bool{}
	for _, n := range list {
		row := checkName{Name: n.name, State: needMissing, Places: append([]askedAt{}, n.places...)}
		all := answers(n, names, variables)
		row.judge(n, all, names, files)
		for _, name := range all {
			used[name] = true
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

// answers are the secrets that a need may mean, sorted.
func answers(n *need, names []string, variables map[string][]string) []string {
	i, exact := slices.BinarySearch(names, n.name)
	switch {
	case n.variable && len(variables[n.name]) > 0:
		return variables[n.name]
	case n.variable && exact:
		return variables[child.EnvName(n.name)]
	case exact:
		return names[i : i+1]
	}
	return nil
}

// judge sets the state of a need that secrets answer.
func (c *checkName) judge(n *need, secrets, names []string, files []*versions.SecretFile) {
	file := func(name string) *versions.SecretFile {
		i, _ := slices.BinarySearch(names, name)
		return files[i]
	}
	if len(secrets) > 1 { // what run leaves out is in nobody's way
		passed := slices.DeleteFunc(slices.Clone(secrets), func(name string) bool {
			f := file(name)
			return f.Kind == versions.KindKey || f.Blank() && f.Optional
		})
		if secrets = secrets[:1]; len(passed) > 0 {
			secrets = passed
		}
	}
	switch {
	case seal.CheckSecretName(n.name) != nil:
		c.State = needNoName
	case len(secrets) > 1:
		c.State, c.Clash = needClash, secrets
	case len(secrets) == 1:
		f := file(secrets[0])
		c.State = needState(f)
		if secrets[0] != n.name {
			c.Secret = secrets[0]
		}
		if f.Kind == versions.KindKey {
			c.Kind = versions.KindKey
		}
	case !n.required:
		c.State = needDefault
	}
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
func (r *checkReport) fails() bool {
	return r.count(needNoName)+r.count(needClash)+r.count(needMissing)+r.count(needBlank) > 0
}

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
		case n.State == needClash:
			state = "clash: " + strings.Join(n.Clash, " and ") + " become it"
		case n.State == needNoName:
			state = "no secret can have this name"
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
	other := ""
	if n := r.count(needNoName) + r.count(needClash); n > 0 {
		other = fmt.Sprintf(", %d wrong", n)
	}
	c.say("%s: %d missing, %d blank, %d there%s", r.Environment, r.count(needMissing), r.count(needBlank), r.count(needPresent), other)
	for _, n := range r.Names {
		if try := n.hint(r.Environment); try != "" {
			c.say("  try:  %s", c.here(try))
			break
		}
	}
	return nil
}

// hint is how a name comes to be there, "" for one that is.
func (c *checkName) hint(env string) string {
	switch c.State {
	case needMissing, needBlank:
		if c.Kind == versions.KindKey {
			return "pinseal key create " + c.Name + " -e " + env
		}
		return "pinseal set " + c.Name + " -e " + env
	case needClash:
		return "pinseal rm " + c.Clash[0] + " -e " + env + "      or pinseal mv it to a name of its own"
	case needNoName:
		name := c.Name
		if len(name) > 60 {
			name = quoteShell(name[:40] + "*")
		}
		return "pinseal check --ignore " + name + "      where it is no secret"
	}
	return ""
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
