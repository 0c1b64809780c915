package spelling

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printer writes one file in our spelling. The zero value is ready to use. The
// first thing that has no spelling is kept as an error and returned by
// [Printer.Bytes]; everything after it is ignored. Indents count spaces: 0 at
// the top, 4 in the mappings of a list.
//
// A Printer is not safe for concurrent use.
type Printer struct {
	out  []byte
	item bool // the next line begins an item of a list
	err  error
}

// itemIndent is the indent of the keys of a mapping in a list.
const itemIndent = 4

// Grow makes room for n more bytes.
func (p *Printer) Grow(n int) {
	if cap(p.out)-len(p.out) < n {
		p.out = append(make([]byte, 0, len(p.out)+n), p.out...)
	}
}

// Plain writes `key: value`. The value must be of the plain alphabet.
func (p *Printer) Plain(indent int, key, value string) {
	if p.err == nil && !isPlain(value) {
		p.fail(key, "has a value that cannot be spelled plainly")
	}
	if p.key(indent, key) {
		p.out = append(p.out, ' ')
		p.out = append(p.out, value...)
		p.out = append(p.out, '\n')
	}
}

// Number writes `key: n` in decimal. n must be from 0 to 2^31-1.
func (p *Printer) Number(indent int, key string, n int) {
	if p.err == nil && (n < 0 || n > MaxNumber) {
		p.fail(key, "is out of range")
	}
	if p.key(indent, key) {
		p.out = append(p.out, ' ')
		p.out = strconv.AppendInt(p.out, int64(n), 10)
		p.out = append(p.out, '\n')
	}
}

// Quoted writes `key: "value"`. The value must be free text as [CheckText] has
// it; only `"` and `\` are escaped.
func (p *Printer) Quoted(indent int, key, value string) {
	if p.err == nil {
		if err := CheckText(value, len(value)); err != nil {
			p.fail(key, err.Error())
		}
	}
	if !p.key(indent, key) {
		return
	}
	p.out = append(p.out, ' ', '"')
	for i := 0; i < len(value); i++ {
		if value[i] == '"' || value[i] == '\\' {
			p.out = append(p.out, '\\')
		}
		p.out = append(p.out, value[i])
	}
	p.out = append(p.out, '"', '\n')
}

// Words writes `key: [a, b]`. There must be at least one word, and every word
// of the word alphabet.
func (p *Printer) Words(indent int, key string, words []string) {
	if p.err == nil && len(words) == 0 {
		p.fail(key, "is an empty list")
	}
	for _, w := range words {
		if p.err == nil && !isWord(w) {
			p.fail(key, "has a word that cannot be spelled plainly")
		}
	}
	if !p.key(indent, key) {
		return
	}
	p.out = append(p.out, ' ', '[')
	for i, w := range words {
		if i > 0 {
			p.out = append(p.out, ',', ' ')
		}
		p.out = append(p.out, w...)
	}
	p.out = append(p.out, ']', '\n')
}

// List writes `key:`, the head of a list of mappings. At least one [Printer.Item]
// must follow.
func (p *Printer) List(key string) {
	if p.err == nil && p.item {
		p.fail(key, "follows an empty item")
	}
	if p.key(0, key) {
		p.out = append(p.out, '\n')
		p.item = false
	}
}

// Item begins the next mapping of a list: the line written next, at indent 4,
// is led by "  - ".
func (p *Printer) Item() {
	if p.err == nil && (p.item || len(p.out) == 0) {
		p.err = errors.New("spelling: an item has no list or no fields")
	}
	p.item = true
}

// Bytes returns the file, or the first error. The slice is the Printer's own
// buffer: do not use the Printer afterwards.
func (p *Printer) Bytes() ([]byte, error) {
	if p.err == nil && p.item {
		p.err = errors.New("spelling: the last item has no fields")
	}
	if p.err == nil && len(p.out) == 0 {
		p.err = errors.New("spelling: the file has no fields")
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.out, nil
}

// key writes the indent and `key:`, and reports whether the value may follow.
func (p *Printer) key(indent int, key string) bool {
	switch {
	case p.err != nil:
	case !isKey(key):
		p.err = errors.New("spelling: a key is not of the key alphabet")
	case indent == 0 && !p.item:
		p.out = append(p.out, key...)
		p.out = append(p.out, ':')
	case indent == itemIndent && p.item:
		p.out = append(p.out, "  - "...)
		p.out = append(p.out, key...)
		p.out = append(p.out, ':')
		p.item = false
	case indent == itemIndent && len(p.out) > 0:
		p.out = append(p.out, "    "...)
		p.out = append(p.out, key...)
		p.out = append(p.out, ':')
	default:
		p.fail(key, "is at an indent that has no meaning")
	}
	return p.err == nil
}

func (p *Printer) fail(key, reason string) {
	if !isKey(key) {
		key = "?"
	}
	p.err = fmt.Errorf("spelling: %q %s", key, reason)
}

// MaxNumber is the largest number in our files, 2^31-1.
const MaxNumber = 1<<31 - 1

// CheckText reports why s is not free text of at most max bytes: valid UTF-8
// and only runes for which unicode.IsPrint holds, which leaves out control and
// formatting characters, so terminal escapes and bidi overrides, and every
// space but U+0020. The error never holds the text. The empty string is fine.
func CheckText(s string, max int) error {
	if len(s) > max {
		return fmt.Errorf("text is longer than %d bytes", max)
	}
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return errors.New("text has a character that does not print")
		}
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return nil
	}
	if !utf8.ValidString(s) {
		return errors.New("text is not UTF-8")
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return errors.New("text has a character that does not print")
		}
	}
	return nil
}

// isKey reports whether s is a key of the grammar.
func isKey(s string) bool {
	if s == "" || len(s) > 64 || !isAlpha(s[0]) && s[0] != '_' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return true
}

// isWord reports whether s is a word of the grammar.
func isWord(s string) bool {
	if s == "" || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return true
}

// isPlain reports whether s is a plain value of the grammar.
func isPlain(s string) bool {
	if s == "" || s[0] == ' ' || s[0] == '@' || s[len(s)-1] == ' ' || s[len(s)-1] == ':' {
		return false
	}
	if s[0] == '-' && (len(s) == 1 || s[1] == ' ') {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isWordByte(s[i]) && strings.IndexByte(":+/=@ ", s[i]) < 0 {
			return false
		}
		if s[i] == ':' && s[i+1] == ' ' { // s does not end in ":"
			return false
		}
	}
	return true
}

func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isWordByte(c byte) bool {
	return isAlpha(c) || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}
