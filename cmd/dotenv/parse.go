package dotenv

import (
	"bytes"
)

// Limits on a file, for reading and writing.
const (
	MaxSize  = 8 << 20 // bytes
	MaxPairs = 1 << 16 // names
	MaxName  = 255     // bytes of one name
)

// Pair is one name and its value.
type Pair struct {
	Name string
	// Value is the exact value; never nil after Parse, and the caller's own.
	Value []byte
	// Line is where Parse found the name, from 1. Format ignores it.
	Line int
	// Unexpanded is set by Parse when the value holds a "$" or a backtick
	// that bash or docker compose would expand and Parse took literally.
	// Format ignores it.
	Unexpanded bool
	// Quoted is set by Parse when the value stands in quotes. Format ignores it.
	Quoted bool
	// Inline is set by Parse when a value without quotes goes on, after a
	// blank, like another pair: A=1 B=2. It is one value to Parse, as to node
	// and compose. Format ignores it.
	Inline bool
}

// Unexpanded returns the names of the pairs whose Unexpanded is set, in
// order: what a command should warn about after Parse.
func Unexpanded(pairs []Pair) []string {
	var names []string
	for _, p := range pairs {
		if p.Unexpanded {
			names = append(names, p.Name)
		}
	}
	return names
}

// Parse reads a file and returns its pairs in order. The values do not alias
// data. Errors: [ErrTooLarge], [*SyntaxError], [*DuplicateError].
func Parse(data []byte) ([]Pair, error) {
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	if err := checkText(data); err != nil {
		return nil, err
	}
	p := &parser{src: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), line: 1}
	var pairs []Pair
	seen := make(map[string]int)
	for p.pos < len(p.src) {
		pair, ok, err := p.statement()
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if first := seen[pair.Name]; first != 0 {
			return nil, &DuplicateError{pair.Name, first, pair.Line}
		}
		if len(pairs) == MaxPairs {
			return nil, ErrTooLarge
		}
		seen[pair.Name] = pair.Line
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

// checkText refuses NUL bytes, and names the usual cause of them: Windows
// PowerShell's ">" writes UTF-16.
func checkText(data []byte) error {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return &SyntaxError{1, "the file is UTF-16, not UTF-8"}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &SyntaxError{1 + bytes.Count(data[:i], []byte("\n")), "holds a NUL byte"}
	}
	return nil
}

// parser walks src once. line is the line of src[pos].
type parser struct {
	src  []byte
	pos  int
	line int
}

func (p *parser) fail(reason string) error { return &SyntaxError{p.line, reason} }

// peek returns the next byte, or 0 at the end; the text holds no NUL.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) blanks() {
	for p.pos < len(p.src) && isBlank(p.src[p.pos]) {
		p.pos++
	}
}

// newline consumes LF, CR LF, or a CR that ends the file, and reports whether
// the line ended here (true at the end of the file too).
func (p *parser) newline() bool {
	rest := p.src[p.pos:]
	switch {
	case len(rest) == 0:
		return true
	case rest[0] == '\n':
		p.pos++
	case rest[0] == '\r' && len(rest) == 1:
		p.pos++
		return true
	case rest[0] == '\r' && rest[1] == '\n':
		p.pos += 2
	default:
		return false
	}
	p.line++
	return true
}

// statement reads one line, or the lines of one quoted value; ok is false
// when it holds no pair.
func (p *parser) statement() (pair Pair, ok bool, err error) {
	p.blanks()
	if p.newline() {
		return Pair{}, false, nil
	}
	if p.peek() == '#' {
		return Pair{}, false, p.comment()
	}
	pair.Line = p.line
	if pair.Name, err = p.name(); err != nil {
		return Pair{}, false, err
	}
	p.blanks()
	if p.peek() != '=' {
		return Pair{}, false, p.fail("expected NAME=value")
	}
	spaced := isBlank(p.src[p.pos-1])
	p.pos++
	start := p.pos
	p.blanks()
	gap := p.pos > start && !spaced
	switch p.peek() {
	case '\'':
		pair.Quoted = true
		pair.Value, err = p.single()
	case '"':
		pair.Quoted = true
		pair.Value, pair.Unexpanded, err = p.double()
	case '`':
		return Pair{}, false, p.fail("a value cannot start with a backtick; put it in single quotes")
	default:
		pair.Value, pair.Unexpanded, err = p.bare()
		pair.Inline = isInline(pair.Value, gap)
		return pair, err == nil, err
	}
	if err == nil {
		err = p.tail()
	}
	return pair, err == nil, err
}

// name reads the name with the optional "export" before it.
func (p *parser) name() (string, error) {
	name := p.word()
	if name == "export" && isBlank(p.peek()) {
		p.blanks()
		if isNameStart(p.peek()) {
			name = p.word()
		}
	}
	if name == "" {
		return "", p.fail("expected NAME=value")
	}
	if len(name) > MaxName {
		return "", p.fail("the name is longer than 255 bytes")
	}
	return name, nil
}

// word reads the longest name here; "" if none starts here.
func (p *parser) word() string {
	start := p.pos
	if !isNameStart(p.peek()) {
		return ""
	}
	for p.pos < len(p.src) && isNameByte(p.src[p.pos]) {
		p.pos++
	}
	return string(p.src[start:p.pos])
}

// comment skips to the next line.
func (p *parser) comment() error {
	end := bytes.IndexByte(p.src[p.pos:], '\n')
	if end < 0 {
		p.pos = len(p.src)
		return nil
	}
	p.pos += end
	p.newline()
	return nil
}

// tail reads what may follow a closing quote.
func (p *parser) tail() error {
	at := p.pos
	p.blanks()
	if p.newline() {
		return nil
	}
	if p.peek() == '#' && p.pos > at {
		return p.comment()
	}
	return p.fail("text after the closing quote")
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isNameStart(c byte) bool {
	return c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func isNameByte(c byte) bool {
	return isNameStart(c) || '0' <= c && c <= '9' || c == '.' || c == '-'
}
