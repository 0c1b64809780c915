package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"pinseal/repo"
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
	known := versions.FollowOptions{Git: c.quietGit(c.Environ), App: s.id, Environment: env, MinPin: o.minPin, Identities: s.ids}
	if s.mem != nil {
		if known.Note, err = s.mem.note(s.id); err != nil {
			return err
		}
		known.Seen = s.mem.known.seen(s.id, env)
	}
	if fd.now, err = s.cachedRelease(f.cache, o, &known); err != nil {
		return err
	}
	if err := s.follow(fd, f, urlFrom(f.remote, c.Dir), known); err != nil {
		return err
	}
	err = s.firstLook(fd)
	if f.follow == 0 && !f.watch {
		fd.look = nil
	}
	return err
}

// firstLook reads the remote's newest pin. The cache stands in when it cannot be had,
// or is refused: then it is what would be served on, had this process been there before.
func (s *session) firstLook(fd *feed) error {
	cached, most := fd.now, lookTimeout
	if cached != nil {
		most = cacheTimeout
	}
	_, err := fd.next(s.ctx, most)
	switch {
	case err == nil || s.ctx.Err() != nil:
		return err
	case cached == nil:
		return s.remoteError(fd.following, err)
	case errors.Is(err, versions.ErrNotAuthentic):
		s.warn("what %s has is refused, and pin %d of the cache is read: %s", fd.following, cached.Pin.Number, err)
	default:
		s.warn("%s cannot be had, and pin %d of the cache is read: %s", fd.following, cached.Pin.Number, err)
	}
	fd.missed = err
	return nil
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
	switch service := ids != nil && ids.Service != nil; {
	case want != "":
		if s.id, err = seal.ParseAppID(want); err != nil {
			return nil, usage([]string{"pinseal --app APPID …     pinseal status shows it"}, "without a repository an app is known by its id, not by a name")
		}
		if service && ids.Service.App != s.id {
			return nil, &versions.AuthError{What: "service identity", Reason: "is for app " + ids.Service.App.String() + ", not " + s.id.String()}
		}
	case service:
		s.id = ids.Service.App
	default:
		return nil, usage([]string{"pinseal --app APPID …     pinseal status shows it"}, "without a repository the app's id has to be said, or a service identity at hand")
	}
	if !s.isService() {
		s.mem, err = s.memory()
	}
	return s, err
}

// someRemote is a remote of which nothing may be shown.
const someRemote = "the remote"

// follow sets a feed up to ask url, from what is known on.
func (s *session) follow(fd *feed, f feedOptions, url string, known versions.FollowOptions) error {
	fd.following, _, _ = strings.Cut(normalURL(url), "?") // what comes then may be a token
	if fd.following == "" {
		fd.following = someRemote
	}
	dir := os.TempDir() // sealed values alone, in directories of mode 0700
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("no directory to fetch into: %w", err)
	}
	known.URL = url
	follower := versions.NewFollower(dir, known)
	fd.closers = append(fd.closers, func() { _ = follower.Close() })
	if fd.every = f.follow; fd.every == 0 {
		fd.every = followEvery
	}
	var held *versions.Release // verified, and not yet remembered
	fd.look = func(ctx context.Context) (*versions.Release, error) {
		r, err := follower.Next(ctx)
		if err != nil {
			return nil, withoutURL(err, url, fd.following)
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
			s.keepCache(f.cache, held)
		}
		r, held = held, nil
		return r, nil
	}
	return nil
}

// withoutURL is an error of git's in which a URL is as it may be shown.
func withoutURL(err error, url, shown string) error {
	failed, ok := errors.AsType[*repo.GitError](err)
	if !ok || !strings.Contains(failed.Stderr, url) {
		return err
	}
	short := *failed
	short.Stderr = strings.ReplaceAll(failed.Stderr, url, shown)
	return &short
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

// remoteError says what can be done about the first look.
func (s *session) remoteError(remote string, err error) error {
	switch {
	case errors.Is(err, versions.ErrNotAuthentic), errors.Is(err, seal.ErrNoKey):
		return err
	case errors.Is(err, versions.ErrNotFound):
		return hint(err, "pinseal publish ENV --first       where the app is", "pinseal … -e ENV        another environment")
	}
	if remote == someRemote {
		return hint(fmt.Errorf("its ledgers cannot be fetched: %w", err), "git ls-remote URL")
	}
	return fetchError(remote, err)
}
