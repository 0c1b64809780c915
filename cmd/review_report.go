package cmd

import (
	"context"
	"slices"
	"time"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// reviewReport is all that a review says, for people and programs.
type reviewReport struct {
	Schema   int             `json:"schema"`
	Range    string          `json:"range"` // as it was asked for
	Base     string          `json:"base"`  // the commit that it is compared with
	Target   string          `json:"target"`
	Tip      string          `json:"tip"`
	Default  *reviewDefault  `json:"default,omitempty"` // when it changes
	Apps     []reviewApp     `json:"apps"`              // that change
	Problems []reviewProblem `json:"problems"`
	Kinds    []string        `json:"kinds"`            // of change that there are, as --fail-on has them
	Failed   []string        `json:"failed,omitempty"` // those that --fail-on asked for
}

type reviewDefault struct {
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

type reviewApp struct {
	ID           string              `json:"app"`
	Name         string              `json:"name"`
	Change       string              `json:"change"` // same, added, removed, moved or replaced
	OldID        string              `json:"old_app,omitempty"`
	OldName      string              `json:"old_name,omitempty"`
	OldNote      int                 `json:"old_note,omitempty"` // version
	Note         int                 `json:"note,omitempty"`
	NoteCommits  []reviewCommit      `json:"note_commits"` // of the branch, newest first
	Members      []reviewMember      `json:"members"`      // who gains comes first
	Keys         []reviewKey         `json:"keys"`
	Environments []reviewEnvironment `json:"environments"` // that change
}

type reviewCommit struct {
	Commit  string `json:"commit"`
	When    string `json:"when"`
	Author  string `json:"author"`
	Subject string `json:"subject"`
}

type reviewMember struct {
	Name         string      `json:"name"`
	Action       string      `json:"action"` // added, removed or changed
	Service      bool        `json:"service,omitempty"`
	Given        []seal.Slot `json:"given"`
	Taken        []seal.Slot `json:"taken"`
	NewRecipient bool        `json:"new_recipient,omitempty"` // the name stands for another key
	Recipient    string      `json:"recipient,omitempty"`     // where the name is new or stands for another key
	PostQuantum  bool        `json:"post_quantum"`
	change       versions.MemberChange
}

type reviewKey struct {
	Slot       seal.Slot `json:"slot"`
	Old        int       `json:"old"` // 0 for a new slot
	Generation int       `json:"generation"`
}

type reviewEnvironment struct {
	Name    string         `json:"name"`
	Known   bool           `json:"known"` // somebody holds a slot of it
	Secrets []reviewSecret `json:"secrets"`
	Pin     *reviewPin     `json:"pin,omitempty"`         // the newest that is here
	NoPins  bool           `json:"pins_absent,omitempty"` // and there may be some elsewhere
}

type reviewSecret struct {
	Name     string         `json:"name"`
	Action   string         `json:"action"`
	From     string         `json:"from,omitempty"` // moved
	Fields   []string       `json:"fields,omitempty"`
	Blank    bool           `json:"blank,omitempty"`
	Optional bool           `json:"optional,omitempty"`
	WasBlank bool           `json:"was_blank,omitempty"`
	Expired  string         `json:"expired,omitempty"` // its date
	Unread   bool           `json:"unread,omitempty"`  // it is no secret file: see problems
	Commits  []reviewCommit `json:"commits"`           // of the branch, newest first
}

// reviewPin is how a pin would change when the environment is published after the
// merge.
type reviewPin struct {
	Number  int          `json:"number"`
	Commit  string       `json:"commit"`
	Changes []changeJSON `json:"changes"`
	Readers []readerJSON `json:"readers"`
}

type reviewProblem struct {
	Kind        string   `json:"kind"`
	App         string   `json:"app,omitempty"`
	Environment string   `json:"environment,omitempty"`
	Names       []string `json:"names,omitempty"`
	Path        string   `json:"path,omitempty"`
	Text        string   `json:"text"`
}

// reviewReport gathers what there is to say of what was found.
func (c *cli) reviewReport(ctx context.Context, r *repo.Repo, found *versions.StoreReview, ends rangeEnds, o reviewOptions) (*reviewReport, error) {
	report := &reviewReport{Schema: 1, Range: o.text, Base: string(ends.base), Target: string(ends.target), Tip: string(ends.tip),
		Apps: []reviewApp{}, Problems: []reviewProblem{}}
	first := found.DefaultOld == "" && slices.ContainsFunc(found.Apps, func(a *versions.AppReview) bool {
		return a.Dir == found.DefaultNew && a.Kind() == "added"
	})
	if found.DefaultOld != found.DefaultNew && !first && c.app == "" {
		report.Default = &reviewDefault{found.DefaultOld, found.DefaultNew}
	}
	history, err := branchHistory(ctx, r, ends)
	if err != nil {
		return nil, err
	}
	report.addProblems("", found.Problems)
	for _, a := range found.Apps {
		app := history.app(a, c.Now())
		if a.New != nil {
			if err := c.reviewPins(ctx, r, found, a, &app); err != nil {
				return nil, err
			}
		}
		report.addProblems(app.Name, a.Problems)
		if app.Change != "same" || len(app.Members)+len(app.Keys)+len(app.Environments) > 0 || app.OldNote != app.Note {
			report.Apps = append(report.Apps, app)
		}
	}
	report.judge(o.failOn)
	return report, nil
}

func (r *reviewReport) addProblems(app string, problems []versions.ReviewProblem) {
	for _, p := range problems {
		r.Problems = append(r.Problems, reviewProblem{p.Kind, app, p.Environment, p.Names, p.Path, p.String()})
	}
}

// empty reports whether there is nothing to say.
func (r *reviewReport) empty() bool {
	return r.Default == nil && len(r.Apps)+len(r.Problems) == 0
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

func toReviewSecret(s versions.ReviewedSecret, commits []reviewCommit, now time.Time) reviewSecret {
	out := reviewSecret{Name: s.Name, Action: string(s.Action), From: s.From, Fields: s.Fields, Commits: commits}
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
