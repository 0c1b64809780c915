package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

const storeDir = ".pinseal"

// workTree is what a [versions.Source] of the user's files is called.
const workTree = "work tree"

// session is one app in one repository, as one command sees it.
type session struct {
	*cli
	ctx  context.Context
	repo *repo.Repo
	dir  string // the app's directory below .pinseal
	id   seal.AppID
	note *seal.Note // the newest so far

	head    *versions.Source // the app in the work tree; in a bare repository at HEAD; where a scan found it
	files   *repo.WorkTree   // the app's directory, for writing; nil when bare
	claim   claim
	how     int       // look or use
	mem     *memory   // nil for a service, which needs none, and before trust or recall
	asked   bool      // recall has been called
	found   *foundApp // what a scan found, in place of a choice from the work tree
	ids     *seal.Identities
	idsErr  error
	loaded  bool
	service *bool // whether the identity is a service of this app; nil before it is asked

	unfinished []string // directories beside the app's that have no note
}

// Ways to open a session: to look at names only, or to seal and open values,
// which wants the app to be trusted.
const (
	look = iota
	use
)

// openRepo finds the repository that the command works in.
func (c *cli) openRepo(ctx context.Context) (*repo.Repo, error) {
	if info, err := os.Stat(c.workDir()); c.chdir != "" && (err != nil || !info.IsDir()) {
		// It is not shown: -Cs3cr3t may be a value in the wrong place.
		return nil, usage(nil, "-C wants a directory, and what was given is none")
	}
	r, err := repo.Open(ctx, c.workDir(), repo.Options{Env: c.Environ, Offline: c.offline})
	if err == nil {
		c.top = r.Top()
	}
	return r, err
}

func (c *cli) workDir() string {
	switch {
	case c.chdir == "":
		return c.Dir
	case filepath.IsAbs(c.chdir):
		return c.chdir
	}
	return filepath.Join(c.Dir, c.chdir)
}

// open starts a session on the app that is asked for. Close it.
func (c *cli) open(ctx context.Context, how int) (*session, error) {
	r, err := c.openRepo(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{cli: c, ctx: ctx, how: how, repo: r}
	if err = s.choose(); err == nil {
		if how == use {
			err = s.trust()
		} else {
			err = s.peek()
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close releases what the session holds. Do not use it afterwards.
func (s *session) Close() {
	if s.files != nil {
		s.files.Close()
	}
	s.repo.Close()
}

// openDir opens .pinseal, or a directory below it, in the work tree, or at HEAD
// in a bare repository. Only the former can be written.
func (s *session) openDir(dir string) (fs.FS, *repo.WorkTree, error) {
	if !s.repo.Bare() {
		tree, err := repo.OpenWorkTree(s.repo.Top(), dir)
		return tree, tree, err
	}
	commit, _, err := s.repo.Head(s.ctx)
	if err != nil {
		return nil, nil, err
	}
	tree, err := s.repo.FS(s.ctx, commit, dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = noApp()
	}
	return tree, nil, err
}

func noApp() error {
	return hint(&versions.NotFoundError{What: "app", In: "this repository: there is no .pinseal"},
		"pinseal init", "git pull        if a colleague has started one")
}

// choose picks the app by --app, PINSEAL_APP or the default file.
func (s *session) choose() error {
	if s.found != nil {
		return s.take()
	}
	store, tree, err := s.openDir(storeDir)
	if err != nil {
		return err
	}
	if tree != nil {
		defer tree.Close()
	}
	in, err := listApps(store)
	if err != nil {
		return err
	}
	s.unfinished = in.unfinished
	want, found, err := s.pick(in)
	if found || err != nil {
		return err
	}
	names := appNames(in.apps)
	switch {
	case slices.Contains(in.unfinished, want):
		return s.noNote(want)
	case len(in.apps) == 0 && len(in.unfinished) > 0:
		return s.noNote(in.unfinished[0])
	case len(in.apps) == 0:
		return noApp()
	case want == "":
		return hint(&versions.NotFoundError{What: "default app", In: storeDir}, "pinseal --app NAME …     one of: "+names)
	case s.claim.byDefault:
		return hint(&versions.NotFoundError{What: "app", Name: want, In: "this repository, though " + storeDir + "/default names it"}, "pinseal --app NAME …     one of: "+names)
	}
	return hint(&versions.NotFoundError{What: "app", In: "this repository with the name or id that was asked for"}, "pinseal --app NAME …     one of: "+names)
}

// pick takes the app that --app, PINSEAL_APP or the default file asks for, which
// is what want says, if it is there.
func (s *session) pick(in inStore) (want string, found bool, err error) {
	s.claim = claim{def: in.def, from: s.where()}
	want = s.app
	if want == "" {
		want = s.Getenv("PINSEAL_APP")
	}
	if want == "" {
		want, s.claim.byDefault = in.def, true
	}
	for _, a := range in.apps {
		if a.name == want || a.id.String() == want {
			s.dir, s.id = a.name, a.id
			s.claim.directory, s.claim.id = a.name, a.id
			app, files, err := s.openDir(storeDir + "/" + a.name)
			s.head, s.files = &versions.Source{FS: app, What: s.where(), Dir: storeDir + "/" + a.name}, files
			return want, true, err
		}
	}
	return want, false, nil
}

func (s *session) where() string {
	if s.found != nil && s.found.at[0].What != atHead {
		return s.found.at[0].What
	}
	if s.repo.Bare() {
		return "HEAD of " + s.repo.GitDir()
	}
	if s.found != nil {
		return atHead
	}
	return workTree
}

// peek reads the app's note for a command that only looks. What is remembered
// is asked when a ledger is opened, see recall.
func (s *session) peek() error {
	signed, err := s.head.Note()
	if err != nil {
		return err
	}
	s.note, err = versions.NewestNote(s.id, nil, versions.NoteCandidate{Signed: signed, From: s.where()})
	return err
}

// trust settles that this app may be sealed to and opened here, and takes the
// remembered note into account.
func (s *session) trust() error {
	signed, err := s.head.Note()
	if err != nil {
		return err
	}
	candidate := versions.NoteCandidate{Signed: signed, From: s.where()}
	if err := s.checkNamedIdentity(); err != nil {
		return err
	}
	if s.isService() {
		s.note, err = versions.NewestNote(s.id, nil, candidate)
		return err
	}
	if err := s.trustPlace(); err != nil {
		return err
	}
	return s.foldRemembered(candidate)
}

// trustPlace settles that the app that was picked is the one of this place, by
// what this machine remembers.
func (s *session) trustPlace() (err error) {
	if s.mem, err = s.memory(); err != nil {
		return err
	}
	p := place{dir: s.repo.CommonDir()}
	if s.mem.known.place(p.dir) == nil {
		if p.urls, err = s.remoteURLs(); err != nil {
			return err
		}
	}
	return s.trustApp(s.mem, p, s.claim, s.vouched())
}

// vouched reports whether the user gave the app's id, which says that it is
// trusted. A name says nothing: it is in whoever's hands wrote the directory.
func (s *session) vouched() bool {
	want := s.app
	if want == "" {
		want = s.Getenv("PINSEAL_APP")
	}
	return want == s.id.String()
}

// remoteURLs returns the normalised URLs of every remote: one git process.
func (s *session) remoteURLs() ([]string, error) {
	config, err := s.repo.Config(s.ctx)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, remote := range config.Remotes() {
		for _, u := range remote.URLs {
			if n := normalURL(u); n != "" {
				urls = append(urls, n)
			}
		}
	}
	return urls, nil
}
