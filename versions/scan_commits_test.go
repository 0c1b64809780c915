package versions

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
)

// contents are items as "PLACE CONTENT", where a header is "(header)" and a message
// "(message)"; what cannot be read is "!".
func contents(t *testing.T, r *repo.Repo, of iter.Seq2[ScanItem, error]) (all []string) {
	t.Helper()
	for item, err := range of {
		if err != nil {
			t.Fatal(err)
		}
		name := item.Path
		switch {
		case item.Header:
			name = "(header)"
		case name == "":
			name = "(message)"
		}
		text := "!"
		if in, err := (&Scan{Repo: r}).open(context.Background(), item); err == nil {
			data, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		all = append(all, item.Commit.Algorithm()+" "+name+" "+text)
	}
	return all
}

// object writes an object, however odd.
func object(t *testing.T, dir, kind, text string) string {
	t.Helper()
	return tgitIn(t, dir, []byte(text), "hash-object", "-t", kind, "-w", "--literally", "--stdin")
}

func TestCommitItems(t *testing.T) {
	dir := t.TempDir()
	tgit(t, dir, "init", "-q", "-b", "main")
	blob := object(t, dir, "blob", "in the file")
	tree := object(t, dir, "tree", entry("100644", "a.txt", blob)+entry("160000", "sub", blob))
	header := "tree " + tree + "\nauthor Ada <ada@example.com> 1700000000 +0000\ncommitter Ada <ada@example.com> 1700000000 +0000\nencoding UTF-16LE\nx-own y\n z"
	message := "first\n\n" + strings.Repeat("m", 3<<20) + "\x00last\n"
	first := object(t, dir, "commit", header+"\n\n"+message)
	tgit(t, dir, "update-ref", "refs/heads/main", first)
	r := openRepo(t, dir)
	got := contents(t, r, CommitItems(context.Background(), r, []string{"main"}))
	want := []string{"sha1 (header) " + header, "sha1 (message) " + message, "sha1 a.txt in the file", "sha1 sub "}
	if !slices.Equal(got, want) {
		t.Errorf("%.300q", got)
	}
	second := object(t, dir, "commit", strings.Replace(header, tree, object(t, dir, "tree", "")+"\nparent "+first, 1))
	got = contents(t, r, CommitItems(context.Background(), r, []string{second, "^" + first}))
	if len(got) != 2 || got[1] != "sha1 (message) " || !strings.Contains(got[0], "x-own y\n z") {
		t.Errorf("without a message: %.300q", got)
	}
	for _, err := range CommitItems(context.Background(), r, []string{"nope"}) {
		if err == nil {
			t.Error("nope has items")
		}
	}
}

// entry is one entry of a tree object.
func entry(mode, name, id string) string {
	raw, err := hex.DecodeString(id)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s %s\x00%s", mode, name, raw)
}

// TestRefObjects: of each ref the name, and all that is no commit.
func TestRefObjects(t *testing.T) {
	a := newApp(t)
	commit := string(a.commit())
	blob := object(t, a.dir, "blob", "in the file")
	same := object(t, a.dir, "tree", entry("100755", "run", blob)+entry("120000", "to", blob))
	broken := object(t, a.dir, "tree", "no tree at all")
	tree := object(t, a.dir, "tree", entry("40000", "a", same)+entry("40000", "b", same)+entry("40000", "c", broken)+entry("160000", "sub", blob))
	tag := func(name, kind, id string) string {
		return object(t, a.dir, "tag", fmt.Sprintf("object %s\ntype %s\ntag %s\ntagger Ada <ada@example.com> 1700000000 +0000\n\nof %[3]s\n", id, kind, name))
	}
	inner := tag("inner", "tree", tree)
	for name, id := range map[string]string{"1": commit, "2": tag("two", "commit", commit), "3": tag("outer", "tag", inner), "4": blob} {
		tgit(t, a.dir, "update-ref", "refs/own/"+name, id)
	}
	r := openRepo(t, a.dir)
	var got []string
	for _, line := range contents(t, r, RefObjects(context.Background(), r)) {
		line = strings.ReplaceAll(line, "\n", "|")
		if head, _, ok := strings.Cut(line, "|tagger "); ok {
			line = head
		}
		got = append(got, strings.TrimPrefix(line, "sha1 "))
	}
	got = got[slices.Index(got, "refs/own/1 "):]
	want := []string{
		"refs/own/1 ",
		"refs/own/2 ", "(header) object " + commit + "|type commit|tag two", "(message) of two|",
		"refs/own/3 ", "(header) object " + inner + "|type tag|tag outer", "(message) of outer|", "(header) object " + tree + "|type tree|tag inner", "(message) of inner|",
		"a ", "a/run in the file", "a/to in the file", "b ", "c ", "c !", "sub ",
		"refs/own/4 ", "refs/own/4 in the file",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	bad := object(t, a.dir, "tag", "object of nothing\n")
	for _, id := range []string{bad, strings.Repeat("1", 40)} {
		if _, _, err := RefItems(context.Background(), r, repo.Ref{Name: "refs/own/5", Hash: repo.Hash(id)}); err == nil {
			t.Errorf("%s has items", id)
		}
	}
}
