package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

// maxCommits is how many commits of one name are kept; of the rest, how many there
// are.
const maxCommits = 20

// touchedBy is the commits that touched one of some paths, newest first.
type touchedBy struct {
	commits []reviewCommit
	more    int
	last    repo.Hash
}

// branchHistory is who touched what a report tells of.
type branchHistory struct {
	byPath map[string][]*touchedBy
	byAll  map[string]*touchedBy // by the paths of one thing, as pathsKey has them
}

func (h *branchHistory) watch(paths ...string) {
	t := &touchedBy{commits: []reviewCommit{}}
	h.byAll[pathsKey(paths)] = t
	for _, p := range paths {
		h.byPath[p] = append(h.byPath[p], t)
	}
}

// of are the touches of paths that were watched together.
func (h *branchHistory) of(paths ...string) *touchedBy { return h.byAll[pathsKey(paths)] }

func pathsKey(paths []string) string { return strings.Join(paths, "\x00") }

// walk reads the commits of a branch, each once, and keeps nothing of other paths.
func (h *branchHistory) walk(ctx context.Context, r *repo.Repo, ends rangeEnds) error {
	if ends.base() == ends.tip || len(h.byPath) == 0 {
		return nil
	}
	for change, err := range r.ChangesBetween(ctx, []repo.Hash{ends.target}, []repo.Hash{ends.tip}, storeDir) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		for _, f := range change.Files {
			for _, t := range h.byPath[f.Path] {
				t.add(change)
			}
		}
	}
	return nil
}

// add counts a commit once, whose files come together.
func (t *touchedBy) add(c repo.Change) {
	switch {
	case t.last == c.Commit:
	case len(t.commits) == maxCommits:
		t.more++
	default:
		t.commits = append(t.commits, reviewCommit{string(c.Commit), c.When.Format(time.RFC3339), c.Author, c.Subject})
	}
	t.last = c.Commit
}

// historyOf reads who touched what was found.
func historyOf(ctx context.Context, r *repo.Repo, found *versions.StoreReview, ends rangeEnds) (*branchHistory, error) {
	h := &branchHistory{byPath: map[string][]*touchedBy{}, byAll: map[string]*touchedBy{}}
	for _, a := range found.Apps {
		h.watch(notePaths(a)...)
		for _, e := range a.Environments {
			for _, s := range e.Secrets {
				h.watch(s.Paths...)
			}
		}
		for _, f := range a.Files {
			h.watch(f.Path)
		}
	}
	return h, h.walk(ctx, r, ends)
}

func notePaths(a *versions.AppReview) []string {
	var notes []string
	for _, dir := range []string{a.Dir, a.OldDir} {
		if p := storeDir + "/" + dir + "/" + versions.NoteName; dir != "" && !slices.Contains(notes, p) {
			notes = append(notes, p)
		}
	}
	return notes
}
