package leak

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// bashSpecial are the characters that printf %q puts a backslash before.
// bashStart are further ones, at the start of a word only.
const (
	bashSpecial = "\t !\"$&'()*,;<>?[\\]^`{|}"
	bashStart   = "#~"
)

func inShell(v []byte, yield func(Form, []byte)) {
	s := string(v)
	yield(Shell, []byte(strings.ReplaceAll(s, `'`, `'\''`)))
	yield(Shell, []byte(strings.ReplaceAll(s, `'`, `'"'"'`)))

	double := escape(s, func(c byte) bool { return strings.IndexByte("\"$`\\", c) >= 0 })
	yield(Shell, []byte(double))
	yield(Shell, []byte(strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(double)))

	bash := escape(s, func(c byte) bool { return strings.IndexByte(bashSpecial, c) >= 0 })
	yield(Shell, []byte(bash))
	if strings.Contains(bash, "~") {
		bash = strings.NewReplacer(":~", `:\~`, "=~", `=\~`).Replace(bash)
		yield(Shell, []byte(bash))
	}
	if strings.IndexByte(bashStart, s[0]) >= 0 {
		yield(Shell, []byte(`\`+bash))
	}
	// Everything but a few, and a line feed in quotes: Shellwords, ${(q)NAME}.
	every := escape(s, func(c byte) bool {
		return c < 0x80 && c != '\n' && strings.IndexByte("_-.,:+/@", c) < 0
	})
	yield(Shell, []byte(strings.ReplaceAll(every, "\n", "'\n'")))
	for _, wide := range dimension(!isASCII(v)) { // $'…'
		yield(Shell, cString{"'", "\a\b\t\n\v\f\r\x1b", "abtnvfrE", octal, wide}.write(v))
	}
}

// inQuotes yields v as it stands in a string literal of source code, and with
// quotes doubled as in SQL, YAML and CSV.
func inQuotes(v []byte, yield func(Form, []byte)) {
	if bytes.IndexFunc(v, func(r rune) bool { return r < ' ' || r >= 0x7f || strings.ContainsRune("\"'\\", r) }) < 0 {
		return
	}
	yield(Quoted, bytes.ReplaceAll(v, []byte(`'`), []byte(`''`)))
	yield(Quoted, bytes.ReplaceAll(v, []byte(`"`), []byte(`""`)))
	wide := dimension(!isASCII(v))
	for _, quote := range []string{"", `'`, `"`} {
		for _, wide := range wide {
			for _, code := range []func([]byte, byte) []byte{hexByte, hexUpperByte} {
				yield(Quoted, cString{quote, "\t\n\r", "tnr", code, wide}.write(v))
			}
		}
	}
	for _, quoted := range []string{strconv.Quote(string(v)), strconv.QuoteToASCII(string(v))} {
		yield(Quoted, []byte(quoted[1:len(quoted)-1]))
	}
}

func isASCII(v []byte) bool {
	return bytes.IndexFunc(v, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// escape puts a backslash before each byte that special reports.
func escape(s string, special func(byte) bool) string {
	out := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if !isWord(s[i]) && special(s[i]) {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// cString is one habit of writing strings in C and its like: a backslash before
// quotes and backslashes, letters for usual controls, and codes for the rest.
type cString struct {
	quotes            string
	controls, letters string
	code              func([]byte, byte) []byte
	wide              bool // codes for what is not ASCII, too
}

func (c cString) write(v []byte) []byte {
	out := make([]byte, 0, len(v)+16)
	for len(v) > 0 {
		if isWord(v[0]) {
			out, v = append(out, v[0]), v[1:]
			continue
		}
		r, n := utf8.DecodeRune(v)
		control := strings.IndexByte(c.controls, v[0])
		switch {
		case control >= 0:
			out = append(out, '\\', c.letters[control])
		case r == '\\' || strings.IndexByte(c.quotes, v[0]) >= 0:
			out = append(out, '\\', v[0])
		case r < 0x20, r == 0x7f, r >= 0x80 && c.wide, r == utf8.RuneError && n == 1:
			for _, b := range v[:n] {
				out = c.code(out, b)
			}
		default:
			out = append(out, v[:n]...)
		}
		v = v[n:]
	}
	return out
}

func octal(out []byte, c byte) []byte {
	return append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

func hexByte(out []byte, c byte) []byte {
	return append(out, '\\', 'x', hexLower[c>>4], hexLower[c&15])
}

func hexUpperByte(out []byte, c byte) []byte {
	return append(out, '\\', 'x', hexUpper[c>>4], hexUpper[c&15])
}
