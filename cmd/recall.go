package cmd

import "pinseal/versions"

// recall takes what this machine remembers of the app into account in a session
// that only looks: a note or a ledger that went back is refused there too. It
// asks for no trust, and changes what is remembered only where the app is known
// at this place. A service has no memory, nor has a machine without a home.
func (s *session) recall() error {
	if s.mem != nil || s.asked || s.isService() {
		return nil
	}
	s.asked = true
	dir, err := s.stateDir()
	if err != nil {
		return nil
	}
	mem, err := loadMemory(dir, s.warn)
	if err != nil {
		return err
	}
	known, err := s.knownHere(mem)
	if err != nil {
		return err
	}
	remembered, err := mem.note(s.id)
	if err != nil {
		return err
	}
	mem.frozen, s.mem = !known, mem
	s.note, err = versions.NewestNote(s.id, remembered, versions.NoteCandidate{Signed: s.note.Signed(), From: s.where()})
	if err != nil {
		return s.noteHint(err)
	}
	return s.rememberNote()
}

// knownHere reports whether this place is known for this app.
func (s *session) knownHere(m *memory) (bool, error) {
	dir := s.repo.CommonDir()
	if m.known.place(dir) != nil || len(m.known.placesOf(s.id)) == 0 {
		return m.known.judge(dir, s.claim) == goOn, nil
	}
	urls, err := s.remoteURLs()
	if err != nil {
		return false, err
	}
	for _, u := range urls {
		if m.known.place(u) != nil {
			return m.known.judge(u, s.claim) == goOn, nil
		}
	}
	return false, nil
}
