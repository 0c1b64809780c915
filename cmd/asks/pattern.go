package asks

import (
	"bytes"
	"slices"

	"pinseal/seal"
)

// maxPattern is how far before a word the pattern begins that takes names out of it,
// in bytes.
const maxPattern = 4000

var (
	// pattern ends before the word; group 1 is what is between the braces.
	pattern = compiled(`\{([^{}]*)\}\s*(?::[^={};]*)?=\s*(?:globalThis\s*\.\s*)?$`)
	// whole says that the word is not only the beginning of something else.
	whole = anchored(`(?:\s*(?:[;,)}!|]|\?\?|as\b|satisfies\b|//|/\*)|[ \t\r]*(?:\n\s*(?:[^.?\[\s]|\?\?)|\n?\s*$))`)
	// patternItem is a name of a pattern, perhaps with another for the variable, and
	// with a default in group 3.
	patternItem = anchored(`\s*(?:` + identText + `|["']` + nameText + `["'])\s*(?::[^=]*)?(=\s*\S[^,]*)?\s*$`)
	noDefault   = anchored(`=\s*` + nothing + `\s*$`)
	notCode     = compiled("(?s)//[^\\n]*|/\\*.*?\\*/|" + `"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|` + "`[^`]*`")
)

// taken finds the names that JavaScript takes out of an object by a pattern, as in
// const { A, B: b = 1 } = process.env. The object's word stands at start.
func (w way) taken(data []byte, start int, rest []byte, asks []found) []found {
	if !whole().Match(rest) || isComment(lineBefore(data, start)) {
		return asks
	}
	from := max(0, start-maxPattern)
	m := pattern().FindSubmatchIndex(data[from:start])
	if m == nil {
		return asks
	}
	from += m[2]
	names := data[from : from+m[3]-m[2]]
	plain := masked(names)
	for at := 0; at <= len(plain); {
		end := bytes.IndexByte(plain[at:], ',')
		if end < 0 {
			end = len(plain) - at
		}
		if i := patternItem().FindSubmatchIndex(plain[at : at+end]); i != nil {
			group := 2
			if i[2] < 0 {
				group = 4
			}
			name := string(names[at+i[group] : at+i[group+1]])
			if seal.CheckSecretName(name) == nil && !slices.Contains(w.build, name) {
				hasDefault := i[6] >= 0 && !noDefault().Match(plain[at+i[6]:at+end])
				asks = append(asks, found{Ask{Name: name, Default: hasDefault}, from + at + i[group]})
			}
		}
		at += end + 1
	}
	return asks
}

// masked is text of the same length without comments, and without what is between
// quotes.
func masked(text []byte) []byte {
	plain := bytes.Clone(text)
	for _, m := range notCode().FindAllIndex(text, -1) {
		fill, from, to := byte(' '), m[0], m[1]
		if text[from] != '/' {
			fill, from, to = 'x', from+1, to-1
		}
		for i := from; i < to; i++ {
			plain[i] = fill
		}
	}
	return plain
}
