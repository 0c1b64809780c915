package mask

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// minValue is the length of the shortest value that is masked, in bytes
	// without the white space around it.
	minValue = 4
	// minLine is the length of the shortest line that is masked by itself.
	minLine = 8
	// longValue is the length in bytes beyond which only the most usual forms
	// are tried: each takes as much memory as the value.
	longValue = 4 << 10
	// maxForms is how many bytes all forms may have, those counted too that share
	// their memory: about two thirds do.
	maxForms = 256 << 20
)

// notMasked is why a value is skipped. It is one reason for all, for each of its own
// would say something of the value.
const notMasked = "short or common"

// usual are values that stand in everybody's output. Masked they would spoil it,
// and the mask would say what the value is. Whole values, case ignored.
const usual = `
	true false null none undefined enabled disabled default localhost 127.0.0.1 0.0.0.0
	development staging production test debug info warn warning error
`

// collect returns the needles of values, and which are not masked.
func collect(values [][]byte) (needles [][]byte, skipped []Skipped, err error) {
	seen := make(map[[sha256.Size]byte]bool, len(values))
	size := 0
	add := func(text []byte) {
		if size += len(text); size > maxForms {
			return
		}
		needles = appendParts(needles, text)
	}
	for i, whole := range values {
		v := trim(whole)
		if len(v) < minValue || isUsual(v) {
			skipped = append(skipped, Skipped{i, notMasked})
			continue
		}
		if sum := sha256.Sum256(whole); !seen[sum] {
			seen[sum] = true
			spell(v, whole, add)
		}
		if size > maxForms {
			return nil, nil, ErrTooLarge
		}
	}
	return needles, skipped, nil
}

func isUsual(v []byte) bool {
	return len(v) <= len("development") && slices.Contains(strings.Fields(usual), strings.ToLower(string(v)))
}

// trim removes white space around a value or a line. ASCII only: other bytes of
// a binary value are never taken for space.
func trim(b []byte) []byte { return bytes.Trim(b, space) }

// space is what is around a value.
const space = " \t\r\n\v\f"

// spell yields the forms of v, some more than once. v is whole without the white space
// around it; both are the caller's.
func spell(v, whole []byte, yield func([]byte)) {
	v = slices.Clone(v)
	yield(v)
	if len(v) > longValue {
		longBase64(v, whole, yield)
		if utf8.Valid(v) {
			longJSON(v, yield)
		}
	} else {
		inBase64(v, yield)
		if len(v) < len(whole) {
			inBase64(whole, yield)
		}
		lower := []byte(hex.EncodeToString(v))
		yield(lower)
		yield(bytes.ToUpper(lower))
		inText(v, yield)
	}
	if bytes.IndexByte(v, '\n') >= 0 {
		inLines(v, yield)
	}
}

// inLines yields v with either line end, and its lines.
func inLines(v []byte, yield func([]byte)) {
	lf := v
	if bytes.IndexByte(v, '\r') >= 0 {
		lf = bytes.ReplaceAll(v, []byte("\r\n"), []byte("\n"))
		yield(lf)
	}
	yield(bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n")))
	for line := range bytes.Lines(lf) {
		if line = trim(line); !isFrame(line) {
			yield(line)
			if len(v) <= longValue && !isPlain(line) && utf8.Valid(line) {
				inJSON(line, yield)
			}
		}
	}
}

// isFrame reports whether a line of a value is nobody's secret: it is short or
// usual, has no letter or digit, or only says what comes next as a PEM boundary or a key
// without a value does.
func isFrame(line []byte) bool {
	switch {
	case len(line) < minLine, isUsual(line), !slices.ContainsFunc(line, func(c byte) bool { return isWord(c) || c >= utf8.RuneSelf }):
		return true
	case bytes.HasPrefix(line, []byte("-----")) && bytes.HasSuffix(line, []byte("-----")):
		return true
	}
	key, ok := bytes.CutSuffix(bytes.TrimRight(line, " {[|>-"), []byte(":"))
	return ok && isPlain(bytes.Trim(key, `"- `))
}

// isPlain reports whether nothing in v is ever escaped.
func isPlain(v []byte) bool {
	return !slices.ContainsFunc(v, func(c byte) bool { return !isWord(c) && c != '_' && c != '-' && c != '.' })
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
