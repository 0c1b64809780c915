package versions

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// Sides are the versions of a directory in the middle of a merge. Files that are
// unmerged are as the side has them, absent where it has none; all others as in
// the work tree.
type Sides struct {
	Base, Ours, Theirs *Source
	Unmerged           []string // paths from the directory, sorted

	stages map[string][4]bool // by path and stage: what is there
	below  fs.FS
}

// NewSides takes the sides of a directory, a slash path from the top, from the
// stages of the index; below is that directory in the work tree. ctx covers every
// later read. What is unmerged and no plain file is a *StructureError. This holds
// in a merge, a rebase, a cherry-pick and after a stash alike.
func NewSides(ctx context.Context, r *repo.Repo, dir string, below fs.FS, stages []repo.Stage) (*Sides, error) {
	s := &Sides{stages: map[string][4]bool{}, below: below}
	layers := [4]map[string]content{1: {}, 2: {}, 3: {}}
	for _, stage := range stages {
		p, ok := strings.CutPrefix(stage.Path, dir+"/")
		if !ok {
			continue
		}
		if stage.Mode != repo.ModeFile && stage.Mode != repo.ModeExec {
			return nil, &StructureError{Path: stage.Path, Reason: "is unmerged, and not a plain file on each side"}
		}
		there, known := s.stages[p]
		if !known {
			s.Unmerged = append(s.Unmerged, p)
			layers[1][p], layers[2][p], layers[3][p] = nil, nil, nil
		}
		there[stage.Number] = true
		s.stages[p] = there
		layers[stage.Number][p] = func() ([]byte, error) {
			typ, data, err := r.Object(ctx, stage.Blob, MaxNote)
			if err == nil && typ != repo.BlobObject {
				err = &repo.CorruptError{Name: string(stage.Blob), Reason: "is not a file"}
			}
			return data, err
		}
	}
	slices.Sort(s.Unmerged)
	source := func(what string, files map[string]content) *Source {
		return &Source{FS: &layer{below, files}, What: what, Dir: dir}
	}
	s.Base, s.Ours, s.Theirs = source("common version", layers[1]), source("ours", layers[2]), source("theirs", layers[3])
	return s, nil
}

// Of returns one side.
func (s *Sides) Of(side Side) *Source {
	if side == Theirs {
		return s.Theirs
	}
	return s.Ours
}

// Has reports whether a side has an unmerged path.
func (s *Sides) Has(side Side, p string) bool { return s.stages[p][side+1] }

// IsUnmerged reports whether a path is unmerged.
func (s *Sides) IsUnmerged(p string) bool {
	_, ok := s.stages[p]
	return ok
}

// Notes returns the app notes of a merge in which app.note is unmerged, each
// verified. base is nil where there is no common version, or it is a merge of its
// own that git could not make. Errors: *UnmergedError when a side has none,
// *AuthError, *seal.NeedsError.
func (s *Sides) Notes() (base, ours, theirs *seal.Note, err error) {
	if !s.Has(Ours, NoteName) || !s.Has(Theirs, NoteName) {
		return nil, nil, nil, &UnmergedError{Paths: []string{s.Ours.where(NoteName)}}
	}
	parse := func(from *Source) *seal.Note {
		if err != nil {
			return nil
		}
		var signed []byte
		if signed, err = from.Note(); err != nil {
			return nil
		}
		var n *seal.Note
		n, err = ParseAppNote(NoteCandidate{Signed: signed, From: from.What})
		return n
	}
	if s.stages[NoteName][1] && !s.isMergeOfItsOwn(NoteName) {
		base = parse(s.Base)
	}
	ours, theirs = parse(s.Ours), parse(s.Theirs)
	if err == nil && base != nil && base.ID != ours.ID {
		err = &AuthError{What: "app note of the " + s.Base.What, Reason: fmt.Sprintf("is of app %s, not %s", base.ID, ours.ID)}
	}
	return base, ours, theirs, err
}

// isMergeOfItsOwn reports whether the common version of a path is what git made of
// several, with the conflicts in it: longer marks than hasConflictMarkers knows.
func (s *Sides) isMergeOfItsOwn(p string) bool {
	data, err := fs.ReadFile(s.Base.FS, p)
	return err == nil && (bytes.HasPrefix(data, []byte("<<<<<<<")) || bytes.Contains(data, []byte("\n<<<<<<<")))
}
