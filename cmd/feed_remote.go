package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"pinseal/seal"
	"pinseal/versions"
)

// remoteFeed gives the pins of a remote's ledger without any clone.
func (c *cli) remoteFeed(ctx context.Context, fd *feed, o reading, f feedOptions) error {
	s, err := c.sessionOf(ctx)
	if err != nil {
		return err
	}
	env := o.env
	if env == "" {
		env = c.Getenv("PINSEAL_ENV")
	}
	if env == "" || seal.CheckEnvironment(env) != nil {
		return usage([]string{"pinseal … --remote URL -e production"}, "--remote wants the name of an environment")
	}
	known := versions.FollowOptions{App: s.id, Environment: env, MinPin: o.minPin, Identities: s.ids}
	if s.mem != nil {
		if known.Note, err = s.mem.note(s.id); err != nil {
			return err
		}
		known.Seen = s.mem.known.seen(s.id, env)
	}
	cached, err := s.cachedRelease(f.cache, o, &known)
	if err != nil {
		return err
	}
	if err := s.follow(fd, f, f.remote, known); err != nil {
		return err
	}
	if _, err = fd.next(ctx); err != nil && cached != nil && !errors.Is(err, versions.ErrNotAuthentic) && ctx.Err() == nil {
		c.warn("%s cannot be had: pin %d of the cache is read\n%s", fd.following, cached.Pin.Number, err)
		fd.now, err = cached, nil
	}
	if f.follow == 0 && !f.watch {
		fd.look = nil
	}
	if err != nil && ctx.Err() == nil {
		return s.remoteError(fd.following, err)
	}
	return err
}

// sessionOf is a session without a repository, on the app whose id was given, or
// which the service identity at hand is for: what says that it is trusted.
func (c *cli) sessionOf(ctx context.Context) (*session, error) {
	s := &session{cli: c, ctx: ctx, how: use}
	if err := c.checkNamedIdentity(); err != nil {
		return nil, err
	}
	ids, err := s.identities()
	if err != nil {
		return nil, err
	}
	want := c.app
	if want == "" {
		want = c.Getenv("PINSEAL_APP")
	}
	switch {
	case want != "":
		if s.id, err = seal.ParseAppID(want); err != nil {
			return nil, usage([]string{"pinseal --app APPID …     pinseal status shows it"}, "without a repository an app is known by its id, not by a name")
		}
	case ids != nil && ids.Service != nil:
		s.id = ids.Service.App
	default:
		return nil, usage([]string{"pinseal --app APPID …     pinseal status shows it"}, "without a repository the app's id has to be said, or a service identity at hand")
	}
	if !s.isService() {
		s.mem, err = s.memory()
	}
	return s, err
}

// follow sets a feed up to ask url, from what is known on.
func (s *session) follow(fd *feed, f feedOptions, url string, known versions.FollowOptions) error {
	if fd.following = normalURL(url); fd.following == "" {
		fd.following = "the remote"
	}
	dir, err := os.MkdirTemp("", "pinseal-follow-*") // 0700, sealed values alone
	if err != nil {
		return fmt.Errorf("no directory to fetch into: %w", err)
	}
	known.URL, known.Git = url, s.quietGit()
	follower := versions.NewFollower(dir, known)
	fd.closers = append(fd.closers, func() {
		_ = follower.Close()
		_ = os.RemoveAll(dir)
	})
	if fd.every = f.follow; fd.every == 0 {
		fd.every = followEvery
	}
	var held *versions.Release // verified, and not yet remembered
	fd.look = func(ctx context.Context) (*versions.Release, error) {
		r, err := follower.Next(ctx)
		if err != nil {
			return nil, err
		}
		if r != nil {
			held = r
		}
		if held == nil {
			return nil, nil
		}
		if err := s.rememberRelease(held); err != nil {
			return nil, err
		}
		if f.cache != "" {
			s.keepCache(f.cache, held.Bundle)
		}
		r, held = held, nil
		return r, nil
	}
	return nil
}

// rememberRelease keeps the note and the pin of a release. No ledger commit goes with
// them: the chain below was not looked at.
func (s *session) rememberRelease(r *versions.Release) error {
	s.note = r.Keys.Note()
	if err := s.rememberNote(); err != nil || s.mem == nil {
		return err
	}
	was := s.mem.known.seen(s.id, r.Environment)
	seen := versions.Seen{Number: r.Pin.Number, Hash: r.Pin.Hash(), Generation: r.Pin.Generation}
	if was.Number == seen.Number && was.Hash == seen.Hash {
		return nil
	}
	return s.mem.rememberSeen(s.id, r.Environment, was, seen, func(now versions.Seen) error {
		return nil // another command has seen an older one meanwhile
	})
}

// keepCache writes what was verified. That it cannot be written is no reason not to
// go on.
func (s *session) keepCache(file string, bundle []byte) {
	if err := replaceFile(s.path(file), bundle); err != nil {
		s.warn("cache %q cannot be written: %s", file, writeReason(err))
	}
}

// cachedRelease opens the cache, nil when there is none, and has the remote held to it.
func (s *session) cachedRelease(file string, o reading, known *versions.FollowOptions) (*versions.Release, error) {
	if file == "" {
		return nil, nil
	}
	data, err := s.readFile(s.path(file), versions.MaxBundle)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache %q cannot be read: %s", file, reasonOf(err))
	}
	r, err := s.openCache(data, known)
	if err == nil && r.Pin.Environment != known.Environment {
		err = &versions.AuthError{What: "cache", Reason: "is of environment " + r.Pin.Environment}
	}
	if err == nil && r.Pin.Number < o.minPin {
		return nil, nil // the remote has to have a newer one
	}
	if err != nil {
		return nil, hint(err, "rm "+quoteShell(file)+"      to begin with what the remote has")
	}
	known.Note = r.Keys.Note()
	if r.Pin.Number >= known.Seen.Number {
		known.Seen = versions.Seen{Number: r.Pin.Number, Hash: r.Pin.Hash(), Generation: r.Pin.Generation}
		return r, nil
	}
	return nil, nil // a newer one has been seen: it is too old to begin with
}

func (s *session) openCache(data []byte, known *versions.FollowOptions) (*versions.Release, error) {
	bundle, err := versions.ParseBundle(data)
	if err != nil {
		return nil, err
	}
	candidate, err := bundle.Note()
	if err != nil {
		return nil, err
	}
	note, err := versions.NewestNote(s.id, known.Note, candidate)
	if err != nil {
		return nil, err
	}
	return versions.OpenRelease(data, note, known.Identities)
}

// remoteError says what can be done about the first look.
func (s *session) remoteError(remote string, err error) error {
	switch {
	case errors.Is(err, versions.ErrNotAuthentic), errors.Is(err, seal.ErrNoKey):
		return err
	case errors.Is(err, versions.ErrNotFound):
		return hint(err, "pinseal publish ENV --first       where the app is", "pinseal … -e ENV        another environment")
	}
	return fetchError(remote, err)
}
