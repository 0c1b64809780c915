package versions

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/repo"
)

// pairApps finds for each app of a branch what it was: that in the same directory
// or, where there was none, that of the same id in one that is gone. What is as at
// each of several merge bases is left out, and so is the target's own.
func pairApps(old, ours, now *storeSide, origins []*storeSide) []reviewSides {
	var pairs []reviewSides
	taken := map[*appSide]bool{}
	for _, tip := range now.apps {
		base := old.was(tip, now)
		taken[base] = true
		sides := reviewSides{base: base, target: ours.byID(tip.note.ID), tip: tip}
		for _, o := range origins {
			sides.origins = append(sides.origins, o.was(tip, now))
		}
		if !sides.crossed() || sides.touched() {
			pairs = append(pairs, sides)
		}
	}
	for _, base := range old.apps {
		if taken[base] {
			continue
		}
		sides := reviewSides{base: base, target: ours.byID(base.note.ID)}
		had := false
		for _, o := range origins {
			sides.origins = append(sides.origins, o.byID(base.note.ID))
			had = had || o.byID(base.note.ID) != nil
		}
		if had {
			pairs = append(pairs, sides)
		}
	}
	return pairs
}

// was is what an app of a branch was on another side, nil for none.
func (s *storeSide) was(tip *appSide, now *storeSide) *appSide {
	if app := s.byDir(tip.dir); app != nil {
		return app
	}
	if app := s.byID(tip.note.ID); app != nil && now.byDir(app.dir) == nil {
		return app
	}
	return nil
}

// touched reports whether the branch's app differs from that of any merge base.
func (s reviewSides) touched() bool {
	is, err := s.tip.tree.Entry(".")
	return err != nil || slices.ContainsFunc(s.origins, func(o *appSide) bool {
		if o == nil || o.dir != s.tip.dir {
			return true
		}
		was, err := o.tree.Entry(".")
		return err != nil || was.Hash != is.Hash
	})
}

// crossedProblem tells of several merge bases.
func crossedProblem(bases []repo.Hash) ReviewProblem {
	short := make([]string, 0, maxNamed)
	for _, b := range bases[:min(len(bases), maxNamed)] {
		short = append(short, string(b[:12]))
	}
	return ReviewProblem{Kind: ProblemBases, Text: fmt.Sprintf("the two have %d common commits of which none is newer, as after merges both ways (%s): "+
		"compared with the target itself, of which the branch may bring back what was changed there", len(bases), strings.Join(short, ", "))}
}

// unfinishedProblems tells of directories without a note: reading commands refuse
// one that was an app.
func (s *storeSide) unfinishedProblems(old *storeSide) []ReviewProblem {
	var problems []ReviewProblem
	for _, dir := range s.unfinished {
		p := ReviewProblem{Kind: ProblemStructure, Path: StoreDir + "/" + dir, Text: "is a directory without an app note: it is no app"}
		if old.byDir(dir) != nil {
			p.Err = &StructureError{Path: p.Path, Reason: "has lost its app note"}
			p.Text = "has lost its app note: nothing in it can be read"
		}
		problems = append(problems, p)
	}
	return problems
}
