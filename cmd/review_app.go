package cmd

import (
	"slices"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// app gathers what there is to say of an app.
func (h *branchHistory) app(a *versions.AppReview, now time.Time) reviewApp {
	app := reviewApp{ID: a.ID.String(), Name: a.Dir, Change: a.Kind(), Members: []reviewMember{}, Keys: []reviewKey{}, Environments: []reviewEnvironment{}}
	by := h.of(notePaths(a)...)
	app.NoteCommits, app.MoreNoteCommits = by.commits, by.more
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
		env := reviewEnvironment{Name: e.Name, Known: e.Known, Secrets: []reviewSecret{}, rekeyed: app.rekeys(e.Name)}
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
	return a.rekeys(env) || slices.ContainsFunc(a.Members, func(m reviewMember) bool {
		return slices.Contains(m.Given, read) || slices.Contains(m.Taken, read)
	})
}

// rekeys reports whether an environment gets a read key.
func (a *reviewApp) rekeys(env string) bool {
	return slices.ContainsFunc(a.Keys, func(k reviewKey) bool { return k.Slot == seal.ReadSlot(env) })
}
