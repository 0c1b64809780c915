package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/versions"
)

// chosen is what a command takes of a set, each sorted by name.
type chosen struct {
	values []versions.Value
	blanks []string // blank and optional: left out
	keys   []string // named encryption keys, which nobody asked for: left out
}

// Get opens one secret, or takes what stands in for it. Errors are those of
// [versions.Set.Get].
func (v *view) Get(name string) (versions.Value, error) {
	if v.over == nil {
		return v.Set.Get(name)
	}
	f, err := v.Source.File(v.Environment, name)
	if err != nil {
		return versions.Value{}, err
	}
	return v.Open(name, f)
}

// Open is Get of a file that was read from the set.
func (v *view) Open(name string, f *versions.SecretFile) (versions.Value, error) {
	if v.over == nil {
		return v.Set.Open(name, f)
	}
	if secret, ok := v.over.values[name]; ok {
		if f.Kind == versions.KindKey {
			return versions.Value{}, usage(nil, "%q is a named encryption key: no override can stand in for it", name)
		}
		return versions.Value{Name: name, File: f, Secret: secret}, nil
	}
	if v.over.keyring != nil {
		keys, err := v.over.keyring()
		if err != nil {
			return versions.Value{}, err
		}
		v.Keys, v.over.keyring = keys, nil
	}
	return v.Set.Open(name, f)
}

// overrides reports whether a value of the view stands in for a sealed one.
func (v *view) overrides(name string) bool {
	if v.over == nil {
		return false
	}
	_, ok := v.over.values[name]
	return ok
}

// sayOverridden names what does not come from the seal. A forgotten variable must not
// be a riddle.
func (v *view) sayOverridden(values ...versions.Value) {
	var names []string
	for _, value := range values {
		if v.overrides(value.Name) {
			names = append(names, value.Name)
		}
	}
	if len(names) > 0 {
		v.over.warn("Overridden: %s", strings.Join(names, ", "))
	}
}

// choose opens the secrets of only, or all. Of all, named encryption keys are
// left out: they are for encrypt and decrypt. A blank that is not optional is an
// error that names every one. What stands in for a sealed value is said.
func (v *view) choose(ctx context.Context, only []string) (c chosen, err error) {
	all := len(only) == 0
	values, blanks, err := v.openOnly(ctx, only)
	if err != nil {
		return chosen{}, err
	}
	var missing []string
	for _, name := range blanks {
		f, err := v.Source.File(v.Environment, name)
		switch {
		case err != nil:
			return chosen{}, err
		case all && f.Kind == versions.KindKey:
			c.keys = append(c.keys, name)
		case f.Optional:
			c.blanks = append(c.blanks, name)
		default:
			missing = append(missing, name)
		}
	}
	for _, value := range values {
		if all && value.File.Kind == versions.KindKey {
			c.keys = append(c.keys, value.Name)
		} else {
			c.values = append(c.values, value)
		}
	}
	slices.Sort(c.keys)
	if len(missing) > 0 {
		return chosen{}, v.blankError(missing)
	}
	v.sayOverridden(c.values...)
	return c, nil
}

// openOnly opens the secrets named, or all of them, and lists blanks apart.
func (v *view) openOnly(ctx context.Context, only []string) (values []versions.Value, blanks []string, err error) {
	var files []*versions.SecretFile // of all: the directory is listed once
	switch {
	case len(only) == 0 && v.over == nil:
		return v.All(ctx)
	case len(only) == 0:
		if only, files, err = v.Source.Files(v.Environment); err != nil {
			return nil, nil, err
		}
	default:
		only = slices.Compact(slices.Sorted(slices.Values(only)))
	}
	for i, name := range only {
		var value versions.Value
		if files != nil {
			value, err = v.Open(name, files[i])
		} else {
			value, err = v.Get(name)
		}
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case errors.As(err, new(*versions.BlankError)):
			blanks = append(blanks, name)
		case err != nil:
			return nil, nil, err
		default:
			values = append(values, value)
		}
	}
	return values, blanks, nil
}

// blankError says which secrets want a value, one at least.
func (v *view) blankError(names []string) error {
	env := v.Environment
	err := error(&versions.BlankError{Name: names[0], Environment: env})
	if len(names) > 1 {
		err = fmt.Errorf("%w; blank too: %s", err, strings.Join(names[1:], ", "))
	}
	var try []string
	for _, name := range names {
		try = append(try, v.fillHints(name)[0])
	}
	if strings.HasPrefix(try[0], "pinseal set ") {
		try = append(try, try[0]+" --keep --optional      if it can be done without")
	}
	return hint(err, try...)
}
