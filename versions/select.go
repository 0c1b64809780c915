package versions

import (
	"fmt"
	"strings"

	"pinseal/seal/spelling"
)

// Selector says which version of a set is meant: the work tree, a git revision,
// the newest pin, or pin number N.
type Selector struct {
	Kind   SelectorKind
	Rev    string // AtRev
	Number int    // AtPinNumber
}

// SelectorKind is one of the four ways to name a version.
type SelectorKind int

// The kinds of Selector.
const (
	AtWorkTree SelectorKind = iota
	AtRev
	AtPin
	AtPinNumber
)

// ParseSelector reads "worktree", "pin", "pin:N", or any git revision. A branch
// named like one of the first three is reached as refs/heads/NAME.
func ParseSelector(s string) (Selector, error) {
	switch s {
	case "worktree", "":
		return Selector{Kind: AtWorkTree}, nil
	case "pin":
		return Selector{Kind: AtPin}, nil
	}
	if digits, ok := strings.CutPrefix(s, "pin:"); ok {
		n, ok := spelling.ParseNumber(digits)
		if !ok || n < 1 {
			return Selector{}, fmt.Errorf("%q: pin:N wants the number of a pin, from 1", s)
		}
		return Selector{Kind: AtPinNumber, Number: n}, nil
	}
	return Selector{Kind: AtRev, Rev: s}, nil
}

// Pinned reports whether the selector names a pin.
func (s Selector) Pinned() bool { return s.Kind == AtPin || s.Kind == AtPinNumber }

// String returns the text that parses to the selector.
func (s Selector) String() string {
	switch s.Kind {
	case AtWorkTree:
		return "worktree"
	case AtPin:
		return "pin"
	case AtPinNumber:
		return fmt.Sprintf("pin:%d", s.Number)
	}
	return s.Rev
}
