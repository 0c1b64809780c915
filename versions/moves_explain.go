package versions

import (
	"context"
	"slices"

	"pinseal/repo"
)

// moves finds the moves among what a commit changed. A parent's file counts as it
// is in the first of them.
func (l *SecretLog) moves(ctx context.Context, changes []LogChange) (*Moves, error) {
	added, removed := map[string]repo.Hash{}, map[string]repo.Hash{}
	for i := range changes {
		switch c := &changes[i]; {
		case c.added():
			added[c.Name] = c.New
		case c.New == "":
			removed[c.Name] = c.Olds[0]
		}
	}
	if len(added) == 0 || len(removed) == 0 {
		return FindMoves(nil, nil), nil
	}
	comers, err := l.contents(ctx, added)
	if err != nil {
		return nil, err
	}
	goers, err := l.contents(ctx, removed)
	return FindMoves(comers, goers), err
}

// contents reads files. What is not here, or too large to be a secret's, is left
// out.
func (l *SecretLog) contents(ctx context.Context, blobs map[string]repo.Hash) (MoveSide, error) {
	names := unionKeys(blobs, nil)
	data := make([][]byte, len(names))
	err := InParallel(len(names), func(i int) (err error) {
		_, data[i], err = l.Repo.Object(ctx, blobs[names[i]], MaxSecretFile)
		_, err = passOver(err)
		return err
	})
	files := make(MoveSide, len(names))
	for i, name := range names {
		if data[i] != nil {
			files[name] = data[i]
		}
	}
	return files, err
}

// Explain tells what the commit made of each secret: actions, fields, and what
// was moved. It reads the files that changed; where they are not here a change is
// Changed, without more.
func (l *SecretLog) Explain(ctx context.Context, e *LogEntry) error {
	moves, err := l.moves(ctx, e.Changes)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	for i := range e.Changes {
		c := &e.Changes[i]
		switch {
		case c.Action != "":
			continue
		case e.Cut:
			c.Action = Present
			continue
		case c.added():
			c.Action = Added
		case c.New == "":
			c.Action = Removed
		default:
			err = l.compare(ctx, c)
		}
		if err != nil {
			return err
		}
		if c.Maybe == nil && (c.added() || c.New == "") {
			c.move(moves)
		}
		if c.From != "" {
			gone[c.From] = true
		}
	}
	e.Changes = slices.DeleteFunc(e.Changes, func(c LogChange) bool { return c.To != "" && gone[c.Name] })
	return nil
}

// compare tells what became of a secret that is on both sides; in a merge, only
// what is true of each parent that has it.
func (l *SecretLog) compare(ctx context.Context, c *LogChange) error {
	c.Action = Changed
	_, is, err := l.Repo.Object(ctx, c.New, MaxSecretFile)
	if skip, err := passOver(err); skip || err != nil {
		return err
	}
	first := true
	for _, old := range c.Olds {
		if old == "" {
			continue
		}
		_, was, err := l.Repo.Object(ctx, old, MaxSecretFile)
		if skip, err := passOver(err); skip || err != nil {
			c.Action, c.Fields, c.Versions = Changed, nil, VersionsChange{}
			return err
		}
		now := CompareFiles(c.Name, was, is)
		if !first && (now.Action != c.Action || !slices.Equal(now.Fields, c.Fields) || !now.Versions.Equal(c.Versions)) {
			c.Action, c.Fields, c.Versions = Changed, nil, VersionsChange{}
			return nil
		}
		c.Action, c.Fields, c.Versions, first = now.Action, now.Fields, now.Versions, false
	}
	return nil
}
