package cmd

import (
	"context"
	"errors"
	"io/fs"

	"pinseal/repo"
)

// scannedStore is where the apps are whose values are looked for.
type scannedStore struct {
	ctx    context.Context
	repo   *repo.Repo
	names  []string // of their directories, or what --app says
	staged bool     // the work tree leaves them out
}

// storeToScan lists the apps of the work tree, or of the index where a sparse
// checkout leaves .pinseal out; bare, of HEAD.
func (c *cli) storeToScan(ctx context.Context, r *repo.Repo) (in scannedStore, err error) {
	in = scannedStore{ctx: ctx, repo: r}
	apps, err := in.apps(c)
	if len(apps) == 0 && err == nil && !r.Bare() {
		in.staged = true
		apps, err = in.apps(c)
	}
	for _, a := range apps {
		in.names = append(in.names, a.name)
	}
	if c.app != "" && len(apps) > 0 {
		in.names = []string{c.app}
	}
	return in, err
}

// apps lists the apps; where there is no store there are none.
func (in scannedStore) apps(c *cli) ([]found, error) {
	s := &session{cli: c, ctx: in.ctx, repo: in.repo, staged: in.staged}
	store, tree, err := s.openDir(storeDir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, repo.ErrNoCommits) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if tree != nil {
		defer tree.Close()
	}
	all, err := listApps(store)
	return all.apps, err
}

// session is a session on one of the apps, not opened yet.
func (in scannedStore) session(c *cli, name string) *session {
	own := *c // with an --app of its own
	own.app = name
	return &session{cli: &own, ctx: in.ctx, how: use, repo: in.repo, staged: in.staged}
}
