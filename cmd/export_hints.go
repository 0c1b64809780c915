package cmd

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// typedFlags are the flags that a command was given, for hints that are pasted: --app
// and -C are left to [cli.here].
type typedFlags struct{ *pflag.FlagSet }

// but writes the flags, each after a space, without some.
func (t typedFlags) but(without ...string) string {
	var typed strings.Builder
	t.Visit(func(f *pflag.Flag) {
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		switch {
		case f.Name == "app", f.Name == "directory", slices.Contains(without, f.Name), value == "false":
		case value == "true":
			typed.WriteString(" --" + f.Name)
		default:
			typed.WriteString(" --" + f.Name + " " + quoteShell(value))
		}
	})
	return typed.String()
}

// pasted puts the flags that were given into the hints of a format, which does not
// know them.
func (o *exportOptions) pasted(err error) error {
	var h *hinted
	if !errors.As(err, &h) {
		return err
	}
	output := []string{"only", "format", "output", "name", "namespace"}
	try := slices.Clone(h.try)
	for i, line := range try {
		for _, known := range []struct{ command, next, flags string }{
			{"pinseal export", " --only ", o.typed.but("only")},
			{"pinseal export", " --dir ", o.typed.but(output...)},
			{"pinseal get", " ", o.typed.but(output...)},
		} {
			if rest, ok := strings.CutPrefix(line, known.command); ok && strings.HasPrefix(rest, known.next) {
				try[i] = known.command + known.flags + rest
			}
		}
	}
	return hint(err, try...)
}
