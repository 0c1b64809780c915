package cmd

import (
	"errors"
	"fmt"
	"strings"

	"pinseal/versions"
)

// verdict refuses the push with all that was found, by commit and ref.
func (p *pushed) verdict() error {
	if len(p.found) == 0 {
		return nil
	}
	var faults []versions.Fault
	var try []string
	in := ""
	var list strings.Builder
	for _, f := range p.found {
		if f.in != in {
			in = f.in
			list.WriteString("\n" + oneLine(in))
			if commit, ok := strings.CutPrefix(in, "commit "); ok { // the last one is the oldest
				try = []string{"git rebase -i " + commit + "~1      takes it out of the history that is pushed"}
			}
		}
		faults = append(faults, f.Fault)
		list.WriteString("\n-- " + oneLine(faultPlace(f.Fault)+faultReason(f.Fault)))
	}
	worst := p.faultsError(p.ctx, "", faults)
	return hint(&pushError{fmt.Sprintf("push refused: %s%s", count(len(faults), "problem"), &list), exitCode(worst)}, append(try, hints(worst)...)...)
}

// pushError is a push that is refused.
type pushError struct {
	text string
	code int
}

func (e *pushError) Error() string { return e.text }

// Code is the exit code of the worst that was found.
func (e *pushError) Code() int { return e.code }

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
