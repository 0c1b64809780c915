package cmd

import (
	"errors"
	"slices"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

// blame makes the rows. What differs from HEAD has no commit yet.
func (s *session) blame(v *view, names []string, files []*versions.SecretFile, signed bool) ([]blamed, error) {
	rows := make([]blamed, len(names))
	lines := make([]string, len(names))
	for i, f := range files {
		rows[i].Name = names[i]
		if rows[i].State = stateUnmerged; f == nil {
			continue
		}
		rows[i].State = stateOf(f, s.Now())
		data, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		lines[i] = sumLine(v.Environment, names[i], data)
	}
	tip, err := s.blameDirty(v, rows, files)
	if err != nil {
		return nil, err
	}
	if err := s.blameCommits(v, tip, rows, signed); err != nil {
		return nil, err
	}
	pins, err := s.carriers(v.Environment, lines)
	for i, line := range lines {
		if line != "" {
			rows[i].Pins = pins[line]
		}
	}
	return rows, err
}

// blameDirty marks what is not committed as it is, and returns the commit whose
// history tells of the rest, "" for none.
func (s *session) blameDirty(v *view, rows []blamed, files []*versions.SecretFile) (repo.Hash, error) {
	if v.Commit != "" {
		return v.Commit, nil
	}
	head, commit, _, err := s.committed()
	if err != nil {
		return "", err
	}
	dirty := []string{} // sorted
	if head != nil {
		if dirty, err = versions.Differing(v.Source, head, v.Environment); err != nil {
			return "", err
		}
	}
	for i := range rows {
		if _, is := slices.BinarySearch(dirty, versions.FilePath(v.Environment, rows[i].Name)); head != nil && !is {
			continue
		}
		rows[i].Dirty = true
		rows[i].Action = string(versions.Added)
		if head == nil {
			continue
		}
		was, err := head.FileBytes(v.Environment, rows[i].Name)
		if errors.Is(err, versions.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		rows[i].Action = string(versions.Changed)
		if f := files[i]; f != nil {
			is, err := f.Bytes()
			if err != nil {
				return "", err
			}
			change := versions.CompareFiles(rows[i].Name, was, is)
			rows[i].Action, rows[i].Fields, rows[i].Versions = string(change.Action), change.Fields, versionsOf(change.Versions)
		}
	}
	return commit, nil
}

// blameCommits puts down the last change of each secret that is committed.
func (s *session) blameCommits(v *view, tip repo.Hash, rows []blamed, signed bool) error {
	var names []string
	for i := range rows {
		if !rows[i].Dirty {
			names = append(names, rows[i].Name)
		}
	}
	l := s.secretLog(v.Environment)
	last, err := s.lastEntries(l, tip, names)
	if err != nil {
		return err
	}
	var shown []versions.LogEntry
	explained := map[repo.Hash]map[string]loggedChange{}
	for i := range rows {
		r := &rows[i]
		e := last[r.Name]
		if e == nil {
			continue
		}
		if explained[e.Commit] == nil {
			if err := l.Explain(s.ctx, e); err != nil {
				return err
			}
			explained[e.Commit] = map[string]loggedChange{}
			for _, c := range loggedOf(*e).Changes {
				explained[e.Commit][c.Name] = c
			}
			shown = append(shown, *e)
		}
		r.loggedChange = explained[e.Commit][r.Name]
		r.Commit, r.When, r.Author, r.Subject, r.Cut = string(e.Commit), e.When.Format(time.RFC3339), e.Author, e.Subject, e.Cut
	}
	if !signed {
		return nil
	}
	marks, err := s.signatures(shown)
	for i := range rows {
		rows[i].Signature = marks[repo.Hash(rows[i].Commit)]
	}
	return err
}
