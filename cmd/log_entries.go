package cmd

import (
	"errors"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

func (s *session) logEntries(env string, tip repo.Hash, o logOptions) ([]logged, error) {
	l := s.secretLog(env)
	found := []versions.LogEntry{}
	for e, err := range l.Walk(s.ctx, tip, o.name) {
		if err == nil {
			err = l.Explain(s.ctx, &e)
		}
		if err != nil {
			return nil, err
		}
		if found = append(found, e); len(found) == o.limit {
			break
		}
	}
	entries := make([]logged, len(found))
	for i, e := range found {
		entries[i] = loggedOf(e)
	}
	if o.name != "" {
		if err := s.pinEntries(env, found, entries); err != nil {
			return nil, err
		}
	}
	if o.signed {
		marks, err := s.signatures(found)
		if err != nil {
			return nil, err
		}
		for i, e := range found {
			entries[i].Signature = marks[e.Commit]
		}
	}
	return entries, nil
}

func loggedOf(e versions.LogEntry) logged {
	out := logged{Commit: string(e.Commit), When: e.When.Format(time.RFC3339), Author: e.Author, Subject: e.Subject,
		OldDir: e.OldDir, Cut: e.Cut, Changes: make([]loggedChange, len(e.Changes))}
	for i, c := range e.Changes {
		out.Changes[i] = loggedChange{Name: c.Name, Action: string(c.Action), Fields: c.Fields, Versions: versionsOf(c.Versions), MovedFrom: c.From, MovedTo: c.To, Maybe: c.Maybe}
		if c.From != "" || c.To != "" {
			out.Changes[i].Proven = new(bool) // no key was asked
		}
	}
	return out
}

// pinEntries puts down which pins carry the versions of one secret. What is not
// here is in no pin that could be told.
func (s *session) pinEntries(env string, found []versions.LogEntry, entries []logged) error {
	lines := make([]string, len(found))
	for i, e := range found {
		if len(e.Changes) == 0 || e.Changes[0].New == "" {
			continue
		}
		_, data, err := s.repo.Object(s.ctx, e.Changes[0].New, versions.MaxSecretFile)
		switch {
		case errors.Is(err, repo.ErrMissing), errors.As(err, new(*repo.TooLargeError)):
			continue
		case err != nil:
			return err
		}
		lines[i] = sumLine(env, e.Changes[0].Name, data)
	}
	pins, err := s.carriers(env, lines)
	for i, line := range lines {
		if line != "" {
			entries[i].Pins = pins[line]
		}
	}
	return err
}
