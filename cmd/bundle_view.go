package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pinseal/versions"
)

// openBundle verifies a bundle under the newest note of the bundle's own and the
// remembered one, and settles whether its app may be opened here. There is no
// place to know it by: the id must be remembered, or given, or be the one that
// a service identity is for.
func (c *cli) openBundle(ctx context.Context, bundle *versions.Bundle, o reading, how int) (*view, error) {
	candidate, err := bundle.Note()
	if err != nil {
		return nil, err
	}
	own, err := versions.ParseAppNote(candidate)
	if err != nil {
		return nil, err
	}
	// A session without a repository: note, identity and memory only.
	s := &session{cli: c, ctx: ctx, how: how, id: own.ID, note: own}
	if err := s.trustBundle(candidate, how); err != nil {
		return nil, err
	}
	pin, source, err := bundle.Open(s.note)
	if err != nil {
		return nil, err
	}
	if err := s.checkBundlePin(pin, o.minPin); err != nil {
		return nil, err
	}
	if want := o.env; want != "" && want != pin.Environment {
		return nil, hint(&versions.NotFoundError{What: "environment", Name: want, In: "the " + source.What}, "pinseal … -e "+pin.Environment)
	}
	v := &view{asked: o, Note: s.note, Pin: pin, Commit: pin.Commit, close: func() {}}
	v.Set = &versions.Set{Source: source, Environment: pin.Environment}
	if how == use {
		v.Keys, err = s.keyring(source)
	}
	return v, err
}

// trustBundle takes the remembered note into account, or, for an app that is
// not remembered, wants a word of consent.
func (s *session) trustBundle(candidate versions.NoteCandidate, how int) error {
	if how == look {
		return nil
	}
	if err := s.checkNamedIdentity(); err != nil || s.isService() {
		return err
	}
	if s.app != "" && s.app != s.id.String() {
		return usage([]string{"pinseal --app " + s.id.String() + " …     if that is the app you mean"}, "the bundle is of another app than --app names; a bundle wants its id")
	}
	var err error
	if s.mem, err = s.memory(); err != nil {
		return err
	}
	vouched := s.app != "" || s.Getenv("PINSEAL_APP") == s.id.String()
	if s.mem.known.note(s.id) == nil && !vouched {
		return hint(&trustError{row: nothing, claim: claim{directory: "of this bundle", id: s.id, from: "a bundle"}},
			"pinseal --app "+s.id.String()+" …     if you know that this is its id")
	}
	return s.foldRemembered(candidate)
}

// checkBundlePin holds a bundle to what was asked for and to what is remembered
// of the pin with its number.
func (s *session) checkBundlePin(pin *versions.Pin, min int) error {
	what := fmt.Sprintf("bundle of pin %d of %s", pin.Number, pin.Environment)
	if pin.Number < min {
		return &versions.AuthError{What: what, Reason: fmt.Sprintf("is below --min-pin %d", min)}
	}
	if s.mem == nil {
		return nil
	}
	seen := s.mem.known.seen(s.id, pin.Environment)
	if seen.Number == pin.Number && seen.Hash != pin.Hash() && seen.Generation == pin.Generation {
		return &versions.AuthError{What: what, Reason: "is not the pin of that number that was seen before"}
	}
	return nil
}

// bundleView opens a bundle: an identity is enough, a repository is not asked.
func (c *cli) bundleView(ctx context.Context, o reading, how int) (*view, error) {
	data, err := c.readFile(c.path(o.bundle), versions.MaxBundle)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		reason := fmt.Errorf("bundle %q cannot be read: %s", o.bundle, reasonOf(err))
		if errors.Is(err, os.ErrNotExist) {
			return nil, hint(&versions.NotFoundError{What: "bundle", Name: o.bundle}, "pinseal bundle ENV -o "+quoteShell(o.bundle))
		}
		return nil, reason
	}
	bundle, err := versions.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	return c.openBundle(ctx, bundle, o, how)
}
