package cmd

import (
	"errors"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// session is a session on the app with an id, not opened yet; of --app where it is
// not there, which says so.
func (in *scannedStore) session(c *cli, id string) *session {
	own := *c // with an --app of its own
	s := &session{cli: &own, ctx: in.ctx, how: use, repo: in.repo}
	for _, a := range in.apps {
		if a.id.String() != id {
			continue
		}
		s.found = a
		s.claim = claim{directory: a.name, id: a.id, def: in.def, from: s.where()}
		if own.app == "" {
			own.app = a.name
		}
	}
	return s
}

// take opens what a scan found.
func (s *session) take() (err error) {
	s.dir, s.id, s.head = s.found.name, s.found.id, s.found.at[0]
	if s.head.What == workTree {
		if s.files, err = repo.OpenWorkTree(s.repo.Top(), s.head.Dir); err == nil {
			s.head.FS = s.files
		}
	}
	return err
}

// addLedgers adds the apps that only their pins tell of.
func (in *scannedStore) addLedgers() error {
	refs, err := in.repo.RefsBelow(in.ctx, "refs/pinseal/")
	if err != nil {
		return err
	}
	for _, ref := range refs {
		digits, env, _ := strings.Cut(strings.TrimPrefix(ref.Name, "refs/pinseal/"), "/")
		id, err := seal.ParseAppID(digits)
		if err != nil || seal.CheckEnvironment(env) != nil || in.app(id) != nil {
			continue
		}
		name := digits
		if i := slices.IndexFunc(in.remembered(), func(a knownApp) bool { return a.id == id }); i >= 0 {
			name = in.remembered()[i].directory
		}
		commit, err := in.repo.Commit(in.ctx, ref.Hash)
		if err == nil {
			err = in.add(id, name, &versions.Source{FS: in.repo.TreeFS(in.ctx, commit.Tree), What: atLedger})
		}
		if err != nil {
			in.leaveOut(name, atLedger+" of "+env, err)
		}
	}
	return in.ctx.Err()
}

// remembered are the apps that this machine knows of this place.
func (in *scannedStore) remembered() []knownApp {
	if in.knownRead {
		return in.known
	}
	in.knownRead = true
	mem, err := in.cli.memory()
	if err != nil {
		in.without = append(in.without, "what this machine remembers: "+reasonOf(err))
		return nil
	}
	if len(mem.known.apps) == 0 {
		return nil
	}
	p := place{dir: in.repo.CommonDir()}
	if mem.known.place(p.dir) == nil {
		s := &session{cli: in.cli, ctx: in.ctx, repo: in.repo}
		if p.urls, err = s.remoteURLs(); err != nil {
			in.without = append(in.without, "the place of this clone: "+reasonOf(err))
		}
	}
	name := mem.known.nameOf(p)
	in.known = slices.DeleteFunc(slices.Clone(mem.known.apps), func(a knownApp) bool { return a.place != name })
	return in.known
}

// nowhere says which apps this machine knows of this place that are not here.
func (in *scannedStore) nowhere() (without []string) {
	if in.cli.app != "" {
		return nil
	}
	for _, a := range in.remembered() {
		if in.app(a.id) == nil {
			without = append(without, a.directory+": its files are neither checked out, staged nor pinned here")
		}
	}
	return without
}

// unreadable reports whether err is about an app's files, not about this machine.
func unreadable(err error) bool {
	switch exitCode(err) {
	case exitNotFound, exitNotAuthentic, exitConflict:
		return true
	}
	return errors.Is(err, repo.ErrMissing) || errors.As(err, new(*seal.NeedsError))
}
