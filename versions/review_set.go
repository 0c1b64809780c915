package versions

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
)

// EnvironmentReview is what a branch does to the secrets of one environment.
type EnvironmentReview struct {
	Name    string
	Known   bool // to the branch's note: somebody holds a slot of it
	Secrets []ReviewedSecret
}

// ReviewedSecret is one secret that a branch changes. Old or New is nil too when
// that file does not parse; of New a problem tells.
type ReviewedSecret struct {
	Change
	From  string   // the name it most likely had, for Moved
	Paths []string // of its files, from the top of the tree
}

// blob is a file of a tree, or what stands in the place of one.
type blob struct {
	hash repo.Hash // "" for none
	mode uint32
}

// blobs are the files of one environment by the names of their secrets.
type blobs map[string]blob

// listBlobs lists the files of an environment without reading them, links and
// executables as well. What is not named like one is left out: reviewShape tells. A
// nil side has none.
func (a *appSide) listBlobs(ctx context.Context, r *repo.Repo, environment string) (blobs, error) {
	if a == nil {
		return nil, nil
	}
	return listBlobs(ctx, r, a.tree, environment)
}

func listBlobs(ctx context.Context, r *repo.Repo, tree *repo.TreeFS, environment string) (blobs, error) {
	dir, err := tree.Entry(environment)
	if errors.Is(err, fs.ErrNotExist) || err == nil && dir.Mode != repo.ModeTree {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := r.Tree(ctx, dir.Hash)
	if err != nil {
		return nil, err
	}
	files := make(blobs, len(entries))
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name, fileSuffix); ok && seal.CheckSecretName(name) == nil {
			files[name] = blob{e.Hash, e.Mode}
		}
	}
	return files, nil
}

// reviewSet compares one environment between the merge base and the branch. Files
// of one content are not read.
func (a *AppReview) reviewSet(ctx context.Context, r *repo.Repo, environment string) (*EnvironmentReview, error) {
	e := &EnvironmentReview{Name: environment}
	if a.New != nil {
		e.Known = slices.Contains(a.New.Environments(), environment)
	}
	sets, err := a.listSets(ctx, r, environment)
	if err != nil {
		return nil, err
	}
	before, after := sets.before, sets.after
	var names []string
	for _, name := range unionKeys(before, after) {
		if before[name] != after[name] && sets.touched(name) {
			names = append(names, name)
		}
	}
	secrets := make([]ReviewedSecret, len(names))
	files := make([][]byte, len(names))
	broken := make([]*ReviewProblem, len(names))
	err = InParallel(len(names), func(i int) (err error) {
		secrets[i], files[i], broken[i], err = a.reviewSecret(environment, names[i], before, after)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range broken {
		if p != nil && !slices.ContainsFunc(a.Problems, func(known ReviewProblem) bool { return known.Path == p.Path }) {
			a.Problems = append(a.Problems, *p)
		}
	}
	e.Secrets = joinMoved(slices.Clone(secrets), files)
	if a.sides.tip == nil {
		return e, nil
	}
	will, _, err := a.merged(ctx, r, environment)
	if err != nil {
		return nil, err
	}
	a.reviewTwins(environment, will, after)
	return e, a.reviewKeysOf(environment, names, secrets, after)
}

// reviewSecret reads both sides of one file; data is the branch's or, where it has
// none, the merge base's. A file of the branch that does not parse is a problem, one
// of the merge base is passed over.
func (a *AppReview) reviewSecret(environment, name string, before, after blobs) (s ReviewedSecret, data []byte, broken *ReviewProblem, err error) {
	s.Name = name
	if before[name].hash != "" {
		data, err = a.sides.base.read(environment, name, &s, &s.Old)
		if err != nil && !isBroken(err) {
			return s, nil, nil, err
		}
	}
	if after[name].hash != "" {
		data, err = a.sides.tip.read(environment, name, &s, &s.New)
		if isBroken(err) {
			p := fileProblem(environment, name, data, err)
			broken, err = &p, nil
		}
		if err != nil {
			return s, nil, nil, err
		}
	}
	s.Paths = slices.Compact(s.Paths)
	switch {
	case before[name].hash == "":
		s.Action, s.Versions = Added, changeOfVersions(nil, s.New)
	case after[name].hash == "":
		s.Action = Removed
	case s.Old == nil || s.New == nil:
		s.Action = Changed
	default:
		s.classify()
	}
	return s, data, broken, nil
}

// read reads a file that is listed into one side of s, which stays nil where the
// file does not parse.
func (a *appSide) read(environment, name string, s *ReviewedSecret, to **SecretFile) (data []byte, err error) {
	p := FilePath(environment, name)
	s.Paths = append(s.Paths, a.source.where(p))
	if data, err = a.source.readSecret(p); err == nil {
		*to, err = a.source.parse(environment, name, data)
	}
	return data, err
}

// readSecret reads a secret's file. One that is no plain file is a *StructureError.
func (s *Source) readSecret(p string) ([]byte, error) {
	data, err := s.read(p, MaxSecretFile)
	if odd := (*repo.OddEntryError)(nil); errors.As(err, &odd) {
		return nil, &StructureError{Path: s.where(p), Reason: "is not a plain file", Err: odd}
	}
	return data, err
}

func isBroken(err error) bool {
	return errors.As(err, new(*StructureError)) || errors.As(err, new(*UnmergedError))
}

// reviewTwins makes names that differ only in case, in files as the merge makes them,
// a problem where the branch has one of them.
func (a *AppReview) reviewTwins(environment string, files, ofBranch blobs) {
	folded := make(map[string]string, len(files))
	for _, name := range unionKeys(files, nil) {
		twin, ok := folded[strings.ToLower(name)]
		folded[strings.ToLower(name)] = name
		if !ok || ofBranch[twin].hash == "" && ofBranch[name].hash == "" {
			continue
		}
		err := &TwinsError{Environment: environment, Names: []string{twin, name}}
		a.Problems = append(a.Problems, ReviewProblem{Kind: ProblemUnmerged, Environment: environment, Names: err.Names, Text: "differ only in case", Err: err})
	}
}

// reviewKeysOf looks at the keys that values are sealed to: of those that changed
// or, where the branch or its target has a newer read key, of all.
func (a *AppReview) reviewKeysOf(environment string, names []string, secrets []ReviewedSecret, after blobs) error {
	files := make([]*SecretFile, len(names))
	for i := range secrets {
		files[i] = secrets[i].New
	}
	slot := seal.ReadSlot(environment)
	if a.Old != nil {
		was, _ := a.Old.Newest(slot)
		if is, _ := a.New.Newest(slot); is.Generation > was.Generation {
			names = unionKeys(after, nil)
			files = make([]*SecretFile, len(names))
			err := InParallel(len(names), func(i int) (err error) {
				files[i], err = a.sides.tip.source.parsed(environment, names[i])
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	a.reviewGenerations(environment, names, files)
	return nil
}

// parsed reads a file that is listed, nil where it does not parse.
func (s *Source) parsed(environment, name string) (*SecretFile, error) {
	data, err := s.readSecret(FilePath(environment, name))
	if isBroken(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := s.parse(environment, name, data)
	if isBroken(err) {
		return nil, nil
	}
	return f, err
}
