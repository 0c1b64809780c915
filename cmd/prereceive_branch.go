package cmd

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// branch checks all that a branch or tag gets, and holds its app notes to those
// that were there. One that goes is nothing to us.
func (p *pushed) branch(m refMove) error {
	if !m.isCode() || m.new == "" {
		return nil
	}
	commit, err := p.repo.Peel(p.ctx, m.new)
	if err != nil {
		return p.odd(m.ref, err)
	}
	if commit == "" {
		return nil // a tag of a file or directory
	}
	tag := m.old == "" && !strings.HasPrefix(m.ref, branchRefs)
	if tag && p.tagged[commit] {
		return nil
	}
	tree, err := p.storeTree(commit, m.ref)
	if err != nil {
		return p.odd(m.ref, err)
	}
	if tag {
		// A release has many tags, and a repository that is moved has all at once.
		if p.tagged[commit] = true; p.tagged[tree] {
			return nil
		}
		p.tagged[tree] = true
	}
	before, was, err := p.before(m.old)
	if err != nil {
		return err
	}
	if tree == was && len(p.changed) == 0 {
		return nil
	}
	var notes map[string]*seal.Note
	if tree == was {
		notes, err = notesAt(p.ctx, p.repo, commit)
	} else {
		notes, err = p.verified(m.ref, commit, tree)
	}
	if err != nil {
		return p.odd(m.ref, err)
	}
	return p.notes(m, before, &tipNotes{commit, notes})
}

// before is the commit that a ref is at, and its .pinseal; both are "" when it is
// at none, or at one that can no longer be checked: HEAD and the ledgers still
// count then.
func (p *pushed) before(old repo.Hash) (commit, tree repo.Hash, err error) {
	if old == "" {
		return "", "", nil
	}
	if commit, err = p.repo.Peel(p.ctx, old); err == nil && commit != "" {
		tree, err = p.storeTree(commit, "")
	}
	if errors.As(err, new(*repo.TooLargeError)) {
		return "", "", nil
	}
	return commit, tree, err
}

// verified checks a store, once for all refs that get it, and returns its notes.
func (p *pushed) verified(ref string, commit, tree repo.Hash) (map[string]*seal.Note, error) {
	if notes, done := p.stores[tree]; done || tree == "" {
		return notes, nil
	}
	store, err := p.storeAt(commit)
	if err != nil {
		return nil, err
	}
	found, err := versions.VerifyStore(p.ctx, store, versions.VerifyOptions{What: "commit " + string(shortHash(commit)), Structure: true})
	if err != nil {
		return nil, err
	}
	for _, f := range allFaults(found) {
		if !p.found.has(f) {
			p.add(ref, f)
		}
	}
	notes := map[string]*seal.Note{}
	for _, app := range found.Apps {
		if app.Note != nil {
			notes[app.Name] = app.Note
		}
	}
	p.stores[tree] = notes
	return notes, nil
}

// storeTree is the object that .pinseal is in a commit, "" when there is none.
// Where a ref is given, another name that some machine takes for it is a fault.
func (p *pushed) storeTree(commit repo.Hash, ref string) (repo.Hash, error) {
	top, err := p.repo.FS(p.ctx, commit, "")
	if err != nil {
		return "", err
	}
	names, err := top.Names(".")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if ref != "" && name != storeDir && folded(name) {
			p.add(ref, versions.Fault{Path: name, Err: &versions.StructureError{Path: name, Reason: "is " + storeDir + " to some file systems"}})
		}
	}
	e, err := top.Entry(storeDir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return e.Hash, err
}

// folded reports whether a file system may take a name for .pinseal: one that
// folds case, drops dots and spaces at the end, opens a stream after a colon, or
// passes over what does not show.
func folded(name string) bool {
	name, _, _ = strings.Cut(name, ":")
	name = strings.Map(func(r rune) rune {
		if r >= 0x200c && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x206a && r <= 0x206f || r == 0xfeff {
			return -1
		}
		return r
	}, strings.TrimRight(name, ". "))
	return strings.EqualFold(name, storeDir)
}

// tipNotes are the app notes of a commit, by directory. The zero one is of none.
type tipNotes struct {
	commit repo.Hash
	dirs   map[string]*seal.Note
}

// of is the note of an app, in any directory; nil when there is none.
func (t *tipNotes) of(id seal.AppID) *seal.Note {
	for _, note := range t.dirs {
		if note.ID == id { // no two have one; see versions.VerifyStore
			return note
		}
	}
	return nil
}

// last is the note of an app at a commit, or else the one that its history had
// last: who takes an app away does not take away what is known of it.
func (p *pushed) last(t *tipNotes, id seal.AppID) (*seal.Note, error) {
	if note := t.of(id); note != nil || t.commit == "" {
		return note, nil
	}
	past, err := p.past(t.commit)
	return past[id], err
}

func (p *pushed) past(commit repo.Hash) (map[seal.AppID]*seal.Note, error) {
	past, ok := p.pasts[commit]
	if ok {
		return past, nil
	}
	past, err := lastNotes(p.ctx, p.repo, commit)
	if err == nil {
		p.pasts[commit] = past
	}
	return past, err
}

// lost lists the apps that a ref had and would not have at its tip: where new
// commits change the note of one that is not there, those of its past too.
func (p *pushed) lost(was, now *tipNotes) ([]seal.AppID, error) {
	var lost []seal.AppID
	take := func(id seal.AppID) {
		if now.of(id) == nil && !slices.Contains(lost, id) {
			lost = append(lost, id)
		}
	}
	for _, note := range was.dirs {
		take(note.ID)
	}
	for dir := range p.changed {
		if now.dirs[dir] != nil || was.commit == "" {
			continue
		}
		past, err := p.past(was.commit)
		if err != nil {
			return nil, err
		}
		for id := range past {
			take(id)
		}
		break
	}
	slices.SortFunc(lost, func(a, b seal.AppID) int { return strings.Compare(a.String(), b.String()) })
	return lost, nil
}
