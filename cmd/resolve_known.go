package cmd

import (
	"errors"
	"fmt"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// allowed holds what is to be taken to what this machine remembers. Of a side that
// is not believed nothing stays.
func (m *merging) allowed(take versions.Side) (versions.NoteChoice, error) {
	known := m.known
	ours, theirs := known.Check(versions.Ours), known.Check(versions.Theirs)
	choice := versions.NoteChoice{Take: take, Keep: versions.Ours}
	var refused error
	switch take {
	case versions.Ours:
		refused, choice.Alone = ours, theirs != nil
	case versions.Theirs:
		choice.Keep = versions.Theirs
		refused, choice.Alone = theirs, ours != nil
	default:
		refused = errors.Join(ours, theirs)
	}
	if own := known.Of(take); refused == nil && take != versions.Both && known.Base != nil && own.Hash() == known.Base.Hash() {
		return choice, usage([]string{"pinseal resolve --both", "pinseal resolve --" + take.Other().String()}, "%s has changed nothing: taking it alone would undo what the other side did", take)
	}
	if refused != nil {
		var try []string
		switch {
		case ours == nil:
			try = append(try, "pinseal resolve --ours      takes nothing from theirs")
		case theirs == nil:
			try = append(try, "pinseal resolve --theirs      takes nothing from ours")
		}
		return choice, hint(refused, append(try, m.abort("and let the admin who made that change merge")...)...)
	}
	reached := known.Reached(choice.Keep) || !choice.Alone && (known.Reached(versions.Ours) || known.Reached(versions.Theirs))
	if !reached && !m.replaying() {
		older := &versions.AuthError{What: "app note", Reason: fmt.Sprintf("neither side has version %d, which has been seen here, or goes on from it", known.Remembered.Version)}
		return choice, hint(older, append(m.abort("and merge the branch that has it first"), "pinseal trust --app "+m.id.String()+"      after that, if that version was undone on purpose; then merge again")...)
	}
	return choice, nil
}

// commonNote is what both sides have had last, git's base where that is newer, or
// where git has begun nothing whose commits could be asked.
func (m *merging) commonNote(base, theirs *seal.Note) (*seal.Note, error) {
	ours, _, err := m.repo.Head(m.ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		return base, nil
	}
	if err != nil {
		return nil, err
	}
	var tip repo.Hash
	if ref := map[string]string{"merge": "MERGE_HEAD", "rebase": "REBASE_HEAD", "cherry-pick": "CHERRY_PICK_HEAD"}[m.repo.Operation()]; ref != "" {
		if tip, err = m.repo.Resolve(m.ctx, ref); err != nil {
			return nil, err
		}
	}
	common, clear, err := versions.CommonNote(m.ctx, m.repo, storeDir+"/"+m.dir+"/"+versions.NoteName, ours, tip, theirs)
	if err == nil && clear && (common == nil || base != nil && base.Version > common.Version) {
		common = base
	}
	return common, err
}

// replaying reports whether the note that is remembered is that of the branch
// which git is rebasing: its change is still to come.
func (m *merging) replaying() bool {
	tip := m.repo.Rebased()
	if tip == "" {
		return false
	}
	tree, err := m.repo.FS(m.ctx, tip, storeDir+"/"+m.dir)
	if err != nil {
		return false
	}
	source := &versions.Source{FS: tree, What: "the branch that is rebased"}
	signed, err := source.Note()
	if err != nil {
		return false
	}
	n, err := versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: source.What})
	return err == nil && n.Hash() == m.known.Remembered.Hash()
}

// replaceNote remembers the merged note where keys of the remembered one were
// dropped, for which merging was the consent. Where it goes on from that one the
// next command remembers it: until then the merge can be undone and made again.
func (m *merging) replaceNote(note *seal.Note) error {
	m.note = note
	remembered := m.known.Remembered
	if m.mem.frozen || remembered == nil || remembered.Precedes(note) {
		return nil
	}
	refused, unwritable := m.mem.locked(func(k *knownApps) (bool, error) {
		if k.noteHash(m.id) != remembered.Hash() {
			return false, fmt.Errorf("another command has remembered another app note meanwhile: %w", versions.ErrConflict)
		}
		return k.setNote(note), nil
	}, note)
	m.mem.failed(unwritable)
	return hint(refused, "pinseal trust")
}
