package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oddName holds what pathspecs, quoting and line-wise lists would trip over.
const oddName = ":(top)a b*[x]?\\ \"q\"\tü\n!.yaml"

// conflicts leaves a merge of two branches in conflict, in every way a file can
// be. Below app each kind has a path of its own.
func conflicts(t *testing.T, dir string) {
	t.Helper()
	commit := func(base string, files map[string]string) {
		for name, content := range files {
			if p := filepath.Join(dir, base, name); content == "" {
				if err := os.Remove(p); err != nil {
					t.Fatal(err)
				}
			} else {
				put(t, dir, base+"/"+name, content)
			}
		}
		commitAll(t, dir, "change")
	}
	main := tgit(t, dir, "symbolic-ref", "--short", "HEAD")
	commit("app", map[string]string{"both": "base\r\n", "we-drop": "base\n", "they-drop": "base\n", "calm": "base\n", oddName: "base\n"})
	tgit(t, dir, "checkout", "-q", "-b", main+"-theirs")
	commit("app", map[string]string{"both": "theirs\r\n", "we-drop": "theirs\n", "they-drop": "", "new": "theirs\n", oddName: "theirs\n", "calm": "theirs\n"})
	commit(".", map[string]string{"README": "theirs\n"})
	tgit(t, dir, "checkout", "-q", main)
	commit("app", map[string]string{"both": "ours\r\n", "we-drop": "", "they-drop": "ours\n", "new": "ours\n", oddName: "ours\n"})
	commit(".", map[string]string{"README": "ours\n"})
	if _, err := trygit(dir, nil, "merge", main+"-theirs"); err == nil {
		t.Fatal("no conflict")
	}
}

// places are the repositories in which index commands are tried: a directory to
// open and how, and the top of its work tree.
func places(t *testing.T) map[string]struct {
	top string
	r   *Repo
} {
	type place = struct {
		top string
		r   *Repo
	}
	plain := newDir(t)
	sha256 := newDir(t, "--object-format=sha256")
	linked := filepath.Join(tempDir(t), "linked")
	tgit(t, newDir(t), "worktree", "add", "-q", "-b", "other", linked)
	crlf := newDir(t)
	put(t, crlf, ".gitattributes", "* -text -ident -filter -working-tree-encoding\n")
	tgit(t, crlf, "config", "core.autocrlf", "true")
	located := newDir(t)
	return map[string]place{
		"plain":     {plain, openAt(t, plain)},
		"below":     {located, openAt(t, filepath.Join(located, "app", "dev"), "GIT_DIR="+located+"/.git", "GIT_WORK_TREE="+located)},
		"sha256":    {sha256, openAt(t, sha256)},
		"linked":    {linked, openAt(t, linked)},
		"autocrlf":  {crlf, openAt(t, crlf)},
		"submodule": submoduleAt(t),
	}
}

func submoduleAt(t *testing.T) (p struct {
	top string
	r   *Repo
}) {
	outer := newDir(t)
	tgit(t, outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", newDir(t), "sub")
	p.top = filepath.Join(outer, "sub")
	p.r = openAt(t, p.top)
	return p
}

// show prints stages with the content of their blobs.
func show(t *testing.T, r *Repo, stages []Stage) string {
	t.Helper()
	var b strings.Builder
	for _, s := range stages {
		data, err := r.typed(context.Background(), s.Blob, BlobObject, MaxBlob)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%q %d %o %q\n", s.Path, s.Number, s.Mode, data)
	}
	return b.String()
}

func TestStages(t *testing.T) {
	ctx := context.Background()
	for name, p := range places(t) {
		t.Run(name, func(t *testing.T) {
			if got, err := p.r.Stages(ctx, ""); len(got) != 0 || err != nil {
				t.Fatalf("before the merge: %v %v", got, err)
			}
			conflicts(t, p.top)
			before := p.r.Spawns()
			got, err := p.r.Stages(ctx, "app")
			if err != nil || p.r.Spawns() != before+1 {
				t.Fatalf("%v, %d processes", err, p.r.Spawns()-before)
			}
			q := fmt.Sprintf("%q", "app/"+oddName)
			want := q + ` 1 100644 "base\n"` + "\n" + q + ` 2 100644 "ours\n"` + "\n" + q + ` 3 100644 "theirs\n"` + "\n" +
				`"app/both" 1 100644 "base\r\n"` + "\n" + `"app/both" 2 100644 "ours\r\n"` + "\n" + `"app/both" 3 100644 "theirs\r\n"` + "\n" +
				`"app/new" 2 100644 "ours\n"` + "\n" + `"app/new" 3 100644 "theirs\n"` + "\n" +
				`"app/they-drop" 1 100644 "base\n"` + "\n" + `"app/they-drop" 2 100644 "ours\n"` + "\n" +
				`"app/we-drop" 1 100644 "base\n"` + "\n" + `"app/we-drop" 3 100644 "theirs\n"` + "\n"
			if got := show(t, p.r, got); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for dir, n := range map[string]int{"": 15, ".": 15, "README": 3, "app/new": 2, "app/*": 0, "ap": 0, ":(top)app": 0, "app/" + oddName: 3} {
				if got, err := p.r.Stages(ctx, dir); len(got) != n || err != nil {
					t.Errorf("below %q: %v %v", dir, got, err)
				}
			}
			if _, err := p.r.Stages(ctx, "../x"); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("a path outside: %v", err)
			}
		})
	}
}

// TestIndexFile: a located index is the one that is read and written.
func TestIndexFile(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	conflicts(t, dir)
	index := filepath.Join(dir, ".git", "index")
	other := filepath.Join(tempDir(t), "other")
	if err := os.WriteFile(other, []byte(readFile(t, index)), 0o666); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, dir, "GIT_INDEX_FILE="+other)
	before := readFile(t, index)
	if err := r.Add(ctx, []string{"app/both"}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Stages(ctx, "app/both"); len(got) != 0 || err != nil {
		t.Errorf("%v %v", got, err)
	}
	if readFile(t, index) != before {
		t.Error("the repository's own index was written")
	}
}

func TestStageMalformed(t *testing.T) {
	id := strings.Repeat("a", 40)
	for _, bad := range []string{"", "100644 " + id + " 1", "100644 " + id + " 0\tp", "100644 " + id + " 4\tp", "100649 " + id + " 1\tp", "100644 1\tp", "100644 " + id + " 1\t", "H 100644 " + id + " 1\tp"} {
		if s, err := parseStage(bad); err == nil {
			t.Errorf("%q: %v", bad, s)
		}
	}
}

// staged is the index as git prints it, paths with mode and content.
func staged(t *testing.T, dir, under string) string {
	t.Helper()
	var b strings.Builder
	for item := range strings.SplitSeq(tgit(t, dir, "ls-files", "-s", "-z", "--", under), "\x00") {
		if head, p, ok := strings.Cut(item, "\t"); ok {
			f := strings.Fields(head)
			out, err := trygit(dir, nil, "cat-file", "blob", f[1])
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s %q %q\n", f[0], f[2], p, out)
		}
	}
	return b.String()
}

func TestAdd(t *testing.T) {
	ctx := context.Background()
	for name, p := range places(t) {
		t.Run(name, func(t *testing.T) {
			conflicts(t, p.top)
			put(t, p.top, ".gitignore", "*\n")
			// git only takes a line's ending away on a file that had none in the index.
			put(t, p.top, "app/both", "x\r\nresolved\r\nx")
			put(t, p.top, "app/fresh", "x\r\nfresh\r\nx")
			put(t, p.top, "app/"+oddName, "resolved")
			put(t, p.top, "app/calm", "not added")
			put(t, p.top, "app/dir/deep/new", "new")
			if err := os.Remove(filepath.Join(p.top, "app/they-drop")); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(p.top, "app/dev/B.yaml")); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(p.top, "app/we-drop"), 0o755); err != nil {
				t.Fatal(err)
			}
			before := p.r.Spawns()
			if err := p.r.Add(ctx, nil); err != nil || p.r.Spawns() != before {
				t.Fatalf("no paths: %v", err)
			}
			paths := []string{"app/both", "app/fresh", "app/" + oddName, "app/dir/deep/new", "app/they-drop", "app/dev/B.yaml", "app/we-drop", "app/nowhere", "no/where"}
			if err := p.r.Add(ctx, paths); err != nil {
				t.Fatal(err)
			}
			if n := p.r.Spawns() - before; n > 3 {
				t.Errorf("%d processes", n)
			}
			// What was not named stays in conflict.
			stages, err := p.r.Unmerged(ctx, "")
			if want := []string{"README", "app/new"}; err != nil || !slices.Equal(stages, want) {
				t.Errorf("unmerged %v %v", stages, err)
			}
			put(t, p.top, "app/new", "both sides")
			if err := p.r.Add(ctx, []string{"app/new"}); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("100644 0 %q \"resolved\"\n", "app/"+oddName) +
				`100644 0 "app/both" "x\r\nresolved\r\nx"` + "\n" + `100644 0 "app/calm" "theirs"` + "\n" +
				`100644 0 "app/dev/A.yaml" "a"` + "\n" + `100644 0 "app/dir/deep/new" "new"` + "\n" +
				`100644 0 "app/fresh" "x\r\nfresh\r\nx"` + "\n" + `100644 0 "app/new" "both sides"` + "\n" + `100644 0 "app/we-drop" "theirs"` + "\n"
			if got := staged(t, p.top, "app"); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			// Git sees nothing left to add but what was not named.
			if got := tgit(t, p.top, "-c", "core.fileMode=false", "diff", "--name-only", "--diff-filter=u"); got != "README\napp/calm" {
				t.Errorf("differs: %q", got)
			}
		})
	}
}

// TestAddRaw: the bytes are the file's, whatever the user's own attributes say.
func TestAddRaw(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	tgit(t, dir, "config", "filter.evil.clean", "tr a-z A-Z")
	tgit(t, dir, "config", "core.autocrlf", "true")
	tgit(t, dir, "config", "core.safecrlf", "true")
	put(t, dir, ".git/info/attributes", "* text filter=evil ident\n")
	r := openAt(t, dir)
	const raw = "$Id: x$\r\nlower\nmixed\r\n"
	put(t, dir, "app/dev/A.yaml", raw)
	if err := r.Add(ctx, []string{"app/dev/A.yaml"}); err != nil {
		t.Fatal(err)
	}
	data, err := r.typed(ctx, Hash(tgit(t, dir, "rev-parse", ":app/dev/A.yaml")), BlobObject, MaxBlob)
	if string(data) != raw || err != nil {
		t.Errorf("staged %q %v", data, err)
	}
}

// TestAddSparse: a file outside a sparse checkout is added like any other.
func TestAddSparse(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, "lib/x/f", "f")
	commitAll(t, dir, "lib")
	tgit(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "lib")
	if _, err := os.Stat(filepath.Join(dir, "app")); err == nil {
		t.Fatal("app is checked out")
	}
	r := openAt(t, dir)
	put(t, dir, "app/dev/A.yaml", "outside")
	put(t, dir, "app/dev/NEW.yaml", "outside")
	if err := r.Add(ctx, []string{"app/dev/A.yaml", "app/dev/NEW.yaml"}); err != nil {
		t.Fatal(err)
	}
	want := `100644 0 "app/dev/A.yaml" "outside"` + "\n" + `100644 0 "app/dev/B.yaml" "b"` + "\n" + `100644 0 "app/dev/NEW.yaml" "outside"` + "\n"
	if got := staged(t, dir, "app"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := tgit(t, dir, "status", "--porcelain"); got != "M  app/dev/A.yaml\nA  app/dev/NEW.yaml" {
		t.Errorf("status %q", got)
	}
}

// TestAddRefused: nothing is added when one path is odd or the index is locked.
func TestAddRefused(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, "app/dev/A.yaml", "changed")
	for name, target := range map[string]string{"app/link": "dev/A.yaml", "out": "/"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("no symlinks here")
		}
	}
	r := openAt(t, dir)
	before := readFile(t, filepath.Join(dir, ".git/index"))
	for bad, want := range map[string]func(error) bool{
		"app/link":         is[*OddEntryError],
		"out/x":            is[*OddEntryError],
		"app/dev":          is[*OddEntryError],
		"app/dev/B.yaml/x": is[*OddEntryError],
		"../x":             func(err error) bool { return errors.Is(err, fs.ErrInvalid) },
		"a\x00b":           func(err error) bool { return errors.Is(err, fs.ErrInvalid) },
		".":                func(err error) bool { return errors.Is(err, fs.ErrInvalid) },
	} {
		if err := r.Add(ctx, []string{"app/dev/A.yaml", bad}); err == nil || !want(err) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if readFile(t, filepath.Join(dir, ".git/index")) != before {
		t.Error("the index was written")
	}
	if err := r.Add(ctx, []string{".git/config", "app/dev/A.yaml"}); !is[*GitError](err) || !strings.Contains(err.Error(), ".git/config") {
		t.Errorf("git's own file: %v", err)
	}
	before = readFile(t, filepath.Join(dir, ".git/index"))
	put(t, dir, ".git/index.lock", "")
	if err := r.Add(ctx, []string{"app/dev/A.yaml"}); !is[*GitError](err) || !strings.Contains(err.Error(), "index.lock") {
		t.Errorf("locked: %v", err)
	}
	if readFile(t, filepath.Join(dir, ".git/index")) != before {
		t.Error("the index was written")
	}
	bare := filepath.Join(tempDir(t), "bare")
	tgit(t, dir, "clone", "-q", "--bare", dir, bare)
	b := openAt(t, bare)
	if got, err := b.Stages(ctx, ""); got != nil || err != nil {
		t.Errorf("bare: %v %v", got, err)
	}
	if err := b.Add(ctx, []string{"README"}); err == nil {
		t.Error("added in a bare repository")
	}
}

// A merge in which something was settled can still be undone.
func TestAddThenAbort(t *testing.T) {
	dir := newDir(t)
	tgit(t, dir, "checkout", "-q", "-b", "side")
	put(t, dir, "app/dev/A.yaml", "side\n")
	commitAll(t, dir, "side")
	tgit(t, dir, "checkout", "-q", "main")
	put(t, dir, "app/dev/A.yaml", "main\n")
	commitAll(t, dir, "main")
	if _, err := trygit(dir, nil, "merge", "-q", "side"); err == nil {
		t.Fatal("no conflict")
	}
	put(t, dir, "app/dev/A.yaml", "side\n")
	if err := openAt(t, dir).Add(context.Background(), []string{"app/dev/A.yaml"}); err != nil {
		t.Fatal(err)
	}
	if out, err := trygit(dir, nil, "merge", "--abort"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
