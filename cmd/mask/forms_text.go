package mask

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// inText yields v as writers of text escape it.
func inText(v []byte, yield func([]byte)) {
	if isPlain(v) {
		return
	}
	inURL(v, yield)
	inQuotes(v, yield)
	if utf8.Valid(v) {
		inJSON(v, yield)
	}
}

// urlSafe are the characters that are left as they are besides letters and
// digits, by whoever writes the URL.
var urlSafe = [...]string{
	"-_.~",                 // url.QueryEscape, quote(safe="")
	"-_.!~*'()",            // encodeURIComponent
	"-_.~/",                // quote
	"-_.!~*'();,/?:@&=+$#", // encodeURI
	"-_.~$&+:=@",           // url.PathEscape
	"-_.~$&+,;=",           // url.URL.String: user and password
	"-_.*",                 // forms of browsers
}

func inURL(v []byte, yield func([]byte)) {
	for i, safe := range urlSafe {
		yield(inPercent(v, safe, "0123456789ABCDEF"))
		if i == 0 {
			yield(inPercent(v, safe, "0123456789abcdef"))
		}
	}
	for _, form := range []string{urlSafe[0], "-_.*"} {
		if bytes.IndexByte(v, ' ') >= 0 {
			yield(bytes.ReplaceAll(inPercent(v, form, "0123456789ABCDEF"), []byte("%20"), []byte("+")))
		}
	}
}

func inPercent(v []byte, safe, digits string) []byte {
	out := make([]byte, 0, len(v)+len(v)/2)
	for _, c := range v {
		if isWord(c) || strings.IndexByte(safe, c) >= 0 {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}

// bashSpecial are the characters that printf %q puts a backslash before.
const bashSpecial = "\t !\"$&'()*,;<>?[\\]^`{|}"

// inQuotes yields v as a shell quotes it, also in its trace (set -x), and with
// quotes doubled, as in YAML, SQL and CSV.
func inQuotes(v []byte, yield func([]byte)) {
	single := []byte(`'`)
	yield(bytes.ReplaceAll(v, single, []byte(`'\''`)))
	yield(bytes.ReplaceAll(v, single, []byte(`'"'"'`)))
	yield(bytes.ReplaceAll(v, single, []byte(`''`)))
	yield(bytes.ReplaceAll(v, single, []byte(`\'`)))
	yield(bytes.ReplaceAll(v, []byte(`"`), []byte(`""`)))
	yield(escape(v, "\"$`\\"))
	yield(escape(v, bashSpecial))
	// $'…'
	yield([]byte(strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(string(v))))
}

// escape puts a backslash before each of signs.
func escape(v []byte, signs string) []byte {
	out := make([]byte, 0, len(v)+16)
	for _, c := range v {
		if strings.IndexByte(signs, c) >= 0 {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return out
}

// jsonWriter is one habit of writing JSON strings.
type jsonWriter struct {
	coded string // ASCII characters written as \uXXXX
	slash bool   // "/" as "\/"
	ascii bool   // what is not ASCII, and DEL, as \uXXXX; else only U+2028 and U+2029
	hex   string
}

// jsonCoded are the characters that writers code besides what JSON demands.
var jsonCoded = [...]string{
	"",
	"<>&",      // encoding/json
	"<>&='",    // Gson
	"<>&'\"+`", // System.Text.Json
}

func inJSON(v []byte, yield func([]byte)) {
	for i, coded := range jsonCoded {
		if i > 0 && !bytes.ContainsAny(v, coded) {
			continue
		}
		for _, slash := range either(bytes.IndexByte(v, '/') >= 0) {
			for _, ascii := range either(bytes.IndexFunc(v, func(r rune) bool { return r >= 0x7f }) >= 0) {
				w := jsonWriter{coded, slash, ascii, "0123456789abcdef"}
				out := w.write(v)
				yield(out)
				if bytes.Contains(out, []byte(`\u`)) {
					w.hex = "0123456789ABCDEF"
					yield(w.write(v))
				}
			}
		}
	}
}

// longJSON is inJSON for a long v: as JSON.stringify and encoding/json write it, unless
// that is more than twice as long.
func longJSON(v []byte, yield func([]byte)) {
	for _, coded := range jsonCoded[:2] {
		w := jsonWriter{coded: coded, hex: "0123456789abcdef"}
		if out := w.write(v); len(out) <= 2*len(v) && !bytes.Equal(out, v) {
			yield(out)
		}
		if !bytes.ContainsAny(v, jsonCoded[1]) {
			return
		}
	}
}

// either returns both choices where there is something to choose.
func either(both bool) []bool {
	if both {
		return []bool{false, true}
	}
	return []bool{false}
}

func (w jsonWriter) write(v []byte) []byte {
	out := make([]byte, 0, len(v)+16)
	for len(v) > 0 {
		r, n := utf8.DecodeRune(v)
		switch short := strings.IndexByte("\b\f\n\r\t", v[0]); {
		case short >= 0:
			out = append(out, '\\', "bfnrt"[short])
		case strings.IndexByte(w.coded, v[0]) >= 0, r < 0x20, r >= 0x7f && w.ascii, r == '\u2028', r == '\u2029':
			out = w.code(out, r)
		case r == '"', r == '\\', r == '/' && w.slash:
			out = append(out, '\\', byte(r))
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
