package versions

import (
	"slices"
	"strings"

	"pinseal/seal"
)

// resealed reports whether each value that differs is sealed to a newer key and is
// as long as before, as far as its seal shows.
func (c *Change) resealed() bool {
	return slices.EqualFunc(c.Old.values(), c.New.values(), func(a, b KeyVersion) bool {
		return a == b || a.Number == b.Number && resealedValue(a.Value, b.Value)
	})
}

// resealedValue reports whether a value is sealed to a newer key than another, and is
// as long.
func resealedValue(a, b string) bool {
	was, _ := seal.ParseSealed(a)
	is, _ := seal.ParseSealed(b)
	return was < is && sealedSize(a) == sealedSize(b)
}

// values lists the sealed values, that of a secret as version 0.
func (f *SecretFile) values() []KeyVersion {
	if f.Value != "" {
		return []KeyVersion{{Value: f.Value}}
	}
	return f.Versions
}

// sealedSize is the size of what is sealed, in characters: the same for equal
// plaintexts, which sealing fills up to a multiple of 128 bytes.
func sealedSize(value string) int { return len(value) - strings.LastIndexByte(value, '.') }
