package cmd

import (
	"context"
	"slices"
	"time"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// reviewReport gathers what there is to say of what was found.
func (c *cli) reviewReport(ctx context.Context, r *repo.Repo, found *versions.StoreReview, ends rangeEnds, o reviewOptions) (*reviewReport, error) {
	report := &reviewReport{Schema: 1, Range: o.text, Base: string(ends.base()), Target: string(ends.target), Tip: string(ends.tip),
		Apps: []reviewApp{}, Files: []reviewFile{}, Problems: []reviewProblem{}}
	if len(ends.bases) > 1 {
		for _, h := range ends.bases {
			report.Bases = append(report.Bases, string(h))
		}
	}
	if found.DefaultOld != found.DefaultNew && !firstApp(found) && c.app == "" {
		report.Default = &reviewDefault{found.DefaultOld, found.DefaultNew}
	}
	history, err := historyOf(ctx, r, found, ends)
	if err != nil {
		return nil, err
	}
	store := false // whether its problems are in: those of apps that are new come after them
	for _, a := range found.Apps {
		if a.OldDir == "" && !store {
			report.addProblems("", found.Problems)
			store = true
		}
		app := history.app(a, c.Now())
		if a.New != nil {
			if err := c.reviewPins(ctx, r, found, a, &app); err != nil {
				return nil, err
			}
		}
		report.addFiles(history, a.Files)
		report.addProblems(app.Name, a.Problems)
		if app.Change != "same" || len(app.Members)+len(app.Keys)+len(app.Environments) > 0 || app.OldNote != app.Note {
			report.Apps = append(report.Apps, app)
		}
	}
	if !store {
		report.addProblems("", found.Problems)
	}
	report.judge(o.failOn)
	return report, nil
}

func (r *reviewReport) addFiles(h *branchHistory, files []versions.ReviewedFile) {
	for _, f := range files {
		by := h.of(f.Path)
		r.Files = append(r.Files, reviewFile{f.Path, string(f.Action), f.Text, by.commits, by.more})
	}
}

func (r *reviewReport) addProblems(app string, problems []versions.ReviewProblem) {
	for _, p := range problems {
		r.Problems = append(r.Problems, reviewProblem{p.Kind, app, p.Environment, p.Names, p.Path, p.String()})
	}
}

// firstApp reports whether the apps begin with the branch, with the default among
// them, of which there is nothing to say then.
func firstApp(found *versions.StoreReview) bool {
	old := func(a *versions.AppReview) bool { return a.OldDir != "" }
	return found.DefaultOld == "" && !slices.ContainsFunc(found.Apps, old) &&
		slices.ContainsFunc(found.Apps, func(a *versions.AppReview) bool { return a.Dir == found.DefaultNew })
}

// empty reports whether there is nothing to say.
func (r *reviewReport) empty() bool {
	return r.Default == nil && len(r.Apps)+len(r.Files)+len(r.Problems) == 0
}

func toReviewMember(m versions.MemberChange) reviewMember {
	out := reviewMember{Name: m.Name, Action: string(versions.Changed), Given: append([]seal.Slot{}, m.Given...), Taken: append([]seal.Slot{}, m.Taken...),
		NewRecipient: m.NewRecipient, change: m}
	is := m.New
	switch {
	case m.Old == nil:
		out.Action = string(versions.Added)
	case m.New == nil:
		out.Action, is = string(versions.Removed), m.Old
	}
	// A plugin's recipient is an error here, and not known to be post-quantum.
	_, _, quantum, err := seal.ParseRecipient(is.Recipient, nil)
	out.Service, out.PostQuantum = is.Service, quantum && err == nil
	if m.Old == nil || m.NewRecipient {
		out.Recipient = is.Recipient
	}
	return out
}

func toReviewSecret(s versions.ReviewedSecret, by *touchedBy, now time.Time) reviewSecret {
	out := reviewSecret{Name: s.Name, Action: string(s.Action), From: s.From, Fields: s.Fields, Versions: versionsOf(s.Versions), Commits: by.commits, More: by.more, change: s.Change}
	out.WasBlank = s.Old != nil && s.Old.Blank()
	if f := s.New; f != nil {
		out.Blank, out.Optional = f.Blank(), f.Optional
		if f.Expired(now) {
			out.Expired = f.Expires
		}
	}
	out.Unread = s.New == nil && s.Action != versions.Removed
	return out
}
