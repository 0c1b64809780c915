package leak

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// kind is how the text of a needle is compared.
type kind uint8

const (
	literal kind = iota // byte by byte
	base64At0
	base64At1
	base64At2
	hexadecimal
	percented
)

// needle is one thing to look for. Literal: the text itself. Else the text is
// the value, and what is looked for is another way to write it.
type needle struct {
	off   int // of the text in tables.texts
	len   int32
	group int32
	form  uint8 // index into rank
	kind  kind
}

// digits returns the characters of a needle in base64 or hexadecimal.
func (k kind) digits(value []byte) digits {
	if k == hexadecimal {
		return digits{value: value, width: 4}
	}
	return digits{value: value, width: 6, skew: 2 * int(k-base64At0)}
}

// bases returns the line endings that a value may have where it was pasted: its
// own, and all LF or all CRLF.
func bases(v []byte) [][]byte {
	if bytes.IndexByte(v, '\n') < 0 {
		return [][]byte{v}
	}
	lf := bytes.ReplaceAll(v, []byte("\r\n"), []byte("\n"))
	all := [][]byte{v}
	for _, b := range [][]byte{lf, bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))} {
		if !bytes.Equal(b, v) {
			all = append(all, b)
		}
	}
	return all
}

// speller writes values in their literal forms.
type speller struct {
	safe []*[256]bool        // what each writer of URLs leaves as it is
	html []*strings.Replacer // one for each of entities
}

func newSpeller() speller {
	var sp speller
	for _, signs := range urlSafe {
		var keep [256]bool
		for c := range keep {
			keep[c] = isWord(byte(c)) || strings.IndexByte(signs, byte(c)) >= 0
		}
		sp.safe = append(sp.safe, &keep)
	}
	for _, pairs := range entities {
		sp.html = append(sp.html, strings.NewReplacer(append([]string{"&", "&amp;", "<", "&lt;"}, pairs...)...))
	}
	return sp
}

// spell yields the literal forms of v but [Raw], [Line] and [URL]. Forms equal to
// v or to each other are among them.
func (sp speller) spell(v []byte, yield func(Form, []byte)) {
	text := utf8.Valid(v)
	if text {
		inUTF16(v, yield)
	}
	if !isPlain(v) {
		inShell(v, yield)
		inQuotes(v, yield)
		if text {
			inJSON(v, yield)
		}
		sp.inHTML(v, yield)
	}
}

// isPlain reports whether nothing in v is ever escaped.
func isPlain(v []byte) bool {
	for _, c := range v {
		if !isWord(c) && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func inUTF16(v []byte, yield func(Form, []byte)) {
	little := make([]byte, 0, 2*len(v))
	big := make([]byte, 0, 2*len(v))
	var units [2]uint16
	for len(v) > 0 {
		r, n := utf8.DecodeRune(v)
		v = v[n:]
		for _, u := range utf16.AppendRune(units[:0], r) {
			little = append(little, byte(u), byte(u>>8))
			big = append(big, byte(u>>8), byte(u))
		}
	}
	yield(UTF16, little)
	yield(UTF16, big)
}

// urlSafe are the characters that are left as they are besides letters and
// digits, by whoever writes the URL.
var urlSafe = []string{
	"-_.~",                  // url.QueryEscape, quote(safe="")
	"-_.~/",                 // quote
	"-_.~$&+:=@",            // url.PathEscape
	"-_.~$&+,/:;=@",         // url.URL.String: path
	"-_.~$&+,;=",            // url.URL.String: user and password
	"-_.!~*'()",             // encodeURIComponent
	"-_.!~*'();,/?:@&=+$#",  // encodeURI
	"-_.!~*'();,/?:@&=+$[]", // url.URL.String: query left as it is
	"-_.*",                  // forms of browsers
	"-_.",                   // urlencode
}

// inURL yields v as each writer of URLs does.
func (sp speller) inURL(v []byte, yield func(Form, []byte)) {
	spaces := dimension(bytes.IndexByte(v, ' ') >= 0)
	signs := signsOf(v)
	var seen []string
	for _, safe := range sp.safe {
		kept := string(inPercent(signs, safe, false, hexUpper))
		if slices.Contains(seen, kept) {
			continue
		}
		seen = append(seen, kept)
		for _, plus := range spaces {
			yield(URL, inPercent(v, safe, plus, hexUpper))
			yield(URL, inPercent(v, safe, plus, hexLower))
		}
	}
}

// signsOf returns each byte of v once that is no letter or digit.
func signsOf(v []byte) []byte {
	var seen [256]bool
	var signs []byte
	for _, c := range v {
		if !isWord(c) && !seen[c] {
			seen[c] = true
			signs = append(signs, c)
		}
	}
	return signs
}

func inPercent(v []byte, keep *[256]bool, plus bool, hex string) []byte {
	out := make([]byte, 0, len(v)+16)
	for _, c := range v {
		switch {
		case keep[c]:
			out = append(out, c)
		case c == ' ' && plus:
			out = append(out, '+')
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return out
}
