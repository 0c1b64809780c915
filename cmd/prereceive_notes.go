package cmd

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// placedNote is a note and, for people, where it is.
type placedNote struct {
	*seal.Note
	from string
}

// unbornHead is what a server needs where every branch counts, as its HEAD names none
// that is there.
const unbornHead = "git symbolic-ref HEAD refs/heads/BRANCH      on the server, whose HEAD names no branch that is there"

// knownNotes is what the server has of app notes, apart from what is pushed.
type knownNotes struct {
	head     *tipNotes                    // what HEAD has
	ref      string                       // the branch that HEAD names, "" for none
	ledgers  map[seal.AppID][]*placedNote // of ledgers' tips, and of those that are pushed
	branches []*placedNote                // of all branches; see pushed.branchNotes
	asked    bool                         // whether branches are read
}

// known reads the notes of HEAD and of all ledgers, once.
func (p *pushed) known() (*knownNotes, error) {
	if p.there != nil {
		return p.there, nil
	}
	k := &knownNotes{head: &tipNotes{}, ledgers: map[seal.AppID][]*placedNote{}}
	head, branch, err := p.repo.Head(p.ctx)
	if branch != "" {
		k.ref = branchRefs + branch
	}
	switch {
	case err == nil:
		k.head.commit = head
		k.head.dirs, err = notesAt(p.ctx, p.repo, head)
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
		note, err := p.ledgerNote(ref.Hash, env)
		if err != nil {
			return nil, err
		}
		if note != nil && note.ID == id {
			k.ledgers[id] = append(k.ledgers[id], &placedNote{note, "a ledger there"})
		}
	}
	p.there = k
	return k, nil
}

// ledgerNote is the note of a ledger's tip, nil when it does not verify.
func (p *pushed) ledgerNote(tip repo.Hash, env string) (*seal.Note, error) {
	signed, err := versions.LedgerNote(p.ctx, p.repo, tip, env)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	return verifiedNote(signed.Signed)
}

// branchNotes reads the notes of all branches, once: only an app that HEAD does
// not have asks for them.
func (p *pushed) branchNotes(k *knownNotes) ([]*placedNote, error) {
	if k.asked {
		return k.branches, nil
	}
	refs, err := p.repo.Refs(p.ctx, branchRefs)
	if err != nil {
		return nil, err
	}
	read := map[repo.Hash]bool{}
	for _, ref := range refs {
		tree, err := p.storeTree(ref.Hash, "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref.Name, err)
		}
		if tree == "" || read[tree] {
			continue
		}
		read[tree] = true
		notes, err := notesAt(p.ctx, p.repo, ref.Hash)
		if err != nil {
			return nil, err
		}
		for _, dir := range slices.Sorted(maps.Keys(notes)) {
			k.branches = append(k.branches, &placedNote{notes[dir], ref.Name + " there"})
		}
	}
	k.asked = true
	return k.branches, nil
}

// line lists the notes of an app with which a pushed one must be of one line: that
// which HEAD has or had last, the first where byHead says so, and what is
// published. Where HEAD never had the app all branches count: elsewhere one that is
// not merged would be in the way of all.
func (p *pushed) line(id seal.AppID) (line []*placedNote, byHead bool, err error) {
	k, err := p.known()
	if err != nil {
		return nil, false, err
	}
	note, err := p.last(k.head, id)
	if err != nil {
		return nil, false, err
	}
	if note != nil {
		return append([]*placedNote{{note, "HEAD there"}}, k.ledgers[id]...), true, nil
	}
	all, err := p.branchNotes(k)
	for _, note := range all {
		if note.ID == id {
			line = append(line, note)
		}
	}
	return append(line, k.ledgers[id]...), false, err
}

// notes holds the app notes of a branch or tag to what was there; see note. An
// app that goes must be in its history as it was.
func (p *pushed) notes(m refMove, before repo.Hash, now *tipNotes) error {
	was := &tipNotes{commit: before}
	var err error
	if before != "" {
		if was.dirs, err = notesAt(p.ctx, p.repo, before); err != nil {
			return err
		}
	}
	if len(was.dirs)+len(now.dirs)+len(p.changed) == 0 {
		return nil
	}
	k, err := p.known()
	if err != nil {
		return err
	}
	for _, dir := range slices.Sorted(maps.Keys(now.dirs)) {
		bad, err := p.note(m, dir, now.dirs[dir], was)
		if err != nil {
			return err
		}
		if file := path.Join(storeDir, dir, versions.NoteName); bad != nil {
			try := noteTry(bad, file)
			if k.head.commit == "" {
				try = hint(bad, unbornHead)
			}
			p.add(m.ref, versions.Fault{Path: file, App: dir, Err: try})
		}
		gets := p.gets.others
		if m.ref == k.ref {
			gets = p.gets.head
		}
		gets[now.dirs[dir].Hash()] = &placedNote{now.dirs[dir], m.ref + " as pushed"}
	}
	lost, err := p.lost(was, now)
	if err != nil {
		return err
	}
	for _, id := range lost {
		bad, err := p.goes(m, id, was, now)
		if err != nil {
			return err
		}
		if bad != nil {
			p.add(m.ref, versions.Fault{Err: bad})
		}
	}
	return nil
}

// note holds one note to those of its app, in whatever directory: it may go on
// alone from that of the ref, and must be of one line with HEAD's and the ledgers'.
// A directory keeps its app. bad is what is wrong.
func (p *pushed) note(m refMove, dir string, now *seal.Note, was *tipNotes) (bad, err error) {
	k, err := p.known()
	if err != nil {
		return nil, err
	}
	there := m.ref + " there"
	place, from := was.dirs[dir], there
	if place == nil {
		place, from = k.head.dirs[dir], "HEAD there"
	}
	if place != nil && place.ID != now.ID {
		return versions.CheckNote(place, now, from, m.ref, true), nil
	}
	before, err := p.last(was, now.ID)
	if err != nil {
		return nil, err
	}
	if before != nil && before.Hash() == now.Hash() {
		return nil, nil // HEAD or a ledger may have gone another way since
	}
	line, byHead, err := p.line(now.ID)
	if err != nil {
		return nil, err
	}
	if before != nil {
		bad = versions.CheckNote(before, now, there, m.ref, false)
		if bad != nil && (m.ref == k.ref || !byHead || !resolvedOnto(line[0].Note, before, now)) {
			return bad, nil
		}
	}
	for _, other := range line {
		if bad := versions.CheckNote(other.Note, now, other.from, m.ref, true); bad != nil {
			return bad, nil
		}
	}
	return nil, nil
}

// resolvedOnto reports whether a branch's note can be what resolve made of it and of
// HEAD's, where it dropped a key of the branch.
func resolvedOnto(head, before, now *seal.Note) bool {
	return seal.Compare(head, now) == seal.Follows && settled(before, now)
}

// goes holds what is left in the history of a ref of an app that goes to what the
// ref had, so that the app cannot come back as another. HEAD's branch keeps it.
func (p *pushed) goes(m refMove, id seal.AppID, was, now *tipNotes) (bad, err error) {
	before, err := p.last(was, id)
	if err != nil {
		return nil, err
	}
	after, err := p.last(now, id)
	switch {
	case err != nil || before == nil:
		return nil, err
	case after != nil:
		return versions.CheckNote(before, after, m.ref+" there", "the history of "+m.ref, false), nil
	case m.ref == p.there.ref:
		return &versions.AuthError{What: "app " + id.String(), Reason: "is not in the history that is pushed, and was in that of " + m.ref}, nil
	}
	return nil, nil
}
