package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestOpenLayouts(t *testing.T) {
	ctx := context.Background()
	type layout struct {
		name   string
		make   func(t *testing.T) (dir, top, file string)
		spawns int // to open, resolve HEAD, read a file
		bare   bool
	}
	layouts := []layout{
		{name: "plain", make: func(t *testing.T) (string, string, string) { d := newDir(t); return d, d, "README" }},
		{name: "subdirectory", make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			return filepath.Join(d, "app", "dev"), d, "README"
		}},
		{name: "packed", make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			tgit(t, d, "gc", "-q")
			return d, d, "app/dev/A.yaml"
		}},
		{name: "through a symlink", make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			l := filepath.Join(tempDir(t), "link")
			if err := os.Symlink(d, l); err != nil {
				t.Skip("no symlinks here")
			}
			return l, d, "README"
		}},
		{name: "git directory is a symlink", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d, x := newDir(t), filepath.Join(tempDir(t), "x")
			if err := os.Rename(filepath.Join(d, ".git"), x); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(x, filepath.Join(d, ".git")); err != nil {
				t.Skip("no symlinks here")
			}
			return d, d, "README"
		}},
		{name: "bare", spawns: 2, bare: true, make: func(t *testing.T) (string, string, string) {
			b := filepath.Join(tempDir(t), "b.git")
			tgit(t, filepath.Dir(b), "clone", "-q", "--bare", newDir(t), b)
			return b, "", "README"
		}},
		{name: "inside bare", spawns: 2, bare: true, make: func(t *testing.T) (string, string, string) {
			b := filepath.Join(tempDir(t), "b.git")
			tgit(t, filepath.Dir(b), "clone", "-q", "--bare", newDir(t), b)
			return filepath.Join(b, "objects"), "", "README"
		}},
		{name: "linked worktree", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d, w := newDir(t), filepath.Join(tempDir(t), "w")
			tgit(t, d, "worktree", "add", "-q", w)
			return w, w, "README"
		}},
		{name: "worktree of packed bare", spawns: 2, make: func(t *testing.T) (string, string, string) {
			p := tempDir(t)
			b, w := filepath.Join(p, "b.git"), filepath.Join(p, "w")
			tgit(t, p, "clone", "-q", "--bare", newDir(t), b)
			tgit(t, b, "gc", "-q")
			tgit(t, b, "worktree", "add", "-q", w)
			return w, w, "README"
		}},
		{name: "submodule", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			tgit(t, d, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", newDir(t), "sub")
			return filepath.Join(d, "sub"), filepath.Join(d, "sub"), "README"
		}},
		{name: "separate git dir", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d := newDir(t, "--separate-git-dir", filepath.Join(tempDir(t), "sep"))
			return d, d, "README"
		}},
		{name: "shallow", make: func(t *testing.T) (string, string, string) {
			d, c := newDir(t), filepath.Join(tempDir(t), "c")
			commitAll(t, d, "second")
			tgit(t, filepath.Dir(c), "clone", "-q", "--depth=1", "file://"+d, c)
			return c, c, "README"
		}},
		{name: "alternates absolute", make: func(t *testing.T) (string, string, string) {
			c := filepath.Join(tempDir(t), "c")
			tgit(t, filepath.Dir(c), "clone", "-q", "-s", newDir(t), c)
			return c, c, "README"
		}},
		{name: "alternates nested and relative", make: func(t *testing.T) (string, string, string) {
			p := tempDir(t)
			a, b, c := filepath.Join(p, "a"), filepath.Join(p, "b"), filepath.Join(p, "c")
			if err := os.Rename(newDir(t), a); err != nil {
				t.Fatal(err)
			}
			tgit(t, p, "clone", "-q", "-s", a, b)
			tgit(t, p, "clone", "-q", "-s", b, c)
			put(t, c, ".git/objects/info/alternates", "# comment\n../../../b/.git/objects\n")
			put(t, b, ".git/objects/info/alternates", "../../../a/.git/objects\n")
			return c, c, "README"
		}},
		{name: "sparse with worktreeConfig", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			tgit(t, d, "sparse-checkout", "set", "--cone", "--sparse-index", "app")
			return d, d, "README"
		}},
		{name: "split index, v4", make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			tgit(t, d, "update-index", "--split-index", "--index-version=4")
			return d, d, "README"
		}},
		{name: "include", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d := newDir(t)
			tgit(t, d, "config", "include.path", "more")
			put(t, d, ".git/more", "[user]\n\tname = x\n")
			return d, d, "README"
		}},
		{name: "sha256", spawns: 3, make: func(t *testing.T) (string, string, string) {
			d := newDir(t, "--object-format=sha256")
			return d, d, "app/dev/A.yaml"
		}},
		{name: "reftable", spawns: 2, make: func(t *testing.T) (string, string, string) {
			if _, err := trygit(tempDir(t), nil, "init", "-q", "--ref-format=reftable", "."); err != nil {
				t.Skip("this git has no reftable")
			}
			d := newDir(t, "--ref-format=reftable")
			return d, d, "README"
		}},
		{name: "relative worktrees", spawns: 2, make: func(t *testing.T) (string, string, string) {
			d, w := newDir(t), filepath.Join(tempDir(t), "w")
			if _, err := trygit(d, nil, "worktree", "add", "-q", "--relative-paths", w); err != nil {
				t.Skip("this git has no relative worktrees")
			}
			return w, w, "README"
		}},
	}
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			dir, top, file := l.make(t)
			r := openAt(t, dir)
			if r.Top() != top || r.Bare() != l.bare {
				t.Errorf("top %q bare %v, want %q %v", r.Top(), r.Bare(), top, l.bare)
			}
			head, branch, err := r.Head(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if want := tgit(t, dir, "rev-parse", "HEAD"); string(head) != want {
				t.Errorf("head %s, want %s", head, want)
			}
			want, err := trygit(dir, nil, "symbolic-ref", "--short", "HEAD")
			if err != nil || branch != want {
				t.Errorf("branch %q, want %q (%v)", branch, want, err)
			}
			got, err := readAt(r, head, file)
			if err != nil {
				t.Fatal(err)
			}
			if want := tgit(t, dir, "cat-file", "-p", "HEAD:"+file); strings.TrimSpace(got) != want {
				t.Errorf("content %q, want %q", got, want)
			}
			if _, err := readAt(r, head, "nope"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("absent path: %v", err)
			}
			if r.Spawns() != l.spawns && runtime.GOOS != "windows" {
				t.Errorf("%d processes, want %d", r.Spawns(), l.spawns)
			}
			if got := r.Shallow(); got != (l.name == "shallow") {
				t.Errorf("shallow %v", got)
			}
			common := tgit(t, dir, "rev-parse", "--path-format=absolute", "--git-common-dir")
			if r.CommonDir() != common || r.loc.format != tgit(t, dir, "rev-parse", "--show-object-format") {
				t.Errorf("common dir %q, want %q; format %q", r.CommonDir(), common, r.loc.format)
			}
		})
	}
}

func TestOpenNone(t *testing.T) {
	_, err := Open(context.Background(), tempDir(t), Options{Env: append(testEnv("/"), "GIT_CEILING_DIRECTORIES=/tmp")})
	if !is[*NotRepoError](err) {
		t.Fatalf("got %v", err)
	}
	if _, err := Open(context.Background(), filepath.Join(tempDir(t), "no"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("absent directory: %v", err)
	}
	// A broken .git directory is skipped by git, so it is not plain.
	d := tempDir(t)
	if err := os.Mkdir(filepath.Join(d, ".git"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), d, Options{Env: append(testEnv("/"), "GIT_CEILING_DIRECTORIES="+filepath.Dir(d))}); !is[*NotRepoError](err) {
		t.Fatalf("empty .git: %v", err)
	}
}

func TestOpenForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to change an owner")
	}
	d := newDir(t)
	for _, p := range []string{d, filepath.Join(d, ".git")} {
		if err := os.Chown(p, 12345, 12345); err != nil {
			t.Skip("cannot change the owner here")
		}
	}
	_, err := Open(context.Background(), d, Options{Env: testEnv("/nonexistent")})
	e, ok := errors.AsType[*GitError](err)
	if !ok || !strings.Contains(e.Stderr, "dubious ownership") {
		t.Fatalf("got %v", err)
	}
}

// TestEnvironment: what the environment locates is obeyed at Open, also by
// later children, and by nothing else.
func TestEnvironment(t *testing.T) {
	ctx := context.Background()
	a, b := newDir(t), newDir(t)
	hb := commitAll(t, b, "only in b")
	r := openAt(t, a, "GIT_DIR="+filepath.Join(b, ".git"), "GIT_WORK_TREE="+b, "PINSEAL_IDENTITY=x")
	if r.Top() != b || r.GitDir() != filepath.Join(b, ".git") {
		t.Fatalf("GIT_DIR: top %q git dir %q", r.Top(), r.GitDir())
	}
	if h, err := r.Resolve(ctx, "main"); err != nil || h != hb {
		t.Fatalf("resolve in the located repository: %s %v", h, err)
	}
	for _, kv := range r.env {
		if strings.HasPrefix(kv, "GIT_DIR=") || strings.HasPrefix(kv, "PINSEAL_") {
			t.Errorf("child sees %s", kv)
		}
	}
	rel := openAt(t, filepath.Dir(b), "GIT_DIR="+filepath.Join(filepath.Base(b), ".git"))
	if h, _, err := rel.Head(ctx); err != nil || h != hb {
		t.Fatalf("relative GIT_DIR: %s %v", h, err)
	}
	// Objects of a pre-receive hook are in quarantine.
	q := filepath.Join(tempDir(t), "q")
	if err := os.MkdirAll(q, 0o777); err != nil {
		t.Fatal(err)
	}
	env := []string{"GIT_DIR=" + filepath.Join(a, ".git"), "GIT_OBJECT_DIRECTORY=" + q,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=" + filepath.Join(a, ".git", "objects")}
	blob, err := pipegit(a, env, []byte("quarantined"), "hash-object", "-w", "--stdin")
	if err != nil {
		t.Fatal(err)
	}
	in := openAt(t, a, env...)
	if _, data, err := in.Object(ctx, Hash(blob), 100); err != nil || string(data) != "quarantined" {
		t.Fatalf("quarantine: %q %v", data, err)
	}
	head, _, err := in.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	mustRead(t, in, head, "README", "hello\n")
	if ok, _ := openAt(t, a).Has(ctx, Hash(blob)); ok {
		t.Error("quarantined object is visible from outside")
	}
	// The index of a hook.
	ix := filepath.Join(tempDir(t), "index")
	if _, err := trygit(a, []string{"GIT_INDEX_FILE=" + ix}, "read-tree", "HEAD"); err != nil {
		t.Fatal(err)
	}
	in = openAt(t, a, "GIT_INDEX_FILE="+ix)
	if _, ok := lookupEnv(in.env, "GIT_INDEX_FILE"); !ok {
		t.Error("GIT_INDEX_FILE is lost")
	}
}

// TestPathspecVariables: what a user wants paths on a command line to mean is not
// for ours, and some of it git refuses beside an option.
func TestPathspecVariables(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, "README", "changed\n")
	tgit(t, dir, "add", "-A")
	for _, kv := range []string{"GIT_LITERAL_PATHSPECS=1", "GIT_LITERAL_PATHSPECS=0", "GIT_GLOB_PATHSPECS=1", "GIT_NOGLOB_PATHSPECS=1", "GIT_ICASE_PATHSPECS=1"} {
		r := openAt(t, dir, kv)
		if files, err := r.Staged(ctx); len(files) != 1 || err != nil {
			t.Errorf("%s: staged %v %v", kv, files, err)
		}
		n := 0
		for _, err := range r.Range(ctx, []string{"HEAD"}) {
			if n++; err != nil {
				t.Errorf("%s: %v", kv, err)
			}
		}
		head, _, err := r.Head(ctx)
		if err != nil || n == 0 {
			t.Errorf("%s: %d commits, %v", kv, n, err)
		}
		for _, err := range r.Changes(ctx, head, "readme") {
			t.Errorf("%s: there is no readme, %v", kv, err)
		}
	}
}

// TestReplaceRefs: a pinned commit means its own bytes.
func TestReplaceRefs(t *testing.T) {
	d := newDir(t)
	old := Hash(tgit(t, d, "rev-parse", "HEAD"))
	put(t, d, "README", "evil\n")
	evil := commitAll(t, d, "evil")
	tgit(t, d, "replace", string(old), string(evil))
	for _, format := range []string{"native", "git"} {
		r := openAt(t, d)
		if format == "git" {
			r.store.roots = []string{tempDir(t)}
			r.loc.promisor = true
		}
		mustRead(t, r, old, "README", "hello\n")
	}
}

func TestPlainConfig(t *testing.T) {
	for _, c := range []struct {
		conf         string
		promisor, ok bool
	}{
		{"", false, true},
		{"[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n\turl = x\n", false, true},
		{"[remote \"o\"]\n\tpromisor = true\n", true, true},
		{"[remote \"o\"]\n\tpartialCloneFilter = blob:none\n", true, true},
		{"[core]\n\trepositoryformatversion = 1\n", false, false},
		{"[core]\n\tbare = true\n", false, false},
		{"[core]\n\tbare\n", false, false},
		{"[CORE]\n\tBare = yes\n", false, false},
		{"[core]\n\tworktree = /x\n", false, false},
		{"[extensions]\n\tnoop = 1\n", false, false},
		{"[Include]\n\tpath = x\n", false, false},
		{"[includeIf \"gitdir:x\"]\n\tpath = x\n", false, false},
		{"[core] bare = true\n", false, false},
		{"[core]\nx = a\\\n[extensions]\n", false, false},
		{"[remote \"a\\\"]\"]\n", false, false},
		{"[core.sub]\n", false, false},
		{"x = y\n", false, false},
		{"\ufeff[core]\n", false, false},
		{"[core\n", false, false},
	} {
		promisor, ok := plainConfig([]byte(c.conf))
		if ok != c.ok || ok && promisor != c.promisor {
			t.Errorf("%q: %v %v, want %v %v", c.conf, promisor, ok, c.promisor, c.ok)
		}
	}
}

// TestOpenInHook: the index that git names in a hook costs no process, and is the
// one that is read.
func TestOpenInHook(t *testing.T) {
	dir := newDir(t)
	put(t, dir, "b", "2")
	for _, at := range []struct{ name, index, from string }{
		{"relative at the top", ".git/next", dir},
		{"absolute", filepath.Join(dir, ".git", "next"), dir},
		{"absolute from below", filepath.Join(dir, ".git", "next"), filepath.Join(dir, "sub")},
	} {
		t.Run(at.name, func(t *testing.T) {
			if err := os.MkdirAll(at.from, 0o777); err != nil {
				t.Fatal(err)
			}
			if _, err := trygit(dir, []string{"GIT_INDEX_FILE=.git/next"}, "add", "b"); err != nil {
				t.Fatal(err)
			}
			r := openAt(t, at.from, "GIT_INDEX_FILE="+at.index)
			if r.Spawns() != 0 || !r.loc.plain {
				t.Errorf("%d processes, plain %v", r.Spawns(), r.loc.plain)
			}
			staged, err := r.Staged(t.Context())
			if err != nil || len(staged) != 4 || staged[3].Path != "b" { // next holds nothing else
				t.Errorf("%v, %v", staged, err)
			}
		})
	}
	if r := openAt(t, filepath.Join(dir, "sub"), "GIT_INDEX_FILE=../.git/next"); r.Spawns() != 1 {
		t.Errorf("a relative one from below: %d processes", r.Spawns())
	}
}
