package versions

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pinseal/seal"
	"pinseal/seal/spelling"
)

// Limits of the secret file, in bytes.
const (
	MaxSecretFile = 128 << 10
	MaxAbout      = 500
)

// Kinds of secret file.
const (
	KindSecret = "secret" // a value of its own
	KindKey    = "key"    // a named encryption key
)

const blank = "blank"

// SecretFile is one secret as it stands in its file: everything but the name
// and the environment, which are its path. The plaintext is not in it.
type SecretFile struct {
	Kind     string // KindSecret or KindKey
	About    string // description, at most MaxAbout bytes of printable text
	Expires  string // RFC 3339 full-date, or ""
	Optional bool   // KindSecret: may be blank at publish
	Generate string // KindSecret: the recipe it was generated with, or ""
	Bits     int    // KindKey: 128 or 256

	// Value is the sealed value of a KindSecret; "" is blank.
	Value string
	// Versions are the sealed versions of a KindKey, ascending; none is blank.
	Versions []KeyVersion
}

// KeyVersion is one sealed version of a named encryption key.
type KeyVersion struct {
	Number uint32 // from 1
	Value  string // sealed
}

// Blank reports whether the secret is declared without a value.
func (f *SecretFile) Blank() bool { return f.Value == "" && len(f.Versions) == 0 }

// Expired reports whether the secret's date is before now's UTC date.
func (f *SecretFile) Expired(now time.Time) bool {
	return f.Expires != "" && f.Expires < now.UTC().Format(time.DateOnly)
}

// Generations returns the generations of ENV.read its values are sealed to,
// ascending, without repeats.
func (f *SecretFile) Generations() []int {
	var gens []int
	for _, v := range f.sealed() {
		if g, err := seal.ParseSealed(v); err == nil {
			gens = append(gens, g)
		}
	}
	slices.Sort(gens)
	return slices.Compact(gens)
}

func (f *SecretFile) sealed() []string {
	var all []string
	if f.Value != "" {
		all = append(all, f.Value)
	}
	for _, v := range f.Versions {
		all = append(all, v.Value)
	}
	return all
}

// ParseSecretFile reads a secret file, which must be in the one spelling.
// Conflict markers are an *UnmergedError without a path.
func ParseSecretFile(data []byte) (*SecretFile, error) {
	f, err := readSecretFile(data, spelling.Parse)
	if err != nil {
		if hasConflictMarkers(data) {
			return nil, &UnmergedError{Markers: true}
		}
		return nil, err
	}
	printed, err := f.print()
	if err != nil {
		return nil, err
	}
	if err := spelling.Same(data, printed); err != nil {
		return nil, err
	}
	return f, nil
}

// RepairSecretFile reads what an editor made of a secret file (other quoting,
// order, comments, line ends) and returns its bytes in the one spelling.
// Nothing is opened or sealed. Comments are lost.
func RepairSecretFile(data []byte) ([]byte, error) {
	if hasConflictMarkers(data) {
		return nil, &UnmergedError{Markers: true}
	}
	f, err := readSecretFile(data, spelling.ParseLoose)
	if err != nil {
		return nil, err
	}
	return f.print()
}

// readSecretFile returns a file that has passed check. What stands where the number
// of a version does may be a value: an error names the line alone.
func readSecretFile(data []byte, parse func([]byte, int) (*spelling.Map, error)) (*SecretFile, error) {
	f, err := readFields(data, parse)
	if odd := (*spelling.Error)(nil); errors.As(err, &odd) && strings.HasPrefix(odd.Key, "value.") {
		return nil, &spelling.Error{Line: odd.Line, Reason: odd.Reason}
	}
	return f, err
}

func readFields(data []byte, parse func([]byte, int) (*spelling.Map, error)) (*SecretFile, error) {
	m, err := parse(data, MaxSecretFile)
	if err != nil {
		return nil, err
	}
	f := &SecretFile{Kind: m.Required("kind")}
	f.About, _ = m.Text("about")
	f.Expires, _ = m.Text("expires")
	switch f.Kind {
	case KindSecret:
		if s, ok := m.Text("optional"); ok {
			if s != "true" {
				return nil, m.Wrong("optional", `can only be "true"`)
			}
			f.Optional = true
		}
		f.Generate, _ = m.Text("generate")
		f.Value = m.Required("value")
		if f.Value == blank {
			f.Value = ""
		}
	case KindKey:
		f.Bits, _ = m.Number("bits")
		if err := readKeyVersions(f, m); err != nil {
			return nil, err
		}
	default:
		return nil, m.Wrong("kind", `is neither "secret" nor "key"`)
	}
	if err := m.Close(); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

func readKeyVersions(f *SecretFile, m *spelling.Map) error {
	if s, ok := m.Text("value"); ok {
		if s != blank {
			return m.Wrong("value", `of a key can only be "blank"`)
		}
		return nil
	}
	for _, key := range m.Keys() {
		digits, ok := strings.CutPrefix(key, "value.")
		if !ok {
			continue
		}
		n, ok := spelling.ParseNumber(digits)
		if !ok || n == 0 {
			return m.Wrong(key, "is not a version number")
		}
		f.Versions = append(f.Versions, KeyVersion{uint32(n), m.Required(key)})
	}
	if len(f.Versions) == 0 {
		return m.Wrong("value", "is missing")
	}
	// Printing finds out of order what has to be in order already.
	slices.SortFunc(f.Versions, func(a, b KeyVersion) int { return cmp.Compare(a.Number, b.Number) })
	return nil
}

// check holds the fields to their grammar. Order and spelling are the
// printer's.
func (f *SecretFile) check() error {
	if err := spelling.CheckText(f.About, MaxAbout); err != nil {
		return fmt.Errorf("about: %w", err)
	}
	if f.Expires != "" {
		if err := CheckDate(f.Expires); err != nil {
			return err
		}
	}
	if f.Generate != "" {
		if err := seal.CheckRecipe(f.Generate); err != nil {
			return err
		}
	}
	switch {
	case f.Kind != KindSecret && f.Kind != KindKey:
		return &spelling.Error{Key: "kind", Reason: `is neither "secret" nor "key"`}
	case f.Kind == KindSecret && (f.Bits != 0 || len(f.Versions) > 0), f.Kind == KindKey && (f.Optional || f.Generate != "" || f.Value != ""):
		return &spelling.Error{Key: "kind", Reason: "does not go with another field"}
	case f.Kind == KindKey && f.Bits != 128 && f.Bits != 256:
		return &spelling.Error{Key: "bits", Reason: "is neither 128 nor 256"}
	}
	var last uint32
	for _, v := range f.Versions {
		if v.Number <= last {
			return &spelling.Error{Reason: "key versions do not ascend"}
		}
		last = v.Number
	}
	for _, v := range f.sealed() {
		if _, err := seal.ParseSealed(v); err != nil {
			return fmt.Errorf("value: %w", err)
		}
	}
	return nil
}

// CheckDate reports why s is not an RFC 3339 full-date.
func CheckDate(s string) error {
	if t, err := time.Parse(time.DateOnly, s); err != nil || t.Format(time.DateOnly) != s {
		return &spelling.Error{Key: "expires", Reason: "is not a date like 2027-01-31"}
	}
	return nil
}

// Bytes returns the file in the one spelling.
func (f *SecretFile) Bytes() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.print()
}

// print is Bytes for what has been checked: that decodes every sealed value.
func (f *SecretFile) print() ([]byte, error) {
	var p spelling.Printer
	p.Plain(0, "kind", f.Kind)
	if f.About != "" {
		p.Quoted(0, "about", f.About)
	}
	if f.Expires != "" {
		p.Plain(0, "expires", f.Expires)
	}
	if f.Optional {
		p.Plain(0, "optional", "true")
	}
	if f.Generate != "" {
		p.Plain(0, "generate", f.Generate)
	}
	if f.Kind == KindKey {
		p.Number(0, "bits", f.Bits)
	}
	for _, v := range f.Versions {
		p.Plain(0, "value."+strconv.Itoa(int(v.Number)), v.Value)
	}
	switch {
	case f.Value != "":
		p.Plain(0, "value", f.Value)
	case f.Blank():
		p.Plain(0, "value", blank)
	}
	data, err := p.Bytes()
	if err == nil && len(data) > MaxSecretFile {
		err = fmt.Errorf("secret file is larger than %d bytes", MaxSecretFile)
	}
	return data, err
}

// hasConflictMarkers reports whether git's merge left its markers in data. They
// cannot stand in a file of ours: no line of ours begins with '<'.
func hasConflictMarkers(data []byte) bool {
	return bytes.HasPrefix(data, []byte("<<<<<<< ")) || bytes.Contains(data, []byte("\n<<<<<<< "))
}
