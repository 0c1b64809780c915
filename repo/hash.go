package repo

import (
	"errors"
	"fmt"
)

// Hash is the full id of an object in lower-case hex: 40 digits (SHA-1) or 64
// (SHA-256). The empty Hash is none. It is comparable and usable as a map key.
// Abbreviations and revisions are never a Hash; see Resolve.
type Hash string

// ParseHash accepts a full lower-case object id of 40 or 64 hex digits.
func ParseHash(s string) (Hash, error) {
	if len(s) != 40 && len(s) != 64 {
		return "", fmt.Errorf("object id of %d characters, want 40 or 64", len(s))
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", errors.New("object id is not lower-case hex")
		}
	}
	return Hash(s), nil
}

// Algorithm is "sha1" or "sha256", by length; "" for the empty or a malformed Hash.
func (h Hash) Algorithm() string {
	switch len(h) {
	case 40:
		return "sha1"
	case 64:
		return "sha256"
	}
	return ""
}
