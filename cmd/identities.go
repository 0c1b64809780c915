package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"pinseal/seal"
	"pinseal/versions"
)

// identityVariables are never passed to a child.
var identityVariables = []string{"PINSEAL_IDENTITY", "PINSEAL_IDENTITY_FILE"}

// identitySource is where the lookup found an identity, unparsed.
type identitySource struct {
	data  []byte
	where string // for people: a path or a variable
}

// findIdentity looks in the places of the lookup order; the first that is there
// decides. It returns nil when there is none anywhere.
func (c *cli) findIdentity() (*identitySource, error) {
	if c.identity != "" {
		return c.namedIdentity("--identity", c.identity)
	}
	if file := c.Getenv("PINSEAL_IDENTITY_FILE"); file != "" {
		return c.namedIdentity("PINSEAL_IDENTITY_FILE", file)
	}
	if line := c.Getenv("PINSEAL_IDENTITY"); line != "" {
		return &identitySource{[]byte(line), "PINSEAL_IDENTITY"}, nil
	}
	if file := c.handedIdentity(); file != "" {
		return c.readIdentity(file)
	}
	file, err := c.defaultIdentity()
	if err != nil {
		return nil, nil // no home, so no identity in it
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !private(info) {
		return nil, hint(fmt.Errorf("identity %q can be read by others", file), "chmod 600 "+quoteShell(file))
	}
	return c.readIdentity(file)
}

// handedIdentity is the file in which systemd or a container runtime hands an
// identity over, "" for none.
func (c *cli) handedIdentity() string {
	var files []string
	if dir := c.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		files = append(files, filepath.Join(dir, "pinseal.identity"))
	}
	for _, file := range append(files, "/run/secrets/pinseal_identity") {
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return ""
}

// namedIdentity reads the file that the user names. A key in the place of the
// name is not shown.
func (c *cli) namedIdentity(by, file string) (*identitySource, error) {
	source, err := c.readIdentity(c.path(file))
	isKey := func(prefix string) bool { return strings.Contains(strings.ToUpper(file), prefix) }
	if err != nil && slices.ContainsFunc([]string{"AGE-SECRET-KEY-", "AGE-PLUGIN-", "PINSEAL-SERVICE-"}, isKey) {
		return nil, usage([]string{"PINSEAL_IDENTITY takes the key itself"}, "%s wants the name of a file, and what was given looks like a key", by)
	}
	return source, err
}

// path takes a file name as the user means it: from the working directory.
func (c *cli) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(c.Dir, file)
}

// defaultIdentity is the path of the identity that init makes.
func (c *cli) defaultIdentity() (string, error) {
	dir, err := c.configDir()
	return filepath.Join(dir, "identity"), err
}

func (c *cli) readIdentity(file string) (*identitySource, error) {
	data, err := c.readFile(file, seal.MaxIdentity)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		return nil, &noIdentityError{fmt.Sprintf("identity %q cannot be read: %s", file, reasonOf(err))}
	}
	return &identitySource{data, file}, nil
}

// checkNamedIdentity refuses an identity that was named or handed over and is none,
// before anything else is asked: whoever gives one means to be somebody, and what
// follows would be asked of nobody.
func (c *cli) checkNamedIdentity() error {
	if c.identity == "" && c.Getenv("PINSEAL_IDENTITY_FILE") == "" && c.Getenv("PINSEAL_IDENTITY") == "" && c.handedIdentity() == "" {
		return nil
	}
	source, err := c.findIdentity()
	if err != nil {
		return err
	}
	_, err = seal.ParseIdentities(source.data, seal.Prompts{})
	if err == nil || errors.Is(err, seal.ErrPassphrase) || errors.Is(err, seal.ErrPlugin) {
		return nil
	}
	return hint(&noIdentityError{fmt.Sprintf("identity from %s: %s", source.where, err)}, "pinseal help identities")
}

// noIdentityError says that an identity that was named is not to be had. It is
// a seal.ErrNoKey.
type noIdentityError struct{ reason string }

func (e *noIdentityError) Error() string { return e.reason }

func (e *noIdentityError) Is(target error) bool { return target == seal.ErrNoKey }

// parse reads an identity; passphrases and plugins ask on the terminal.
func (c *cli) parse(source *identitySource) (*seal.Identities, error) {
	var asks seal.Prompts
	if c.interactive() {
		asks.Passphrase = func() ([]byte, error) {
			return c.ReadHidden("Passphrase of " + source.where + ": ")
		}
	}
	asks.Plugin = func(s string) (age.Identity, error) {
		id, err := plugin.NewIdentity(s, c.pluginUI())
		if err != nil {
			return nil, errors.New("it cannot be used: is the plugin installed?")
		}
		return id, nil
	}
	ids, err := seal.ParseIdentities(source.data, asks)
	switch {
	case errors.Is(err, seal.ErrPassphrase) && asks.Passphrase == nil:
		return nil, hint(&noIdentityError{fmt.Sprintf("identity from %s is protected by a passphrase, and there is no terminal to ask for it", source.where)},
			"pinseal member add NAME --service --can ENV.read      an admin makes one for a machine", "pinseal --identity FILE …     if you have one without a passphrase")
	case err != nil:
		return nil, &noIdentityError{fmt.Sprintf("identity from %s: %s", source.where, err)}
	}
	return ids, nil
}

func (c *cli) pluginUI() *plugin.ClientUI {
	ui := &plugin.ClientUI{
		DisplayMessage: func(name, message string) error { c.say("%s: %s", name, message); return nil },
		WaitTimer:      func(name string) { c.say("waiting for the plugin %s", name) },
		RequestValue: func(name, prompt string, secret bool) (string, error) {
			if !c.interactive() {
				return "", errors.New("the plugin asks, and there is no terminal")
			}
			if secret {
				value, err := c.ReadHidden(name + ": " + prompt + " ")
				return string(value), err
			}
			fmt.Fprint(c.Stderr, clean(name+": "+prompt)+" ")
			return c.readLine()
		},
	}
	ui.Confirm = func(name, prompt, yes, no string) (bool, error) {
		if !c.interactive() {
			return false, errors.New("the plugin asks, and there is no terminal")
		}
		return c.ask(name + ": " + prompt), nil
	}
	return ui
}

// isService reports whether the identity that would be used is a service's, for
// this app. It asks for nothing and opens nothing.
func (s *session) isService() bool {
	if s.service == nil {
		found := s.findService()
		s.service = &found
	}
	return *s.service
}

func (s *session) findService() bool {
	source, err := s.findIdentity()
	if err != nil || source == nil || !bytes.Contains(source.data, []byte("PINSEAL-SERVICE-1."+s.id.String()+".")) {
		return false
	}
	ids, err := seal.ParseIdentities(source.data, seal.Prompts{})
	return err == nil && ids.Service != nil && ids.Service.App == s.id
}

// identities returns the identities at hand, nil when there are none.
func (s *session) identities() (*seal.Identities, error) {
	if !s.loaded {
		s.loaded = true
		source, err := s.findIdentity()
		if err == nil && source != nil {
			s.ids, err = s.parse(source)
		}
		s.idsErr = err
	}
	return s.ids, s.idsErr
}

// keyring opens slot keys with the identities at hand. Wraps are looked for in
// the sources in order.
func (s *session) keyring(sources ...*versions.Source) (*versions.Keyring, error) {
	ids, err := s.identities()
	if err != nil {
		return nil, err
	}
	return versions.NewKeyring(s.note, ids, sources...)
}
