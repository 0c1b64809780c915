package cmd

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

type logOptions struct {
	env, at string
	name    string
	limit   int
	json    bool
}

func newLog(c *cli) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:     "log [NAME]",
		Aliases: []string{"history"},
		Short:   "Versions of the set, or of one secret",
		Long: `List the commits that changed an environment's set, or one secret of it, newest
first: when (UTC), who, commit, subject, and what changed by name (+ added,
- removed, ~ changed). With NAME also which pins carry exactly that version, as far
as the ledger is here. No key is needed and no value is printed.`,
		Example: `  pinseal log -e production
  pinseal log DATABASE_URL -e production
  pinseal log --at v1.4 --limit 5`,
		Args: rangeArgs(0, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
				if err := seal.CheckSecretName(o.name); err != nil {
					return err
				}
			}
			return c.runLog(cmd.Context(), o)
		},
		ValidArgsFunction: c.completeNames,
	}
	bindEnv(c, cmd, &o.env)
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "begin at `VERSION`: a git revision, pin, or pin:N (default: HEAD)")
	f.IntVar(&o.limit, "limit", 0, "print at most `N` versions (0: all)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	completeFlag(cmd, "at", c.completeVersions)
	return cmd
}

// logged is one version, for people and programs.
type logged struct {
	Commit  string         `json:"commit"`
	When    string         `json:"when"`
	Author  string         `json:"author"`
	Subject string         `json:"subject"`
	Changes []loggedChange `json:"changes"`
	Pins    []int          `json:"pins,omitempty"`
}

type loggedChange struct {
	Name   string `json:"name"`
	Action string `json:"action"`
}

func (c *cli) runLog(ctx context.Context, o logOptions) error {
	if o.limit < 0 {
		return usage(nil, "--limit wants a number from 0")
	}
	s, err := c.open(ctx, look)
	if err != nil {
		return err
	}
	defer s.Close()
	env, err := s.environment(o.env)
	if err != nil {
		return err
	}
	tip, err := s.logStart(env, o.at)
	if err != nil {
		return err
	}
	entries, err := s.logEntries(env, tip, o)
	if err != nil {
		return err
	}
	if len(entries) == 0 && o.name != "" {
		if _, err := s.head.File(env, o.name); err != nil {
			return err
		}
	}
	if o.json {
		return c.printJSON(struct {
			Schema      int      `json:"schema"`
			App         string   `json:"app"`
			Environment string   `json:"environment"`
			Name        string   `json:"name,omitempty"`
			Versions    []logged `json:"versions"`
		}{1, s.id.String(), env, o.name, entries})
	}
	if len(entries) == 0 {
		what := env
		if o.name != "" {
			what = o.name + " of " + env
		}
		c.say("%s has not been committed yet\n  try:  %s", what, c.gitCommit())
	}
	for _, e := range entries {
		if err := c.printLogged(e, o.name != ""); err != nil {
			return err
		}
	}
	return nil
}

// logStart is the commit whose history is shown.
func (s *session) logStart(env, text string) (repo.Hash, error) {
	at, err := versions.ParseSelector(text)
	switch {
	case err != nil:
		return "", asUsage(err)
	case at.Pinned():
		l, err := s.ledgerForReading(env)
		if err != nil {
			return "", err
		}
		_, pin, err := s.pinned(l, env, at, 0)
		if err != nil {
			return "", err
		}
		return pin.Commit, nil
	case at.Kind == versions.AtRev:
		return s.repo.Resolve(s.ctx, at.Rev)
	}
	commit, _, err := s.repo.Head(s.ctx)
	return commit, err
}

func (s *session) logEntries(env string, tip repo.Hash, o logOptions) ([]logged, error) {
	path := s.setPath(env)
	pinsOf := func(repo.FileChange) ([]int, error) { return nil, nil }
	if o.name != "" {
		path = storeDir + "/" + s.dir + "/" + versions.FilePath(env, o.name)
		byDigest, err := s.pinsByDigest(env, o.name)
		if err != nil {
			return nil, err
		}
		pinsOf = func(f repo.FileChange) ([]int, error) { return s.carriers(byDigest, f) }
	}
	entries := []logged{}
	for change, err := range s.repo.Changes(s.ctx, tip, path) {
		if err != nil {
			return nil, err
		}
		e := logged{Commit: string(change.Commit), When: change.When.Format(time.RFC3339), Author: change.Author, Subject: change.Subject, Changes: []loggedChange{}}
		for _, f := range change.Files {
			name, ok := s.nameAt(env, f.Path)
			if !ok {
				continue
			}
			e.Changes = append(e.Changes, loggedChange{name, actionOf(f.Status)})
			if e.Pins, err = pinsOf(f); err != nil {
				return nil, err
			}
		}
		entries = append(entries, e)
		if len(entries) == o.limit {
			break
		}
	}
	return entries, nil
}

func actionOf(status byte) string {
	switch status {
	case 'A':
		return string(versions.Added)
	case 'D':
		return string(versions.Removed)
	}
	return string(versions.Changed)
}

// pinsByDigest finds the pins that carry each version of one secret's file, by
// the digest that their set.sum lists; newest first.
func (s *session) pinsByDigest(env, name string) (map[[32]byte][]int, error) {
	l, _, err := s.localLedger(env)
	if err != nil || l == nil {
		return nil, err
	}
	type listing struct {
		digest [32]byte
		ok     bool
	}
	pins := map[[32]byte][]int{}
	sets := map[[32]byte]listing{} // many pins are of one set
	var failed error
	err = l.Walk(s.ctx, func(e *versions.Entry) bool {
		found, read := sets[e.Set]
		if !read {
			source, err := l.Source(s.ctx, e)
			if err != nil {
				failed = err
				return false
			}
			found.digest, found.ok = source.Sum.Digest(env, name)
			sets[e.Set] = found
		}
		if found.ok {
			pins[found.digest] = append(pins[found.digest], e.Number)
		}
		return true
	})
	if failed != nil {
		err = failed
	}
	return pins, err
}

// carriers are the pins that carry the version that a change made.
func (s *session) carriers(byDigest map[[32]byte][]int, f repo.FileChange) ([]int, error) {
	if len(byDigest) == 0 || f.New == "" {
		return nil, nil
	}
	_, data, err := s.repo.Object(s.ctx, f.New, versions.MaxSecretFile)
	if err != nil {
		return nil, fmt.Errorf("version of %q: %w", f.Path, err)
	}
	return byDigest[sha256.Sum256(data)], nil
}
