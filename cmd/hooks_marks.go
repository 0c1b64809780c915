package cmd

import (
	"bytes"
	"strings"
)

// marked is a block of ours in the file of a program that rules hooks. It stands
// between two comment lines, the first of which also says what else went into the
// file with it.
type marked struct {
	text    string // the lines between the marks
	newline bool   // the line before it had no end
	file    bool   // the file was made for it

	at, end int // where it stands, marks included
}

const (
	markBegin   = "# >>> pinseal hooks: "
	markPlain   = markBegin + "pinseal hooks uninstall takes these lines away\n"
	markNewline = markBegin + "pinseal hooks uninstall takes these lines away, and the newline before\n"
	markFile    = markBegin + "pinseal hooks uninstall takes this file away\n"
	markEnd     = "# <<< pinseal hooks\n"
)

// String is the block with its marks.
func (m marked) String() string {
	begin := markPlain
	switch {
	case m.newline:
		begin = markNewline
	case m.file:
		begin = markFile
	}
	return begin + m.text + markEnd
}

// findMarked finds the block in a file.
func findMarked(data []byte) (m marked, ok bool) {
	m.at = bytes.Index(data, []byte(markBegin))
	if m.at < 0 || m.at > 0 && data[m.at-1] != '\n' {
		return m, false
	}
	rest := string(data[m.at:])
	for _, begin := range []string{markPlain, markNewline, markFile} {
		inside, found := strings.CutPrefix(rest, begin)
		text, _, closed := strings.Cut("\n"+inside, "\n"+markEnd)
		if found && closed {
			m.text = strings.TrimPrefix(text+"\n", "\n")
			m.newline, m.file = begin == markNewline, begin == markFile
			m.end = m.at + len(begin) + len(m.text) + len(markEnd)
			return m, true
		}
	}
	return m, false
}

// appendMarked adds a block with text at the end of a file.
func appendMarked(data []byte, text string) []byte {
	m := marked{text: text, newline: len(data) > 0 && data[len(data)-1] != '\n'}
	data = bytes.Clone(data)
	if m.newline {
		data = append(data, '\n')
	}
	return append(data, m.String()...)
}

// replaced is the file with text in the block, "" for no block: then the file is
// what it was before there was one.
func (m marked) replaced(data []byte, text string) []byte {
	before, after := data[:m.at], data[m.end:]
	if text != "" {
		m.text = text
		return append(append(bytes.Clone(before), m.String()...), after...)
	}
	if m.newline && len(after) == 0 {
		before = bytes.TrimSuffix(before, []byte("\n"))
	}
	return append(bytes.Clone(before), after...)
}
