package cmd

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"pinseal/cmd/serve"
	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// workTreeStore is an environment of the work tree as it is at each request: somebody
// edits while it is served. It is a [serve.Writer].
type workTreeStore struct {
	start   *session // as trust was settled; requests work on copies
	asked   reading
	version versions.VersionInfo

	life context.Context // of commits; ends with the store
	stop context.CancelFunc
	turn chan struct{} // held by the one who writes

	seen    seenNote
	history committedSet
}

// seenNote is the app note that was verified last, the set under it, and named keys of it
// that were opened.
type seenNote struct {
	sync.Mutex
	signed []byte
	view   *view
	keys   map[string]openKey // by name
}

// workTreeStore opens the work tree for a server. Trust is settled here, where there
// may be somebody to ask. With write it says what stands in the way of changes. Close
// the store when its server takes no more requests: a commit under way is ended.
func (c *cli) workTreeStore(ctx context.Context, o reading, write bool) (serve.Writer, io.Closer, error) {
	s, err := c.open(ctx, use)
	if err != nil {
		return nil, nil, err
	}
	st := &workTreeStore{start: s, asked: o, turn: make(chan struct{}, 1)}
	if write {
		err = st.apart()
	}
	if err == nil {
		err = st.open(write)
	}
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	st.life, st.stop = context.WithCancel(context.WithoutCancel(ctx))
	return st, st, nil
}

// apart has git and its hooks in groups of their own: a hook that is given up ends,
// and what ends the server at a terminal does not end a commit.
func (st *workTreeStore) apart() error {
	s := st.start
	o := s.quietGit(s.Environ)
	o.Offline = s.offline
	r, err := repo.Open(s.ctx, s.workDir(), o)
	if err != nil {
		return err
	}
	s.repo.Close()
	s.repo = r
	return nil
}

func (st *workTreeStore) open(write bool) error {
	s := st.start
	at, err := s.selector(st.asked)
	if err != nil {
		return err
	}
	if at.Kind != versions.AtWorkTree {
		return usage([]string{"pinseal serve --write --at worktree"}, "only the work tree can be written to")
	}
	signed, err := s.head.Note()
	if err != nil {
		return err
	}
	v, err := st.viewOf(s)
	if err != nil {
		return err
	}
	if _, _, err := v.Source.Files(v.Environment); err != nil {
		return err
	}
	if v.over != nil {
		s.warn("Overridden: %s", strings.Join(slices.Sorted(maps.Keys(v.over.values)), ", "))
	}
	st.seen.signed, st.seen.view = signed, v
	st.asked.env = v.Environment
	if _, err := st.committed(s.ctx); err != nil { // a long history takes seconds, which no request is to wait for
		return err
	}
	st.version = versions.VersionInfo{ID: "worktree", App: s.id.String(), Environment: v.Environment, Kind: "worktree"}
	if write {
		return st.warnUncommitted()
	}
	return nil
}

// viewOf opens the set of a session whose note is settled. Several may use it at once.
func (st *workTreeStore) viewOf(s *session) (*view, error) {
	v, err := s.view(st.asked)
	if err == nil && v.over != nil && v.over.keyring != nil {
		v.Keys, err = v.over.keyring()
		v.over.keyring = nil
	}
	return v, err
}

// GiveUp implements [serve.Writer].
func (st *workTreeStore) GiveUp() { st.stop() }

// Close ends a commit under way and what the store holds.
func (st *workTreeStore) Close() error {
	st.stop()
	st.turn <- struct{}{} // never given back
	st.start.Close()
	return nil
}

// now returns the set under the app note as it stands in the work tree. One that is
// another than before, because somebody pulled, goes through all that a command asks
// of it, but for questions: nobody is there to answer.
func (st *workTreeStore) now(ctx context.Context) (*view, error) {
	signed, err := st.start.head.Note()
	if err != nil {
		return nil, err
	}
	st.seen.Lock()
	defer st.seen.Unlock()
	if bytes.Equal(signed, st.seen.signed) {
		return st.seen.view, nil
	}
	s := st.session(ctx)
	if err := s.trust(); err != nil {
		return nil, err
	}
	v, err := st.viewOf(s)
	if err != nil {
		return nil, err
	}
	st.seen.signed, st.seen.view, st.seen.keys = signed, v, nil
	return v, nil
}

// session is a copy of the first one for a request.
func (st *workTreeStore) session(ctx context.Context) *session {
	c, s := *st.start.cli, *st.start
	c.noInput, c.quiet = true, true
	s.cli, s.ctx = &c, ctx
	return &s
}

// Version implements [serve.Store].
func (st *workTreeStore) Version() versions.VersionInfo { return st.version }

// List implements [serve.Store].
func (st *workTreeStore) List(ctx context.Context) ([]versions.Info, error) {
	v, err := st.now(ctx)
	if err != nil {
		return nil, err
	}
	names, files, err := v.Source.Files(v.Environment)
	if err != nil {
		return nil, err
	}
	known, err := st.committed(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if err := st.checkDir(v.Environment, known); err != nil {
			return nil, err
		}
	}
	infos := make([]versions.Info, len(names))
	for i, f := range files {
		data, err := f.Bytes() // those of the file, which has one spelling
		if err != nil {
			return nil, err
		}
		infos[i] = infoOf(st.start.id, v.Environment, names[i], f, data)
		known.date(&infos[i])
		infos[i].Blank = infos[i].Blank && !v.overrides(names[i])
	}
	return infos, nil
}

// infoOf is what is said of a secret, without dates.
func infoOf(id seal.AppID, env, name string, f *versions.SecretFile, file []byte) versions.Info {
	info := versions.Info{ID: versions.SecretID(id, env, name), Name: name, Kind: f.Kind, Description: f.About,
		Expires: f.Expires, Optional: f.Optional, Blank: f.Blank(), Bits: f.Bits, Version: fileVersion(file)}
	for _, v := range f.Versions {
		info.KeyVersions = append(info.KeyVersions, v.Number)
	}
	return info
}

// Get implements [serve.Store].
func (st *workTreeStore) Get(ctx context.Context, ref string) (versions.Info, seal.Secret, error) {
	v, err := st.now(ctx)
	if err != nil {
		return versions.Info{}, seal.Secret{}, err
	}
	// First what it is, then the value: where somebody edits in between, the version is
	// too old, and a change under If-Match is refused.
	info, err := st.find(ctx, v, ref)
	if err != nil {
		return versions.Info{}, seal.Secret{}, err
	}
	known, err := st.committed(ctx)
	if err != nil {
		return info, seal.Secret{}, err
	}
	known.date(&info)
	info.Blank = info.Blank && !v.overrides(info.Name)
	value, err := v.Get(info.Name)
	return info, value.Secret, err
}
