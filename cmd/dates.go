package cmd

import (
	"time"

	"pinseal/repo"
)

// dated is when a secret came and when it was changed last, as the commits say it;
// zero for what the history here cannot tell, as in a shallow clone.
type dated struct{ created, updated time.Time }

// dates finds the dates of the secrets of an environment as of a commit, by name, in
// one pass over the history of its directory, whose renames are followed. created is
// the first commit that had the name: a renamed secret begins anew, as its id does,
// and one that was removed and made again does not, as far as the history here goes.
// Names that are gone may be there too. A commit's date is whatever its maker's clock said.
func (s *session) dates(env string, at repo.Hash) (map[string]dated, error) {
	found := map[string]dated{}
	for e, err := range s.secretLog(env).Walk(s.ctx, at, "") {
		if err != nil {
			return nil, err
		}
		for _, c := range e.Changes {
			if c.New == "" {
				continue
			}
			d := found[c.Name]
			if e.Cut {
				found[c.Name] = dated{updated: d.updated} // what was before is not here
				continue
			}
			if d.updated.IsZero() {
				d.updated = e.When
			}
			d.created = e.When
			found[c.Name] = d
		}
	}
	return found, nil
}
