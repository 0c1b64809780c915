package cmd

import (
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// copyPlan is what a copy writes, and the names that it leaves alone.
type copyPlan struct {
	files  []*changedFile
	blanks []string // which would replace a value
	keys   []string // encryption keys of the target
	left   []string // encryption keys of the source, which --all does not take
}

// copies seals everything for the target before any of it is written.
func (o *copyOptions) copies(set *versions.Set, w *writer) (*copyPlan, error) {
	names, sources, err := o.sources(set)
	if err != nil {
		return nil, err
	}
	c := &copyPlan{}
	if o.all {
		names, sources, c.left = withoutKeys(names, sources)
	}
	taken, err := w.taken()
	if err != nil {
		return nil, err
	}
	as := func(name string) string {
		if o.as != "" {
			return o.as
		}
		return name
	}
	var targets []string
	for _, name := range names {
		targets = append(targets, as(name))
	}
	if err := w.checkNames(taken, targets); err != nil {
		return nil, err
	}
	for i, name := range names {
		f, to := sources[i], &changedFile{name: as(name)}
		if _, there := slices.BinarySearch(taken, as(name)); there {
			to.was, err = w.files.ReadFile(versions.FilePath(w.env, to.name))
			isKey := isKeyText(to.was) && !isBlankKey(to.was)
			switch {
			case isKey && !o.all:
				return nil, w.exists(as(name), w.rmLine(as(name))+"       if the encryption key, and what it encrypted, is to go")
			case !o.force:
				return nil, w.exists(as(name), o.line()+" --force       to replace it")
			case err != nil:
				return nil, err
			case isKey:
				c.keys = append(c.keys, as(name))
				continue
			case f.Blank():
				c.blanks = append(c.blanks, name)
				continue
			}
		}
		if to.SecretFile, err = set.Reseal(name, f, w.sealer, seal.Place{App: w.id, Environment: w.env, Name: to.name}); err != nil {
			return nil, err
		}
		c.files = append(c.files, to)
	}
	return c, nil
}

// withoutKeys takes encryption keys out: what is encrypted in one environment is not for
// those who read another, unless that is said of a key.
func withoutKeys(names []string, files []*versions.SecretFile) (others []string, theirs []*versions.SecretFile, keys []string) {
	for i, f := range files {
		if f.Kind == versions.KindKey {
			keys = append(keys, names[i])
		} else {
			others, theirs = append(others, names[i]), append(theirs, f)
		}
	}
	return others, theirs, keys
}

// sources reads the files to be copied, sorted by name.
func (o *copyOptions) sources(set *versions.Set) (names []string, files []*versions.SecretFile, err error) {
	if o.all {
		names, files, err = set.Source.Files(set.Environment)
		if err == nil && len(names) == 0 {
			err = &versions.NotFoundError{What: "secret", In: set.Environment + " of the work tree"}
		}
		return names, files, err
	}
	names = slices.Compact(slices.Sorted(slices.Values(o.names)))
	for _, name := range names {
		f, err := set.Source.File(set.Environment, name)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
	}
	return names, files, nil
}
