package cmd

import (
	"errors"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// variable returns a variable of ours, "" when it is not set. One that is set but empty
// is refused, as a flag is, see notEmpty.
func (c *cli) variable(name string) (string, error) {
	value := c.Getenv(name)
	if value == "" && slices.Contains(c.Environ, name+"=") {
		return "", usage([]string{"unset " + name}, "%s is empty: a variable that was not set?", name)
	}
	return value, nil
}

// environment is -e, else PINSEAL_ENV, else the only one a service reads, else
// the first.
func (c *cli) chooseEnvironment(flag string, note *seal.Note, ids *seal.Identities) (string, error) {
	want := flag
	if want == "" {
		var err error
		if want, err = c.variable("PINSEAL_ENV"); err != nil {
			return "", err
		}
	}
	envs := note.Environments()
	if want != "" {
		if seal.CheckEnvironment(want) != nil {
			return "", usage(meant(envs), "that cannot be the name of an environment")
		}
		if !slices.Contains(envs, want) {
			return "", hint(&versions.NotFoundError{What: "environment", Name: want, In: "app " + note.ID.String()}, meant(envs)...)
		}
		return want, nil
	}
	if ids != nil && ids.Service != nil {
		if _, err := versions.NewKeyring(note, ids); err != nil {
			return "", err // an old note may not know the service
		}
		mine := slices.DeleteFunc(slices.Clone(envs), func(env string) bool {
			return !slices.ContainsFunc(note.Readers(env), func(m seal.Member) bool { return m.Recipient == ids.List[0].Recipient })
		})
		switch len(mine) {
		case 1:
			return mine[0], nil
		case 0:
			m, _ := memberWith(note, ids.List[0].Recipient)
			return "", hint(&noIdentityError{"this service has not been given any environment to read"}, giveHint(m.Name, "ENV.read"))
		}
		return "", usage(meant(mine), "this service reads more than one environment: say which")
	}
	if len(envs) == 0 {
		return "", &versions.NotFoundError{What: "environment", In: "the app note"}
	}
	return envs[0], nil
}

// meant offers environments in place of one that is not there: of several, the flag.
func meant(envs []string) []string {
	if len(envs) == 0 {
		return nil
	}
	return []string{"-e " + envs[0] + "        one of: " + strings.Join(envs, ", ")}
}

// namedEnvironment is for a command that takes the environment as an argument,
// which is not empty: see notEmpty.
func (s *session) namedEnvironment(arg string) (string, error) {
	env, err := s.chooseEnvironment(arg, s.note, nil)
	if errors.Is(err, versions.ErrNotFound) {
		err = hint(s.ofApp(err), "one of: "+strings.Join(s.note.Environments(), ", "))
	}
	return env, err
}

// ofApp names the app as it is called here.
func (s *session) ofApp(err error) error {
	if missing := (*versions.NotFoundError)(nil); errors.As(err, &missing) && missing.In == "app "+s.id.String() {
		missing.In = "app " + s.dir
	}
	return err
}

func (s *session) environment(flag string) (string, error) {
	var ids *seal.Identities
	if flag == "" && s.isService() {
		var err error
		if ids, err = s.identities(); err != nil {
			return "", err
		}
	}
	env, err := s.chooseEnvironment(flag, s.note, ids)
	return env, s.ofApp(err)
}
