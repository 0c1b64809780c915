package versions

import (
	"context"
	"fmt"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
)

// reviewNotes compares the notes of an app that the branch has.
func (a *AppReview) reviewNotes(ctx context.Context, r *repo.Repo) error {
	base, tip := a.sides.base, a.sides.tip
	switch {
	case base != nil && base.note.ID != tip.note.ID:
		a.Old = nil // what another app's members could says nothing of this one
	case !a.sides.crossed():
		if base == nil {
			break
		}
		if err := checkSuccession(base, tip); err != nil {
			return err
		}
	case a.sides.noteTouched():
		if err := a.succeedsBases(); err != nil {
			return err
		}
	default:
		a.Old = a.New // whatever the target has, the merge leaves it there
	}
	if a.Old != nil {
		a.Keys = diffKeys(a.Old, a.New)
	}
	a.Members = diffMembers(a.Old, a.New)
	a.settleNotes()
	a.reviewAdmin()
	return a.reviewWraps(ctx, r)
}

// noteTouched reports whether the branch's note differs from that of any merge base.
func (s reviewSides) noteTouched() bool {
	return slices.ContainsFunc(s.origins, func(o *appSide) bool { return o == nil || o.note.Hash() != s.tip.note.Hash() })
}

// succeedsBases is checkSuccession with several merge bases: the note goes on from
// that of one, and it is a problem where it does not from that of another.
func (a *AppReview) succeedsBases() (first error) {
	followed := false
	for _, o := range a.sides.origins {
		if o == nil || o.note.ID != a.ID {
			continue
		}
		err := checkSuccession(o, a.sides.tip)
		if err == nil {
			followed = true
			continue
		}
		if first == nil {
			first = err
		}
		a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemNote, Path: a.sides.tip.source.where(NoteName),
			Text: fmt.Sprintf("is version %d and does not go on from version %d in %s, which the branch has in its past too", a.New.Version, o.note.Version, o.source.What)})
	}
	if followed {
		return nil
	}
	return first
}

// settleCrossed is settleNotes with several merge bases, where a target's newer note
// is not sure to be what the merge keeps.
func (a *AppReview) settleCrossed(target *seal.Note, relation seal.Relation) {
	if relation == seal.Same || relation == seal.Follows || !a.sides.noteTouched() {
		return
	}
	a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemNote, Path: a.sides.target.source.where(NoteName),
		Text: fmt.Sprintf("is version %d there and version %d here, and the merge may take either: see that it keeps the newer one", target.Version, a.New.Version)})
}

// checkSuccession holds a branch's note to the one it began with: it is the same,
// or goes on from it.
func checkSuccession(base, tip *appSide) error {
	switch seal.Compare(base.note, tip.note) {
	case seal.Same, seal.Follows:
		return nil
	case seal.Precedes:
		return &AuthError{What: "app note in " + tip.where(),
			Reason: fmt.Sprintf("is version %d, older than version %d, which the branch began with", tip.note.Version, base.note.Version)}
	}
	return &AuthError{What: "app note in " + tip.where(),
		Reason: fmt.Sprintf("version %d does not go on from version %d, which the branch began with", tip.note.Version, base.note.Version)}
}

func (a *appSide) where() string { return a.source.What + ", " + a.source.Dir }

// settleNotes finds the newest notes of a branch and its target. Where each has
// changed the note, a merge will not go through by itself, which is a problem.
func (a *AppReview) settleNotes() {
	a.Newest, a.Known = a.New, a.New
	if a.sides.target == nil {
		return
	}
	target := a.sides.target.note
	relation := seal.Compare(target, a.New)
	switch relation {
	case seal.Same, seal.Follows:
	case seal.Precedes:
		a.Newest, a.Known = target, target
	default:
		a.Known = target
	}
	if a.sides.crossed() {
		a.settleCrossed(target, relation)
		return
	}
	// Two notes can follow each other by their keys, and not by their members.
	if relation == seal.Same || a.Old != nil && (a.Old.Hash() == a.New.Hash() || a.Old.Hash() == target.Hash()) {
		return
	}
	a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemNote, Path: a.sides.target.source.where(NoteName),
		Text: fmt.Sprintf("was changed on both sides, to version %d here and version %d there: after the merge run pinseal resolve", a.New.Version, target.Version)})
}
