package cmd

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// repoFeed gives the pins of the ledger that is in this repository, or, with --follow,
// of the remote's, from the pin that is here on.
func (c *cli) repoFeed(ctx context.Context, fd *feed, o reading, f feedOptions) error {
	s, err := c.open(ctx, use)
	if err != nil {
		return err
	}
	fd.closers = append(fd.closers, s.Close)
	v, err := s.view(o)
	if err != nil {
		return err
	}
	if fd.now, err = s.release(v); err != nil {
		return c.readHint(v, err)
	}
	if f.follow != 0 {
		return s.followRemote(fd, o, f)
	}
	if f.watch {
		fd.every = watchEvery
		fd.look = s.lookAtLedger(o, v.Environment)
	}
	return nil
}

// release takes the pin of a view into memory.
func (s *session) release(v *view) (*versions.Release, error) {
	if v.Pin == nil {
		return nil, usage([]string{"pinseal … --at pin"}, "that reads a pin, and no pin was asked for")
	}
	ids, err := s.identities()
	if err != nil {
		return nil, err
	}
	return versions.NewRelease(v.Source, v.Note, ids, s.wrapSources(v.Environment)...)
}

// wrapSources are where wraps are that a pin does not have: of those who came since.
func (s *session) wrapSources(env string) []*versions.Source {
	sources := []*versions.Source{s.head}
	tip, err := s.repo.Ref(s.ctx, versions.LedgerRef(s.id, env))
	if err != nil || tip == "" {
		return sources
	}
	commit, err := s.repo.Commit(s.ctx, tip)
	if err != nil {
		return sources
	}
	return append(sources, &versions.Source{FS: s.repo.TreeFS(s.ctx, commit.Tree), What: "ledger of " + env})
}

// lookAtLedger opens the newest pin here, when the ref has moved, as a new command would
// that may not ask a remote. The first look always opens it: it may have moved since the
// feed was.
func (s *session) lookAtLedger(o reading, env string) func(context.Context) (*versions.Release, error) {
	ref := versions.LedgerRef(s.id, env)
	at, looked := repo.Hash(""), false
	return func(ctx context.Context) (*versions.Release, error) {
		now, err := s.repo.Ref(ctx, ref)
		if err != nil || looked && now == at {
			return nil, err
		}
		r, err := s.reopen(ctx, o)
		if err == nil {
			at, looked = now, true
		}
		return r, err
	}
}

// reopen reads the newest pin with the identities of s: nobody is there to be asked for
// a passphrase again.
func (s *session) reopen(ctx context.Context, o reading) (*versions.Release, error) {
	alone := *s.cli
	alone.offline = true
	fresh, err := alone.open(ctx, use)
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	fresh.ids, fresh.idsErr, fresh.loaded = s.ids, s.idsErr, s.loaded
	v, err := fresh.view(o)
	if err != nil {
		return nil, err
	}
	r, err := fresh.release(v)
	if err != nil {
		return nil, err
	}
	// Its wraps may be those of the work tree, which is closed on return.
	_, _, err = r.All(ctx)
	return r, err
}

// followRemote asks the remote that shares the ledger, in a repository apart: the
// user's own is not made shallow, and nothing in it moves.
func (s *session) followRemote(fd *feed, o reading, f feedOptions) error {
	remote, err := s.remote()
	if err != nil {
		return err
	}
	if remote == "" {
		return hint(&versions.NotFoundError{What: "remote", In: "this repository to follow"}, "git remote add origin URL", "pinseal … --remote URL")
	}
	config, err := s.repo.Config(s.ctx)
	if err != nil {
		return err
	}
	url := config.FetchURL(remote)
	if url == "" {
		url = remote // pinseal.remote may be a URL
	}
	base := s.repo.Top()
	if s.repo.Bare() {
		base = s.repo.GitDir()
	}
	environ, err := s.repo.TransportEnv(s.ctx)
	if err != nil {
		return err
	}
	ids, err := s.identities()
	if err != nil {
		return err
	}
	p := fd.now.Pin
	fd.soon = true
	return s.follow(fd, f, urlFrom(url, base), versions.FollowOptions{
		Git: s.quietGit(environ), App: s.id, Environment: p.Environment, Identities: ids, Note: fd.now.Keys.Note(), MinPin: o.minPin,
		Seen:  versions.Seen{Number: p.Number, Hash: p.Hash(), Generation: p.Generation},
		Wraps: []*versions.Source{s.head},
	})
}

// bundleFeed gives the bundle of a file, and with --watch those that take its place.
func (c *cli) bundleFeed(ctx context.Context, fd *feed, o reading, f feedOptions) error {
	was, _ := os.Stat(c.path(o.bundle))
	r, err := c.bundleRelease(ctx, o)
	if err != nil {
		return err
	}
	fd.now = r
	if !f.watch {
		return nil
	}
	fd.every = watchEvery
	fd.look = func(ctx context.Context) (*versions.Release, error) {
		now, err := os.Stat(c.path(o.bundle))
		if err != nil || sameFile(was, now) {
			return nil, err
		}
		r, err := c.bundleRelease(ctx, o)
		if err == nil {
			was = now
		}
		return r, err
	}
	return nil
}

func (c *cli) bundleRelease(ctx context.Context, o reading) (*versions.Release, error) {
	v, err := c.bundleView(ctx, o, use)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return &versions.Release{Set: v.Set, Pin: v.Pin}, nil
}

// sameFile reports whether a file was neither replaced nor written to.
func sameFile(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// quietGit is git that asks nobody: what follows a remote has no terminal to itself.
func (c *cli) quietGit(environ []string) repo.Options {
	if c.Getenv("GIT_TERMINAL_PROMPT") == "" {
		environ = append(environ[:len(environ):len(environ)], "GIT_TERMINAL_PROMPT=0")
	}
	return repo.Options{Env: environ, Apart: true}
}

// urlFrom is a remote as git means it in a directory: what is no URL is a path from
// there. Git is run in another.
func urlFrom(remote, dir string) string {
	host, _, colon := strings.Cut(remote, ":")
	if filepath.IsAbs(remote) || colon && !strings.ContainsAny(host, "/\\") || remote == "" || remote[0] == '-' {
		return remote // SCHEME://…, HELPER::…, HOST:PATH, or for git to refuse
	}
	return filepath.Join(dir, remote)
}
