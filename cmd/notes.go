package cmd

import (
	"errors"
	"strings"

	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

// foldRemembered verifies the note at hand against the remembered one. When
// their hashes are equal the remembered bytes are not even read.
func (s *session) foldRemembered(c versions.NoteCandidate) error {
	known := s.mem.known.note(s.id)
	if known != nil {
		n, err := versions.ParseAppNote(c, known.hash)
		if err == nil && n.ID == s.id && n.Hash() == known.hash {
			s.note = n
			return nil
		}
	}
	remembered, err := s.mem.note(s.id)
	if err != nil {
		return err
	}
	s.note, err = versions.NewestNote(s.id, remembered, c)
	if err != nil {
		return s.noteHint(err)
	}
	return s.rememberNote()
}

// fold takes further notes into account, such as a ledger's, in this session:
// they are remembered once what they came with has verified.
func (s *session) fold(candidates ...versions.NoteCandidate) error {
	newest, err := versions.NewestNote(s.id, s.note, candidates...)
	if err != nil {
		return s.noteHint(err)
	}
	s.note = newest
	return nil
}

func (s *session) rememberNote() error {
	if s.mem == nil {
		return nil
	}
	if err := s.mem.rememberNote(s.note); err != nil {
		return s.noteHint(err)
	}
	return nil
}

func (s *session) noteHint(err error) error {
	history := s.gitFor("log -p", storeDir+"/"+s.dir+"/"+versions.NoteName)
	switch {
	case errors.As(err, new(*versions.DivergedNoteError)):
		return hint(err, "git merge BRANCH && pinseal resolve      with the branch that has the other change",
			"pinseal trust --app "+s.id.String()+"      if the other was made here and undone on purpose")
	case unverified(err):
		// Trust is not asked: nobody can trust a note that does not verify.
		if auth := (*versions.AuthError)(nil); !errors.As(err, &auth) || !strings.HasSuffix(auth.What, workTree) {
			return err
		}
		return hint(err, history, s.gitFor("checkout HEAD", storeDir+"/"+s.dir+"/"+versions.NoteName)+"      if the commit has a good one")
	case errors.Is(err, versions.ErrNotAuthentic):
		return hint(err, history, "pinseal trust       only after you know why it went back")
	}
	return err
}

// unverified reports that a signed text is not what its signer wrote, as opposed
// to one that is genuine and older than another.
func unverified(err error) bool {
	return errors.Is(err, seal.ErrAuth) || errors.Is(err, spelling.ErrSpelling)
}
