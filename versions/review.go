package versions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// StoreReview is what a branch does to a repository's apps, told without a key.
type StoreReview struct {
	// Default is the app that a bare command means, before and after; "" for none.
	DefaultOld, DefaultNew string
	Apps                   []*AppReview // by directory, those that are gone last
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
	Problems     []ReviewProblem

	sides reviewSides
}

// reviewSides are an app at the merge base, on the target, and on the branch; nil
// where it is not.
type reviewSides struct{ base, target, tip *appSide }

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

// appSide is an app's directory at one commit.
type appSide struct {
	dir    string
	tree   *repo.TreeFS
	source *Source
	note   *seal.Note
}

// storeSide is a store at one commit.
type storeSide struct {
	def        string
	apps       []*appSide // by directory
	unfinished []string   // directories without a note
	problems   []ReviewProblem
}

// Review compares all apps between base, the merge base, and tip, and looks for
// what a merge into target would do. It reads notes, and of the secrets' files
// those that differ. What is wrong with a file of tip is a problem in the result.
//
// A note that does not verify, or of tip does not go on from base's, is an error,
// and so are two directories of tip with one id: *AuthError, *UnmergedError,
// *seal.NeedsError.
func Review(ctx context.Context, r *repo.Repo, base, target, tip repo.Hash) (*StoreReview, error) {
	old, err := openStoreSide(ctx, r, base, nil)
	if err != nil {
		return nil, err
	}
	ours := old
	if target != base {
		if ours, err = openStoreSide(ctx, r, target, old); err != nil {
			return nil, err
		}
	}
	now, err := openStoreSide(ctx, r, tip, old)
	if err != nil {
		return nil, err
	}
	if err := now.checkIDs(); err != nil {
		return nil, err
	}
	review := &StoreReview{DefaultOld: old.def, DefaultNew: now.def, Problems: now.problems}
	for _, dir := range now.unfinished {
		review.Problems = append(review.Problems, ReviewProblem{Kind: ProblemStructure, Path: StoreDir + "/" + dir, Text: "is a directory without an app note: it is no app"})
	}
	for _, sides := range pairApps(old, ours, now) {
		app, err := reviewApp(ctx, r, sides)
		if err != nil {
			return nil, err
		}
		review.Apps = append(review.Apps, app)
	}
	return review, nil
}

// openStoreSide reads a store and the notes in it. like has notes that need not be
// verified twice.
func openStoreSide(ctx context.Context, r *repo.Repo, commit repo.Hash, like *storeSide) (*storeSide, error) {
	s := &storeSide{}
	what := "commit " + string(commit[:min(12, len(commit))])
	store, err := r.FS(ctx, commit, StoreDir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	_, err = CheckStore(store)
	if odd := (*StructureError)(nil); errors.As(err, &odd) {
		s.problems = append(s.problems, oddProblem(odd))
	} else if err != nil {
		return nil, err
	}
	if err := s.readDefault(store); err != nil {
		return nil, err
	}
	entries, err := store.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || seal.CheckAppName(e.Name()) != nil {
			continue
		}
		app, err := openAppSide(ctx, r, commit, e.Name(), what, like)
		if missing := (*NotFoundError)(nil); errors.As(err, &missing) {
			s.unfinished = append(s.unfinished, e.Name())
			continue
		}
		if err != nil {
			return nil, err
		}
		s.apps = append(s.apps, app)
	}
	return s, nil
}

func openAppSide(ctx context.Context, r *repo.Repo, commit repo.Hash, dir, what string, like *storeSide) (*appSide, error) {
	tree, err := r.FS(ctx, commit, StoreDir+"/"+dir)
	if err != nil {
		return nil, err
	}
	app := &appSide{dir: dir, tree: tree, source: &Source{FS: tree, What: what, Dir: StoreDir + "/" + dir}}
	signed, err := app.source.Note()
	if err != nil {
		return nil, err
	}
	var known [][32]byte
	if like != nil {
		for _, other := range like.apps {
			known = append(known, other.note.Hash())
		}
	}
	app.note, err = ParseAppNote(NoteCandidate{Signed: signed, From: what + ", " + app.source.Dir}, known...)
	return app, err
}

// readDefault reads which app a bare command means. What is no name is a problem.
func (s *storeSide) readDefault(store *repo.TreeFS) error {
	data, err := store.ReadFile("default")
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*repo.OddEntryError)) { // CheckStore says so
		return nil
	}
	if err != nil {
		return err
	}
	name, ok := strings.CutSuffix(string(data), "\n")
	if !ok || seal.CheckAppName(name) != nil {
		s.problems = append(s.problems, oddProblem(&StructureError{Path: StoreDir + "/default", Reason: "does not hold the name of an app"}))
		return nil
	}
	s.def = name
	return nil
}

// checkIDs refuses two directories with one id.
func (s *storeSide) checkIDs() error {
	for i, a := range s.apps {
		for _, b := range s.apps[i+1:] {
			if a.note.ID == b.note.ID {
				return &AuthError{What: "app " + a.note.ID.String(), Reason: fmt.Sprintf("stands in two directories, %s and %s", a.dir, b.dir)}
			}
		}
	}
	return nil
}

func (s *storeSide) byDir(dir string) *appSide {
	return s.find(func(a *appSide) bool { return a.dir == dir })
}

func (s *storeSide) byID(id seal.AppID) *appSide {
	return s.find(func(a *appSide) bool { return a.note.ID == id })
}

func (s *storeSide) find(is func(*appSide) bool) *appSide {
	if i := slices.IndexFunc(s.apps, is); i >= 0 {
		return s.apps[i]
	}
	return nil
}

// pairApps finds for each app of a branch what it was: that in the same directory
// or, where there was none, that of the same id in one that is gone.
func pairApps(old, ours, now *storeSide) []reviewSides {
	var pairs []reviewSides
	taken := map[*appSide]bool{}
	for _, tip := range now.apps {
		base := old.byDir(tip.dir)
		if base == nil {
			if base = old.byID(tip.note.ID); base != nil && now.byDir(base.dir) != nil {
				base = nil
			}
		}
		taken[base] = true
		pairs = append(pairs, reviewSides{base, ours.byID(tip.note.ID), tip})
	}
	for _, base := range old.apps {
		if !taken[base] {
			pairs = append(pairs, reviewSides{base: base, target: ours.byID(base.note.ID)})
		}
	}
	return pairs
}
