package versions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"pinseal/seal"
)

// VerifyOptions say how much a check without a key asks for.
type VerifyOptions struct {
	What        string // for people: which version it is, as in [Source]
	App         string // the directory or id of the one app to look at; "" is all
	Environment string // the one whose secrets are looked at; "" is all
	Now         time.Time

	// Structure leaves it at what is not authentic, and asks nothing of a set
	// that is.
	Structure  bool
	AllowBlank bool // blanks pass that are not optional

	// Only, when set, says by path from the top which files are read; of all
	// others mode and name are looked at. Where the note is not among them, nothing
	// is held to it. It must be safe for concurrent use.
	Only func(p string) bool
}

// Fault is one thing that a check without a key has found.
type Fault struct {
	Path        string // slash path from the top, or from that of a pin; "" when the error says what it is about
	Line        int    // of the file, from 1; 0 when it is no line's
	App         string // the directory's name; "" when it is about the store, or about a pin
	Environment string // "" when it is about an app as a whole
	// Err says all of it, the path included. errors.Is tells its class:
	// ErrNotAuthentic, ErrConflict, ErrRefused.
	Err error
}

// VerifiedStore is what was found in a store.
type VerifiedStore struct {
	Apps   []*VerifiedApp // by name
	Faults []Fault        // of the store itself
}

// VerifiedApp is what was found in an app's directory, in a pin or in a bundle.
type VerifiedApp struct {
	Source       *Source
	Name         string     // of the directory
	Note         *seal.Note // its own; nil when it does not verify
	Environments []VerifiedEnvironment
	Faults       []Fault
}

// VerifiedEnvironment counts what an environment has.
type VerifiedEnvironment struct {
	Name             string
	Secrets, Readers int
}

// CheckError is what a check says no to in a set that is authentic. It is an
// ErrRefused.
type CheckError struct {
	Path   string // "" when the reason says what it is about
	Reason string
	Try    string // what would help, as a command; may be ""
}

func (e *CheckError) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return fmt.Sprintf("%q: %s", e.Path, e.Reason)
}

// Is makes a CheckError an ErrRefused.
func (e *CheckError) Is(target error) bool { return target == ErrRefused }

// VerifyStore checks without a key all that a store holds, and does not stop at
// what it finds. The error is that of ctx, or that the app asked for is not there.
func VerifyStore(ctx context.Context, store fs.FS, o VerifyOptions) (*VerifiedStore, error) {
	v := &VerifiedStore{}
	left, faults := survey(store, StoreDir, func(left fs.FS) error { _, err := CheckStore(left); return err })
	v.Faults = faults
	names, err := CheckStore(left)
	if err != nil {
		return v, nil // as the last fault says
	}
	v.checkDefault(left, names, o)
	byID := map[seal.AppID]string{}
	asked := o.App == ""
	for _, name := range names {
		dir := path.Join(StoreDir, name)
		sub, err := fs.Sub(left, name)
		if err != nil {
			return nil, err
		}
		s := &Source{FS: sub, What: o.What, Dir: dir}
		note, noteErr := s.ownNote(o)
		if note != nil {
			if other, ok := byID[note.ID]; ok {
				v.Faults = append(v.Faults, Fault{Path: dir, Err: &AuthError{What: "app " + note.ID.String(),
					Reason: fmt.Sprintf("stands in two directories, %s and %s", other, name)}})
			}
			byID[note.ID] = name
		}
		if o.App != "" && o.App != name && (note == nil || o.App != note.ID.String()) {
			continue
		}
		asked = true
		app, err := s.verifyUnder(ctx, note, noteErr, o)
		if err != nil {
			return nil, err
		}
		if app != nil {
			app.Name = name
			for i := range app.Faults {
				app.Faults[i].App = name
			}
			v.Apps = append(v.Apps, app)
		}
	}
	if !asked {
		return nil, &NotFoundError{What: "app", In: "the " + o.What + " with the name or id that was asked for"}
	}
	return v, nil
}

// checkDefault reads the file that says which app a bare command means.
func (v *VerifiedStore) checkDefault(store fs.FS, names []string, o VerifyOptions) {
	p := StoreDir + "/default"
	data, err := fs.ReadFile(store, "default")
	name, ended := cutLine(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
	case hasConflictMarkers(data):
		err = &UnmergedError{Paths: []string{p}, Markers: true, In: o.What}
	case !ended || seal.CheckAppName(name) != nil:
		err = &StructureError{Path: p, Reason: "does not hold the name of an app"}
	case !slices.Contains(names, name) && !o.Structure:
		err = &CheckError{Path: p, Reason: "names an app that is not there"}
	}
	if err != nil {
		v.Faults = append(v.Faults, Fault{Path: p, Err: err})
	}
}

// cutLine takes the line end off a text of one line.
func cutLine(data []byte) (line string, ok bool) {
	if n := len(data); n > 0 && data[n-1] == '\n' {
		return string(data[:n-1]), true
	}
	return "", false
}

// ownNote verifies the note of a source by itself. It is nil without an error
// when it is not to be read.
func (s *Source) ownNote(o VerifyOptions) (*seal.Note, error) {
	if o.Only != nil && !o.Only(s.where(NoteName)) {
		return nil, nil
	}
	signed, err := s.Note()
	if err != nil {
		return nil, err
	}
	return ParseAppNote(NoteCandidate{Signed: signed, From: s.from()})
}

// from is where a source is, in the words of a [NoteCandidate].
func (s *Source) from() string {
	if s.Dir == "" {
		return s.What
	}
	return s.Dir + " of the " + s.What
}

// Verify checks without a key an app's directory, a pin or a bundle, under the
// note that it has, and does not stop at what it finds. The error is that of ctx.
func (s *Source) Verify(ctx context.Context, o VerifyOptions) (*VerifiedApp, error) {
	note, err := s.ownNote(o)
	return s.verifyUnder(ctx, note, err, o)
}

// verifyUnder is Verify with what came of the note. It is nil for a directory
// that holds nothing.
func (s *Source) verifyUnder(ctx context.Context, note *seal.Note, noteErr error, o VerifyOptions) (*VerifiedApp, error) {
	a := &VerifiedApp{Note: note}
	left, faults := survey(s.FS, s.Dir, func(left fs.FS) error {
		one := *s
		one.FS = left
		return one.checkShape()
	})
	source := *s
	source.FS = left
	a.Source, a.Faults = &source, faults
	if missing := (*NotFoundError)(nil); errors.As(noteErr, &missing) {
		if entries, err := fs.ReadDir(left, "."); err == nil && len(entries)+len(faults) == 0 {
			return nil, nil
		}
		noteErr = &StructureError{Path: s.where(NoteName), Reason: "is missing: nothing here can be held to a note"}
	}
	if noteErr != nil {
		a.Faults = append(a.Faults, Fault{Path: s.where(NoteName), Err: noteErr})
	}
	c := &verification{VerifiedApp: a, o: o, source: &source}
	if err := c.secrets(ctx); err != nil {
		return nil, err
	}
	if err := c.wraps(ctx); err != nil {
		return nil, err
	}
	c.baseline()
	return a, nil
}
