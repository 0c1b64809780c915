package dotenv

import (
	"bytes"
)

// bare reads a value without quotes and the end of its line.
func (p *parser) bare() (value []byte, unexpanded bool, err error) {
	start, end := p.pos, p.pos
	for p.pos < len(p.src) {
		if p.newline() {
			break
		}
		c := p.src[p.pos]
		if c == '\r' {
			return nil, false, p.fail("carriage return inside the line")
		}
		// The byte before start is "=" or a blank, so looking back is safe
		// and right at the start too.
		if c == '#' && isBlank(p.src[p.pos-1]) {
			err = p.comment()
			break
		}
		if rest := p.src[p.pos+1:]; c == '`' || c == '$' && (expands(rest) || isQuoted(rest)) {
			unexpanded = true
		}
		p.pos++
		if !isBlank(c) {
			end = p.pos
		}
	}
	return append([]byte{}, p.src[start:end]...), unexpanded, err
}

// isInline reports whether a bare value holds a blank and then a name and "=". gap
// says that it has a blank before it, as in A= B=2.
func isInline(value []byte, gap bool) bool {
	for i := range value {
		if value[i] != '=' {
			continue
		}
		start := i
		for start > 0 && isNameByte(value[start-1]) {
			start--
		}
		after := start == 0 && gap || start > 0 && isBlank(value[start-1])
		if after && isNameStart(value[start]) {
			return true
		}
	}
	return false
}

// single reads a value between single quotes, without what follows it.
func (p *parser) single() ([]byte, error) {
	p.pos++
	n := bytes.IndexByte(p.src[p.pos:], '\'')
	if n < 0 {
		return nil, p.fail("single quote is not closed")
	}
	raw := p.src[p.pos : p.pos+n]
	p.pos += n + 1
	p.line += bytes.Count(raw, []byte("\n"))
	// Appended to, so that an empty value is not nil.
	return append([]byte{}, bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))...), nil
}

// double reads a value between double quotes, without what follows it.
func (p *parser) double() (value []byte, unexpanded bool, err error) {
	open := p.line
	p.pos++
	value = []byte{}
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		rest := p.src[p.pos+1:]
		p.pos++
		switch {
		case c == '"':
			return value, unexpanded, nil
		case c == '\\' && len(rest) > 0 && unescape(rest[0]) != 0:
			value = append(value, unescape(rest[0]))
			p.pos++
			continue
		case c == '\r' && len(rest) > 0 && rest[0] == '\n':
			continue
		case c == '\n':
			p.line++
		}
		unexpanded = unexpanded || c == '`' || c == '$' && expands(rest)
		value = append(value, c)
	}
	return nil, false, &SyntaxError{open, "double quote is not closed"}
}

// unescape returns what a backslash before c stands for, or 0 if the two are
// no escape.
func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case '"', '\\', '$', '`':
		return c
	}
	return 0
}

// expands reports whether bash or compose would expand a "$" before rest:
// variables, braces, commands, and the special parameters.
func expands(rest []byte) bool {
	if len(rest) == 0 {
		return false
	}
	c := rest[0]
	return isNameStart(c) || '0' <= c && c <= '9' || bytes.IndexByte([]byte("{($@*#?!-"), c) >= 0
}

// isQuoted reports whether rest starts a quote, which makes a "$" before it
// outside quotes part of bash's syntax.
func isQuoted(rest []byte) bool {
	return len(rest) > 0 && (rest[0] == '\'' || rest[0] == '"')
}
