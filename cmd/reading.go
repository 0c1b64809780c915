package cmd

import (
	"context"
	"errors"
	"os/exec"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// reading is the flags of a command that reads one set.
type reading struct {
	env    string
	at     string
	bundle string
	minPin int

	override overrideOptions // of a command that reads values, and binds it
}

func (o *reading) bind(c *cli, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.env, "env", "e", "", "the environment (default: PINSEAL_ENV, then the first)")
	f.StringVar(&o.at, "at", "", "`VERSION`: worktree, a git revision, pin, or pin:N (default: PINSEAL_AT, then worktree)")
	f.StringVar(&o.bundle, "bundle", "", "read a bundle `FILE` instead of a repository")
	f.Var((*number)(&o.minPin), "min-pin", "refuse pins below number `N`")
	completeFlag(cmd, "env", c.completeEnvironments)
	completeFlag(cmd, "at", c.completeVersions)
}

// view is one set, found and verified, with the keys at hand.
type view struct {
	*versions.Set
	Note   *seal.Note
	Commit repo.Hash     // the commit the set is of; "" for the work tree
	Pin    *versions.Pin // nil unless a pin or a bundle was read
	asked  reading
	app    string      // the name that the app has here; "" in a bundle
	over   *overridden // nil when nothing stands in for a sealed value
	close  func()
}

func (v *view) Close() { v.close() }

// view opens the set that the flags ask for.
func (c *cli) view(ctx context.Context, o reading, how int) (*view, error) {
	if o.bundle != "" {
		if o.at != "" {
			return nil, usage(nil, "--bundle and --at exclude each other: a bundle is one pin")
		}
		v, err := c.bundleView(ctx, o, how)
		if err == nil {
			c.ignoreOverrides(o.override)
		}
		return v, err
	}
	s, err := c.open(ctx, how)
	if errors.Is(err, exec.ErrNotFound) {
		err = hint(err, "export PATH=/usr/local/bin:/usr/bin:/bin       or wherever git is")
	}
	if err != nil {
		return nil, err
	}
	v, err := s.view(o)
	if err != nil {
		s.Close()
		return nil, err
	}
	v.close = s.Close
	if v.Pin != nil {
		c.ignoreOverrides(o.override)
	}
	return v, nil
}

func (s *session) view(o reading) (*view, error) {
	at, err := s.selector(o)
	if err != nil {
		return nil, err
	}
	if o.minPin > 0 && !at.Pinned() {
		return nil, usage(nil, "--min-pin goes with --at pin or pin:N, or with --bundle")
	}
	env, err := s.environment(o.env)
	if err != nil {
		return nil, err
	}
	v := &view{asked: o, app: s.dir}
	var source *versions.Source
	sources := []*versions.Source{}
	switch {
	case at.Pinned():
		l, err := s.ledgerForReading(env)
		if err == nil {
			source, v.Pin, err = s.pinned(l, env, at, o.minPin)
		}
		if err != nil {
			return nil, s.unread(env, err)
		}
		v.Commit = v.Pin.Commit
		sources = append(sources, source, s.head)
		if tip, err := l.Source(s.ctx, l.Tip()); err == nil {
			sources = append(sources, tip)
		}
	case at.Kind == versions.AtRev:
		if source, v.Commit, err = s.commit(at.Rev); err != nil {
			return nil, err
		}
		sources = append(sources, source, s.head)
	default:
		if s.repo.Bare() {
			return nil, usage([]string{"pinseal … --at HEAD", "pinseal … --at pin"}, "a bare repository has no work tree to read")
		}
		source = s.head
		sources = append(sources, source)
	}
	v.Note = s.note
	v.Set = &versions.Set{Source: source, Environment: env}
	if s.how != use { // who only looks is not asked for a passphrase
		return v, nil
	}
	keyring := func() (*versions.Keyring, error) { return s.keyring(sources...) }
	if v.Pin == nil {
		err = v.override(s.cli, o.override, keyring)
	}
	switch {
	case err != nil:
	case v.over != nil: // what is asked for may need no identity
		v.Keys, err = versions.NewKeyring(s.note, nil, sources...)
	default:
		v.Keys, err = keyring()
	}
	return v, err
}

// unread is why a pin is not read: a service that could not open it is told so
// first.
func (s *session) unread(env string, err error) error {
	if s.how != use || !errors.Is(err, versions.ErrNotFound) || !s.isService() {
		return err
	}
	keys, keysErr := s.keyring(s.head)
	if keysErr == nil {
		_, keysErr = keys.Newest(seal.ReadSlot(env))
	}
	if !errors.Is(keysErr, seal.ErrNoKey) {
		return err
	}
	return s.readHint(&view{Set: &versions.Set{Keys: keys}}, keysErr)
}

// selector is --at, else PINSEAL_AT, else pin for a service, else the work tree.
func (s *session) selector(o reading) (versions.Selector, error) {
	text := o.at
	if text == "" {
		var err error
		if text, err = s.variable("PINSEAL_AT"); err != nil {
			return versions.Selector{}, err
		}
	}
	if text == "" && s.isService() {
		text = "pin"
	}
	at, err := versions.ParseSelector(text)
	return at, asUsage(err)
}
