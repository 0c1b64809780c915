package seal

import (
	"fmt"
	"strings"
)

// NameError says why a name was refused. Its text never holds the name: what
// was typed in place of a name may be a secret (`set API_KEY=value`).
type NameError struct {
	Kind   string // "secret", "app", "environment" or "member"
	Name   string // only when it is of the right alphabet, else ""
	Reason string // lower case
}

// Error implements error.
func (e *NameError) Error() string { return fmt.Sprintf("%s name %s", e.Kind, e.Reason) }

// CheckSecretName reports why s is not the name of a secret:
// [A-Za-z_][A-Za-z0-9_.-]{0,63}, without a trailing dot, and not the name of a
// Windows device up to its first dot. Errors are [*NameError].
func CheckSecretName(s string) error {
	const kind = "secret"
	switch {
	case s == "":
		return &NameError{Kind: kind, Reason: "is empty"}
	case strings.Contains(s, "="):
		return &NameError{Kind: kind, Reason: "must not hold \"=\": a value is never an argument"}
	case len(s) > 64:
		return &NameError{Kind: kind, Reason: "is longer than 64 characters"}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		first := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !first && (i == 0 || !('0' <= c && c <= '9' || c == '.' || c == '-')) {
			return &NameError{Kind: kind, Reason: "must be letters, digits, \"_\", \".\" and \"-\", and begin with a letter or \"_\""}
		}
	}
	if strings.HasSuffix(s, ".") {
		return &NameError{Kind: kind, Name: s, Reason: "must not end with a dot"}
	}
	if isDevice(s) {
		return &NameError{Kind: kind, Name: s, Reason: deviceReason}
	}
	return nil
}

// CheckAppName reports why s is not the name of an app: [a-z][a-z0-9-]{0,24},
// not reserved. Errors are [*NameError].
func CheckAppName(s string) error { return checkWord("app", s, 25) }

// CheckEnvironment reports why s is not the name of an environment:
// [a-z][a-z0-9-]{0,31}, not reserved. Errors are [*NameError].
func CheckEnvironment(s string) error { return checkWord("environment", s, 32) }

// CheckMember reports why s is not the name of a member:
// [a-z][a-z0-9-]{0,31}, not reserved. Errors are [*NameError].
func CheckMember(s string) error { return checkWord("member", s, 32) }

func checkWord(kind, s string, max int) error {
	if s == "" {
		return &NameError{Kind: kind, Reason: "is empty"}
	}
	if len(s) > max {
		return &NameError{Kind: kind, Reason: fmt.Sprintf("is longer than %d characters", max)}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if ('a' > c || c > 'z') && (i == 0 || !('0' <= c && c <= '9' || c == '-')) {
			return &NameError{Kind: kind, Reason: "must be lower-case letters, digits and \"-\", and begin with a letter"}
		}
	}
	switch {
	case s == "default" || s == "keys" || s == "admin":
		return &NameError{Kind: kind, Name: s, Reason: "is reserved: default, keys and admin have a meaning of their own"}
	case isDevice(s):
		return &NameError{Kind: kind, Name: s, Reason: deviceReason}
	}
	return nil
}

const deviceReason = "is reserved: con, prn, aux, nul, com1 to com9 and lpt1 to lpt9 are devices on Windows"

// isDevice reports whether Windows would open a device instead of a file of
// this name, with any extension.
func isDevice(s string) bool {
	base, _, _ := strings.Cut(s, ".")
	base = strings.ToLower(base)
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && '1' <= base[3] && base[3] <= '9'
}
