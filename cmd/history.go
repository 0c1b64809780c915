package cmd

import (
	"errors"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// committed opens the app at HEAD. The source is nil when there is no commit
// yet, or none that has the app.
func (s *session) committed() (set *versions.Source, commit repo.Hash, branch string, err error) {
	commit, branch, err = s.repo.Head(s.ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		return nil, "", branch, nil
	}
	if err != nil {
		return nil, "", "", err
	}
	set, err = s.commitSource(commit)
	if missing := (*versions.NotFoundError)(nil); errors.As(err, &missing) && missing.What == "app" {
		return nil, commit, branch, nil
	}
	return set, commit, branch, err
}

// setPath is where an environment's files are, from the top of the tree.
func (s *session) setPath(env string) string { return storeDir + "/" + s.dir + "/" + env }

// nameAt is the secret whose file is at a path from the top of the tree.
func (s *session) nameAt(env, path string) (string, bool) {
	file, below := strings.CutPrefix(path, s.setPath(env)+"/")
	name, ok := strings.CutSuffix(file, ".yaml")
	return name, below && ok && seal.CheckSecretName(name) == nil
}

// lastChanges finds the commit that last changed each of the names, with one
// git process that ends as soon as the last one is found.
func (s *session) lastChanges(env string, tip repo.Hash, names []string) (map[string]repo.Change, error) {
	last := map[string]repo.Change{}
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	if len(wanted) == 0 {
		return last, nil
	}
	for change, err := range s.repo.Changes(s.ctx, tip, s.setPath(env)) {
		if err != nil {
			return nil, err
		}
		for _, f := range change.Files {
			if name, ok := s.nameAt(env, f.Path); ok && wanted[name] {
				last[name] = change
				delete(wanted, name)
			}
		}
		if len(wanted) == 0 {
			break
		}
	}
	return last, nil
}
