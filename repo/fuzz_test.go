package repo

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seed adds seeds and fails when there are none: a fuzz target without seeds
// tests nothing in a normal run.
func seed(f *testing.F, seeds ...[]byte) {
	f.Helper()
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		if len(s) == 0 {
			f.Fatal("an empty seed")
		}
		f.Add(s)
		f.Add(s[:len(s)/2])
	}
}

// seedObjects are the raw contents of a real repository's objects of one type.
func seedObjects(f *testing.F, typ string) (seeds [][]byte) {
	f.Helper()
	dir := newDir(f)
	history(f, dir, 3)
	for _, line := range strings.Split(tgit(f, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"), "\n") {
		h, is, _ := strings.Cut(line, " ")
		if is != typ {
			continue
		}
		_, data, err := openAt(f, dir).Object(f.Context(), Hash(h), MaxBlob)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, data)
	}
	return seeds
}

// FuzzTree: what parses is what a writer would write again, in order, each name once.
func FuzzTree(f *testing.F) {
	seed(f, seedObjects(f, "tree")...)
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := parseTree(b, 20)
		if err != nil {
			return
		}
		names := make(map[string]bool)
		var again bytes.Buffer
		for _, e := range entries {
			if names[e.Name] {
				t.Fatalf("%q twice", e.Name)
			}
			names[e.Name] = true
			id, err := hex.DecodeString(string(e.Hash))
			if err != nil || len(id) != 20 {
				t.Fatalf("id %q", e.Hash)
			}
			fmt.Fprintf(&again, "%o %s\x00%s", e.Mode, e.Name, id)
			if found := findEntry(entries, e.Name, isTree(e)); found == nil || *found != e {
				t.Fatalf("%q is not found", e.Name)
			}
		}
		// Only leading zeros of a mode may differ.
		if !bytes.Equal(again.Bytes(), b) && again.Len() >= len(b) {
			t.Fatalf("%q is read as %q", b, again.Bytes())
		}
	})
}

func FuzzCommit(f *testing.F) {
	seed(f, seedObjects(f, "commit")...)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCommit(b, 40)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(b, []byte("tree "+string(c.Tree)+"\n")) || !bytes.HasSuffix(b, []byte(c.Message)) {
			t.Fatalf("%q is read as %+v", b, c)
		}
		for _, p := range c.Parents {
			if !bytes.Contains(b, []byte("\nparent "+string(p)+"\n")) {
				t.Fatalf("parent %s comes from nowhere", p)
			}
		}
	})
}

// FuzzPack reads every object of a pack that was tampered with: its own content
// or an error.
func FuzzPack(f *testing.F) {
	dir := newDir(f)
	history(f, dir, 6)
	tgit(f, dir, "repack", "-adfq")
	p := onlyPack(f, dir)
	idx, err := os.ReadFile(p + ".idx")
	if err != nil {
		f.Fatal(err)
	}
	pk, err := os.ReadFile(p + ".pack")
	if err != nil {
		f.Fatal(err)
	}
	seed(f, pk)
	n := int(idx[8+4*255+3])
	if n == 0 {
		f.Fatal("no objects")
	}
	for i := 0; i < min(len(pk), 400); i += 4 {
		flipped := bytes.Clone(pk)
		flipped[i] ^= 0x55
		f.Add(flipped)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		objects := t.TempDir()
		overwriteAll(t, filepath.Join(objects, "pack", "p"), idx, b)
		s := newStore([]string{objects}, true)
		defer s.files.closeAll()
		for i := range n {
			h := Hash(hex.EncodeToString(idx[idxHeader+20*i : idxHeader+20*i+20]))
			typ, data, err := s.read(h, 1<<20)
			if err == nil && verify(h, typ, data) != nil || errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("%s: %v", h, err)
			}
		}
	})
}

func overwriteAll(t *testing.T, base string, idx, pack []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(base), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(base+".idx", idx, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(base+".pack", pack, 0o666); err != nil {
		t.Fatal(err)
	}
}

// FuzzEntryHead: the header of a pack entry stays in range.
func FuzzEntryHead(f *testing.F) {
	seed(f, []byte("\x95\x0a"), []byte("\xe5\x80\x80\x01\x81\x02"), append([]byte("\x7f"), make([]byte, 20)...), bytes.Repeat([]byte{0xff}, 30))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readHead(bufio.NewReader(bytes.NewReader(b)))
		if err == nil && (h.size < 0 || h.typ > 7 || h.typ == ofsDelta && h.back < 0) {
			t.Fatalf("%+v", h)
		}
		if s, n, err := deltaSizes(b); err == nil && (s < 0 || n < 0) {
			t.Fatalf("%d %d", s, n)
		}
	})
}

// FuzzIndex: an index of any bytes gives an error or an offset that is there.
func FuzzIndex(f *testing.F) {
	dir := newDir(f)
	history(f, dir, 3)
	tgit(f, dir, "repack", "-adfq")
	idx, err := os.ReadFile(onlyPack(f, dir) + ".idx")
	if err != nil {
		f.Fatal(err)
	}
	seed(f, idx)
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := openIndex(bytes.NewReader(b), int64(len(b)), "x")
		if err != nil {
			return
		}
		n := int64(x.fan[255])
		for i := range min(n, 50) {
			id := [20]byte(b[idxHeader+20*i:])
			off, ok, err := x.find(bytes.NewReader(b), id)
			if ok && (err != nil || off < 0) {
				t.Fatalf("%x at %d, %v", id, off, err)
			}
		}
		// Only a sorted index must be searched right.
		ids := b[idxHeader : idxHeader+20*n]
		var keys []string
		for i := int64(0); i < n; i++ {
			keys = append(keys, string(ids[20*i:20*i+20]))
		}
		for i, k := range keys {
			lo, hi := x.bucket(k[0])
			if !slices.IsSorted(keys) || int64(i) < lo || int64(i) >= hi {
				return
			}
			if _, ok, err := x.find(bytes.NewReader(b), [20]byte([]byte(k))); !ok && err == nil {
				t.Fatalf("entry %d is not found", i)
			}
		}
	})
}

// FuzzPackedRefs: searching gives what reading line by line gives, or an error.
func FuzzPackedRefs(f *testing.F) {
	dir := newDir(f)
	for i := range 5 {
		tgit(f, dir, "tag", "-a", "-m", "t", fmt.Sprintf("t%d", i))
		tgit(f, dir, "branch", fmt.Sprintf("b/%d", i))
	}
	tgit(f, dir, "pack-refs", "--all")
	seed(f, []byte(readFile(f, dir+"/.git/packed-refs")))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"refs/tags/t2", "refs/heads/b/0", "refs/heads/main", "refs/none"} {
			h, err := findPacked(bytes.NewReader(b), int64(len(b)), name)
			if err == nil && h != "" && !bytes.Contains(b, []byte(string(h)+" "+name+"\n")) && !bytes.HasSuffix(b, []byte(string(h)+" "+name)) {
				t.Fatalf("%s is %s", name, h)
			}
		}
		if h, target, err := parseRef(b); err == nil && (h == "") == (target == "") {
			t.Fatalf("%q is %q and %q", b, h, target)
		}
	})
}

func FuzzLoose(f *testing.F) {
	seed(f, deflate([]byte("blob 3\x00abc")), deflate([]byte("tree 0\x00")), deflate([]byte("blob 99999\x00abc")))
	s := newStore([]string{f.TempDir()}, true)
	f.Fuzz(func(t *testing.T, b []byte) {
		typ, data, err := s.parseLoose(bytes.NewReader(b), "x", 1<<16)
		if err == nil && (typ == 0 || len(data) > 1<<16) {
			t.Fatalf("%v of %d bytes", typ, len(data))
		}
	})
}

func FuzzAlternates(f *testing.F) {
	seed(f, []byte("# c\n../../x/objects\n/abs\n"), []byte("\"quoted\"\n"), []byte("a\n\nb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		paths, _ := parseAlternates(b)
		for _, p := range paths {
			if p == "" || p[0] == '#' || p[0] == '"' || strings.ContainsAny(p, "\n\x00") {
				t.Fatalf("%q", p)
			}
		}
	})
}

// FuzzPlainConfig: a layout that is taken for plain is one that git agrees on.
func FuzzPlainConfig(f *testing.F) {
	seed(f, []byte("[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"o\"]\n\turl = x\n"), []byte("[extensions]\n\tx = 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, ok := plainConfig(b)
		low := strings.ToLower(string(b))
		if ok && (strings.HasPrefix(strings.TrimSpace(low), "[extensions]") || strings.Contains(low, "\n[include]")) {
			t.Fatalf("%q is plain", b)
		}
	})
}
