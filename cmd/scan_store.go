package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// scannedStore is where the apps are whose values are looked for.
type scannedStore struct {
	ctx   context.Context
	cli   *cli
	repo  *repo.Repo
	apps  []*foundApp
	names []string // ids of those apps, or what --app says of one that is not there
	def   string   // the default app, of the first place that says
	tips  []repo.Hash

	// without says what of all this cannot be read, and why.
	without []string

	known     []knownApp // see remembered
	knownRead bool
	past      map[seal.AppID][]*versions.Source // see readPast
}

// foundApp is an app, one by its id wherever it stands.
type foundApp struct {
	name string // of its directory; its id where only a ledger has it
	id   seal.AppID
	// at is where it stands, first where it is opened from. The work tree's has no
	// file system before take.
	at []*versions.Source
	// aside says that neither the work tree nor the index has it: what is wrong
	// with it is told and stops nobody.
	aside bool
}

// Names of what a [versions.Source] is of, beside workTree.
const (
	atIndex  = "index"
	atHead   = "HEAD"
	atTip    = "commit sent"
	atLedger = "ledger"
	atPast   = "commit"
)

// storeToScan lists the apps of the work tree, the index, HEAD, the tips, which
// are commits that are pushed, and the ledgers here.
func (c *cli) storeToScan(ctx context.Context, r *repo.Repo, tips ...repo.Hash) (*scannedStore, error) {
	in := &scannedStore{ctx: ctx, cli: c, repo: r, tips: tips}
	for _, add := range []func() error{in.addWorkTree, in.addIndex, in.addHead, in.addTips, in.addLedgers} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	in.only()
	return in, nil
}

// only leaves the app that --app asks for.
func (in *scannedStore) only() {
	if want := in.cli.app; want != "" && len(in.apps) > 0 {
		in.apps = slices.DeleteFunc(in.apps, func(a *foundApp) bool { return a.name != want && a.id.String() != want })
		in.names = []string{want}
	}
	if len(in.apps) > 0 {
		in.names = nil
	}
	for _, a := range in.apps {
		in.names = append(in.names, a.id.String())
	}
}

func (in *scannedStore) addWorkTree() error {
	if in.repo.Bare() {
		return nil
	}
	tree, err := repo.OpenWorkTree(in.repo.Top(), storeDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer tree.Close()
	all, err := listApps(tree)
	in.def = all.def
	for _, a := range all.apps {
		in.apps = append(in.apps, &foundApp{name: a.name, id: a.id, at: []*versions.Source{{What: workTree, Dir: storeDir + "/" + a.name}}})
	}
	return err
}

// addIndex adds what is staged; but for a merge's conflicts, of which the work tree
// has both sides.
func (in *scannedStore) addIndex() error {
	if in.repo.Bare() {
		return nil
	}
	store, err := in.repo.IndexFS(in.ctx, storeDir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.As(err, new(*repo.UnmergedError)):
		return nil
	case errors.As(err, new(*repo.OddEntryError)):
		in.leaveOut(storeDir, atIndex, err)
		return nil
	case err != nil:
		return err
	}
	return in.addStore(store, atIndex)
}

func (in *scannedStore) addHead() error {
	commit, _, err := in.repo.Head(in.ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		return nil
	}
	if err != nil {
		return err
	}
	return in.addCommit(commit, atHead)
}

func (in *scannedStore) addTips() error {
	for _, tip := range in.tips {
		if err := in.addCommit(tip, atTip); err != nil {
			return err
		}
	}
	return nil
}

func (in *scannedStore) addCommit(commit repo.Hash, what string) error {
	store, err := in.repo.FS(in.ctx, commit, storeDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.As(err, new(*repo.OddEntryError)):
		in.leaveOut(storeDir, what, err)
		return nil
	case err != nil:
		return err
	}
	return in.addStore(store, what)
}

// addStore adds the apps of .pinseal somewhere. The rest of what is there is for
// verify to judge.
func (in *scannedStore) addStore(store fs.FS, what string) error {
	entries, err := fs.ReadDir(store, ".")
	if err != nil {
		in.leaveOut(storeDir, what, err)
		return in.ctx.Err()
	}
	if def, err := readDefault(store); in.def == "" && err == nil {
		in.def = def
	}
	for _, e := range entries {
		if e.IsDir() && seal.CheckAppName(e.Name()) == nil {
			if err := in.addDir(store, e.Name(), what); err != nil {
				return err
			}
		}
	}
	return nil
}

// addDir adds what stands in a directory of a store, if it has a note.
func (in *scannedStore) addDir(store fs.FS, name, what string) error {
	id, err := appID(store, name)
	if errors.Is(err, versions.ErrNotFound) {
		return nil
	}
	var dir fs.FS
	if err == nil {
		dir, err = fs.Sub(store, name)
	}
	if err == nil {
		err = in.add(id, name, &versions.Source{FS: dir, What: what, Dir: storeDir + "/" + name})
	}
	if err != nil {
		in.leaveOut(name, what, err)
	}
	return in.ctx.Err()
}

// add adds one place of an app. The first one must have a note that verifies, but
// in the index, where it stops who commits it.
func (in *scannedStore) add(id seal.AppID, name string, source *versions.Source) error {
	if a := in.app(id); a != nil {
		a.at = append(a.at, source)
		return nil
	}
	if slices.ContainsFunc(in.apps, func(a *foundApp) bool { return a.name == name }) {
		name = id.String()
	}
	usual := source.What == atIndex || source.What == atHead && in.repo.Bare()
	a := &foundApp{name: name, id: id, at: []*versions.Source{source}, aside: !usual}
	if a.aside {
		signed, err := source.Note()
		if err == nil {
			_, err = versions.NewestNote(id, nil, versions.NoteCandidate{Signed: signed, From: source.What})
		}
		if err != nil {
			return err
		}
	}
	in.apps = append(in.apps, a)
	return nil
}

func (in *scannedStore) app(id seal.AppID) *foundApp {
	if i := slices.IndexFunc(in.apps, func(a *foundApp) bool { return a.id == id }); i >= 0 {
		return in.apps[i]
	}
	return nil
}

func (in *scannedStore) leaveOut(name, what string, err error) {
	in.without = append(in.without, fmt.Sprintf("%s of the %s: %s", name, what, reasonOf(err)))
}
