package cmd

import (
	"errors"
	"fmt"
	"slices"

	"pinseal/cmd/child"
	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

// Exit codes, never renumbered. `pinseal help exit-codes` prints them.
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitNotFound     = 3
	exitNoKey        = 4
	exitNotAuthentic = 5
	exitConflict     = 6
)

// exitError ends the command with a code of its own and says nothing: the
// child's, or a check that has already printed what it found.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// hinted is an error with lines that would help, ready to paste.
type hinted struct {
	error
	try []string
}

func (h *hinted) Unwrap() error { return h.error }

func hint(err error, try ...string) error {
	if err == nil {
		return nil
	}
	return &hinted{err, try}
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var exit *exitError
	var use *usageError
	var name *seal.NameError
	var notRepo *repo.NotRepoError
	var rev *repo.UnknownRevError
	var odd *repo.OddEntryError
	var corrupt *repo.CorruptError
	var trust *trustError
	var needs *seal.NeedsError
	var coded interface{ Code() int }
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &use), errors.As(err, new(*child.CollisionError)):
		return exitUsage
	case errors.As(err, &coded): // after those that are the user's, whoever starts a program
		return coded.Code()
	case errors.As(err, &needs), is(versions.ErrRefused):
		return exitFailed
	case errors.As(err, &trust), errors.As(err, &odd), errors.As(err, &corrupt),
		is(versions.ErrNotAuthentic, seal.ErrAuth, spelling.ErrSpelling):
		return exitNotAuthentic
	case errors.As(err, &name): // typed by the user: one in a file is not authentic
		return exitUsage
	case is(seal.ErrNoKey, seal.ErrPassphrase, seal.ErrPlugin):
		return exitNoKey
	case is(versions.ErrConflict, repo.ErrMoved, repo.ErrChanged, repo.ErrLocked), errors.As(err, new(*repo.UnmergedError)):
		return exitConflict
	case errors.As(err, &notRepo), errors.As(err, &rev), is(repo.ErrNoCommits, versions.ErrNotFound), errors.As(err, new(*versions.BlankError)):
		return exitNotFound
	}
	return exitFailed
}

// report prints an error with its hints and returns the exit code.
func (c *cli) report(err error) int {
	code := exitCode(err)
	if err == nil || errors.As(err, new(*exitError)) {
		return code
	}
	text := inset(err.Error())
	if trust := new(*trustError); errors.As(err, trust) {
		text = clean(err.Error())
	}
	fmt.Fprintf(c.Stderr, "error: %s\n", text)
	for i, line := range hints(err) {
		label := "      "
		if i == 0 {
			label = "  try:"
		}
		fmt.Fprintf(c.Stderr, "%s  %s\n", label, oneLine(c.here(line)))
	}
	return code
}

// hints collects what was attached on the way up, outermost first, and falls
// back on what an error's kind alone suggests.
func hints(err error) []string {
	var use *usageError
	if errors.As(err, &use) {
		return use.try
	}
	var h *hinted
	if errors.As(err, &h) {
		return h.try
	}
	return kindHints(err)
}

func kindHints(err error) []string {
	var gate *versions.GateError
	if errors.As(err, &gate) {
		return gateTries(gate)
	}
	var blank *versions.BlankError
	var notRepo *repo.NotRepoError
	var ambiguous *repo.AmbiguousRevError
	switch {
	case errors.As(err, &ambiguous):
		var try []string
		for _, ref := range slices.Backward(ambiguous.Refs) {
			try = append(try, ref+"      in its place")
		}
		return try
	case errors.As(err, &blank):
		return []string{fmt.Sprintf("pinseal set %s -e %s", blank.Name, blank.Environment)}
	case errors.As(err, &notRepo):
		return []string{"git init", "pinseal -C DIR …"}
	}
	return nil
}
