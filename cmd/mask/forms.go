package mask

import (
	"bytes"
	"encoding/base64"
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
	// longValue is the length in bytes beyond which only the more usual forms
	// are tried: each takes as much memory as the value.
	longValue = 4 << 10
)

const (
	tooShort = "shorter than 4 bytes"
	tooUsual = "a common word"
)

// usual are values that stand in everybody's output. Masked they would spoil it,
// and the mask would say what the value is. Whole values, case ignored.
const usual = `
	true false null none undefined enabled disabled default localhost 127.0.0.1 0.0.0.0
	development staging production test debug info warn warning error
`

// collect returns the needles of values, and which are not masked.
func collect(values [][]byte) (needles [][]byte, skipped []Skipped) {
	seen := make(map[string]bool, len(values))
	for i, whole := range values {
		v := trim(whole)
		switch {
		case len(v) < minValue:
			skipped = append(skipped, Skipped{i, tooShort})
		case isUsual(v):
			skipped = append(skipped, Skipped{i, tooUsual})
		case !seen[string(v)]:
			seen[string(v)] = true
			add := func(text []byte) { needles = append(needles, text) }
			spell(slices.Clone(v), add)
			if len(v) < len(whole) {
				inBase64(whole, add)
			}
		}
	}
	return needles, skipped
}

func isUsual(v []byte) bool {
	return len(v) <= len("development") && slices.Contains(strings.Fields(usual), strings.ToLower(string(v)))
}

// trim removes white space around a value or a line. ASCII only: other bytes of
// a binary value are never taken for space.
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n\v\f") }

// spell yields the forms of v, which is trimmed, some more than once. v is kept.
func spell(v []byte, yield func([]byte)) {
	yield(v)
	inBase64(v, yield)
	lower := []byte(hex.EncodeToString(v))
	yield(lower)
	yield(bytes.ToUpper(lower))
	inText(v, yield)
	if bytes.IndexByte(v, '\n') < 0 {
		return
	}
	lf := bytes.ReplaceAll(v, []byte("\r\n"), []byte("\n"))
	yield(lf)
	yield(bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n")))
	for line := range bytes.Lines(lf) {
		if line = trim(line); !isFrame(line) {
			yield(line)
			if !isPlain(line) && utf8.Valid(line) {
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

// inBase64 yields v in base64, alone and as a part of something longer, and the
// lines of it as base64(1) and PEM break it.
func inBase64(v []byte, yield func([]byte)) {
	url := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
	for skew := range 3 {
		from, to := (8*skew+5)/6, 8*(skew+len(v))/6 // the characters of v alone
		skewed := append(make([]byte, skew, skew+len(v)), v...)
		for _, alphabet := range []*base64.Encoding{base64.StdEncoding, url} {
			text := []byte(alphabet.EncodeToString(skewed))
			yield(text[from:to])
			yield(text[from:])
			if len(v) <= longValue {
				yield(bytes.TrimRight(text[from:], "="))
			}
		}
	}
	text := []byte(base64.StdEncoding.EncodeToString(v))
	for _, width := range []int{64, 76} {
		for line := range slices.Chunk(text, width) {
			if len(text) > width && len(line) >= minLine {
				yield(line)
			}
		}
	}
}

// isPlain reports whether nothing in v is ever escaped.
func isPlain(v []byte) bool {
	return !slices.ContainsFunc(v, func(c byte) bool { return !isWord(c) && c != '_' && c != '-' && c != '.' })
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
