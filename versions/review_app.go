package versions

import (
	"context"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
)

// reviewApp compares one app.
func reviewApp(ctx context.Context, r *repo.Repo, sides reviewSides) (*AppReview, error) {
	a := &AppReview{sides: sides, told: map[string]bool{}}
	if sides.base != nil {
		a.OldDir, a.OldID = sides.base.dir, sides.base.note.ID
		a.Old = sides.base.note
	}
	if sides.tip != nil {
		a.Dir, a.ID, a.New = sides.tip.dir, sides.tip.note.ID, sides.tip.note
		if err := a.reviewNotes(ctx, r); err != nil {
			return nil, err
		}
		if err := a.reviewShape(); err != nil {
			return nil, err
		}
	} else {
		a.ID = a.OldID
		a.Newest, a.Known = a.Old, a.Old
	}
	envs, err := a.environments()
	if err != nil {
		return nil, err
	}
	for _, env := range envs {
		e, err := a.reviewSet(ctx, r, env)
		if err != nil {
			return nil, err
		}
		if !e.Known && len(e.Secrets) == 0 && (a.Old == nil || !slices.Contains(a.Old.Environments(), env)) {
			continue
		}
		a.Environments = append(a.Environments, e)
	}
	if sides.tip == nil {
		return a, nil
	}
	if err := a.reviewBaseline(); err != nil {
		return nil, err
	}
	return a, a.reviewUntold(ctx, r)
}

// environments lists those of the branch's note, then others that its note had or
// that have a directory on either side.
func (a *AppReview) environments() (all []string, err error) {
	add := func(envs ...string) {
		for _, env := range envs {
			if !slices.Contains(all, env) {
				all = append(all, env)
			}
		}
	}
	for _, note := range []*seal.Note{a.New, a.Old} {
		if note != nil {
			add(note.Environments()...)
		}
	}
	for _, side := range []*appSide{a.sides.tip, a.sides.base} {
		if side == nil {
			continue
		}
		entries, err := side.tree.ReadDir(".")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() && seal.CheckEnvironment(e.Name()) == nil {
				add(e.Name())
			}
		}
	}
	return all, nil
}

// PinChanges compares a pin's set with what the environment will be after a merge
// into the target: each file as the branch has it where it changed it, else as the
// target has it. Files of one content are not read, so that they are those that
// were pinned is for who opens the pin to check.
func (a *AppReview) PinChanges(ctx context.Context, r *repo.Repo, pinned *Source, environment string) ([]Change, error) {
	tree, ok := pinned.FS.(*repo.TreeFS)
	if !ok {
		return Diff(pinned, a.sides.tip.source, environment)
	}
	was, err := listBlobs(ctx, r, tree, environment)
	if err != nil {
		return nil, err
	}
	will, from, err := a.merged(ctx, r, environment)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, name := range unionKeys(was, will) {
		if was[name] != will[name] {
			changes = append(changes, Change{Name: name})
		}
	}
	err = InParallel(len(changes), func(i int) (err error) {
		c := &changes[i]
		if was[c.Name].hash != "" {
			if c.Old, err = pinned.File(environment, c.Name); err != nil {
				return err
			}
		}
		if side := from[c.Name]; side != nil {
			if c.New, err = side.source.parsed(environment, c.Name); err != nil {
				return err
			}
			if c.New == nil && c.Old != nil { // it does not parse: a problem tells
				c.Action = Changed
				return nil
			}
		}
		c.classify()
		return nil
	})
	return changes, err
}

// merged is what an environment will be after the merge, and which side each file
// is of.
func (a *AppReview) merged(ctx context.Context, r *repo.Repo, environment string) (will blobs, from map[string]*appSide, err error) {
	e, err := a.listSets(ctx, r, environment)
	if err != nil {
		return nil, nil, err
	}
	target, err := a.sides.target.listBlobs(ctx, r, environment)
	if err != nil {
		return nil, nil, err
	}
	will, from = blobs{}, map[string]*appSide{}
	for _, name := range unionKeys(e.after, target) {
		side, is := a.sides.tip, e.after[name]
		if !e.touched(name) {
			side, is = a.sides.target, target[name]
		}
		if is.hash != "" {
			will[name], from[name] = is, side
		}
	}
	return will, from, nil
}

// reviewedSets are the files of an environment before and after, and at each merge
// base.
type reviewedSets struct {
	before, after blobs
	origins       []blobs
}

func (a *AppReview) listSets(ctx context.Context, r *repo.Repo, environment string) (e reviewedSets, err error) {
	if e.before, err = a.sides.base.listBlobs(ctx, r, environment); err != nil {
		return e, err
	}
	if e.after, err = a.sides.tip.listBlobs(ctx, r, environment); err != nil || !a.sides.crossed() {
		e.origins = []blobs{e.before}
		return e, err
	}
	for _, o := range a.sides.origins {
		files, err := o.listBlobs(ctx, r, environment)
		if err != nil {
			return e, err
		}
		e.origins = append(e.origins, files)
	}
	return e, nil
}

// touched reports whether the branch has a file otherwise than a merge base.
func (e reviewedSets) touched(name string) bool {
	return slices.ContainsFunc(e.origins, func(o blobs) bool { return o[name] != e.after[name] })
}
