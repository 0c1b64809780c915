package cmd

import (
	"bytes"
	"fmt"

	"pinseal/seal"
	"pinseal/versions"
)

// ownNote is the app note of the work tree. Where there is none to write to, it
// is an error.
func (s *session) ownNote() (*seal.Note, error) {
	if s.files == nil {
		return nil, usage([]string{"git clone " + quoteShell(s.repo.GitDir())}, "a bare repository has no work tree to write to")
	}
	signed, err := s.head.Note()
	if err != nil {
		return nil, err
	}
	return versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: s.where()}, s.note.Hash())
}

// checkNewest refuses to change people or keys under an app note that is older
// than the newest that is known.
func (s *session) checkNewest() error {
	own, err := s.ownNote()
	if err != nil || own.Hash() == s.note.Hash() {
		return err
	}
	return s.olderNote(own)
}

// checkSealing refuses to seal where the app note in the work tree does not know
// the key: one that was replaced has been seen, but not here. Members who came or
// left on another branch are nothing to sealing.
func (s *session) checkSealing(key seal.Entry) error {
	own, err := s.ownNote()
	if err != nil || own.Hash() == s.note.Hash() {
		return err
	}
	if mine, ok := own.Entry(key.Slot, key.Generation); ok && bytes.Equal(mine.Key, key.Key) && own.Precedes(s.note) {
		return nil
	}
	return s.olderNote(own)
}

func (s *session) olderNote(own *seal.Note) error {
	older := &versions.AuthError{What: "app note in the work tree",
		Reason: fmt.Sprintf("is version %d; version %d has been seen: merge the newer note first", own.Version, s.note.Version)}
	return hint(older, "git pull", "git merge BRANCH      the one on which version "+fmt.Sprint(s.note.Version)+" was made",
		"pinseal trust         if it was made here and undone on purpose")
}
