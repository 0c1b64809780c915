package repo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tangle makes a history with everything a history can have: two roots, renames,
// a clean merge, one that changed more, one that took a side, an octopus.
func tangle(t *testing.T) (dir string) {
	t.Helper()
	dir = newDir(t)
	branch := func(from, name string, files map[string]string) {
		t.Helper()
		tgit(t, dir, "checkout", "-q", "-b", name, from)
		for f, content := range files {
			put(t, dir, f, content)
		}
		commitAll(t, dir, name+"\n\nof "+name+"\n\n:100644 "+name)
	}
	branch("main", "left", map[string]string{"app/left": "l\n", "README": "left\n"})
	branch("main", "right", map[string]string{"app/right": "r\n", "app/dev/A.yaml": "right\n"})
	tgit(t, dir, "merge", "-q", "-m", "clean", "left")
	tgit(t, dir, "mv", "app/dev/B.yaml", "app/"+oddName)
	commitAll(t, dir, "renamed")
	branch("main", "third", map[string]string{"README": "third\n", "app/dev/A.yaml": "third\n"})
	if _, err := trygit(dir, nil, "merge", "-q", "right"); err == nil {
		t.Fatal("no conflict")
	}
	put(t, dir, "README", "both\n")
	put(t, dir, "app/dev/A.yaml", "right\n")
	put(t, dir, "evil", "only here\n")
	commitAll(t, dir, "evil")
	tgit(t, dir, "checkout", "-q", "--orphan", "root")
	tgit(t, dir, "rm", "-rfq", ".")
	put(t, dir, "app/other", "o\n")
	commitAll(t, dir, "second root")
	tgit(t, dir, "merge", "-q", "--allow-unrelated-histories", "-m", "roots", "third")
	for _, n := range []string{"o1", "o2", "o3"} {
		branch("root", n, map[string]string{n: n, "each/" + n: "x"})
	}
	tgit(t, dir, "checkout", "-q", "root")
	tgit(t, dir, "merge", "-q", "-m", "octopus", "o1", "o2", "o3")
	tgit(t, dir, "merge", "-q", "-s", "ours", "--no-ff", "-m", "ours", "left~0", "main")
	commitAll(t, dir, "empty")
	put(t, dir, "latin", "x")
	tgit(t, dir, "add", "latin")
	if _, err := pipegit(dir, nil, []byte("caf\xe9\n\ncaf\xe9 body\n"), "-c", "i18n.commitEncoding=latin1", "commit", "-q", "-F", "-"); err != nil {
		t.Fatal(err)
	}
	return dir
}

// differs lists what a commit has unlike all its parents, as git diff-tree says of
// one parent after the other.
func differs(t *testing.T, dir string, c *Commit) (paths []string) {
	t.Helper()
	list := func(args ...string) []string {
		out := tgit(t, dir, append([]string{"diff-tree", "-r", "-z", "--no-renames", "--name-only", "--no-commit-id"}, args...)...)
		return strings.FieldsFunc(out, func(c rune) bool { return c == 0 })
	}
	if len(c.Parents) == 0 {
		return list("--root", string(c.Hash))
	}
	for i, p := range c.Parents {
		got := list(string(p), string(c.Hash))
		if i == 0 {
			paths = got
		}
		paths = slices.DeleteFunc(paths, func(p string) bool { return !slices.Contains(got, p) })
	}
	return paths
}

func TestRange(t *testing.T) {
	ctx := context.Background()
	dir := tangle(t)
	for _, kv := range []string{"diff.orderFile nowhere", "log.showRoot false", "i18n.logOutputEncoding latin1"} {
		k, v, _ := strings.Cut(kv, " ")
		tgit(t, dir, "config", k, v)
	}
	r := openAt(t, dir)
	order := strings.Fields(tgit(t, dir, "rev-list", "--all"))
	before, files, merges := r.Spawns(), 0, 0
	var got []string
	for c, err := range r.Range(ctx, []string{"--all"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(c.Commit))
		want, err := r.Commit(ctx, c.Commit)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, f := range c.Files {
			paths = append(paths, f.Path)
			if len(f.More) != max(0, len(want.Parents)-1) {
				t.Errorf("%s: %+v of %d parents", c.Subject, f, len(want.Parents))
			}
		}
		if want := differs(t, dir, want); !slices.Equal(paths, want) {
			t.Errorf("%s: %q, want %q", c.Subject, paths, want)
		}
		if files += len(paths); len(want.Parents) > 1 && len(paths) > 0 {
			merges++
		}
	}
	if n := r.Spawns() - before; n != 1 {
		t.Errorf("%d processes", n)
	}
	if !slices.Equal(got, order) || len(order) != 15 || files < 15 || merges == 0 {
		t.Errorf("%d commits, want %d; %d files, %d merges", len(got), len(order), files, merges)
	}
	for range r.Range(ctx, []string{"HEAD"}) {
		break // ends git
	}
}

// TestRangeWords: each word means what it means to git.
func TestRangeWords(t *testing.T) {
	ctx := context.Background()
	dir := tangle(t)
	tgit(t, dir, "tag", "v1", "main")
	tgit(t, dir, "tag", "-a", "-m", "x", "v2", "right")
	tgit(t, dir, "tag", "of-a-blob", "HEAD:README")
	tgit(t, dir, "update-ref", "refs/remotes/origin/main", "left")
	tgit(t, dir, "update-ref", "refs/remotes/other/main", "third")
	tgit(t, dir, "commit", "-q", "--amend", "-m", "fix: amended (a..b)")
	r := openAt(t, dir)
	for _, words := range []string{"HEAD", "--all", "--branches", "--tags", "--remotes", "--remotes=origin", "--branches=o*", "--reflog", "--exclude=o*|--branches",
		"--branches|--not|--remotes", "--not|--remotes=origin|--not|HEAD", "--all|--not|--tags", "main..root", "left...right", "..right", "right..", "^main|HEAD", "HEAD|^left|^right",
		"v2", "v1..v2", "HEAD^@", "HEAD^!", "HEAD~2^-", "HEAD~2^-1", "HEAD~3", "HEAD@{1}", ":/octopus", "HEAD^{/octopus}", "^HEAD", "--not|--all", "HEAD|HEAD", "refs/heads/root", "v2^{}"} {
		revs := strings.Split(words, "|")
		want := strings.Fields(tgit(t, dir, append(append([]string{"rev-list"}, revs...), "--")...))
		var got []string
		for c, err := range r.Range(ctx, revs) {
			if err != nil {
				t.Fatalf("%s: %v", words, err)
			}
			got = append(got, string(c.Commit))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d commits, want %d", words, len(got), len(want))
		}
		if n, err := r.Count(ctx, revs); n != len(want) || err != nil {
			t.Errorf("%s: %d counted, want %d, %v", words, n, len(want), err)
		}
	}
}

// TestRangeUnknown: no word gets through as an option, and none that names no
// commit is passed over.
func TestRangeUnknown(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	tgit(t, dir, "tag", "blob", "HEAD:README")
	r := openAt(t, dir)
	for _, bad := range []string{"nope", "", "-", "--", "-1", "-p", "--all=x", "--not=x", "--reflog=x", "--exclude", "--stdin", "--no-walk", "--glob=*", "--max-count=0", "--ext-diff",
		"--output=" + filepath.Join(dir, "made"), "--end-of-options", "a\x00b", "HEAD:README", "HEAD^{tree}", "blob", "^blob", "blob..HEAD", "HEAD...blob", "nope..HEAD", "HEAD..nope",
		"HEAD^5", "nope^@", "blob^!", "nope^-", ":/nothing", ":README", strings.Repeat("1", 40), "^" + strings.Repeat("1", 40), "README", "app", "HEAD HEAD", "HEAD\n--all"} {
		n := 0
		for c, err := range r.Range(ctx, []string{"HEAD", bad}) {
			n++
			if e, ok := errors.AsType[*UnknownRevError](err); !ok || e.Rev != bad {
				t.Errorf("%q: %v %v", bad, c.Commit, err)
			}
		}
		_, err := r.Count(ctx, []string{"HEAD", bad})
		if e, ok := errors.AsType[*UnknownRevError](err); !ok || e.Rev != bad || n != 1 {
			t.Errorf("%q: counted %v, %d items", bad, err, n)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "made")); err == nil {
		t.Error("an option got through")
	}
	for range r.Range(ctx, nil) {
		t.Error("no words are commits")
	}
	if n, err := r.Count(ctx, nil); n != 0 || err != nil {
		t.Errorf("no words: %d %v", n, err)
	}
}

func TestRangeFirst(t *testing.T) {
	ctx := context.Background()
	dir := tempDir(t)
	tgit(t, dir, "init", "-q", ".")
	r := openAt(t, dir)
	for _, word := range []string{"--all", "--branches", "--tags", "--remotes=origin", "--reflog"} {
		for c, err := range r.Range(ctx, []string{word}) {
			t.Errorf("%s: %v %v", word, c, err)
		}
		if n, err := r.Count(ctx, []string{word}); n != 0 || err != nil {
			t.Errorf("%s: %d %v", word, n, err)
		}
	}
	for _, err := range r.Range(ctx, []string{"HEAD"}) {
		if !is[*UnknownRevError](err) {
			t.Errorf("HEAD: %v", err)
		}
	}
}

// TestRangeEnds: a caller that cancels gets nothing more but why; a history that
// breaks off is an error, however much came before.
func TestRangeEnds(t *testing.T) {
	dir := newDir(t)
	for range 3 {
		put(t, dir, "app/dev/A.yaml", tgit(t, dir, "rev-parse", "HEAD"))
		commitAll(t, dir, "more")
	}
	r := openAt(t, dir)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	why := errors.New("enough")
	n := 0
	for _, err := range r.Range(ctx, []string{"HEAD"}) {
		if n++; n == 1 {
			cancel(why)
		} else if !errors.Is(err, why) {
			t.Errorf("cancelled: %v", err)
		}
	}
	if n != 2 {
		t.Errorf("%d items", n)
	}
	if _, err := r.Count(ctx, []string{"HEAD"}); !errors.Is(err, context.Canceled) {
		t.Errorf("count: %v", err)
	}
	tree := tgit(t, dir, "rev-parse", "HEAD~2^{tree}")
	if err := os.Remove(filepath.Join(dir, ".git/objects", tree[:2], tree[2:])); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range r.Range(context.Background(), []string{"HEAD"}) {
		if last != nil {
			t.Error("something after the error")
		}
		last = err
	}
	if !is[*GitError](last) {
		t.Errorf("broken off: %v", last)
	}
}

// TestRangeShallow: where history is cut off, all files are told.
func TestRangeShallow(t *testing.T) {
	dir, c := newDir(t), filepath.Join(tempDir(t), "c")
	commitAll(t, dir, "second")
	tgit(t, filepath.Dir(c), "clone", "-q", "--depth=1", "file://"+dir, c)
	r := openAt(t, c)
	for got, err := range r.Range(context.Background(), []string{"HEAD"}) {
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, got.Subject, told(t, r, got.Files), []string{`A "README" ->hello`, `A "app/dev/A.yaml" ->a`, `A "app/dev/B.yaml" ->b`})
	}
}

// TestRangeLong: a file whose path is without end is not left out.
func TestRangeLong(t *testing.T) {
	id := strings.Repeat("a", 40)
	raw := ":100644 100644 " + id + " " + id + " M\x00"
	text := id + "\x001\x00who\x00:100644 subject\x00"
	var got []Change
	_, err := parseWhole(bufio.NewReader(strings.NewReader(text+"\n"+raw+strings.Repeat("p", 2*maxLogItem)+"\x00"+raw+"q\x00"+text)), func(c Change, err error) bool {
		got = append(got, c)
		return err == nil
	})
	if err != nil || len(got) != 2 || len(got[0].Files) != 2 || got[0].Files[0].Path != strings.Repeat("p", maxLogText)+"…" || got[0].Files[1].Path != "q" {
		t.Fatalf("%.300v %v", got, err)
	}
	if got[1].Subject != ":100644 subject" || len(got[1].Files) != 0 {
		t.Errorf("%+v", got[1])
	}
	for _, bad := range []string{id + "\x001\x00a\x00", text[:len(text)-1], fmt.Sprintf("%s\n:%s M\x00p\x00", text, strings.Repeat("1", maxLogItem+1))} {
		if _, err := parseWhole(bufio.NewReader(strings.NewReader(bad)), func(Change, error) bool { return true }); err == nil {
			t.Errorf("%.80q is read", bad)
		}
	}
}

// TestRangeMany: more ids than a command line can hold, turned by "--not" as git
// would.
func TestRangeMany(t *testing.T) {
	ctx := context.Background()
	dir := tangle(t)
	r := openAt(t, dir)
	id := func(rev string) string { return tgit(t, dir, "rev-parse", rev) }
	head, left, right := id("HEAD"), id("left"), id("right")
	many := slices.Repeat([]string{head}, 60_000)
	for _, words := range [][]string{{head}, {head, "^" + left}, {head, "--not", left}, {"--not", left, "--not", head}, {"--not", "^" + head, right}, {"--not", left, "--all"},
		{head, "--not", "--branches=r*", left}, {left + ".." + head}} {
		want := tgit(t, dir, slices.Concat([]string{"rev-list", "--count"}, words, []string{"--"})...)
		n, err := r.Count(ctx, words)
		if fmt.Sprint(n) != want || err != nil {
			t.Errorf("%q: %d counted, want %s, %v", words, n, want, err)
		}
		for _, err := range r.Range(ctx, words) {
			if n--; err != nil {
				t.Fatal(err)
			}
		}
		if n != 0 {
			t.Errorf("%q: %d commits are left out", words, n)
		}
	}
	n, err := r.Count(ctx, append(many, "--not", left))
	if want := tgit(t, dir, "rev-list", "--count", head, "^"+left); fmt.Sprint(n) != want || err != nil {
		t.Errorf("%d counted, want %s, %v", n, want, err)
	}
	for _, err := range r.Range(ctx, append(many, "--not", left)) {
		if n--; err != nil {
			t.Fatal(err)
		}
	}
	if n != 0 {
		t.Errorf("%d commits are left out", n)
	}
}
