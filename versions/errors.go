package versions

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Sentinels to branch on; the types below carry what happened.
var (
	// ErrNotFound is what a *NotFoundError is.
	ErrNotFound = errors.New("not found")
	// ErrConflict is a state that a person has to sort out first: unmerged
	// files, twins, a work tree that differs, a ledger that moved.
	ErrConflict = errors.New("conflict")
	// ErrNotAuthentic is anything that does not prove to be what it should be.
	ErrNotAuthentic = errors.New("not authentic")
	// ErrRefused is a publish that the gate said no to.
	ErrRefused = errors.New("refused")
)

// NotFoundError says that What (such as "secret", "environment" or "pin")
// named Name is not in In.
type NotFoundError struct {
	What, Name, In string
}

func (e *NotFoundError) Error() string {
	s := "no " + e.What
	switch {
	case e.What == "pin" && e.Name != "":
		s += " " + e.Name // a number
	case e.Name != "":
		s += fmt.Sprintf(" %q", e.Name)
	}
	if e.In != "" {
		s += " in " + e.In
	}
	return s
}

// Is makes a NotFoundError an ErrNotFound and an fs.ErrNotExist.
func (e *NotFoundError) Is(target error) bool {
	return target == ErrNotFound || target == fs.ErrNotExist
}

// BlankError says that a secret is declared but has no value.
type BlankError struct {
	Name, Environment string
}

func (e *BlankError) Error() string {
	return fmt.Sprintf("secret %q is blank in %s: declared, but no value has been set", e.Name, e.Environment)
}

// StructureError is something under an app's directory that must not be there,
// or is not spelled our way.
type StructureError struct {
	Path   string // slash path from [Source.Dir]
	Reason string
	Err    error // the cause, may be nil

	// Repairable says that [RepairSecretFile] makes a secret file of it that
	// reads.
	Repairable bool
}

func (e *StructureError) Error() string {
	s := fmt.Sprintf("%q: %s", e.Path, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *StructureError) Unwrap() error { return e.Err }

// Is makes a StructureError an ErrNotAuthentic.
func (e *StructureError) Is(target error) bool { return target == ErrNotAuthentic }

// TwinsError says that names differ only in case.
type TwinsError struct {
	Environment string
	Names       []string // at least two
}

func (e *TwinsError) Error() string {
	return fmt.Sprintf("names in %s differ only in case: %s", e.Environment, quoted(e.Names))
}

// Is makes a TwinsError an ErrConflict.
func (e *TwinsError) Is(target error) bool { return target == ErrConflict }

// UnmergedError says that git lists files as unmerged or, with Markers, that
// they hold the conflict markers of a merge, whatever git has them for.
type UnmergedError struct {
	Paths   []string // slash paths from [Source.Dir], sorted
	Markers bool
	In      string // with Markers: [Source.What], "" when it is not known
}

func (e *UnmergedError) Error() string {
	paths := quoted(e.Paths)
	switch {
	case !e.Markers:
		return "unmerged: " + paths
	case e.In != "":
		paths += " of the " + e.In
	}
	if len(e.Paths) > 1 {
		return paths + " hold conflict markers"
	}
	return paths + " holds conflict markers"
}

// Is makes an UnmergedError an ErrConflict.
func (e *UnmergedError) Is(target error) bool { return target == ErrConflict }

// AuthError is a check that failed: a signature, a digest, a chain, a ledger
// that went back.
type AuthError struct {
	What   string // such as "pin 3 of production"
	Reason string
	Err    error // may be nil
}

func (e *AuthError) Error() string {
	s := e.What + ": " + e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *AuthError) Unwrap() error { return e.Err }

// Is makes an AuthError an ErrNotAuthentic.
func (e *AuthError) Is(target error) bool { return target == ErrNotAuthentic }

// BehindError says that a ledger does not reach a pin that is known: it went
// back, or what is newer has not been fetched.
type BehindError struct {
	Environment string
	Have        int  // newest pin here, 0 for none
	Known       int  // pin that was seen
	ByNote      bool // it was the app note that knows it
}

func (e *BehindError) Error() string {
	s := "ledger of " + e.Environment + ": went back"
	switch {
	case e.ByNote:
		have := "there is none"
		if e.Have > 0 {
			have = fmt.Sprintf("pin %d is the newest", e.Have)
		}
		return fmt.Sprintf("%s: the app note knows pin %d, and %s", s, e.Known, have)
	case e.Have == 0:
		return fmt.Sprintf("%s: pin %d was seen, and now there is none", s, e.Known)
	}
	return fmt.Sprintf("%s from pin %d to pin %d", s, e.Known, e.Have)
}

// Is makes a BehindError an ErrNotAuthentic.
func (e *BehindError) Is(target error) bool { return target == ErrNotAuthentic }

// DivergedNoteError says that two validly signed notes of one version differ:
// two admins changed it on two branches.
type DivergedNoteError struct {
	Version int
	A, B    string // where each was found
}

func (e *DivergedNoteError) Error() string {
	return fmt.Sprintf("app note version %d differs between %s and %s: two admins changed it apart", e.Version, e.A, e.B)
}

// Is makes a DivergedNoteError an ErrConflict.
func (e *DivergedNoteError) Is(target error) bool { return target == ErrConflict }

// quoted lists names or paths that anyone may have made up.
func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = strconv.Quote(name)
	}
	return strings.Join(list, ", ")
}
