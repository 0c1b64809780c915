package cmd

import (
	"errors"
	"fmt"
	"io/fs"

	"pinseal/repo"
	"pinseal/versions"
)

// commit opens the app as it was at a revision.
func (s *session) commit(rev string) (*versions.Source, repo.Hash, error) {
	commit, err := s.repo.Resolve(s.ctx, rev)
	if err != nil {
		return nil, "", err
	}
	source, err := s.commitSource(commit)
	return source, commit, err
}

// commitSource opens the app at a commit, and takes that commit's note into
// account.
func (s *session) commitSource(commit repo.Hash) (*versions.Source, error) {
	what := "commit " + string(commit[:min(12, len(commit))])
	dir := storeDir + "/" + s.dir
	tree, err := s.repo.FS(s.ctx, commit, dir)
	if errors.Is(err, fs.ErrNotExist) { // it may have had another name then
		if dir, err = s.secretLog("").FindDir(s.ctx, commit); err == nil && dir == "" {
			err = &versions.NotFoundError{What: "app", Name: s.dir, In: what}
		}
		if err == nil {
			tree, err = s.repo.FS(s.ctx, commit, dir)
		}
	}
	if err != nil {
		return nil, err
	}
	source := &versions.Source{FS: tree, What: what, Dir: dir}
	signed, err := source.Note()
	if err != nil {
		return nil, err
	}
	if err := s.fold(versions.NoteCandidate{Signed: signed, From: what}); err != nil {
		return nil, err
	}
	return source, s.rememberNote()
}

// pinned opens the newest pin, or pin number N.
func (s *session) pinned(l *versions.Ledger, env string, at versions.Selector, min int) (*versions.Source, *versions.Pin, error) {
	entry := l.Tip()
	if entry == nil {
		return nil, nil, hint(&versions.NotFoundError{What: "pin", In: "the ledger of " + env}, append(s.fetchHints(), firstPublish(env))...)
	}
	if at.Kind == versions.AtPinNumber {
		var err error
		if entry, err = l.At(s.ctx, at.Number); err != nil {
			return nil, nil, hint(err, "pinseal pins "+env)
		}
	}
	if entry.Number < min {
		return nil, nil, &versions.AuthError{What: fmt.Sprintf("pin %d of %s", entry.Number, env), Reason: fmt.Sprintf("is below --min-pin %d", min)}
	}
	source, err := l.Source(s.ctx, entry)
	return source, entry.Pin, err
}
