package cmd

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// knownNotes is what the server has of app notes, apart from what is pushed.
type knownNotes struct {
	head     map[string]*seal.Note       // at HEAD, by directory
	ledgers  map[seal.AppID][]*seal.Note // those of ledgers' tips
	branches []*seal.Note                // of all branches; see pushed.branchNotes
	asked    bool                        // whether branches are read
}

// known reads the notes of HEAD and of all ledgers, once. One that does not verify
// says nothing.
func (p *pushed) known() (*knownNotes, error) {
	if p.there != nil {
		return p.there, nil
	}
	k := &knownNotes{head: map[string]*seal.Note{}, ledgers: map[seal.AppID][]*seal.Note{}}
	head, _, err := p.repo.Head(p.ctx)
	switch {
	case err == nil:
		k.head, err = notesAt(p.ctx, p.repo, head)
	case errors.Is(err, repo.ErrNoCommits):
		err = nil
	}
	if err != nil {
		return nil, err
	}
	refs, err := p.repo.Refs(p.ctx, ledgerRefs)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		id, env, ok := ledgerAt(ref.Name)
		if !ok {
			continue
		}
		if note := p.ledgerNote(ref.Hash, env); note != nil && note.ID == id {
			k.ledgers[id] = append(k.ledgers[id], note)
		}
	}
	p.there = k
	return k, nil
}

// ledgerNote is the note of a ledger's tip, nil when it does not verify.
func (p *pushed) ledgerNote(tip repo.Hash, env string) *seal.Note {
	signed, err := versions.LedgerNote(p.ctx, p.repo, tip, env)
	if err != nil {
		return nil
	}
	note, err := versions.ParseAppNote(signed)
	if err != nil {
		return nil
	}
	return note
}

// branchNotes reads the notes of all branches, once: only a ledger asks for them.
func (p *pushed) branchNotes(k *knownNotes) ([]*seal.Note, error) {
	if k.asked {
		return k.branches, nil
	}
	k.asked = true
	refs, err := p.repo.Refs(p.ctx, "refs/heads/")
	if err != nil {
		return nil, err
	}
	read := map[repo.Hash]bool{}
	for _, ref := range refs {
		tree := p.storeTree(ref.Hash)
		if tree == "" || read[tree] {
			continue
		}
		read[tree] = true
		notes, err := notesAt(p.ctx, p.repo, ref.Hash)
		if err != nil {
			return nil, err
		}
		for _, dir := range slices.Sorted(maps.Keys(notes)) {
			k.branches = append(k.branches, notes[dir])
		}
	}
	return k.branches, nil
}

const ledgerRefs = "refs/pinseal/"

// ledgerAt reads the name of a ledger's ref.
func ledgerAt(ref string) (id seal.AppID, env string, ok bool) {
	name, below := strings.CutPrefix(ref, ledgerRefs)
	text, env, two := strings.Cut(name, "/")
	id, err := seal.ParseAppID(text)
	return id, env, below && two && err == nil && seal.CheckEnvironment(env) == nil
}

// notes holds the app notes of a branch or tag to what was there: on the ref
// itself they may go on alone; those of a ref that is new must be of one line with
// HEAD's, and all of one line with those of their app's ledgers.
func (p *pushed) notes(m refMove, apps []*versions.VerifiedApp) error {
	var was map[string]*seal.Note
	if m.old != "" {
		before, err := p.commitOf(m.old)
		if err == nil && before != "" {
			was, err = notesAt(p.ctx, p.repo, before)
		}
		if err != nil {
			return err
		}
	}
	known, err := p.known()
	if err != nil {
		return err
	}
	for _, app := range apps {
		if app.Note == nil {
			continue
		}
		if err := p.note(m, app.Note, was[app.Name], known.head[app.Name], known.ledgers[app.Note.ID]); err != nil {
			file := path.Join(storeDir, app.Name, versions.NoteName)
			p.add(m.ref, versions.Fault{Path: file, App: app.Name, Err: noteTry(err, file)})
		}
	}
	return nil
}

// note holds one note to that of the ref before, else HEAD's, either nil for none,
// and to those of the ledgers.
func (p *pushed) note(m refMove, now, was, head *seal.Note, ledgers []*seal.Note) error {
	from, older := m.ref+" there", false
	if was == nil && m.old == "" {
		was, from, older = head, "HEAD there", true
	}
	if was != nil {
		if err := versions.CheckNote(was, now, from, m.ref, older); err != nil {
			return err
		}
		if was.Hash() == now.Hash() {
			return nil // a ledger may have gone another way since
		}
	}
	for _, note := range ledgers {
		if err := versions.CheckNote(note, now, "a ledger there", m.ref, true); err != nil {
			return err
		}
	}
	return nil
}

// ledger checks a ref below refs/pinseal/: a ledger that goes on, nothing else.
func (p *pushed) ledger(m refMove) error {
	if !strings.HasPrefix(m.ref, ledgerRefs) {
		return nil
	}
	id, env, ok := ledgerAt(m.ref)
	if !ok {
		p.add(m.ref, versions.Fault{Err: &versions.AuthError{What: fmt.Sprintf("%q", m.ref), Reason: "is not the ref of a ledger, and nothing else has a place there"}})
		return nil
	}
	if m.new == "" {
		p.add(m.ref, versions.Fault{Environment: env, Err: &versions.AuthError{What: "ledger of " + env,
			Reason: fmt.Sprintf("pin %d is there, and the push deletes it: a ledger only grows", versions.PinNumber(p.ctx, p.repo, m.old))}})
		return nil
	}
	note, err := p.newestNote(id, env, m)
	var faults []versions.Fault
	switch {
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case err != nil:
		faults = []versions.Fault{{Environment: env, Err: err}}
	default:
		if faults, err = versions.VerifyPush(p.ctx, p.repo, note, env, m.old, m.new); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		was, now := versions.PinNumber(p.ctx, p.repo, m.old), versions.PinNumber(p.ctx, p.repo, m.new)
		for _, f := range faults {
			f.Err = fmt.Errorf("pin %d is there, pin %d is pushed: %w", was, now, f.Err)
			p.add(m.ref, f)
		}
	}
	return nil
}

// newestNote is the newest app note by which a pushed ledger can be judged: that
// of the ledger itself, which must be of one line with what the server has, and
// of what else the server has or gets.
func (p *pushed) newestNote(id seal.AppID, env string, m refMove) (*seal.Note, error) {
	known, err := p.known()
	if err != nil {
		return nil, err
	}
	var newest *seal.Note
	take := func(note *seal.Note) {
		if note != nil && note.ID == id && (newest == nil || seal.Compare(newest, note) == seal.Follows) {
			newest = note
		}
	}
	// What is published counts before what a branch says.
	for _, note := range known.ledgers[id] {
		take(note)
	}
	branches, err := p.branchNotes(known)
	if err != nil {
		return nil, err
	}
	for _, note := range branches {
		take(note)
	}
	for _, ref := range slices.Sorted(maps.Keys(p.tips)) {
		for _, app := range p.tips[ref].Apps {
			take(app.Note)
		}
	}
	signed, err := versions.LedgerNote(p.ctx, p.repo, m.new, env)
	if err != nil {
		return nil, err
	}
	return versions.NewestNote(id, newest, signed)
}
