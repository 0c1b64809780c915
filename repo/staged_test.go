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

// TestHookChild is what the hooks of TestStagedInHooks run: it writes what is
// staged, and what the index has of app/dev/A.yaml, where the variable says.
func TestHookChild(t *testing.T) {
	out := os.Getenv("REPO_TEST_HOOK")
	if out == "" {
		t.Skip("only as a hook")
	}
	r := openWith(t, ".", Options{Env: os.Environ()})
	files, err := r.Staged(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := r.IndexFS(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	data, err := fsys.ReadFile("dev/A.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := append(told(t, r, files), "A.yaml is "+strings.TrimSpace(string(data)))
	if err := os.WriteFile(out, []byte(strings.Join(lines, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
}

// hooked installs the hooks of a repository.
func hooked(t *testing.T, dir string) {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	hooks := tgit(t, dir, "rev-parse", "--path-format=absolute", "--git-path", "hooks")
	for _, name := range []string{"pre-commit", "pre-merge-commit"} {
		put(t, hooks, name, "#!/bin/sh\nexec '"+filepath.ToSlash(self)+"' -test.run='^TestHookChild$'\n")
		if err := os.Chmod(filepath.Join(hooks, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStagedInHooks runs real commits with real hooks: git makes another index
// for each kind of commit.
func TestStagedInHooks(t *testing.T) {
	for name, make := range layouts() {
		if !slices.Contains([]string{"plain", "linked", "split", "sha256"}, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir, _ := make(t)
			hooked(t, dir)
			out := filepath.Join(tempDir(t), "out")
			run := func(below, want string, args ...string) {
				t.Helper()
				os.Remove(out)
				if _, err := trygit(filepath.Join(dir, below), []string{"REPO_TEST_HOOK=" + out}, args...); err != nil {
					t.Fatalf("git %q: %v", args, err)
				}
				if got := readFile(t, out); got != want {
					t.Errorf("git %q: got\n%s\nwant\n%s", args, got, want)
				}
			}
			const a, b = "app/dev/A.yaml", "app/dev/B.yaml"
			put(t, dir, a, "1")
			tgit(t, dir, "add", a)
			put(t, dir, b, "2")
			run("", `M "app/dev/A.yaml" a>1`+"\nA.yaml is 1", "commit", "-m", "x")
			run("", `M "app/dev/B.yaml" b>2`+"\nA.yaml is 1", "commit", "-a", "-m", "x")
			put(t, dir, a, "3")
			put(t, dir, b, "4")
			tgit(t, dir, "add", b)
			run("", `M "app/dev/A.yaml" 1>3`+"\nA.yaml is 3", "commit", "-m", "x", a)
			run("app", `M "app/dev/B.yaml" 2>4`+"\nA.yaml is 3", "commit", "-m", "x")
			put(t, dir, a, "5")
			run("app/dev", `M "app/dev/A.yaml" 3>5`+"\nA.yaml is 5", "commit", "-m", "x", "A.yaml")
			put(t, dir, a, "6")
			tgit(t, dir, "add", a)
			put(t, dir, b, "7")
			run("app", `M "app/dev/A.yaml" 5>6`+"\n"+`M "app/dev/B.yaml" 4>7`+"\nA.yaml is 6", "-c", "alias.ci=commit", "ci", "-m", "x", "-i", "dev/B.yaml")
			tgit(t, dir, "mv", a, "app/moved")
			put(t, dir, a, "8")
			tgit(t, dir, "add", a)
			run("", `A "app/moved" ->6`+"\n"+`M "app/dev/A.yaml" 6>8`+"\nA.yaml is 8", "commit", "--amend", "-m", "x")

			branch := tgit(t, dir, "rev-parse", "HEAD")
			tgit(t, dir, "checkout", "-q", "--detach")
			put(t, dir, "app/side", "side")
			put(t, dir, b, "theirs")
			side := commitAll(t, dir, "side")
			tgit(t, dir, "checkout", "-q", "--detach", branch)
			put(t, dir, a, "9")
			commitAll(t, dir, "ours")
			run("", `A "app/side" ->side`+"\n"+`M "app/dev/B.yaml" 7>theirs`+"\nA.yaml is 9", "merge", "-q", "-m", "x", string(side))
			tgit(t, dir, "reset", "-q", "--hard", "HEAD~1")
			put(t, dir, b, "ours")
			commitAll(t, dir, "ours")
			if _, err := trygit(dir, nil, "merge", string(side)); err == nil {
				t.Fatal("no conflict")
			}
			put(t, dir, b, "both")
			run("", `A "app/side" ->side`+"\n"+`M "app/dev/B.yaml" ours>both`+"\nA.yaml is 9", "commit", "-a", "-m", "x")
		})
	}
}

// TestStagedFirst: before the first commit all of the index is new. A HEAD that
// cannot be read is not that.
func TestStagedFirst(t *testing.T) {
	ctx := context.Background()
	for _, format := range []string{"sha1", "sha256"} {
		dir := tempDir(t)
		tgit(t, dir, "init", "-q", "-b", "main", "--object-format="+format, ".")
		r := openAt(t, dir)
		if files, err := r.Staged(ctx); files != nil || err != nil {
			t.Errorf("%s, empty: %v %v", format, files, err)
		}
		put(t, dir, "app/dev/A.yaml", "a")
		tgit(t, dir, "add", "-A")
		files, err := r.Staged(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, format, told(t, r, files), []string{`A "app/dev/A.yaml" ->a`})
		hooked(t, dir)
		out := filepath.Join(tempDir(t), "out")
		if _, err := trygit(dir, []string{"REPO_TEST_HOOK=" + out}, "commit", "-m", "first"); err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, out); got != "A \"app/dev/A.yaml\" ->a\nA.yaml is a" {
			t.Errorf("%s, in the hook: %s", format, got)
		}
		put(t, dir, ".git/refs/heads/main", strings.Repeat("1", r.hashLen())+"\n")
		if files, err := r.Staged(ctx); err == nil {
			t.Errorf("%s, a commit that is missing: %v", format, files)
		}
		put(t, dir, ".git/refs/heads/main", "")
		if files, err := r.Staged(ctx); err == nil {
			t.Errorf("%s, an empty ref: %v", format, files)
		}
	}
}

// TestStagedKinds: what is no plain file is told too, what cannot be committed is
// not.
func TestStagedKinds(t *testing.T) {
	ctx := context.Background()
	dir, head := oddDir(t)
	r := openAt(t, dir)
	blob := func(s string) string {
		id, err := pipegit(dir, nil, []byte(s), "hash-object", "-w", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	tgit(t, dir, "config", "diff.ignoreSubmodules", "all")
	tgit(t, dir, "config", "submodule.name.ignore", "all")
	put(t, dir, ".gitmodules", "[submodule \"name\"]\n\tpath = app/sub\n\turl = ./x\n\tignore = all\n")
	tgit(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+string(head)+",app/sub")
	tgit(t, dir, "update-index", "--cacheinfo", "120000,"+blob("elsewhere")+",app/link")
	tgit(t, dir, "update-index", "--cacheinfo", "120000,"+blob("target")+",README")
	tgit(t, dir, "update-index", "--chmod=+x", "app/dev/A.yaml")
	put(t, dir, "announced", "x")
	tgit(t, dir, "add", "-N", "announced")
	tgit(t, dir, "rm", "-q", "--cached", "app/run")
	tgit(t, dir, "update-index", "--add", "--cacheinfo", "100644,"+blob("file now")+",app/run/below")
	files, err := r.Staged(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`A "app/run/below" ->file now`, `D "app/run" #!/bin/sh>-`, `M "app/dev/A.yaml" a>a`,
		`M "app/link" dev>elsewhere`, `M "app/sub" ->-`, `T "README" hello>target`}
	sameLines(t, "kinds", told(t, r, files), want)
	tgit(t, dir, "commit", "-q", "-m", "kinds")
	for c, err := range r.Range(ctx, []string{"HEAD^!"}) {
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, "kinds, committed", told(t, r, c.Files), want)
	}
}

// TestUnmerged: during a merge, what is in conflict cannot be committed and is no
// part of the index as a file system; its files are there.
func TestUnmerged(t *testing.T) {
	ctx := context.Background()
	for name, p := range places(t) {
		conflicts(t, p.top)
		put(t, p.top, "fine", "fine")
		tgit(t, p.top, "add", "fine")
		files, err := p.r.Staged(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, name, told(t, p.r, files), []string{`A "fine" ->fine`, `M "app/calm" base>theirs`})

		for dir, want := range map[string]int{"": 6, "app": 5, "app/both": 1, "app/both/x": 1, "README": 1} {
			_, err := p.r.IndexFS(ctx, dir)
			if e, ok := errors.AsType[*UnmergedError](err); !ok || len(e.Paths) != want || !strings.Contains(err.Error(), "unmerged") {
				t.Errorf("%s, %q: %v", name, dir, err)
			}
		}
		fsys, err := p.r.IndexFS(ctx, "app/dev")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fsys.ReadFile("A.yaml"); len(got) == 0 || err != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}

		listed, err := p.r.Files(ctx, "app")
		slices.Sort(listed)
		want := []string{"app/" + oddName, "app/both", "app/calm", "app/dev/A.yaml", "app/dev/B.yaml", "app/new", "app/they-drop", "app/we-drop"}
		if !slices.Equal(listed, want) || err != nil {
			t.Errorf("%s: %q %v", name, listed, err)
		}

		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := p.r.Staged(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", name, err)
		}
	}
}

func TestParseIndexEntryBad(t *testing.T) {
	id := strings.Repeat("a", 40)
	good := ":100644 100644 " + id + " " + id + " M\x00"
	for _, bad := range []string{"x", good, good + "p", good + "\x00", strings.Replace(good, ":", "::", 1) + "p\x00", good[1:] + "p\x00", "\n" + good + "p\x00",
		strings.Replace(good, id, "x", 1) + "p\x00", good + strings.Repeat("p", maxLogItem+1) + "\x00", strings.Replace(good, " M", "", 1) + "p\x00"} {
		if e, err := parseIndexEntry(bufio.NewReader(strings.NewReader(bad))); err == nil {
			t.Errorf("%.80q: %v", bad, e)
		}
	}
	e, err := parseIndexEntry(bufio.NewReader(strings.NewReader(good + "p\x00")))
	if fmt.Sprint(e) != fmt.Sprintf("{{77 p %s %s []} 100644 %s}", id, id, id) || err != nil {
		t.Errorf("%v %v", e, err)
	}
}
