package versions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

// History is what the commits and pins at hand tell of an app's past: who held
// which read keys, and every value that was ever sealed. Reading it needs no key.
// It is not safe for concurrent use.
type History struct {
	repo    *repo.Repo
	dir     string     // the app's directory, from the top of the tree
	note    *seal.Note // the newest
	ledgers map[string]*Ledger
	pins    map[string][]*Entry // by environment, newest first

	apps    map[string]bool // directories that are this app's, or once were
	commits []pastCommit    // newest first
	held    []claim
	passed  int              // app notes that claimed more and do not count
	past    map[string]*past // by environment, as far as it was read
	damaged []string         // pins whose files are not what they name
}

// pastCommit is a commit that changed files of secrets.
type pastCommit struct {
	hash  repo.Hash
	when  time.Time
	files []pastChange
}

// pastChange is one such file: olds has an entry for each parent of the commit.
// "" is no file.
type pastChange struct {
	app, environment, name string
	new                    repo.Hash
	olds                   []repo.Hash
}

// ReadHistory reads the history of every ref for the app in directory dir, a path
// from the top of the tree, and the pins of its ledgers, by environment. note is
// the newest, and more are notes that may not be in any commit. Of an app note
// that is not an admin's of this app nothing is taken. Errors: those of git, and
// of a ledger.
func ReadHistory(ctx context.Context, r *repo.Repo, dir string, note *seal.Note, ledgers map[string]*Ledger, more ...NoteCandidate) (*History, error) {
	h := &History{repo: r, dir: dir, note: note, ledgers: ledgers, pins: map[string][]*Entry{},
		apps: map[string]bool{dir: true}, past: map[string]*past{}}
	c := newClaims(note)
	for _, n := range more {
		c.add(n.Signed, "")
	}
	if err := h.readPins(ctx, c); err != nil {
		return nil, err
	}
	notes, err := h.readCommits(ctx)
	if err != nil {
		return nil, err
	}
	// A directory can be renamed; what is sealed in it opens all the same.
	for _, blob := range slices.Sorted(maps.Keys(notes)) {
		_, signed, err := r.Object(ctx, blob, MaxNote)
		skip, err := passOver(err)
		if err != nil {
			return nil, err
		}
		if skip {
			h.passed++
			continue
		}
		id := c.add(signed, blob)
		for _, app := range notes[blob] {
			switch {
			case id == note.ID.String():
				h.apps[app] = true
			case app == dir:
				h.passed++
			}
		}
	}
	passed, err := c.verify(ctx, r)
	h.held, h.passed = c.held, h.passed+passed
	return h, err
}

// readCommits keeps what is about secrets, and returns where each app note stood.
func (h *History) readCommits(ctx context.Context) (notes map[repo.Hash][]string, err error) {
	notes = map[repo.Hash][]string{}
	for c, err := range h.repo.AllChanges(ctx, path.Dir(h.dir)) {
		if err != nil {
			return nil, err
		}
		kept := pastCommit{hash: c.Commit, when: c.When}
		for _, f := range c.Files {
			app, file := splitApp(f.Path, path.Dir(h.dir))
			olds := append([]repo.Hash{f.Old}, f.More...)
			if env, name, ok := secretPath(file); ok {
				kept.files = append(kept.files, pastChange{app, env, name, f.New, olds})
			}
			if file != NoteName {
				continue
			}
			for _, blob := range append(olds, f.New) {
				if blob != "" && !slices.Contains(notes[blob], app) {
					notes[blob] = append(notes[blob], app)
				}
			}
		}
		if len(kept.files) > 0 {
			h.commits = append(h.commits, kept)
		}
	}
	return notes, nil
}

// damage notes a pin whose files are not what it names. Whoever can push can make
// one of a pin that is not the newest, and that must keep nobody from the rest.
func (h *History) damage(e *Entry) {
	pin := fmt.Sprintf("pin %d of %s", e.Number, e.Environment)
	if !slices.Contains(h.damaged, pin) {
		h.damaged = append(h.damaged, pin)
	}
}

// splitApp takes a path below the directory of the apps apart.
func splitApp(p, store string) (app, file string) {
	below, ok := strings.CutPrefix(p, store+"/")
	name, file, found := strings.Cut(below, "/")
	if !ok || !found {
		return "", ""
	}
	return store + "/" + name, file
}

// secretPath is the inverse of [FilePath].
func secretPath(p string) (environment, name string, ok bool) {
	environment, file, _ := strings.Cut(p, "/")
	name, ok = strings.CutSuffix(file, fileSuffix)
	return environment, name, ok && seal.CheckEnvironment(environment) == nil && seal.CheckSecretName(name) == nil
}

// readPins lists the pins, and takes in the notes that they were signed under.
func (h *History) readPins(ctx context.Context, c *claims) error {
	notes := map[[32]byte]bool{h.note.Hash(): true}
	for _, env := range slices.Sorted(maps.Keys(h.ledgers)) {
		l := h.ledgers[env]
		if l == nil {
			continue
		}
		var failed error
		err := l.Walk(ctx, func(e *Entry) bool {
			h.pins[env] = append(h.pins[env], e)
			if notes[e.Note] {
				return true
			}
			notes[e.Note] = true
			source, err := l.Source(ctx, e)
			var signed []byte
			if err == nil {
				signed, err = source.Note()
			}
			switch {
			case err == nil:
				c.add(signed, "")
			case !errors.Is(err, ErrNotAuthentic) && !errors.Is(err, ErrNotFound):
				failed = err
			default:
				h.damage(e)
			}
			return failed == nil
		})
		if failed != nil {
			err = failed
		}
		if err != nil {
			return err
		}
	}
	return nil
}
