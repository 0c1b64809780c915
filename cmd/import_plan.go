package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// importPlan is what an import would do. edits are sorted by path; a dry run has
// none.
type importPlan struct {
	new, replaced, unchanged []string
	edits                    []repo.Edit
}

// planImport checks the input against what is there and seals it, on all cores.
func (w *writer) planImport(pairs []plainPair, dryRun bool) (*importPlan, error) {
	taken, err := w.taken()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.name
	}
	if err := w.checkNames(taken, names); err != nil {
		return nil, err
	}
	in := importer{writer: w, taken: taken, among: listNames(w.head, w.env, taken), keys: w.silentKeyring(w.head), dryRun: dryRun}
	found := make([]imported, len(pairs))
	err = versions.InParallel(len(pairs), func(i int) (err error) {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		found[i], err = in.look(pairs[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	plan := &importPlan{}
	for i, f := range found {
		switch {
		case f.same:
			plan.unchanged = append(plan.unchanged, names[i])
			continue
		case f.was == nil:
			plan.new = append(plan.new, names[i])
		default:
			plan.replaced = append(plan.replaced, names[i])
		}
		if f.was == nil {
			f.was = []byte{} // nothing, and so it has to be when it is written
		}
		if !dryRun {
			plan.edits = append(plan.edits, repo.Edit{Path: versions.FilePath(w.env, names[i]), Data: f.data, Was: f.was})
		}
	}
	slices.SortFunc(plan.edits, func(a, b repo.Edit) int { return strings.Compare(a.Path, b.Path) })
	return plan, nil
}

// importer compares pairs with what is there and seals those that differ. It is
// safe for concurrent use.
type importer struct {
	*writer
	taken  []string // sorted
	among  dirListing
	keys   *versions.Keyring // nil when there is no identity
	dryRun bool
}

// imported is what becomes of a pair.
type imported struct {
	same      bool
	was, data []byte // of the secret's file; was is nil when there is none
}

// look reads, compares and seals one pair.
func (in *importer) look(p plainPair) (imported, error) {
	f := &versions.SecretFile{Kind: versions.KindSecret}
	var out imported
	if _, there := slices.BinarySearch(in.taken, p.name); there {
		set := versions.Set{Source: in.among.source(p.name), Environment: in.env, Keys: in.keys}
		var same bool
		var err error
		if f, same, err = holds(&set, p); err != nil || same {
			return imported{same: same}, err
		}
		if f.Kind != versions.KindSecret {
			return out, usage(keyTries(p.name, in.env, f), "%q is a named encryption key; its versions are not set by hand", p.name)
		}
		if out.was, err = f.Bytes(); err != nil {
			return out, err
		}
	}
	if in.dryRun {
		return out, nil
	}
	var err error
	if f.Value, err = in.seal(p.name, p.value); err != nil {
		return out, err
	}
	f.Generate = ""
	out.data, err = f.Bytes()
	return out, err
}

// holds reads a secret's file and reports whether it is known to hold a value
// already. What does not open counts as another.
func holds(set *versions.Set, p plainPair) (f *versions.SecretFile, same bool, err error) {
	if set.Keys != nil {
		old, err := set.Get(p.name)
		if err == nil && old.File.Kind == versions.KindSecret {
			return old.File, old.Secret.Equal(p.value), nil
		}
	}
	f, err = set.Source.File(set.Environment, p.name)
	return f, false, err
}

// apply writes what was planned, all of it or nothing.
func (w *writer) apply(plan *importPlan) error {
	if len(plan.edits) == 0 {
		return nil
	}
	if err := w.meanwhile(w.edit(w.ctx, plan.edits)); err != nil {
		return err
	}
	w.warnIgnored(w.ctx, w.repo, w.dir+"/"+plan.edits[0].Path)
	return nil
}

// silentKeyring opens what the identity at hand opens without asking anyone for
// anything. It is nil when there is none.
func (s *session) silentKeyring(sources ...*versions.Source) *versions.Keyring {
	found, err := s.findIdentity()
	if err != nil || found == nil {
		return nil
	}
	ids, err := seal.ParseIdentities(found.data, seal.Prompts{})
	if err != nil {
		return nil
	}
	keys, err := versions.NewKeyring(s.note, ids, sources...)
	if err != nil {
		return nil
	}
	return keys
}

// print lists the names of a plan to stdout.
func (p *importPlan) print(c *cli) error {
	for _, group := range []struct {
		what  string
		names []string
	}{{"new", p.new}, {"replaced", p.replaced}, {"unchanged", p.unchanged}} {
		for _, name := range group.names {
			if _, err := fmt.Fprintf(c.Stdout, "%-9s  %s\n", group.what, name); err != nil {
				return err
			}
		}
	}
	return nil
}
