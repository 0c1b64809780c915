package cmd

import (
	"context"
	"errors"
	"fmt"

	"pinseal/cmd/serve"
	"pinseal/repo"
	"pinseal/versions"
)

// servedSource is what is served, and what follows it.
type servedSource struct {
	c         *cli
	o         serveOptions
	store     serve.Store
	what      string // for people
	following string
	watched   bool   // newer pins are looked for
	newer     *feed  // nil for what is no pin
	said      string // why a newer pin cannot be had
	close     func()
}

// Close ends what the store needs.
func (s *servedSource) Close() { s.close() }

// openServed verifies and opens what the flags ask for.
func (c *cli) openServed(ctx context.Context, o serveOptions) (*servedSource, error) {
	if o.bundle != "" && o.at != "" {
		return nil, usage(nil, "--bundle and --at exclude each other: a bundle is one pin")
	}
	if o.bundle != "" || o.feed.asked() {
		return c.servePin(ctx, o)
	}
	s, err := c.open(ctx, use)
	if err != nil {
		return nil, err
	}
	at, err := s.selector(o.reading)
	s.Close()
	switch {
	case err != nil:
		return nil, err
	case o.write && at.Kind != versions.AtWorkTree:
		return nil, usage([]string{"pinseal serve --write -e ENV --at worktree"}, "--write changes the work tree, and another version was asked for")
	case at.Pinned():
		return c.servePin(ctx, o)
	case at.Kind == versions.AtRev:
		return c.serveCommit(ctx, o)
	case o.minPin > 0:
		return nil, usage(nil, "--min-pin goes with --at pin or pin:N, or with --bundle")
	}
	store, files, err := c.workTreeStore(ctx, o.reading, o.write)
	if err != nil {
		return nil, err
	}
	return &servedSource{c: c, o: o, store: store, what: "the work tree's " + store.Version().Environment, close: func() { files.Close() }}, nil
}

// servePin serves the pin that a feed begins with.
func (c *cli) servePin(ctx context.Context, o serveOptions) (*servedSource, error) {
	newer, err := c.openFeed(ctx, o.reading, o.feed)
	if err != nil {
		return nil, err
	}
	s := &servedSource{c: c, o: o, newer: newer, watched: newer.look != nil, following: newer.Following(), close: newer.Close}
	release := newer.Release()
	pinned, err := s.open(ctx, release)
	if err != nil {
		newer.Close()
		return nil, c.readHint(nil, err)
	}
	c.ignoreOverrides(o.override)
	s.store, s.what = pinned, pinnedAs(release)
	return s, nil
}

func (s *servedSource) open(ctx context.Context, r *versions.Release) (*serve.Pinned, error) {
	return serve.NewPinned(ctx, r, serve.FixedOptions{Dates: s.c.pinDates(ctx, s.o, r.Environment, r.Pin.Commit)})
}

func pinnedAs(r *versions.Release) string {
	return fmt.Sprintf("pin %d of %s", r.Pin.Number, r.Environment)
}

// serveCommit serves the set of a commit, which does not change.
func (c *cli) serveCommit(ctx context.Context, o serveOptions) (*servedSource, error) {
	v, err := c.view(ctx, o.reading, use)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	options := serve.FixedOptions{Dates: c.pinDates(ctx, o, v.Environment, v.Commit)}
	if v.over != nil {
		options.Values = v.over.values
		if v.over.keyring != nil { // all of the others are opened
			if v.Keys, err = v.over.keyring(); err != nil {
				return nil, c.readHint(v, err)
			}
		}
		var values []versions.Value
		for name := range options.Values {
			values = append(values, versions.Value{Name: name})
		}
		v.sayOverridden(values...)
	}
	version := versions.VersionInfo{ID: "commit:" + string(v.Commit), App: v.Note.ID.String(), Environment: v.Environment, Kind: "commit", Commit: string(v.Commit)}
	store, err := serve.NewFixed(ctx, v.Set, version, options)
	if err != nil {
		return nil, c.readHint(v, err)
	}
	return &servedSource{c: c, o: o, store: store, what: v.Environment + " of the " + v.Source.What, close: func() {}}, nil
}

// pinDates are the dates of a pin's secrets, where the commit that it was taken from is
// at hand. They are information: without them they are left out.
func (c *cli) pinDates(ctx context.Context, o serveOptions, env string, commit repo.Hash) map[string]serve.Dates {
	if o.bundle != "" || o.feed.remote != "" {
		return nil
	}
	s, err := c.open(ctx, look)
	if err != nil {
		return nil
	}
	defer s.Close()
	dates, err := s.dates(env, commit)
	if err != nil {
		return nil
	}
	known := make(map[string]serve.Dates, len(dates))
	for name, d := range dates {
		known[name] = serve.Dates{Created: d.created, Updated: d.updated}
	}
	return known
}

// begin has the server know, before anybody can ask it, that what it begins with may not
// be the newest.
func (s *servedSource) begin(server *serve.Server) {
	if s.newer == nil || s.newer.Missed() == nil {
		return
	}
	s.said = s.newer.Missed().Error()
	server.Failed(s.newer.Missed())
}

// feed hands newer pins to the server until ctx ends. One that cannot be had, or of
// which a value does not open, leaves what there is.
func (s *servedSource) feed(ctx context.Context, server *serve.Server) {
	if s.newer == nil {
		return
	}
	err := s.newer.Run(ctx, func(e feedEvent) {
		err := e.Err
		if e.Release != nil && err == nil {
			var pinned *serve.Pinned
			if pinned, err = s.open(ctx, e.Release); err == nil {
				server.Swap(pinned)
				s.what = pinnedAs(e.Release)
				s.c.say("Serving %s from now on", s.what)
				s.c.notifySystemd("STATUS=serving " + s.what)
			} else {
				s.newer.Unused()
			}
		}
		switch {
		case err == nil:
			server.Fresh() // before it is said: who reads that may ask
			if s.said != "" {
				s.c.say("The newest pin can be had again")
			}
			s.said = ""
		default:
			server.Failed(err)
			if text := err.Error(); text != s.said { // once, not at every look of a night
				s.said = text
				s.c.warn("%s is served on, a newer one cannot be had: %s", s.what, err)
			}
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		server.Failed(err)
		s.c.warn("no newer pins from now on: %s", err)
	}
}
