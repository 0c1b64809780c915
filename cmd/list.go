package cmd

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"pinseal/versions"
)

type listOptions struct {
	reading
	json bool
}

func newList(c *cli) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "Names, state and last change; never a value",
		Long: `List the secrets of an environment: what state each is in, who changed it last and
what it is for. It needs no key and prints no value.

States: sealed; blank (declared without a value); blank, optional (may be published
so); expires DATE; expired DATE; unmerged (a merge left its conflict in the file:
the rest is listed, and the exit code is 6). An encryption key says so: see pinseal
key list. Dates are UTC. A pin or a bundle has no last change: see pinseal log.`,
		Example: `  pinseal list
  pinseal list -e production --at pin
  pinseal list --json | jq -r '.secrets[].name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runList(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.bind(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// listed is one secret of a set, for people and programs.
type listed struct {
	Name       string        `json:"name"`
	Kind       string        `json:"kind"`
	About      string        `json:"about,omitempty"`
	State      string        `json:"state"`
	Expires    string        `json:"expires,omitempty"`
	Optional   bool          `json:"optional,omitempty"`
	Generate   string        `json:"generate,omitempty"`
	Bits       int           `json:"bits,omitempty"` // of a key
	Versions   []uint32      `json:"key_versions,omitempty"`
	Generation int           `json:"generation,omitempty"` // of the read key, the newest in use
	Changed    *listedChange `json:"changed,omitempty"`
	Dirty      bool          `json:"uncommitted,omitempty"`
}

type listedChange struct {
	Commit string `json:"commit"`
	When   string `json:"when"`
	Author string `json:"author"`
}

func (c *cli) runList(ctx context.Context, o listOptions) error {
	v, s, err := c.lookAt(ctx, o.reading)
	if err != nil {
		return err
	}
	defer v.Close()
	rows, unmerged, err := listSet(v.Source, v.Environment, c.Now())
	if err != nil {
		return err
	}
	dated := v.Pin == nil
	if dated {
		if err := s.dateRows(v, rows); err != nil {
			return err
		}
	}
	if o.json {
		return afterwards(unmerged, c.printJSON(struct {
			Schema      int      `json:"schema"`
			App         string   `json:"app"`
			Environment string   `json:"environment"`
			Version     string   `json:"version"`
			Commit      string   `json:"commit,omitempty"`
			Secrets     []listed `json:"secrets"`
		}{1, v.Note.ID.String(), v.Environment, v.Source.What, string(v.Commit), rows}))
	}
	if len(rows) == 0 {
		c.say("%s has no secrets in the %s\n  try:  %s", v.Environment, v.Source.What, c.here("pinseal set NAME -e "+v.Environment))
		return nil
	}
	return afterwards(unmerged, printTable(c.Stdout, listTable(rows, dated)))
}

// lookAt opens the set that the flags ask for, without a key, and checks its
// structure. Of a bundle the session is nil.
func (c *cli) lookAt(ctx context.Context, o reading) (v *view, s *session, err error) {
	if o.bundle != "" {
		v, err = c.view(ctx, o, look)
	} else {
		if s, err = c.open(ctx, look); err != nil {
			return nil, nil, err
		}
		if v, err = s.view(o); err != nil {
			s.Close()
			return nil, nil, err
		}
		v.close = s.Close
	}
	if err != nil {
		return nil, nil, err
	}
	if s != nil && v.Pin == nil && v.Commit != "" {
		err = s.checkCommit(v.Commit, v.Source)
	} else {
		err = v.Source.CheckAll()
	}
	if err != nil {
		v.Close()
		return nil, nil, err
	}
	return v, s, nil
}

// afterwards is the error of a command that has printed around unmerged files.
func afterwards(unmerged *versions.UnmergedError, printed error) error {
	if printed == nil && unmerged != nil {
		return unmerged
	}
	return printed
}

func listTable(rows []listed, dated bool) [][]string {
	table := [][]string{{"NAME", "STATE", "CHANGED", "ABOUT"}}
	for _, r := range rows {
		changed := ""
		switch {
		case r.Dirty:
			changed = "not committed"
		case r.Changed != nil:
			changed = r.Changed.When[:len(time.DateOnly)] + " " + r.Changed.Author
		}
		state := r.State
		if r.Kind == versions.KindKey {
			state += ", key"
		}
		table = append(table, []string{r.Name, state, changed, r.About})
	}
	if !dated {
		for i := range table {
			table[i] = slices.Delete(table[i], 2, 3)
		}
	}
	return table
}

// listSet reads the set without opening anything.
func listSet(source *versions.Source, env string, now time.Time) (rows []listed, unmerged *versions.UnmergedError, err error) {
	names, files, unmerged, err := source.MergedFiles(env)
	if err != nil {
		return nil, nil, err
	}
	rows = make([]listed, len(names))
	for i, f := range files {
		if f == nil {
			rows[i] = listed{Name: names[i], State: stateUnmerged}
			continue
		}
		rows[i] = listed{Name: names[i], Kind: f.Kind, About: f.About, State: stateOf(f, now), Expires: f.Expires,
			Optional: f.Optional, Generate: f.Generate, Bits: f.Bits}
		for _, v := range f.Versions {
			rows[i].Versions = append(rows[i].Versions, v.Number)
		}
		if g := f.Generations(); len(g) > 0 {
			rows[i].Generation = g[len(g)-1]
		}
	}
	return rows, unmerged, nil
}

// stateUnmerged is the state of a file that holds conflict markers.
const stateUnmerged = "unmerged"

// stateOf is what there is to say of a secret without opening it.
func stateOf(f *versions.SecretFile, now time.Time) string {
	switch {
	case f.Blank() && f.Optional:
		return "blank, optional"
	case f.Blank():
		return "blank"
	case f.Expired(now):
		return "expired " + f.Expires
	case f.Expires != "":
		return "expires " + f.Expires
	}
	return "sealed"
}

// dateRows finds when each secret was changed last. What is in the work tree
// and not so in HEAD has no date yet.
func (s *session) dateRows(v *view, rows []listed) error {
	tip := v.Commit
	var dirty []string // sorted
	if tip == "" {
		head, commit, _, err := s.committed()
		if err != nil {
			return err
		}
		if head == nil {
			for i := range rows {
				rows[i].Dirty = true
			}
			return nil
		}
		if dirty, err = versions.Differing(v.Source, head, v.Environment); err != nil {
			return err
		}
		tip = commit
	}
	var names []string
	for i := range rows {
		_, rows[i].Dirty = slices.BinarySearch(dirty, versions.FilePath(v.Environment, rows[i].Name))
		if !rows[i].Dirty {
			names = append(names, rows[i].Name)
		}
	}
	last, err := s.lastChanges(v.Environment, tip, names)
	if err != nil {
		return err
	}
	for i := range rows {
		if c, ok := last[rows[i].Name]; ok {
			rows[i].Changed = &listedChange{string(c.Commit), c.When.Format(time.RFC3339), c.Author}
		}
	}
	return nil
}
