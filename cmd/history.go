package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"pinseal/repo"
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

// secretLog reads the history of an environment.
func (s *session) secretLog(env string) *versions.SecretLog {
	return &versions.SecretLog{Repo: s.repo, App: s.id, Dir: storeDir + "/" + s.dir, Environment: env}
}

// lastEntries finds the commit that last changed each of the names, with one git
// process that ends as soon as the last one is found. Entries are not explained.
func (s *session) lastEntries(l *versions.SecretLog, tip repo.Hash, names []string) (map[string]*versions.LogEntry, error) {
	last := map[string]*versions.LogEntry{}
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	if len(wanted) == 0 {
		return last, nil
	}
	for e, err := range l.Walk(s.ctx, tip, "") {
		if err != nil {
			return nil, err
		}
		for _, c := range e.Changes {
			if wanted[c.Name] && c.New != "" {
				last[c.Name] = &e
				delete(wanted, c.Name)
			}
		}
		if len(wanted) == 0 {
			break
		}
	}
	return last, nil
}

// lastChanges is lastEntries without those that history here cannot tell.
func (s *session) lastChanges(env string, tip repo.Hash, names []string) (map[string]*versions.LogEntry, error) {
	last, err := s.lastEntries(s.secretLog(env), tip, names)
	for name, e := range last {
		if e.Cut {
			delete(last, name)
		}
	}
	return last, err
}

// sumLine is what set.sum says of a file: the same for the same version.
func sumLine(env, name string, data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:]) + "  " + versions.FilePath(env, name)
}

// carriers finds the pins, newest first, that carry versions of secrets, by their
// lines of set.sum, as far as the ledger is here.
func (s *session) carriers(env string, lines []string) (map[string][]int, error) {
	l, _, err := s.localLedger(env)
	if err != nil || l == nil {
		return nil, err
	}
	pins := make(map[string][]int, len(lines))
	for _, line := range lines {
		pins[line] = nil
	}
	sets := map[[32]byte][]string{} // many pins are of one set
	var failed error
	err = l.Walk(s.ctx, func(e *versions.Entry) bool {
		found, read := sets[e.Set]
		if !read {
			source, err := l.Source(s.ctx, e)
			if err != nil {
				failed = err
				return false
			}
			for line := range strings.Lines(string(source.Sum)) {
				line = strings.TrimSuffix(line, "\n")
				if _, asked := pins[line]; asked {
					found = append(found, line)
				}
			}
			sets[e.Set] = found
		}
		for _, line := range found {
			pins[line] = append(pins[line], e.Number)
		}
		return true
	})
	if failed != nil {
		err = failed
	}
	return pins, err
}
