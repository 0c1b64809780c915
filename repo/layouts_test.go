package repo

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layouts are the ways a work tree can be laid out: what makes one and returns a
// directory in it and variables to open it with. Each holds app/dev/A.yaml,
// app/dev/B.yaml and README, committed.
func layouts() map[string]func(t *testing.T) (dir string, env []string) {
	type at = func(t *testing.T) (string, []string)
	clone := func(t *testing.T, args ...string) string {
		d, c := newDir(t), filepath.Join(tempDir(t), "c")
		commitAll(t, d, "second")
		tgit(t, d, "config", "uploadpack.allowFilter", "true")
		tgit(t, filepath.Dir(c), append(append([]string{"clone", "-q"}, args...), "file://"+d, c)...)
		return c
	}
	index := func(args ...string) at {
		return func(t *testing.T) (string, []string) {
			d := newDir(t)
			tgit(t, d, append([]string{"update-index"}, args...)...)
			return d, nil
		}
	}
	return map[string]at{
		"plain":  func(t *testing.T) (string, []string) { return newDir(t), nil },
		"subdir": func(t *testing.T) (string, []string) { return filepath.Join(newDir(t), "app"), nil },
		"linked": func(t *testing.T) (string, []string) {
			w := filepath.Join(tempDir(t), "w")
			tgit(t, newDir(t), "worktree", "add", "-q", w)
			return w, nil
		},
		"linked to bare": func(t *testing.T) (string, []string) {
			p := tempDir(t)
			tgit(t, p, "clone", "-q", "--bare", newDir(t), "b.git")
			tgit(t, filepath.Join(p, "b.git"), "worktree", "add", "-q", filepath.Join(p, "w"))
			return filepath.Join(p, "w"), nil
		},
		"submodule": func(t *testing.T) (string, []string) { return submoduleAt(t).top, nil },
		"separate": func(t *testing.T) (string, []string) {
			return newDir(t, "--separate-git-dir", filepath.Join(tempDir(t), "sep")), nil
		},
		"symlink": func(t *testing.T) (string, []string) {
			d, moved := newDir(t), filepath.Join(tempDir(t), "moved")
			if err := os.Rename(filepath.Join(d, ".git"), moved); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(moved, filepath.Join(d, ".git")); err != nil {
				t.Skip("no symlinks here")
			}
			return d, nil
		},
		"located": func(t *testing.T) (string, []string) {
			d := newDir(t)
			return d, []string{"GIT_DIR=.git", "GIT_WORK_TREE=.", "GIT_INDEX_FILE=.git/index"}
		},
		"shallow": func(t *testing.T) (string, []string) { return clone(t, "--depth=1"), nil },
		"partial": func(t *testing.T) (string, []string) { return clone(t, "--filter=blob:none"), nil },
		"alternates": func(t *testing.T) (string, []string) {
			c := filepath.Join(tempDir(t), "c")
			tgit(t, filepath.Dir(c), "clone", "-q", "-s", newDir(t), c)
			readFile(t, filepath.Join(c, ".git/objects/info/alternates"))
			return c, nil
		},
		"split":     index("--split-index"),
		"v4":        index("--index-version=4"),
		"untracked": index("--force-untracked-cache"),
		"skipHash": func(t *testing.T) (string, []string) {
			d := newDir(t)
			tgit(t, d, "config", "index.skipHash", "true")
			return d, nil
		},
		"sparse": func(t *testing.T) (string, []string) {
			d := newDir(t)
			put(t, d, "lib/x/f", "f")
			commitAll(t, d, "lib")
			tgit(t, d, "sparse-checkout", "set", "--cone", "--sparse-index", "app")
			return d, nil
		},
		"sha256": func(t *testing.T) (string, []string) { return newDir(t, "--object-format=sha256"), nil },
		"settings": func(t *testing.T) (string, []string) {
			d := newDir(t)
			for _, kv := range []string{"diff.ignoreSubmodules all", "diff.renames copies", "diff.noprefix true", "diff.relative true", "diff.external false",
				"diff.orderFile .git/order", "core.quotePath true", "status.short true", "diff.mnemonicPrefix true", "log.showRoot false", "log.date iso", "log.diffMerges off",
				"log.decorate full", "format.pretty oneline", "core.ignoreCase true", "diff.submodule log", "core.autocrlf true", "log.follow true", "i18n.logOutputEncoding latin1"} {
				k, v, _ := strings.Cut(kv, " ")
				tgit(t, d, "config", k, v)
			}
			put(t, d, ".git/info/attributes", "* diff=x filter=x\n")
			put(t, d, ".git/order", "moved\n*.yaml\n")
			return d, nil
		},
	}
}

// badName is a name that is no UTF-8.
const badName = "bad\xffname"

// alter changes a layout's work tree in every plain way, and stages that.
func alter(t *testing.T, top string) {
	t.Helper()
	put(t, top, "app/dev/A.yaml", "staged\n")
	for _, name := range []string{oddName, "-dash", "\"quoted\"", "line\nfeed", badName} {
		put(t, top, "app/"+name, "odd")
	}
	if err := os.Rename(filepath.Join(top, "README"), filepath.Join(top, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(top, "app/dev/B.yaml")); err != nil {
		t.Fatal(err)
	}
	tgit(t, top, "add", "-A", "--", ":/")
	put(t, top, "app/dev/A.yaml", "not staged\n")
	put(t, top, "loose", "not staged\n")
}

// altered is what alter staged, as lines of told.
func altered() []string {
	lines := []string{`M "app/dev/A.yaml" a>staged`, `D "app/dev/B.yaml" b>-`, `D "README" hello>-`, `A "moved" ->hello`}
	for _, name := range []string{oddName, "-dash", "\"quoted\"", "line\nfeed", badName} {
		lines = append(lines, fmt.Sprintf("A %q ->odd", "app/"+name))
	}
	slices.Sort(lines)
	return lines
}

// told is "STATUS PATH OLD>NEW" of each file, sorted, with the first line of what
// the blobs hold.
func told(t *testing.T, r *Repo, files []FileChange) []string {
	t.Helper()
	content := func(h Hash) string {
		if h == "" {
			return "-"
		}
		b, err := r.Blob(context.Background(), h)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		data, err := io.ReadAll(b)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(data), "\n")
		return first
	}
	var lines []string
	for _, f := range files {
		line := fmt.Sprintf("%c %q %s", f.Status, f.Path, content(f.Old))
		for _, h := range f.More {
			line += "," + content(h)
		}
		lines = append(lines, line+">"+content(f.New))
	}
	slices.Sort(lines)
	return lines
}

func sameLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLayouts holds what is staged, the index, the files and the history against
// what was done, in every layout.
func TestLayouts(t *testing.T) {
	ctx := context.Background()
	for name, make := range layouts() {
		t.Run(name, func(t *testing.T) {
			dir, env := make(t)
			r := openAt(t, dir, env...)
			if files, err := r.Staged(ctx); len(files) != 0 || err != nil {
				t.Errorf("before: %v %v", files, err)
			}
			alter(t, r.Top())
			before := r.Spawns()
			files, err := r.Staged(ctx)
			if n := r.Spawns() - before; err != nil || n != 1 {
				t.Fatalf("staged: %v, %d processes", err, n)
			}
			sameLines(t, "staged", told(t, r, files), altered())

			before = r.Spawns()
			fsys, err := r.IndexFS(ctx, "app")
			if n := r.Spawns() - before; err != nil || n != 1 {
				t.Fatalf("index: %v, %d processes", err, n)
			}
			if got, err := fs.ReadFile(fsys, "dev/A.yaml"); string(got) != "staged\n" || err != nil {
				t.Errorf("index: %q %v", got, err)
			}
			names, err := fsys.Names(".")
			slices.Sort(names)
			if want := []string{"\"quoted\"", "-dash", oddName, badName, "dev", "line\nfeed"}; !slices.Equal(names, want) || err != nil {
				t.Errorf("names %q %v", names, err)
			}
			if e, err := fsys.Entry("dev"); string(e.Hash) != tgit(t, r.Top(), "write-tree", "--prefix=app/dev/") || err != nil {
				t.Errorf("tree %v %v", e, err)
			}

			listed, err := r.Files(ctx, "")
			slices.Sort(listed)
			want := []string{"app/\"quoted\"", "app/-dash", "app/" + oddName, "app/" + badName, "app/dev/A.yaml", "app/line\nfeed", "loose", "moved"}
			if !slices.Equal(listed, want) || err != nil {
				t.Errorf("files %q %v", listed, err)
			}

			tgit(t, r.Top(), "commit", "-q", "-m", "subject\n\nbody of it")
			n := 0
			for c, err := range r.Range(ctx, []string{"HEAD"}) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n > 1 {
					continue
				}
				sameLines(t, "range", told(t, r, c.Files), altered())
				if c.Subject != "subject" || string(c.Commit) != tgit(t, r.Top(), "rev-parse", "HEAD") {
					t.Errorf("%s %q", c.Commit, c.Subject)
				}
			}
			if count, err := r.Count(ctx, []string{"HEAD"}); count != n || n < 2 || err != nil {
				t.Errorf("%d commits counted, %d seen, %v", count, n, err)
			}
		})
	}
}

// TestLayoutsBare: no work tree, no index; the history is there.
func TestLayoutsBare(t *testing.T) {
	ctx := context.Background()
	bare := filepath.Join(tempDir(t), "b.git")
	tgit(t, filepath.Dir(bare), "clone", "-q", "--bare", newDir(t), bare)
	r := openAt(t, bare)
	if files, err := r.Staged(ctx); files != nil || err != nil {
		t.Errorf("staged %v %v", files, err)
	}
	if files, err := r.Files(ctx, ""); files != nil || err != nil {
		t.Errorf("files %v %v", files, err)
	}
	if _, err := r.IndexFS(ctx, "app"); !is[*fs.PathError](err) {
		t.Errorf("index %v", err)
	}
	for c, err := range r.Range(ctx, []string{"--all"}) {
		if err != nil {
			t.Fatal(err)
		}
		sameLines(t, "range", told(t, r, c.Files), []string{`A "README" ->hello`, `A "app/dev/A.yaml" ->a`, `A "app/dev/B.yaml" ->b`})
	}
}
