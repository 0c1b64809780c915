package versions

import (
	"cmp"
	"context"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
)

// StoreReview is what a branch does to a repository's apps, told without a key.
type StoreReview struct {
	// Default is the app that a bare command means, before and after; "" for none.
	DefaultOld, DefaultNew string
	Apps                   []*AppReview // by directory; those that are gone and then new ones come last
	Problems               []ReviewProblem
}

// AppReview is what a branch does to one app.
type AppReview struct {
	Dir, OldDir string     // below StoreDir; "" on the side that has no such app
	ID, OldID   seal.AppID // they differ where a directory is another app now
	Old, New    *seal.Note // Old is nil for an app that is added or replaces another, New for one that is gone
	// Newest is the newest note of the branch and its target. After the merge it
	// is the app's; where each has changed the note it is the branch's.
	Newest *seal.Note
	// Known is the newest note that the target has, or New where it has none.
	Known        *seal.Note
	Members      []MemberChange
	Keys         []KeyChange
	Environments []*EnvironmentReview
	Files        []ReviewedFile
	Problems     []ReviewProblem

	sides reviewSides
	told  map[string]bool // paths from the top of the tree that members and keys explain
}

// reviewSides are an app at the commit that the branch is compared with, on the
// target, and on the branch; nil where it is not.
type reviewSides struct {
	base, target, tip *appSide
	origins           []*appSide // at each merge base: base alone where there is one
}

// crossed reports that the two have several merge bases, and base is the target.
func (s reviewSides) crossed() bool { return len(s.origins) > 1 }

// Kind tells what became of the app itself: "added", "removed", "replaced" by
// another in the same directory, "moved" to another directory, or "same".
func (a *AppReview) Kind() string {
	switch {
	case a.OldDir == "":
		return "added"
	case a.Dir == "":
		return "removed"
	case a.ID != a.OldID:
		return "replaced"
	case a.Dir != a.OldDir:
		return "moved"
	}
	return "same"
}

// Review compares all apps between the merge base and tip, and looks for what a merge
// into target would do. It reads notes, and of the secrets' files those that differ.
// What is wrong with a file of tip is a problem in the result.
//
// With several merge bases no one of them is what the branch began with: tip is
// compared with target itself, in what differs from any of bases, and that is a
// problem.
//
// A note that does not verify, or of tip does not go on from that of a base, is an
// error, and so are two directories of tip with one id: *AuthError, *UnmergedError,
// *seal.NeedsError.
func Review(ctx context.Context, r *repo.Repo, bases []repo.Hash, target, tip repo.Hash) (*StoreReview, error) {
	sides, err := openStoreSides(ctx, r, append(slices.Clone(bases), target, tip))
	if err != nil {
		return nil, err
	}
	origins, ours, now := sides[:len(bases)], sides[len(bases)], sides[len(bases)+1]
	if err := now.checkIDs(); err != nil {
		return nil, err
	}
	old := ours
	if len(bases) == 1 {
		old = origins[0]
	}
	review := &StoreReview{DefaultOld: old.def, DefaultNew: now.def}
	if !slices.ContainsFunc(origins, func(o *storeSide) bool { return o.def != now.def }) {
		review.DefaultOld = now.def
	}
	if len(bases) > 1 {
		review.Problems = append(review.Problems, crossedProblem(bases))
	}
	review.Problems = append(append(review.Problems, now.problems...), now.unfinishedProblems(old)...)
	for _, sides := range pairApps(old, ours, now, origins) {
		app, err := reviewApp(ctx, r, sides)
		if err != nil {
			return nil, err
		}
		review.Apps = append(review.Apps, app)
	}
	slices.SortStableFunc(review.Apps, func(a, b *AppReview) int { return cmp.Compare(len(b.OldDir), 0) - cmp.Compare(len(a.OldDir), 0) })
	return review, review.reviewFiles(ctx, r, old, now, origins)
}
