package dotenv

import (
	"errors"
	"fmt"
)

// ErrTooLarge reports a file over [MaxSize] bytes or [MaxPairs] names.
var ErrTooLarge = errors.New("the .env file is larger than 8 MiB, or has more than 65536 names")

// SyntaxError reports a line that is not in the dialect. Reason is one of a
// few fixed phrases and holds no text of the file.
type SyntaxError struct {
	Line   int // from 1; for a quote left open, the line that opens it
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// DuplicateError reports a name that a file gives twice. Readers differ on
// which one counts, so neither does.
type DuplicateError struct {
	Name          string // matches the grammar of names
	First, Second int    // lines, from 1
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%q is given twice, on lines %d and %d", e.Name, e.First, e.Second)
}

// UnsupportedError reports a pair that the format cannot carry exactly.
// Reason is one of a few fixed phrases and holds nothing of the value.
type UnsupportedError struct {
	Name   string
	Reason string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%q %s", e.Name, e.Reason)
}
