package versions

import (
	"errors"
	"fmt"
	"strings"

	"pinseal/seal/spelling"
)

// TypedError is a secret's file with a value that somebody wrote into it. It never
// holds the value. It is an ErrNotAuthentic.
type TypedError struct {
	Path              string // slash path from [Source.Dir]
	Line              int    // from 1
	Environment, Name string
}

func (e *TypedError) Error() string {
	return fmt.Sprintf("%q, line %d: %s", e.Path, e.Line, e.Reason())
}

// Reason is the error without the place.
func (e *TypedError) Reason() string {
	return "what stands there as the value is not sealed. If it was ever committed, take it for known, and replace it where it is used"
}

// Is makes a TypedError an ErrNotAuthentic.
func (e *TypedError) Is(target error) bool { return target == ErrNotAuthentic }

// typedLine is the line of a TypedError, 0 for any other.
func typedLine(err error) int {
	if typed := (*TypedError)(nil); errors.As(err, &typed) {
		return typed.Line
	}
	return 0
}

// findTyped finds the line with a value that was never sealed, in a file that is
// not a secret file of ours, whatever somebody or an editor made of it. It is 0
// for none. What begins like a sealed value is one that was damaged.
func findTyped(data []byte) int {
	rows := strings.Split(string(data), "\n")
	for i, row := range rows {
		key, rest, ok := strings.Cut(strings.TrimSpace(row), ":")
		if !ok || !isValueKey(strings.ToLower(strings.Trim(key, `"' ?-`))) {
			continue
		}
		value := strings.Trim(rest, "\"' \t\r")
		if value == "" && i+1 < len(rows) && strings.TrimLeft(rows[i+1], " \t") != rows[i+1] {
			value = strings.TrimSpace(rows[i+1])
		}
		if value != "" && value != blank && !strings.HasPrefix(value, "s1.") && !strings.HasPrefix(value, "#") {
			return i + 1
		}
	}
	return 0
}

func isValueKey(key string) bool {
	digits, numbered := strings.CutPrefix(key, "value.")
	_, ok := spelling.ParseNumber(digits)
	return key == "value" || numbered && ok
}
