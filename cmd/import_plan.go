package cmd

import (
	"fmt"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// importPlan is what an import would do. files are those to write.
type importPlan struct {
	new, replaced, unchanged []string
	files                    map[string]*versions.SecretFile
}

// planImport checks the input against what is there and seals it.
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
	plan := &importPlan{files: map[string]*versions.SecretFile{}}
	at := versions.Set{Source: w.head, Environment: w.env, Keys: w.silentKeyring(w.head)}
	for _, p := range pairs {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		f := &versions.SecretFile{Kind: versions.KindSecret}
		if _, there := slices.BinarySearch(taken, p.name); !there {
			plan.new = append(plan.new, p.name)
		} else {
			if f, err = w.head.File(w.env, p.name); err != nil {
				return nil, err
			}
			if f.Kind != versions.KindSecret {
				return nil, usage([]string{"pinseal key rotate " + p.name}, "%q is a named encryption key; its versions are not set by hand", p.name)
			}
			if holds(at, p) {
				plan.unchanged = append(plan.unchanged, p.name)
				continue
			}
			plan.replaced = append(plan.replaced, p.name)
		}
		if dryRun {
			continue
		}
		if f.Value, err = w.seal(p.name, p.value); err != nil {
			return nil, err
		}
		f.Generate = ""
		plan.files[p.name] = f
	}
	return plan, nil
}

// holds reports whether the set is known to hold a value already.
func holds(set versions.Set, p plainPair) bool {
	if set.Keys == nil {
		return false
	}
	old, err := set.Get(p.name)
	return err == nil && old.Secret.Equal(p.value)
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
