package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// pushed is one push that a server's hook has to judge.
type pushed struct {
	*cli
	ctx   context.Context
	repo  *repo.Repo
	moves []refMove
	found pushedFaults

	changed map[string]bool                                 // apps whose note new commits change, by directory
	stores  map[repo.Hash]map[string]*seal.Note             // what was verified: its notes, by tree and directory
	tagged  map[repo.Hash]bool                              // commits and stores that were checked for a new tag
	pasts   map[repo.Hash]map[seal.AppID]*seal.Note         // of commits; see lastNotes
	there   *knownNotes                                     // what the server has; nil before it is asked
	gets    struct{ head, others map[[32]byte]*placedNote } // what it gets of branches and tags, by the note's hash
}

func (c *cli) runPreReceive(ctx context.Context) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	p := &pushed{cli: c, ctx: ctx, repo: r, changed: map[string]bool{}, tagged: map[repo.Hash]bool{},
		stores: map[repo.Hash]map[string]*seal.Note{}, pasts: map[repo.Hash]map[seal.AppID]*seal.Note{}}
	p.gets.head, p.gets.others = map[[32]byte]*placedNote{}, map[[32]byte]*placedNote{}
	if p.moves, err = readMoves(c.Stdin); err != nil {
		return err
	}
	if err := p.commits(); err != nil {
		return shallowTry(err)
	}
	for _, m := range p.moves {
		if err := p.branch(m); err != nil {
			return err
		}
	}
	for _, m := range p.moves {
		if err := p.ledger(m); err != nil {
			return err
		}
	}
	return p.verdict()
}

// commits checks what each new commit of a branch or tag changes below .pinseal:
// what one brings and a later one takes away would stay in the history.
func (p *pushed) commits() error {
	var tips []repo.Hash
	for _, m := range p.moves {
		if m.isCode() && m.new != "" {
			tips = append(tips, m.new)
		}
	}
	for change, err := range p.repo.PushedChanges(p.ctx, tips, storeDir) {
		if err != nil {
			return err
		}
		if err := p.commit(change); err != nil {
			return err
		}
	}
	return nil
}

// maxPushedPath is the longest path, in bytes, that is looked at. Ours are shorter
// by far, and a longer one may have been cut.
const maxPushedPath = 4 << 10

func (p *pushed) commit(change repo.Change) error {
	in := "commit " + string(shortHash(change.Commit))
	only, above := map[string]bool{}, map[string]bool{}
	for _, f := range change.Files {
		there := f.Status != 'D'
		if dir := noteDir(f.Path); dir != "" {
			p.changed[dir] = true
		}
		if there && len(f.Path) > maxPushedPath {
			short := clipPath(f.Path)
			p.add(in, versions.Fault{Path: short, Err: &versions.StructureError{Path: short, Reason: fmt.Sprintf("goes on: a path of over %d bytes", maxPushedPath)}})
			continue
		}
		only[f.Path] = there
		for dir := path.Dir(f.Path); there && dir != "." && !above[dir]; dir = path.Dir(dir) {
			above[dir] = true
		}
	}
	store, err := p.storeAt(change.Commit)
	if err != nil {
		return p.odd(in, err)
	}
	if store == nil {
		return nil
	}
	found, err := versions.VerifyStore(p.ctx, store, versions.VerifyOptions{What: in, Structure: true, Only: func(p string) bool { return only[p] }})
	if err != nil {
		return err
	}
	for _, f := range allFaults(found) {
		// What was there before is another commit's.
		if f.Path == "" || only[f.Path] || above[f.Path] {
			p.add(in, f)
		}
	}
	return nil
}

func allFaults(store *versions.VerifiedStore) []versions.Fault {
	faults := store.Faults
	for _, app := range store.Apps {
		faults = append(faults, app.Faults...)
	}
	return faults
}

// storeAt is .pinseal in a commit, nil when there is none.
func (p *pushed) storeAt(commit repo.Hash) (fs.FS, error) {
	store, err := p.repo.FS(p.ctx, commit, storeDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return store, err
}

// odd makes a fault of a .pinseal that is no directory, and of a commit, tag or
// tree that nobody should be given; other errors stay.
func (p *pushed) odd(in string, err error) error {
	entry, corrupt, large := (*repo.OddEntryError)(nil), (*repo.CorruptError)(nil), (*repo.TooLargeError)(nil)
	switch {
	case errors.As(err, &entry):
		p.add(in, versions.Fault{Path: entry.Path, Err: entry})
	case errors.As(err, &corrupt):
		p.add(in, versions.Fault{Err: corrupt})
	case errors.As(err, &large):
		p.add(in, versions.Fault{Err: &versions.AuthError{What: "object " + large.Name, Reason: fmt.Sprintf("is larger than %d bytes: it cannot be checked", large.Max)}})
	default:
		return err
	}
	return nil
}
