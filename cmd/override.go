package cmd

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pinseal/cmd/child"
	"pinseal/cmd/dotenv"
	"pinseal/seal"
	"pinseal/versions"
)

// overridePrefix begins the variables that stand in for sealed values: the name of
// the secret follows, as [child.EnvName] has it.
const overridePrefix = "PINSEAL__SECRETS__"

// overrideLong is for the help of a command that takes overrides.
const overrideLong = `For work on this machine a value can stand in for the sealed one: the variable
PINSEAL__SECRETS__NAME, in which "_" stands for what no variable can have, or an
entry of the file that --override names. It needs no key, and the secret may be
blank. Where both give one secret a value, that is an error. The file may name what
is declared in the environment and nothing else: a PORT that the app has from
elsewhere is refused. A pin or a bundle is read as it is: both are ignored then, and
a line says so.`

// overrideOptions are for a command that reads values: those of the environment and
// of a file can stand in for the sealed ones. The zero value takes none.
type overrideOptions struct {
	file string
	told *bool // whether what is not taken has been said; shared by copies
}

func (o *overrideOptions) bind(_ *cli, cmd *cobra.Command) {
	o.told = new(bool)
	cmd.Flags().StringVar(&o.file, "override", "", "values of `FILE` (.env, or .json) take the place of sealed ones; ignored with a pin")
}

// overridden is what stands in for sealed values in a view.
type overridden struct {
	*cli
	values map[string]seal.Secret // by secret
	// keyring loads the identity, when something sealed is asked for; nil after that.
	keyring func() (*versions.Keyring, error)
}

// overrideVariables lists the variables that override, by what follows the prefix,
// sorted.
func (c *cli) overrideVariables() []plainPair {
	var pairs []plainPair
	for _, kv := range c.Environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ok := strings.CutPrefix(foldVariable(name), overridePrefix)
		if !ok {
			continue
		}
		pairs = slices.DeleteFunc(pairs, func(p plainPair) bool { return p.name == rest }) // the last one counts
		pairs = append(pairs, plainPair{name: rest, value: seal.NewSecret([]byte(value)), where: overridePrefix + rest})
	}
	slices.SortFunc(pairs, func(a, b plainPair) int { return strings.Compare(a.name, b.name) })
	return pairs
}

// foldVariable is the form in which two names of one variable are equal.
func foldVariable(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// override lets values stand in for those of the set. All of them are checked, also
// those that nobody asks for.
func (v *view) override(c *cli, o overrideOptions, keyring func() (*versions.Keyring, error)) error {
	vars := c.overrideVariables()
	if o.told == nil || len(vars) == 0 && o.file == "" {
		return nil
	}
	names, err := v.Source.Names(v.Environment)
	if err != nil {
		return err
	}
	over := &overridden{cli: c, values: map[string]seal.Secret{}, keyring: keyring}
	if o.file != "" {
		if err := over.addFile(v, o.file, names); err != nil {
			return fmt.Errorf("--override %q: %w", o.file, err)
		}
	}
	if err := over.addVariables(v, o, vars, names); err != nil {
		return err
	}
	if len(over.values) > 0 {
		v.over = over
	}
	return nil
}

// addVariables takes the variables. One that is of no secret is a slip, and no more:
// it may be another app's.
func (over *overridden) addVariables(v *view, o overrideOptions, vars []plainPair, names []string) error {
	secrets := map[string][]string{} // by variable
	for _, name := range names {
		variable := foldVariable(child.EnvName(name))
		secrets[variable] = append(secrets[variable], name)
	}
	var unknown []string
	for _, p := range vars {
		switch of := secrets[p.name]; {
		case len(of) == 0:
			unknown = append(unknown, p.where)
		case len(of) > 1:
			return usage([]string{"… --override FILE      tells them apart"}, "%s is the variable of %q and of %q", p.where, of[0], of[1])
		default:
			if _, taken := over.values[of[0]]; taken {
				return usage(nil, "both --override and %s give a value for %q: one has to go", p.where, of[0])
			}
			if err := over.add(of[0], p); err != nil {
				return err
			}
		}
	}
	if len(unknown) > 0 && !*o.told {
		*o.told = true
		over.warn("ignored, for %s has no secret of that name: %s", v.Environment, oneLine(strings.Join(unknown, ", ")))
	}
	return nil
}

// addFile takes a file, in which every name must be one of the set's.
func (over *overridden) addFile(v *view, file string, names []string) error {
	pairs, err := over.readOverrides(file)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := seal.CheckSecretName(p.name); err != nil {
			return usage(nil, "%s: %s", p.where, err)
		}
		if !slices.Contains(names, p.name) {
			var try []string
			for _, name := range nearest(p.name, names) {
				try = append(try, name+"      is there")
			}
			missing := &versions.NotFoundError{What: "secret", Name: p.name, In: v.Environment + " of the " + v.Source.What}
			return hint(missing, append(try, v.listCommand(), "pinseal set "+p.name+" -e "+v.Environment+" --blank      declares it")...)
		}
		if err := over.add(p.name, p); err != nil {
			return err
		}
	}
	return nil
}

func (c *cli) readOverrides(file string) ([]plainPair, error) {
	json := strings.HasSuffix(strings.ToLower(file), ".json")
	limit := dotenv.MaxSize
	if json {
		limit = maxJSON
	}
	data, err := c.readFile(c.path(file), limit)
	if err != nil {
		return nil, usage(nil, "cannot be read: %s", reasonOf(err))
	}
	if json {
		return parseFlatJSON(data)
	}
	return c.parseDotenv(data)
}

// add holds a value to the limits of a sealed one.
func (over *overridden) add(name string, p plainPair) error {
	switch {
	case p.value.Len() == 0:
		return usage(nil, "%s is empty: a variable that was not set?", p.where)
	case p.value.Len() > seal.MaxValue:
		return usage(nil, "%s is larger than %d bytes, which is the limit", p.where, seal.MaxValue)
	}
	over.values[name] = p.value
	return nil
}

// ignoreOverrides says once, for a pin or a bundle that is read, what does not count:
// a pin is what was published, and nothing else.
func (c *cli) ignoreOverrides(o overrideOptions) {
	if o.told == nil || *o.told {
		return
	}
	var ignored []string
	for _, p := range c.overrideVariables() {
		ignored = append(ignored, oneLine(p.where))
	}
	if o.file != "" {
		ignored = append(ignored, "--override "+quoteShell(o.file))
	}
	if len(ignored) > 0 {
		*o.told = true
		c.warn("A pin is read as it was published. Ignored: %s", strings.Join(ignored, ", "))
	}
}
