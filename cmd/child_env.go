package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pinseal/cmd/child"
	"pinseal/seal"
	"pinseal/versions"
)

// childEnviron opens every secret that the program is to have, and returns its
// environment. The session is over when it returns: no helper process of ours
// outlives it.
func (c *cli) childEnviron(ctx context.Context, o childOptions) ([]string, error) {
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	values, err := c.forChild(ctx, v, o)
	if err != nil {
		return nil, err
	}
	g, err := o.environ(c.Environ, v.Environment, values)
	if err != nil {
		return nil, err
	}
	c.sayBoth(o, g.both)
	return g.env, nil
}

// forChild opens the secrets of --only, or all. Named encryption keys are for
// encrypt and decrypt, so they must be asked for. A blank that is optional is
// left out; any other is an error.
func (c *cli) forChild(ctx context.Context, v *view, o childOptions) ([]versions.Value, error) {
	chosen, err := v.choose(ctx, o.only)
	return chosen.values, c.readHint(v, err)
}

// environ gives a program the values of environment env in its environment, which
// inherits from that of this process.
func (o childOptions) environ(inherited []string, env string, values []versions.Value) (*given, error) {
	set := make([]child.Var, len(values))
	for i, value := range values {
		set[i] = child.Var{Secret: value.Name, Value: value.Secret.Reveal()}
	}
	environ, both, err := child.Environ(withoutIdentity(inherited), set, o.inherited(nil))
	if err != nil {
		return nil, o.environHint(err, env)
	}
	g := &given{env: environ}
	for _, v := range both {
		g.both = append(g.both, v.Name)
		if o.preserve {
			g.kept = append(g.kept, versions.Value{Name: v.Secret, Secret: seal.NewSecret(v.Value)})
		}
	}
	return g, nil
}

// inherited says how the environment of this process and secrets meet.
func (o childOptions) inherited(drop func(string) bool) child.Options {
	return child.Options{Prefix: o.prefix, Pristine: o.pristine, Preserve: o.preserve, Drop: drop}
}

// sayBoth names the variables that were there already, with another value.
func (c *cli) sayBoth(o childOptions, both []string) {
	both = slices.Compact(both)
	switch {
	case len(both) == 0:
	case o.preserve:
		c.say("kept what the environment has, in place of the sealed value, for %s", strings.Join(both, ", "))
	default:
		c.warn("the sealed value replaces what the environment has for %s", strings.Join(both, ", "))
	}
}

// environHint tells what to do about secrets that cannot all be variables.
func (o childOptions) environHint(err error, env string) error {
	only := o.path + " --only A,B -- CMD       names those that the program needs"
	var both *child.CollisionError
	switch {
	case errors.As(err, new(*child.VarError)):
		return hint(err, "pinseal run --files -- CMD   gives each secret as a file, whatever its bytes", only)
	case errors.As(err, &both):
		return hint(err, "pinseal mv "+both.Second+" "+child.EnvName(both.Second)+"_2 -e "+env, only)
	}
	return hint(err, only)
}

// startHint tells what to do about a program that did not start.
func (o childOptions) startHint(err error) error {
	var missing *child.NotFoundError
	switch {
	case errors.As(err, new(*child.TooLargeError)):
		return hint(err, "pinseal run --files -- CMD   gives each secret as a file", o.path+" --only A,B -- CMD       names those that the program needs")
	case errors.As(err, &missing) && child.NoProgram(missing.Program):
		return hint(err, o.path+" -- env NAME=VALUE CMD       sets one more variable", o.path+" -- sh -c 'CMD ARG && CMD'       is a line for a shell")
	}
	return err
}

// commandLine is the command line to start. With --pristine the program gets no PATH,
// and is found by ours.
func (c *cli) commandLine(o childOptions) ([]string, error) {
	if !o.pristine {
		return o.argv, nil
	}
	file, err := child.Find(o.argv[0], c.Environ)
	if err != nil {
		return nil, o.startHint(err)
	}
	return append([]string{file}, o.argv[1:]...), nil
}

// withoutIdentity drops the variables that carry an identity, or say where one
// is: those of the lookup, and whatever else of ours holds a private key. Values that
// stand in for sealed ones go too: the program has them by their own names.
func withoutIdentity(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, value, _ := strings.Cut(kv, "=")
		name = strings.ToUpper(name) // Windows does not tell the case apart
		if strings.HasPrefix(name, overridePrefix) {
			return true
		}
		if !strings.HasPrefix(name, "PINSEAL_") {
			return false
		}
		if slices.Contains(identityVariables, name) || strings.HasPrefix(name, "PINSEAL_IDENTITY") {
			return true
		}
		value = strings.ToUpper(value)
		return slices.ContainsFunc([]string{"AGE-SECRET-KEY-", "AGE-PLUGIN-", "PINSEAL-SERVICE-"}, func(mark string) bool {
			return strings.Contains(value, mark)
		})
	})
}
