package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pinseal/seal"
)

// formatFlatYAML writes one mapping, sorted by name, that parseFlatYAML and other
// readers of YAML, 1.1 and 1.2, read back byte for byte: every value is in double
// quotes, on one line. A value that YAML cannot carry is refused by name.
func formatFlatYAML(pairs []plainPair) ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(pairs), func(a, b plainPair) int { return strings.Compare(a.name, b.name) })
	var out []byte
	for i, p := range sorted {
		if !utf8.Valid(p.value.Reveal()) {
			return nil, fmt.Errorf("%q is not UTF-8 text: YAML cannot carry it", p.name)
		}
		if seal.CheckSecretName(p.name) != nil || i > 0 && sorted[i-1].name == p.name {
			return nil, errors.New("a name is not the name of a secret, or is given twice")
		}
		if plainWord(p.name) == kindText {
			out = append(out, p.name...)
		} else {
			out = appendYAML(out, p.name)
		}
		out = appendYAML(append(out, ": "...), string(p.value.Reveal()))
		out = append(out, '\n')
	}
	if len(sorted) == 0 {
		out = []byte("{}\n")
	}
	if err := checkYAMLSize(out); err != nil {
		return nil, fmt.Errorf("the YAML %s", err)
	}
	return out, nil
}

// appendYAML writes a text in double quotes, with an escape for whatever a reader
// may drop, fold or refuse.
func appendYAML(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\t':
			out = append(out, `\t`...)
		case unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r <= 0xff:
			out = fmt.Appendf(out, `\x%02x`, r)
		case r <= 0xffff:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = fmt.Appendf(out, `\U%08x`, r)
		}
	}
	return append(out, '"')
}
