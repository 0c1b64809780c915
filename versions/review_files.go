package versions

import (
	"context"
	"fmt"
	"path"
	"slices"

	"pinseal/repo"
)

// ReviewedFile is a file that a branch changes and that is no secret, no app note, and
// no wrap that members and keys explain.
type ReviewedFile struct {
	Path        string // from the top of the tree
	Action      Action // Added, Removed or Changed
	Environment string // "" when it is of none
	Text        string // what it is or does, a clause without its subject
}

const (
	maxUntold  = 1000 // paths; what is beyond is not counted
	storeDepth = 4    // names in the longest path of ours below StoreDir
)

// reviewFiles tells of the files beside the apps, and of every path that differs and
// that nothing else tells of.
func (v *StoreReview) reviewFiles(ctx context.Context, r *repo.Repo, old, now *storeSide, origins []*storeSide) error {
	told := map[string]bool{}
	if v.DefaultOld != v.DefaultNew {
		told[StoreDir+"/default"] = true
	}
	if old.tree == nil && len(v.Apps) > 0 { // they come with the first app
		told[StoreDir+"/.gitattributes"], told[StoreDir+"/.gitignore"] = true, true
	}
	for _, p := range v.Problems {
		told[p.Path] = true
	}
	for _, side := range []*storeSide{old, now} {
		for _, app := range side.apps {
			told[StoreDir+"/"+app.dir] = true // see reviewUntold
		}
	}
	w := &untold{ctx: ctx, r: r, told: told}
	var err error
	trees := make([]*repo.TreeFS, len(origins))
	for i, o := range origins {
		trees[i] = o.tree
	}
	if err = w.compare(StoreDir, old.tree, now.tree, trees); err != nil {
		return err
	}
	rest := w.paths[:0]
	for _, p := range w.paths {
		switch path.Base(p) {
		case ".gitattributes":
			v.Problems = append(v.Problems, ReviewProblem{Kind: ProblemFile, Path: p, Text: "changes: it says how git merges and writes what is sealed"})
		case ".gitignore":
			v.Problems = append(v.Problems, ReviewProblem{Kind: ProblemFile, Path: p, Text: "changes: what it names, git does not add"})
		default:
			rest = append(rest, p)
		}
	}
	v.Problems = append(v.Problems, untoldProblem(rest)...)
	return nil
}

// reviewUntold makes what the branch changes in an app's directory, and nothing else
// tells of, a problem.
func (a *AppReview) reviewUntold(ctx context.Context, r *repo.Repo) error {
	w := &untold{ctx: ctx, r: r, told: a.told}
	for _, p := range a.Problems {
		w.told[p.Path] = true
	}
	for _, f := range a.Files {
		w.told[f.Path] = true
	}
	for _, e := range a.Environments {
		for _, s := range e.Secrets {
			// Of an app that moved, the paths here are in its new directory.
			for _, name := range []string{s.Name, s.From} {
				w.told[a.sides.tip.source.where(FilePath(e.Name, name))] = true
			}
		}
	}
	if a.Old == nil || a.Old.Version != a.New.Version {
		w.told[a.sides.tip.source.where(NoteName)] = true
	}
	tree := func(s *appSide) *repo.TreeFS {
		if s == nil {
			return nil
		}
		return s.tree
	}
	var origins []*repo.TreeFS
	for _, o := range a.sides.origins {
		origins = append(origins, tree(o))
	}
	if err := w.compare(a.sides.tip.source.Dir, tree(a.sides.base), a.sides.tip.tree, origins); err != nil {
		return err
	}
	a.Problems = append(a.Problems, untoldProblem(w.paths)...)
	return nil
}

// untold collects paths that differ and are not told of.
type untold struct {
	ctx   context.Context
	r     *repo.Repo
	told  map[string]bool // paths from the top, each with all below it
	paths []string
}

// compare compares two directories. A nil tree has nothing in it.
func (w *untold) compare(dir string, old, now *repo.TreeFS, origins []*repo.TreeFS) error {
	at := func(t *repo.TreeFS) (blob, error) {
		if t == nil {
			return blob{}, nil
		}
		e, err := t.Entry(".")
		return blob{e.Hash, e.Mode}, err
	}
	var all []blob
	for _, t := range append([]*repo.TreeFS{now, old}, origins...) {
		b, err := at(t)
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	return w.walk(dir, all, 0)
}

// walk compares what the branch has in one place, which is first, with what it is
// compared with, and what the merge bases have.
func (w *untold) walk(p string, all []blob, depth int) error {
	is, was, origins := all[0], all[1], all[2:]
	if is == was || !slices.ContainsFunc(origins, func(o blob) bool { return o != is }) || w.told[p] && depth > 0 || len(w.paths) >= maxUntold {
		return nil
	}
	if is.mode != repo.ModeTree && was.mode != repo.ModeTree || depth == storeDepth {
		w.paths = append(w.paths, p)
		return nil
	}
	below := map[string][]blob{}
	for i, b := range all {
		if b.mode != repo.ModeTree {
			continue
		}
		entries, err := w.r.Tree(w.ctx, b.hash)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if below[e.Name] == nil {
				below[e.Name] = make([]blob, len(all))
			}
			below[e.Name][i] = blob{e.Hash, e.Mode}
		}
	}
	for _, name := range unionKeys(below, nil) {
		if err := w.walk(path.Join(p, name), below[name], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// untoldProblem says that paths differ; none without any.
func untoldProblem(paths []string) []ReviewProblem {
	if len(paths) == 0 {
		return nil
	}
	p := ReviewProblem{Kind: ProblemFile, Path: paths[0], Text: "changes, and there is nothing else to say of it"}
	if more := len(paths) - 1; more > 0 {
		p.Text = fmt.Sprintf("and %d more change, and there is nothing else to say of them", more)
	}
	return []ReviewProblem{p}
}
