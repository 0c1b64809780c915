package asks

import (
	"bytes"
	"cmp"
	"path"
	"slices"

	"pinseal/seal"
)

// MaxFile is the largest file that is read, in bytes: a larger one was generated.
const MaxFile = 4 << 20

// window is how far after a word its name and default are looked for, in bytes.
const window = 400

// Ask is a place where a name is asked for.
type Ask struct {
	Name    string
	Line    int  // from 1
	Default bool // there is a value when it is not set
	Secret  bool // a secret's name is meant, not a variable's
}

// Finder finds asks. It is safe for concurrent use.
type Finder struct{ ways []way }

// New returns a Finder.
func New() *Finder { return &Finder{ways()} }

// Find lists what a file asks for, by line, each name once in a line. file is its
// slash path, whose last part tells a compose file. A file with a NUL byte in its
// first 8,000 bytes is binary and asks for nothing.
func (f *Finder) Find(file string, data []byte) []Ask {
	if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return nil
	}
	var asks []found
	for _, w := range f.ways {
		asks = w.find(data, asks)
	}
	if isCompose(path.Base(file)) {
		asks = findCompose(data, asks)
	}
	slices.SortStableFunc(asks, func(a, b found) int { return cmp.Compare(a.at, b.at) })
	var out []Ask
	line, counted := 1, 0
	for _, a := range asks {
		line += bytes.Count(data[counted:a.at], []byte("\n"))
		counted = a.at
		a.Line = line
		same := slices.IndexFunc(out, func(o Ask) bool { return o.Name == a.Name && o.Line == a.Line })
		if same < 0 {
			out = append(out, a.Ask)
		} else {
			out[same].Default = out[same].Default && a.Default
		}
	}
	return out
}

// found is an Ask with its offset.
type found struct {
	Ask
	at int
}

func (w way) find(data []byte, asks []found) []found {
	word := []byte(w.word)
	if w.given != nil && (!bytes.Contains(data, word) || !w.given.Match(data)) {
		return asks
	}
	for at := 0; ; {
		i := bytes.Index(data[at:], word)
		if i < 0 {
			return asks
		}
		start := at + i
		at = start + len(word)
		if !w.begins(data, start) {
			continue
		}
		rest := data[at:min(len(data), at+window)]
		if w.object {
			asks = w.taken(data, start, rest, asks)
		}
		for _, after := range w.after {
			m := after.FindSubmatchIndex(rest)
			if m == nil {
				continue
			}
			a := Ask{Name: string(rest[m[2]:m[3]]), Secret: w.secret}
			if ok := w.judge(&a, data, start, rest, m); ok {
				asks = append(asks, found{a, start})
			}
			break
		}
	}
}

// begins reports whether a word stands at start, and not the end of another one.
func (w way) begins(data []byte, start int) bool {
	if start == 0 {
		return true
	}
	switch c := data[start-1]; {
	case isIdent(c), c == '$', c == '-':
		return false
	case c == '.', c == ':' && start > 1 && data[start-2] == ':':
		return w.member
	}
	return true
}

func isIdent(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c >= 0x80
}

// judge settles whether a match is an ask, and whether it has a default. m are the
// offsets in rest of the whole, the name and, perhaps, a default.
func (w way) judge(a *Ask, data []byte, start int, rest []byte, m []int) bool {
	if seal.CheckSecretName(a.Name) != nil || slices.Contains(w.build, a.Name) {
		return false
	}
	before := lineBefore(data, start)
	if isComment(before) || w.word == "secret" && !bytes.Contains(before, []byte("{{")) {
		return false
	}
	if len(m) > 4 && m[4] >= 0 {
		a.Default = !withNo().Match(rest[m[4]:])
		return true
	}
	tail := rest[m[1]:]
	if w.after[0] == asProperty() && (assigned().Match(tail) || called().Match(tail)) || rest[m[1]-1] == ']' && assigned().Match(tail) {
		return false
	}
	a.Default = hasFallback(tail) && !bytes.HasSuffix(bytes.TrimRight(before, " \t"), []byte("!"))
	return true
}

// lineBefore is the line up to an offset.
func lineBefore(data []byte, at int) []byte {
	return data[bytes.LastIndexByte(data[:at], '\n')+1 : at]
}

func isComment(before []byte) bool {
	text := bytes.TrimLeft(before, " \t")
	for _, mark := range []string{"//", "# ", "#\t", "* ", "<!--"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return true
		}
	}
	return false
}
