package cmd

import (
	"context"
	"slices"
	"time"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// pathHistory is the commits of a branch by what they touched, newest first.
type pathHistory map[string][]reviewCommit

func branchHistory(ctx context.Context, r *repo.Repo, ends rangeEnds) (pathHistory, error) {
	history := pathHistory{}
	if ends.base == ends.tip {
		return history, nil
	}
	for change, err := range r.ChangesBetween(ctx, []repo.Hash{ends.target}, []repo.Hash{ends.tip}, storeDir) {
		if err != nil {
			return nil, err
		}
		commit := reviewCommit{string(change.Commit), change.When.Format(time.RFC3339), change.Author, change.Subject}
		for _, f := range change.Files {
			history[f.Path] = append(history[f.Path], commit)
		}
	}
	return history, nil
}

// of are the commits that touched one of the paths, each once.
func (h pathHistory) of(paths ...string) []reviewCommit {
	commits := []reviewCommit{}
	for _, p := range paths {
		for _, c := range h[p] {
			if !slices.Contains(commits, c) {
				commits = append(commits, c)
			}
		}
	}
	return commits
}

func (h pathHistory) app(a *versions.AppReview, now time.Time) reviewApp {
	app := reviewApp{ID: a.ID.String(), Name: a.Dir, Change: a.Kind(), Members: []reviewMember{}, Keys: []reviewKey{}, Environments: []reviewEnvironment{}}
	var notes []string
	if a.Dir != "" {
		notes = append(notes, storeDir+"/"+a.Dir+"/"+versions.NoteName)
	}
	if a.OldDir != "" && a.OldDir != a.Dir {
		notes = append(notes, storeDir+"/"+a.OldDir+"/"+versions.NoteName)
	}
	app.NoteCommits = h.of(notes...)
	switch app.Change {
	case "replaced":
		app.OldID = a.OldID.String()
	case "moved":
		app.OldName = a.OldDir
	case "removed":
		app.Name = a.OldDir
	}
	if a.Old != nil {
		app.OldNote = a.Old.Version
	}
	if a.New != nil {
		app.Note = a.New.Version
	}
	for _, m := range a.Members {
		app.Members = append(app.Members, toReviewMember(m))
	}
	for _, k := range a.Keys {
		app.Keys = append(app.Keys, reviewKey{k.Slot, k.Old, k.New})
	}
	for _, e := range a.Environments {
		env := reviewEnvironment{Name: e.Name, Known: e.Known, Secrets: []reviewSecret{}}
		for _, s := range e.Secrets {
			env.Secrets = append(env.Secrets, toReviewSecret(s, h.of(s.Paths...), now))
		}
		if len(env.Secrets) > 0 || app.touches(e.Name) {
			app.Environments = append(app.Environments, env)
		}
	}
	return app
}

// touches reports whether the readers of an environment change, or its read key.
func (a *reviewApp) touches(env string) bool {
	read := seal.ReadSlot(env)
	return slices.ContainsFunc(a.Members, func(m reviewMember) bool {
		return slices.Contains(m.Given, read) || slices.Contains(m.Taken, read)
	}) || slices.ContainsFunc(a.Keys, func(k reviewKey) bool { return k.Slot == read })
}
