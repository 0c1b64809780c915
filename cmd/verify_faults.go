package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/versions"
)

// faultsError is all that a check without a key has found, worst first.
type faultsError struct {
	head   string // stands before the number of problems; "" for nothing
	faults []versions.Fault
}

// Error has each fault on a line of its own.
func (e *faultsError) Error() string {
	if len(e.faults) == 1 {
		return e.head + oneLine(e.faults[0].Err.Error())
	}
	var b strings.Builder
	b.WriteString(e.head + count(len(e.faults), "problem"))
	for _, f := range e.faults {
		b.WriteString("\n" + oneLine(f.Err.Error()))
	}
	return b.String()
}

// Code is the exit code of the worst.
func (e *faultsError) Code() int { return faultCode(e.faults[0]) }

// faultCode is what a fault ends a command with: a check that says no has the one
// code for all that is neither a doubt nor a conflict.
func faultCode(f versions.Fault) int {
	switch code := exitCode(f.Err); code {
	case exitNotAuthentic, exitConflict:
		return code
	}
	return exitFailed
}

// faultsError makes an error of faults, with what would help; nil for none. It
// sorts them.
func (c *cli) faultsError(ctx context.Context, head string, faults []versions.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	worst := []int{exitNotAuthentic, exitConflict, exitFailed}
	slices.SortStableFunc(faults, func(a, b versions.Fault) int {
		return cmp.Compare(slices.Index(worst, faultCode(a)), slices.Index(worst, faultCode(b)))
	})
	return hint(&faultsError{head, faults}, c.faultTries(ctx, faults)...)
}

// faultTries are what would help against the first few.
func (c *cli) faultTries(ctx context.Context, faults []versions.Fault) []string {
	const most = 5
	var try []string
	scope := c.scopeOf(ctx, faults)
	for _, f := range faults {
		for _, line := range c.faultTry(ctx, f) {
			if line = scope(f.App, line); !slices.Contains(try, line) {
				try = append(try, line)
			}
		}
		if len(try) >= most {
			break
		}
	}
	return try
}

func (c *cli) faultTry(ctx context.Context, f versions.Fault) []string {
	typed, refused, odd := (*versions.TypedError)(nil), (*versions.CheckError)(nil), (*repo.OddEntryError)(nil)
	switch {
	case errors.As(f.Err, &odd) && odd.Kind == "executable":
		return c.oddHints(odd)
	case errors.As(f.Err, &typed) && c.isKeyAt(typed.Path):
		return c.keyBackHints(typed.Path)
	case errors.As(f.Err, &typed):
		of := fmt.Sprintf("%s -e %s", typed.Name, typed.Environment)
		return []string{"pinseal rm " + of + " && pinseal set " + of}
	case errors.As(f.Err, &refused) && f.Path == storeDir+"/default":
		return c.defaultHints(f.Path)
	case errors.As(f.Err, &refused) && refused.Try == "":
		return nil
	case errors.As(f.Err, &refused):
		return []string{refused.Try}
	}
	return hints(c.explain(ctx, f.Err))
}
