package leak

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonWriter is one habit of writing JSON strings.
type jsonWriter struct {
	coded string // ASCII characters written as \uXXXX
	slash bool   // "/" as "\/"
	ascii bool   // what is not ASCII, and DEL, as \uXXXX
	lines bool   // U+2028 and U+2029 as \uXXXX
	hex   string
}

// jsonCoded are the characters that writers code besides what JSON demands.
var jsonCoded = []string{
	"",
	"<>&",       // encoding/json
	"<>&='",     // Gson
	"<>&'",      // JSON_HEX_TAG and its like
	"<>&'\"",    // with JSON_HEX_QUOT
	"<>&'\"+`",  // System.Text.Json
	"<>&'\"+`/", // some of its settings
}

// longValue is the length in bytes beyond which only the first two are tried:
// each form takes as much memory as the value.
const longValue = 4 << 10

func inJSON(v []byte, yield func(Form, []byte)) {
	slashes := dimension(bytes.IndexByte(v, '/') >= 0)
	wide := bytes.IndexFunc(v, func(r rune) bool { return r >= 0x7f }) >= 0
	ascii := dimension(wide)
	lines := dimension(wide && bytes.ContainsAny(v, "\u2028\u2029"))
	habits := jsonCoded
	if len(v) > longValue {
		habits = habits[:2]
	}
	for i, coded := range habits {
		if i > 0 && !bytes.ContainsAny(v, coded) {
			continue
		}
		for _, slash := range slashes {
			for _, ascii := range ascii {
				for _, lines := range lines {
					w := jsonWriter{coded, slash, ascii, lines, hexLower}
					out := w.write(v)
					yield(JSON, out)
					if bytes.Contains(out, []byte(`\u`)) {
						w.hex = hexUpper
						yield(JSON, w.write(v))
					}
				}
			}
		}
	}
}

// dimension returns both choices where there is something to choose.
func dimension(both bool) []bool {
	if both {
		return []bool{false, true}
	}
	return []bool{false}
}

func (w jsonWriter) write(v []byte) []byte {
	out := make([]byte, 0, len(v)+16)
	for len(v) > 0 {
		if isWord(v[0]) {
			out, v = append(out, v[0]), v[1:]
			continue
		}
		r, n := utf8.DecodeRune(v)
		switch short := strings.IndexByte("\b\f\n\r\t", v[0]); {
		case short >= 0:
			out = append(out, '\\', "bfnrt"[short])
		case strings.IndexByte(w.coded, v[0]) >= 0:
			out = w.code(out, r)
		case r == '"' || r == '\\' || r == '/' && w.slash:
			out = append(out, '\\', byte(r))
		case r < 0x20, r >= 0x7f && w.ascii, (r == '\u2028' || r == '\u2029') && w.lines:
			out = w.code(out, r)
		default:
			out = append(out, v[:n]...)
		}
		v = v[n:]
	}
	return out
}

// code appends \uXXXX, twice for what is beyond U+FFFF.
func (w jsonWriter) code(out []byte, r rune) []byte {
	var units [2]uint16
	for _, u := range utf16.AppendRune(units[:0], r) {
		out = append(out, '\\', 'u', w.hex[u>>12], w.hex[u>>8&15], w.hex[u>>4&15], w.hex[u&15])
	}
	return out
}
