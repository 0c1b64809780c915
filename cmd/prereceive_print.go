package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// maxShownFaults is how many of a push's faults are listed; the rest is counted.
const maxShownFaults = 100

// pushedFault is a fault and where in the push it is: a commit or a ref.
type pushedFault struct {
	in string
	versions.Fault
}

// pushedFaults is what is wrong with a push.
type pushedFaults struct {
	first  []pushedFault // at most maxShownFaults
	count  int
	code   int // the exit code of the worst
	oldest string
	known  map[[2]string]bool // path and reason of each
}

func (p *pushed) add(in string, faults ...versions.Fault) {
	found := &p.found
	if found.known == nil {
		found.known = map[[2]string]bool{}
	}
	for _, f := range faults {
		found.known[[2]string{f.Path, faultReason(f)}] = true
		if found.count++; len(found.first) < maxShownFaults {
			found.first = append(found.first, pushedFault{in, f})
		}
		found.code = worseCode(found.code, faultCode(f))
		if commit, ok := strings.CutPrefix(in, "commit "); ok { // newest first
			found.oldest = commit
		}
	}
}

// has reports whether a fault was found somewhere already.
func (found *pushedFaults) has(f versions.Fault) bool {
	return found.known[[2]string{f.Path, faultReason(f)}]
}

func worseCode(a, b int) int {
	for _, worst := range []int{exitNotAuthentic, exitConflict} {
		if a == worst || b == worst {
			return worst
		}
	}
	return exitFailed
}

// verdict refuses the push with all that was found, by commit and ref.
func (p *pushed) verdict() error {
	if p.found.count == 0 {
		return nil
	}
	var helped []versions.Fault
	in := ""
	var list strings.Builder
	for _, f := range p.found.first {
		if f.in != in {
			in = f.in
			list.WriteString("\n" + oneLine(in))
		}
		if !f.inPin() {
			helped = append(helped, f.Fault)
		}
		list.WriteString("\n-- " + oneLine(faultPlace(f.Fault)+faultReason(f.Fault)))
	}
	if more := p.found.count - len(p.found.first); more > 0 {
		fmt.Fprintf(&list, "\nand %d more", more)
	}
	try := append(p.rebaseTry(), hints(p.faultsError(p.ctx, "", helped))...)
	return hint(&pushError{fmt.Sprintf("push refused: %s%s", count(p.found.count, "problem"), &list), p.found.code}, try...)
}

// inPin reports whether a fault is of a file of a pin, which nobody has in a work
// tree.
func (f *pushedFault) inPin() bool {
	return strings.HasPrefix(f.in, ledgerRefs) && (f.Path != "" || errors.As(f.Err, new(*repo.OddEntryError)))
}

// rebaseTry says how the oldest commit with a fault is taken out of the history.
func (p *pushed) rebaseTry() []string {
	if p.found.oldest == "" {
		return nil
	}
	from := p.found.oldest + "~1"
	if id, err := p.repo.Resolve(p.ctx, p.found.oldest); err == nil {
		if commit, err := p.repo.Commit(p.ctx, id); err == nil && len(commit.Parents) == 0 {
			from = "--root"
		}
	}
	return []string{"git rebase -i " + from + "      takes it out of the history that is pushed"}
}

// pushError is a push that is refused.
type pushError struct {
	text string
	code int
}

func (e *pushError) Error() string { return e.text }

// Code is the exit code of the worst that was found.
func (e *pushError) Code() int { return e.code }

// clipPath is the beginning of a path that is too long to be shown.
func clipPath(p string) string {
	const most = 100
	return strings.ToValidUTF8(p[:most], "") + "…"
}

// shallowTry says in a sentence what it is when git finds no way from what is
// pushed back to what is here.
func shallowTry(err error) error {
	failed := (*repo.GitError)(nil)
	if !errors.As(err, &failed) || !slices.ContainsFunc([]string{"Could not read ", "Failed to traverse parents", "unable to read "}, func(said string) bool {
		return strings.Contains(failed.Stderr, said)
	}) {
		return err
	}
	return hint(errors.New("push refused: the commits that are pushed do not go back to what is here, as those of a shallow clone: they cannot be checked"),
		"git fetch --unshallow      in the clone that pushes")
}

// faultPlace is "FILE:LINE | ", as far as a fault has them.
func faultPlace(f versions.Fault) string {
	switch {
	case f.Path == "":
		return ""
	case f.Line > 0:
		return fmt.Sprintf("%s:%d | ", f.Path, f.Line)
	}
	return f.Path + " | "
}

// faultReason is a fault's error without the place, where that stands beside it.
func faultReason(f versions.Fault) string {
	typed, odd, refused := (*versions.TypedError)(nil), (*versions.StructureError)(nil), (*versions.CheckError)(nil)
	switch {
	case errors.As(f.Err, &typed):
		return typed.Reason()
	case errors.As(f.Err, &odd) && odd.Path == f.Path && odd.Err != nil:
		return odd.Reason + ": " + odd.Err.Error()
	case errors.As(f.Err, &odd) && odd.Path == f.Path:
		return odd.Reason
	case errors.As(f.Err, &refused) && refused.Path == f.Path:
		return refused.Reason
	}
	return f.Err.Error()
}
