package cmd

import (
	"fmt"
	"slices"
	"strings"

	"pinseal/versions"
)

// What became of a named encryption key, in words. Without a key, whether a version is
// the same one sealed anew is no more than likely, as of any value.

// versionsSay is what became of versions: "versions 1-3 dropped, version 4 added".
func versionsSay(v versions.VersionsChange) string {
	var parts []string
	for _, p := range []struct {
		numbers []uint32
		says    string
	}{{v.Dropped, "dropped"}, {v.Added, "added"}, {v.Replaced, "replaced"}, {v.Resealed, "sealed to a newer key"}} {
		if len(p.numbers) > 0 {
			parts = append(parts, versionNumbers(p.numbers)+" "+p.says)
		}
	}
	for _, m := range v.Renumbered {
		parts = append(parts, fmt.Sprintf("version %d is version %d now", m.Was, m.Is))
	}
	return strings.Join(parts, ", ")
}

// versionNumbers writes ascending numbers as "version 1" or "versions 1-3, 5".
func versionNumbers(numbers []uint32) string {
	if len(numbers) == 1 {
		return "version " + numberRanges(numbers)
	}
	return "versions " + numberRanges(numbers)
}

// areOrIs is the verb for some numbers.
func areOrIs(numbers []uint32) string {
	if len(numbers) == 1 {
		return "is"
	}
	return "are"
}

// versionsOf is for JSON, which leaves out what there is not.
func versionsOf(v versions.VersionsChange) *versions.VersionsChange {
	if v.Empty() {
		return nil
	}
	return &v
}

// fieldWords are what differs beside the values, and of a key's size how.
func fieldWords(c versions.Change) string {
	words := slices.Clone(c.Fields)
	for i, field := range words {
		if field == "bits" && c.Old.Bits > 0 && c.New.Bits > 0 {
			words[i] = fmt.Sprintf("bits %d to %d", c.Old.Bits, c.New.Bits)
		}
	}
	return strings.Join(words, ", ")
}

// isKeyChange reports whether a change is about a named encryption key, as it is or was.
func isKeyChange(c versions.Change) bool {
	f := c.New
	if f == nil {
		f = c.Old
	}
	return f != nil && f.Kind == versions.KindKey
}

// keyFileSays is what there is to say of a key that is new or gone.
func keyFileSays(f *versions.SecretFile) string {
	if f.Blank() {
		return fmt.Sprintf("encryption key of %d bits, blank", f.Bits)
	}
	numbers := make([]uint32, len(f.Versions))
	for i, v := range f.Versions {
		numbers[i] = v.Number
	}
	return fmt.Sprintf("encryption key of %d bits, %s", f.Bits, versionNumbers(numbers))
}

// encryptionLines say what a change of a key's versions means: whoever can commit can add one
// that they know, and an app encrypts with it from the next pin on.
func encryptionLines(c *versions.Change) []string {
	var all []string
	fresh := c.Versions.New()
	was, is, another := c.EncryptsWith()
	switch {
	case !another:
	case was == 0:
		all = append(all, fmt.Sprintf("encrypts with version %d from the next pin on: whoever made that knows it", is))
	case slices.Contains(fresh, is) && !slices.Contains(c.Versions.Replaced, is):
		all = append(all, fmt.Sprintf("encrypts with version %d from the next pin on, and with %d before: whoever made that knows it", is, was))
	case !slices.Contains(fresh, is):
		all = append(all, fmt.Sprintf("goes back to version %d from %d, and encrypts with that from the next pin on", is, was))
	default:
		all = append(all, fmt.Sprintf("encrypts with another version %d from the next pin on: whoever made that knows it", is))
	}
	if others := slices.DeleteFunc(fresh, func(n uint32) bool { return n == is }); len(others) > 0 {
		all = append(all, fmt.Sprintf("decrypts with %s too, which %s new: whoever made that can make what decrypts", versionNumbers(others), areOrIs(others)))
	}
	if gone := c.Versions.Gone(); c.New != nil && len(gone) > 0 {
		all = append(all, "does not decrypt any more what "+versionNumbers(gone)+" encrypted")
	}
	return all
}

// encryptionLines are those of a review, which opens nothing: what is likely the same is
// said too, where the branch gives no reason to seal it anew. show is how another secret's
// name is written.
func (s *reviewSecret) encryptionLines(rekeyed bool, show func(string) string) []string {
	newest := s.change.New.Newest()
	switch {
	case newest == 0:
	case s.From != "":
		return []string{fmt.Sprintf("encrypts with version %d, likely that of %s: only a reader can tell", newest, show(s.From))}
	case !rekeyed && slices.Contains(s.change.Versions.Resealed, newest):
		return append([]string{fmt.Sprintf("encrypts with version %d, sealed anew and likely the same: only a reader can tell", newest)}, encryptionLines(&s.change)...)
	}
	return encryptionLines(&s.change)
}
