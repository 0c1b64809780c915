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

// appSide is an app's directory at one commit.
type appSide struct {
	dir    string
	tree   *repo.TreeFS
	source *Source
	note   *seal.Note
}

// storeSide is a store at one commit.
type storeSide struct {
	tree       *repo.TreeFS // nil where there is no store
	def        string
	apps       []*appSide // by directory
	unfinished []string   // directories without a note
	problems   []ReviewProblem
}

// openStoreSides reads the stores of some commits, each once.
func openStoreSides(ctx context.Context, r *repo.Repo, commits []repo.Hash) ([]*storeSide, error) {
	sides := make([]*storeSide, len(commits))
	var known [][32]byte // notes that need not be verified again
	for i, commit := range commits {
		if j := slices.Index(commits[:i], commit); j >= 0 {
			sides[i] = sides[j]
			continue
		}
		var err error
		if sides[i], err = openStoreSide(ctx, r, commit, known); err != nil {
			return nil, err
		}
		for _, app := range sides[i].apps {
			known = append(known, app.note.Hash())
		}
	}
	return sides, nil
}

// openStoreSide reads a store and the notes in it.
func openStoreSide(ctx context.Context, r *repo.Repo, commit repo.Hash, known [][32]byte) (*storeSide, error) {
	s := &storeSide{}
	what := "commit " + string(commit[:min(12, len(commit))])
	if err := s.readTop(ctx, r, commit); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	store, err := r.FS(ctx, commit, StoreDir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	s.tree = store
	_, err = CheckStore(store)
	if odd := (*StructureError)(nil); errors.As(err, &odd) {
		s.problems = append(s.problems, oddProblem(odd))
	} else if err != nil {
		return nil, err
	}
	if err := s.readDefault(ctx, r, store); err != nil {
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
		app, err := openAppSide(ctx, r, commit, e.Name(), what, known)
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

// readTop looks for names that some file systems take for that of the store.
func (s *storeSide) readTop(ctx context.Context, r *repo.Repo, commit repo.Hash) error {
	top, err := r.FS(ctx, commit, "")
	if err != nil {
		return err
	}
	names, err := top.Names(".")
	if err != nil {
		return err
	}
	for _, name := range names {
		if name != StoreDir && strings.EqualFold(name, StoreDir) {
			s.problems = append(s.problems, ReviewProblem{Kind: ProblemStructure, Path: name,
				Text: "is " + StoreDir + " itself where a file system ignores case: what stands in it is taken for what is sealed"})
		}
	}
	return nil
}

func openAppSide(ctx context.Context, r *repo.Repo, commit repo.Hash, dir, what string, known [][32]byte) (*appSide, error) {
	tree, err := r.FS(ctx, commit, StoreDir+"/"+dir)
	if err != nil {
		return nil, err
	}
	app := &appSide{dir: dir, tree: tree, source: &Source{FS: tree, What: what, Dir: StoreDir + "/" + dir}}
	signed, err := app.source.Note()
	if err != nil {
		return nil, err
	}
	app.note, err = ParseAppNote(NoteCandidate{Signed: signed, From: what + ", " + app.source.Dir}, known...)
	return app, err
}

// readDefault reads which app a bare command means. What is no name is a problem.
func (s *storeSide) readDefault(ctx context.Context, r *repo.Repo, store *repo.TreeFS) error {
	const most = 256 // bytes; no name is as long
	entry, err := store.Entry("default")
	if errors.Is(err, fs.ErrNotExist) || err == nil && entry.Mode != repo.ModeFile { // CheckStore says so
		return nil
	}
	if err != nil {
		return err
	}
	_, data, err := r.Object(ctx, entry.Hash, most)
	if err != nil && !errors.As(err, new(*repo.TooLargeError)) {
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
