package repo

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Modes of tree entries as git writes them.
const (
	ModeTree    uint32 = 0o040000
	ModeFile    uint32 = 0o100644
	ModeExec    uint32 = 0o100755
	ModeSymlink uint32 = 0o120000
	ModeGitlink uint32 = 0o160000
)

// Signature is who and when. A name or date that git could not have written
// is empty or the zero time: old histories have them.
type Signature struct {
	Name, Email string
	When        time.Time
}

// Commit is a parsed commit. Message is everything after the headers, as stored.
type Commit struct {
	Hash, Tree        Hash
	Parents           []Hash
	Author, Committer Signature
	Message           string
}

// Commit reads and parses a commit of at most 4 MiB.
func (r *Repo) Commit(ctx context.Context, h Hash) (*Commit, error) {
	data, err := r.typed(ctx, h, CommitObject, maxCommit)
	if err != nil {
		return nil, err
	}
	c, err := parseCommit(data, len(h))
	if err != nil {
		return nil, &CorruptError{Name: string(h), Reason: err.Error()}
	}
	c.Hash = h
	return c, nil
}

// parseCommit reads "tree", "parent"…, "author", "committer" in git's order,
// skips other headers, and takes the rest after the blank line as message.
func parseCommit(b []byte, idLen int) (*Commit, error) {
	c := &Commit{}
	header := func(name string) (string, bool) {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		v, found := strings.CutPrefix(string(line), name+" ")
		if !ok || !found {
			return "", false
		}
		b = rest
		return v, true
	}
	id := func(s string) (Hash, error) {
		h, err := ParseHash(s)
		if err == nil && len(h) != idLen {
			err = errors.New("object id of another format")
		}
		return h, err
	}
	v, ok := header("tree")
	if !ok {
		return nil, errors.New("commit without a tree")
	}
	var err error
	if c.Tree, err = id(v); err != nil {
		return nil, err
	}
	for {
		if v, ok = header("parent"); !ok {
			break
		}
		p, err := id(v)
		if err != nil {
			return nil, err
		}
		c.Parents = append(c.Parents, p)
	}
	if v, ok = header("author"); !ok {
		return nil, errors.New("commit without an author")
	}
	c.Author = parseSignature(v)
	if v, ok = header("committer"); !ok {
		return nil, errors.New("commit without a committer")
	}
	c.Committer = parseSignature(v)
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if len(line) == 0 {
			break
		}
	}
	c.Message = string(b)
	return c, nil
}

// parseSignature reads "Name <mail> SECONDS ±HHMM".
func parseSignature(s string) (sig Signature) {
	open, end := strings.IndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open < 0 || end < open {
		return sig
	}
	sig.Name, sig.Email = strings.TrimSpace(s[:open]), s[open+1:end]
	f := strings.Fields(s[end+1:])
	if len(f) != 2 || len(f[1]) != 5 {
		return sig
	}
	sec, err := strconv.ParseInt(f[0], 10, 64)
	zone, zerr := strconv.Atoi(f[1])
	// Year 9999: what RFC 3339 can print.
	if err != nil || zerr != nil || sec < 0 || sec > 253402300799 {
		return sig
	}
	offset := (zone/100*60 + zone%100) * 60
	sig.When = time.Unix(sec, 0).In(time.FixedZone("", offset))
	return sig
}

// TreeEntry is one entry of a tree. Mode is as git writes it, one of the Mode
// constants; anything else is from a foreign or very old writer.
type TreeEntry struct {
	Name string
	Mode uint32
	Hash Hash
}

// Tree reads the tree object h of at most 64 MiB, in git's order. A malformed
// one, or one that has a name twice, is *CorruptError.
func (r *Repo) Tree(ctx context.Context, h Hash) ([]TreeEntry, error) {
	data, err := r.typed(ctx, h, TreeObject, maxTree)
	if err != nil {
		return nil, err
	}
	entries, err := parseTree(data, len(h)/2)
	if err != nil {
		return nil, &CorruptError{Name: string(h), Reason: err.Error()}
	}
	return entries, nil
}

// parseTree reads "MODE SP NAME NUL ID"… with raw ids of idLen bytes.
func parseTree(b []byte, idLen int) ([]TreeEntry, error) {
	// Names and ids are parts of two strings: a tree can have 10,000 entries, and
	// two small strings for each cost more than reading it.
	text := string(b)
	entries := make([]TreeEntry, 0, len(b)/(idLen+24)+1)
	digits := make([]byte, 0, cap(entries)*2*idLen)
	for at := 0; at < len(b); {
		sp := bytes.IndexByte(b[at:min(len(b), at+8)], ' ')
		if sp < 1 {
			return nil, errors.New("tree entry without a mode")
		}
		mode := uint32(0)
		for _, c := range b[at : at+sp] {
			if c < '0' || c > '7' {
				return nil, errors.New("tree entry with a bad mode")
			}
			mode = mode<<3 | uint32(c-'0')
		}
		at += sp + 1
		nul := bytes.IndexByte(b[at:], 0)
		if nul < 0 || len(b) < at+nul+1+idLen {
			return nil, errors.New("tree entry is cut off")
		}
		name := text[at : at+nul]
		if name == "" || name == "." || name == ".." || strings.IndexByte(name, '/') >= 0 {
			return nil, errors.New("tree entry with a bad name")
		}
		at += nul + 1 + idLen
		digits = hex.AppendEncode(digits, b[at-idLen:at])
		e := TreeEntry{Name: name, Mode: mode}
		if n := len(entries); n > 0 && !treeLess(entries[n-1], e) {
			return nil, errors.New("tree entries are out of order or twice")
		}
		entries = append(entries, e)
	}
	ids := string(digits)
	for i := range entries {
		entries[i].Hash = Hash(ids[i*2*idLen : (i+1)*2*idLen])
	}
	return entries, noTwins(entries)
}

// treeLess is git's order: a directory compares as if its name ended in "/".
func treeLess(a, b TreeEntry) bool { return keyLess(a.Name, isTree(a), b.Name, isTree(b)) }

func keyLess(a string, aTree bool, b string, bTree bool) bool {
	n := min(len(a), len(b))
	if a[:n] != b[:n] {
		return a[:n] < b[:n]
	}
	return keyByte(a, n, aTree) < keyByte(b, n, bTree)
}

func keyByte(s string, i int, tree bool) int {
	switch {
	case i < len(s):
		return int(s[i])
	case tree:
		return '/'
	}
	return 0
}

func isTree(e TreeEntry) bool { return e.Mode == ModeTree }

// noTwins finds a name that is both a file and a directory: git's order keeps
// the two apart ("a", "a.b", "a/").
func noTwins(entries []TreeEntry) error {
	for _, e := range entries {
		if isTree(e) && findEntry(entries, e.Name, false) != nil {
			return errors.New("tree has a name twice")
		}
	}
	return nil
}

// findEntry bisects sorted entries for a name, as a directory or as anything else.
func findEntry(entries []TreeEntry, name string, tree bool) *TreeEntry {
	i := sort.Search(len(entries), func(i int) bool {
		return !keyLess(entries[i].Name, isTree(entries[i]), name, tree)
	})
	if i < len(entries) && entries[i].Name == name && isTree(entries[i]) == tree {
		return &entries[i]
	}
	return nil
}
