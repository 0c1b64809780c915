package versions

import (
	"context"
	"iter"
	"slices"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

// SecretLog reads what commits made of one environment of an app. It follows
// secrets to the names that they had before, and the app to the directory that it
// was in. It needs no key. It is for one goroutine at a time.
type SecretLog struct {
	Repo        *repo.Repo
	App         seal.AppID
	Dir         string // the app's directory, from the top of the tree
	Environment string

	notes map[repo.Hash]bool // whether a note is this app's
}

// Further actions of a [LogChange].
const (
	Moved   Action = "moved"   // it had another name, or the app another directory
	Present Action = "present" // it was there when the history here begins
)

// LogEntry is a commit that changed an environment, or one secret of it.
type LogEntry struct {
	Commit  repo.Hash
	When    time.Time // as in [repo.Change], like the next two
	Author  string
	Subject string
	Dir     string // the app's directory in this commit
	OldDir  string // where this commit moved it from, "" when it did not
	Cut     bool   // the clone is shallow: what was before is not here
	Changes []LogChange

	merge bool
}

// LogChange is what a commit made of one secret.
type LogChange struct {
	Name   string
	Action Action
	Fields []string // as of a [Change]
	// Versions is what became of those of a named encryption key that was on both sides.
	Versions VersionsChange

	// From and To are the only name that fits for a secret that was moved. What
	// may have been moved, and cannot be told, is Added or Removed with Maybe.
	From, To string
	Maybe    []string

	New  repo.Hash   // the blob, "" when it was removed
	Olds []repo.Hash // of each parent; "" for none
}

// Walk yields the commits up to tip that changed the environment or, with a name,
// that secret, newest first: those that [repo.Repo.Changes] finds, without those that
// touched only what is no secret's file. Changes have
// their actions, From and To only after Explain, but for the moves of the secret
// that is followed: before such a one its history is that under the name it had,
// and of what had its name earlier nothing is told, unless the two meet on
// branches that were merged. It streams; an error is yielded last.
func (l *SecretLog) Walk(ctx context.Context, tip repo.Hash, name string) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		w := &logWalk{SecretLog: l, ctx: ctx, yield: yield, seen: map[seenEntry]bool{}}
		if err := w.walk(tip, name); err != nil && !w.left {
			yield(LogEntry{}, err)
		}
	}
}

// logWalk is one Walk.
type logWalk struct {
	*SecretLog
	ctx   context.Context
	yield func(LogEntry, error) bool
	left  bool // the caller wants no more
	cut   map[repo.Hash]bool

	lines []logLine
	// Lines that go on beside each other are put in order at the end; so is what
	// comes twice.
	beside bool
	held   []LogEntry
	seen   map[seenEntry]bool
}

// logLine is a stretch of history: what tips reach of an environment or secret
// with one name in one directory.
type logLine struct {
	tips      []repo.Hash
	dir, name string
}

type seenEntry struct {
	commit    repo.Hash
	dir, name string
}

func (l *SecretLog) path(line logLine) string {
	if line.name == "" {
		return line.dir + "/" + l.Environment
	}
	return line.dir + "/" + FilePath(l.Environment, line.name)
}

func (w *logWalk) walk(tip repo.Hash, name string) (err error) {
	if w.cut, err = w.Repo.Cut(); err != nil {
		return err
	}
	dir, err := w.dirAt(w.ctx, tip)
	if err != nil {
		return err
	}
	w.lines = []logLine{{[]repo.Hash{tip}, dir, name}}
	for len(w.lines) > 0 && !w.left {
		line := w.lines[0]
		w.lines = w.lines[1:]
		if err := w.follow(line); err != nil {
			return err
		}
	}
	slices.SortStableFunc(w.held, func(a, b LogEntry) int { return b.When.Compare(a.When) })
	for _, e := range w.held {
		if w.left = w.left || !w.yield(e, nil); w.left {
			break
		}
	}
	return nil
}

// follow walks one line, and queues what it comes from.
func (w *logWalk) follow(line logLine) error {
	several := len(line.tips) > 1
	var without []repo.Hash // parents of merges that the line does not go on in
	changes := w.Repo.ChangesOf
	if line.name != "" {
		changes = w.Repo.FileChanges
	}
	for c, err := range changes(w.ctx, line.tips, w.path(line)) {
		if err != nil {
			return err
		}
		e, before, err := w.entry(line, c)
		if err != nil {
			return err
		}
		if e.merge {
			several = true
			more, err := w.lacking(c, line)
			if err != nil {
				return err
			}
			without = append(without, more...)
			w.beside = w.beside || len(without) > 0
		}
		at := seenEntry{c.Commit, line.dir, line.name}
		again := w.seen[at]
		w.seen[at] = true
		if !again && (len(e.Changes) > 0 || e.merge || e.OldDir != "" || e.Cut) {
			w.give(e) // else it touched what is no secret
		}
		if w.left {
			return nil
		}
		if before == nil {
			continue
		}
		if !again {
			if err := w.queue(*before, without); err != nil {
				return err
			}
		}
		if !several {
			return nil // git has nothing else to tell of this line
		}
		w.beside = true
	}
	return nil
}

// queue adds a line, and those commits to its tips that have what it is about.
func (w *logWalk) queue(line logLine, more []repo.Hash) error {
	for _, p := range more {
		has, err := w.has(p, line)
		if err != nil {
			return err
		}
		if has && !slices.Contains(line.tips, p) {
			line.tips = append(line.tips, p)
		}
	}
	w.lines = append(w.lines, line)
	return nil
}

func (w *logWalk) give(e LogEntry) {
	if w.beside {
		w.held = append(w.held, e)
		return
	}
	w.left = !w.yield(e, nil)
}
