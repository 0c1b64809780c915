package cmd

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// pushed is one push that a server's hook has to judge.
type pushed struct {
	*cli
	ctx   context.Context
	repo  *repo.Repo
	moves []refMove
	found []pushedFault

	tips  map[string]*versions.VerifiedStore // what branches and tags get, by ref
	there *knownNotes                        // what the server has; nil before it is asked
}

// pushedFault is a fault and where in the push it is: a commit or a ref.
type pushedFault struct {
	in string
	versions.Fault
}

func (c *cli) runPreReceive(ctx context.Context) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	p := &pushed{cli: c, ctx: ctx, repo: r, tips: map[string]*versions.VerifiedStore{}}
	if p.moves, err = readMoves(c.Stdin); err != nil {
		return err
	}
	if err := p.commits(); err != nil {
		return err
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

func (p *pushed) add(in string, faults ...versions.Fault) {
	for _, f := range faults {
		p.found = append(p.found, pushedFault{in, f})
	}
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

func (p *pushed) commit(change repo.Change) error {
	only := map[string]bool{}
	for _, f := range change.Files {
		only[f.Path] = f.Status != 'D'
	}
	store, err := p.storeAt(change.Commit)
	in := "commit " + string(shortHash(change.Commit))
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
		if touches(only, f.Path) {
			p.add(in, f)
		}
	}
	return nil
}

// touches reports whether a commit that changed some paths can have brought what
// is wrong at another. What was there before is another commit's.
func touches(changed map[string]bool, p string) bool {
	if p == "" || changed[p] {
		return true
	}
	for name, there := range changed {
		if there && strings.HasPrefix(name, p+"/") {
			return true
		}
	}
	return false
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

// odd makes a fault of a .pinseal that is no directory; other errors stay.
func (p *pushed) odd(in string, err error) error {
	if entry := (*repo.OddEntryError)(nil); errors.As(err, &entry) {
		p.add(in, versions.Fault{Path: entry.Path, Err: entry})
		return nil
	}
	return err
}

// branch checks all that a branch or tag gets, and holds its app notes to those
// that were there. One that goes is nothing to us.
func (p *pushed) branch(m refMove) error {
	if !m.isCode() || m.new == "" {
		return nil
	}
	commit, err := p.commitOf(m.new)
	if commit == "" || err != nil {
		return err
	}
	store, err := p.storeAt(commit)
	if err != nil {
		return p.odd(m.ref, err)
	}
	if store == nil || p.same(m.old, commit) {
		return nil
	}
	found, err := versions.VerifyStore(p.ctx, store, versions.VerifyOptions{What: "commit " + string(shortHash(commit)), Structure: true})
	if err != nil {
		return err
	}
	p.tips[m.ref] = found
	for _, f := range allFaults(found) {
		if !p.has(f) {
			p.add(m.ref, f)
		}
	}
	return p.notes(m, found.Apps)
}

// has reports whether a fault was found in a commit already.
func (p *pushed) has(f versions.Fault) bool {
	for _, known := range p.found {
		if known.Path == f.Path && faultReason(known.Fault) == faultReason(f) {
			return true
		}
	}
	return false
}

// commitOf is the commit that a ref would be at, "" when it is none.
func (p *pushed) commitOf(h repo.Hash) (repo.Hash, error) {
	typ, _, err := p.repo.Object(p.ctx, h, repo.MaxBlob)
	if _, big := errors.AsType[*repo.TooLargeError](err); big || err == nil && typ != repo.CommitObject && typ != repo.TagObject {
		return "", nil
	}
	if err != nil || typ == repo.CommitObject {
		return h, err
	}
	commit, err := p.repo.Resolve(p.ctx, string(h))
	if errors.As(err, new(*repo.UnknownRevError)) {
		return "", nil // a tag of a file or directory
	}
	return commit, err
}

// same reports whether .pinseal is what a branch has already.
func (p *pushed) same(old, commit repo.Hash) bool {
	if old == "" {
		return false
	}
	before, err := p.commitOf(old)
	if before == "" || err != nil {
		return false
	}
	now := p.storeTree(commit)
	return now != "" && now == p.storeTree(before)
}

// storeTree is the object that .pinseal is in a commit, "" when there is none.
func (p *pushed) storeTree(commit repo.Hash) repo.Hash {
	top, err := p.repo.FS(p.ctx, commit, "")
	if err != nil {
		return ""
	}
	e, err := top.Entry(storeDir)
	if err != nil {
		return ""
	}
	return e.Hash
}
