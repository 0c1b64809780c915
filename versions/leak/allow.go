package leak

import "bytes"

// allowReach is how far before and after a match its line is read for an allow
// comment.
const allowReach = 4 << 10

var allowMark = []byte("pinseal:allow")

// allowed returns the names that the allow comments in text list, in order. With
// cut, a name at the end of text may go on beyond it, and is left out.
func allowed(text []byte, cut bool) []string {
	var names []string
	for {
		i := bytes.Index(text, allowMark)
		if i < 0 {
			return names
		}
		text = text[i+len(allowMark):]
		rest := text
		for {
			after := bytes.TrimLeft(rest, " \t,")
			n := nameLen(after)
			if n == 0 || len(after) == len(rest) || cut && n == len(after) {
				break
			}
			names = append(names, string(bytes.TrimRight(after[:n], ".")))
			rest = after[n:]
		}
	}
}

// nameLen returns the length of the secret's name that b begins with, 0 if none.
func nameLen(b []byte) int {
	if len(b) == 0 || !isLetter(b[0]) && b[0] != '_' {
		return 0
	}
	n := 1
	for n < len(b) && (isWord(b[n]) || bytes.IndexByte([]byte("_.-"), b[n]) >= 0) {
		n++
	}
	return n
}
