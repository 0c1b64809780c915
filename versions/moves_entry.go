package versions

import (
	"slices"
	"strings"

	"pinseal/repo"
)

// entry makes an entry of a commit, and says where the line comes from when the
// commit moved it.
func (w *logWalk) entry(line logLine, c repo.Change) (e LogEntry, before *logLine, err error) {
	e = LogEntry{Commit: c.Commit, When: c.When, Author: c.Author, Subject: c.Subject, Dir: line.dir, Cut: w.cut[c.Commit]}
	e.merge = len(c.Files) == 0 || len(c.Files[0].More) > 0
	e.Changes = w.changesOf(line.dir, c.Files)
	if e.Cut || !slices.ContainsFunc(e.Changes, func(c LogChange) bool { return c.added() || line.name != "" && c.New == "" }) {
		return e, nil, nil
	}
	o, err := w.origin(w.ctx, c.Commit, line.dir, line.name != "")
	if err != nil || o == nil {
		return e, nil, err
	}
	if o.dir != line.dir {
		e.OldDir = o.dir
		e.Changes = o.changes()
		if line.name == "" {
			return e, &logLine{o.parents, o.dir, ""}, nil
		}
	}
	if line.name == "" {
		return e, nil, nil
	}
	return w.one(e, o, line)
}

// one is the entry of a secret that came or went.
func (w *logWalk) one(e LogEntry, o *origin, line logLine) (LogEntry, *logLine, error) {
	all := o.changes()
	i := slices.IndexFunc(all, func(c LogChange) bool { return c.Name == line.name })
	if i < 0 && (o.dir == line.dir || o.is[line.name] == "") {
		return e, nil, nil // no plain file
	}
	if i < 0 { // only the directory is another
		e.Changes = []LogChange{{Name: line.name, Action: Moved, New: o.is[line.name], Olds: []repo.Hash{o.is[line.name]}}}
		return e, &logLine{o.parents, o.dir, line.name}, nil
	}
	c := &all[i]
	e.Changes = all[i : i+1]
	if !c.added() && c.New != "" {
		return e, &logLine{o.parents, o.dir, line.name}, nil
	}
	moves, err := w.moves(w.ctx, all)
	if err != nil {
		return e, nil, err
	}
	if c.move(moves); c.From == "" {
		return e, nil, nil
	}
	return e, &logLine{o.parents, o.dir, c.From}, nil
}

// changesOf takes what git says of files below an app's directory.
func (l *SecretLog) changesOf(dir string, files []repo.FileChange) []LogChange {
	changes := []LogChange{}
	for _, f := range files {
		below, ok := strings.CutPrefix(f.Path, dir+"/")
		env, name, is := secretPath(below)
		if ok && is && env == l.Environment {
			changes = append(changes, LogChange{Name: name, New: f.New, Olds: append([]repo.Hash{f.Old}, f.More...)})
		}
	}
	return changes
}

// added reports whether no parent has the secret. A secret that is gone was in each
// of them, or it would be the same as one of them.
func (c *LogChange) added() bool {
	return c.New != "" && !slices.ContainsFunc(c.Olds, func(h repo.Hash) bool { return h != "" })
}

// move puts down where a secret came from or went to.
func (c *LogChange) move(m *Moves) {
	if c.New == "" {
		c.To, c.Maybe = m.To(c.Name)
	} else {
		c.From, c.Maybe = m.From(c.Name)
	}
	if c.From != "" || c.To != "" {
		c.Action = Moved
	}
}
