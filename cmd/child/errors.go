package child

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Exit codes for failures of ours, as env(1) and docker run have them.
const (
	CodeFailed        = 125
	CodeNotExecutable = 126
	CodeNotFound      = 127
)

// Code returns the exit code for an error: 0 for nil, what the Code method of
// the first error in its tree that has one says, else [CodeFailed].
func Code(err error) int {
	if err == nil {
		return 0
	}
	var coder interface{ Code() int }
	if errors.As(err, &coder) {
		return coder.Code()
	}
	return CodeFailed
}

// NotFoundError reports a program that does not exist.
type NotFoundError struct {
	Program string // as the user gave it
	Reason  string // fixed phrase
}

func (e *NotFoundError) Error() string {
	if NoProgram(e.Program) {
		return "what was given as the program: " + e.Reason
	}
	return fmt.Sprintf("%q: %s", e.Program, e.Reason)
}

// NoProgram reports whether what was given as a program is rather a variable with its
// value ("NAME=value"), or a line for a shell. Errors that find no file of that name
// do not show it: it may be a secret.
func NoProgram(program string) bool { return strings.ContainsAny(program, "= \t\r\n") }

// Code returns [CodeNotFound].
func (e *NotFoundError) Code() int { return CodeNotFound }

// NotExecutableError reports a program that exists and cannot be run.
type NotExecutableError struct {
	Program string // as the user gave it
	Err     error  // what the system said
}

func (e *NotExecutableError) Error() string {
	if NoProgram(e.Program) && errors.Is(e.Err, syscall.ENAMETOOLONG) {
		return fmt.Sprintf("what was given as the program cannot be run: %v", e.Err)
	}
	return fmt.Sprintf("%q cannot be run: %v", e.Program, e.Err)
}

// Unwrap returns Err.
func (e *NotExecutableError) Unwrap() error { return e.Err }

// Code returns [CodeNotExecutable].
func (e *NotExecutableError) Code() int { return CodeNotExecutable }

// TooLargeError reports that the system refused the size of the arguments and
// the environment (E2BIG). Sizes are in bytes.
type TooLargeError struct {
	Total   int    // all arguments and variables, with their ends and pointers
	Name    string // the largest variable
	Largest int    // "NAME=value" of that variable and its end
	Limit   int    // what the system allows one variable; 0 if it has no such limit
}

func (e *TooLargeError) Error() string {
	if e.Limit > 0 && e.Largest > e.Limit {
		return fmt.Sprintf("variable %q is too large: it takes %d bytes and the system allows %d", e.Name, e.Largest, e.Limit)
	}
	return fmt.Sprintf("environment is too large for the system: %d bytes with the arguments; the largest variable, %q, takes %d",
		e.Total, e.Name, e.Largest)
}

// Code returns [CodeFailed].
func (e *TooLargeError) Code() int { return CodeFailed }

// VarError reports a secret that cannot become a variable.
type VarError struct {
	Secret string
	Reason string // fixed phrase
}

func (e *VarError) Error() string { return fmt.Sprintf("secret %q %s", e.Secret, e.Reason) }

// Code returns [CodeFailed].
func (e *VarError) Code() int { return CodeFailed }

// CollisionError reports two secrets that would become the same variable.
type CollisionError struct {
	Name          string // the variable
	First, Second string // the secrets, in the order given
}

func (e *CollisionError) Error() string {
	return fmt.Sprintf("secrets %q and %q are both variable %q", e.First, e.Second, e.Name)
}

// Code returns [CodeFailed].
func (e *CollisionError) Code() int { return CodeFailed }

// Error reports any other failure of ours. Op says what failed.
type Error struct {
	Op  string
	Err error
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Code returns [CodeFailed].
func (e *Error) Code() int { return CodeFailed }

// ExitError reports the exit code of a program that ran, where the system
// cannot replace one process by another (Windows). It is no failure of ours:
// leave with its Code and say nothing.
type ExitError struct{ Status int }

func (e *ExitError) Error() string { return fmt.Sprintf("program ended with exit code %d", e.Status) }

// Code returns Status.
func (e *ExitError) Code() int { return e.Status }
