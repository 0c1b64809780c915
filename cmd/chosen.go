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

// choose opens the secrets of only, or all. Of all, named encryption keys are
// left out: they are for encrypt and decrypt. A blank that is not optional is an
// error that names every one.
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
		return chosen{}, blankError(missing, v.Environment)
	}
	return c, nil
}

// openOnly opens the secrets named, or all of them, and lists blanks apart.
func (v *view) openOnly(ctx context.Context, only []string) (values []versions.Value, blanks []string, err error) {
	if len(only) == 0 {
		return v.All(ctx)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(only))) {
		value, err := v.Get(name)
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
func blankError(names []string, env string) error {
	err := error(&versions.BlankError{Name: names[0], Environment: env})
	if len(names) > 1 {
		err = fmt.Errorf("%w; blank too: %s", err, strings.Join(names[1:], ", "))
	}
	var try []string
	for _, name := range names {
		try = append(try, "pinseal set "+name+" -e "+env)
	}
	return hint(err, append(try, "pinseal set "+names[0]+" -e "+env+" --keep --optional      if it can be done without")...)
}
