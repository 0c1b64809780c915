package repo

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var million = flag.Bool("million", false, "also measure on a generated repository of a million objects, kept in the user's cache directory")

// benchRepos yields a small packed repository and, with -million, a large one.
func benchRepos(b *testing.B, run func(b *testing.B, dir string, commits []Hash)) {
	b.Run("small", func(b *testing.B) {
		dir := newDir(b)
		commits := history(b, dir, 300)
		tgit(b, dir, "gc", "-q")
		run(b, dir, commits)
	})
	if !*million {
		return
	}
	b.Run("million", func(b *testing.B) {
		dir := millionRepo(b)
		out := tgit(b, dir, "rev-list", "--max-count=50000", "main")
		var commits []Hash
		for h := range strings.FieldsSeq(out) {
			commits = append(commits, Hash(h))
		}
		run(b, dir, commits)
	})
}

// millionRepo makes 260,000 commits, each of which changes one of 1,000 files:
// four objects each. It takes minutes once.
func millionRepo(b *testing.B) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		b.Skip(err)
	}
	dir := filepath.Join(cache, "pinseal-bench", "million")
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir
	}
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		b.Fatal(err)
	}
	tgit(b, dir, "init", "-q", "-b", "main", ".")
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir, cmd.Env = dir, testEnv(dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	file := func(i, v int) string {
		body := strings.Repeat(fmt.Sprintf("line of file %d\n", i), 20) + fmt.Sprint(v, rnd.Uint64())
		return fmt.Sprintf("M 100644 inline d%04d/f%05d\ndata %d\n%s\n", i%50, i, len(body), body)
	}
	for c := range 260_000 {
		fmt.Fprintf(in, "commit refs/heads/main\ncommitter Cy <cy@example.com> %d +0000\ndata 1\nx\n", 1600000000+60*c)
		if c == 0 {
			for i := range 1000 {
				fmt.Fprint(in, file(i, c))
			}
			fmt.Fprint(in, "M 100644 inline n\ndata 1\n0\n")
		}
		fmt.Fprintln(in, file(rnd.IntN(1000), c))
	}
	if err := in.Close(); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	tgit(b, dir, "repack", "-adq")
	put(b, dir, "done", "")
	return dir
}

// BenchmarkReadCold opens the repository each time, as one command does: HEAD,
// commit, tree, blob. Beside it what git takes for the same.
func BenchmarkReadCold(b *testing.B) {
	benchRepos(b, func(b *testing.B, dir string, commits []Hash) {
		ctx := context.Background()
		o := Options{Env: testEnv(dir)}
		b.Run("open and read", func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				r, err := Open(ctx, dir, o)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := readAt(r, commits[i*7919%len(commits)], "n"); err != nil {
					b.Fatal(err)
				}
				r.Close()
			}
		})
		b.Run("git cat-file", func(b *testing.B) {
			for i := range b.N {
				tgit(b, dir, "cat-file", "-p", string(commits[i*7919%len(commits)])+":n")
			}
		})
	})
}

// BenchmarkRead1000 reads a file of 1,000 commits with one Repo, beside one
// `git cat-file --batch`.
func BenchmarkRead1000(b *testing.B) {
	benchRepos(b, func(b *testing.B, dir string, commits []Hash) {
		at := func(i int) Hash { return commits[i*7919%len(commits)] }
		b.Run("native", func(b *testing.B) {
			for b.Loop() {
				r := openAt(b, dir)
				for i := range 1000 {
					if _, err := readAt(r, at(i), "n"); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run("git cat-file --batch", func(b *testing.B) {
			var in bytes.Buffer
			for i := range 1000 {
				fmt.Fprintf(&in, "%s:n\n", at(i))
			}
			for b.Loop() {
				if _, err := pipegit(dir, nil, in.Bytes(), "cat-file", "--batch"); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkPublish writes 100 new blobs, their trees and a commit, and moves a
// ref, synced to disk.
func BenchmarkPublish(b *testing.B) {
	ctx := context.Background()
	dir := newDir(b)
	r := openWith(b, dir, Options{Env: append(testEnv(dir), "GIT_TEST_FSYNC=1")})
	old, n := Hash(""), 0
	for b.Loop() {
		d := r.NewDraft()
		files := make(map[string]Hash)
		for i := range 100 {
			n++
			files[fmt.Sprintf("production/S%d.yaml", i)] = d.Blob(fmt.Appendf(nil, "value: %d %0300d", n, i))
		}
		tree, err := d.Tree(files)
		if err != nil {
			b.Fatal(err)
		}
		c, err := d.Commit(tree, nil, ident, "publish\n")
		if err == nil {
			err = d.Write(ctx)
		}
		if err == nil {
			err = r.UpdateRef(ctx, ledger, c, old, "publish")
		}
		if err != nil {
			b.Fatal(err)
		}
		old = c
	}
	b.ReportMetric(float64(r.Spawns())/float64(b.N), "processes/op")
}

// BenchmarkWorkTree reads 1,000 files of one directory.
func BenchmarkWorkTree(b *testing.B) {
	top := tempDir(b)
	for i := range 1000 {
		put(b, top, fmt.Sprintf(".pinseal/shop/dev/S%d.yaml", i), "value")
	}
	for b.Loop() {
		w := openTree(b, top, ".pinseal/shop")
		names, err := w.Names("dev")
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range names {
			if _, err := w.ReadFile("dev/" + n); err != nil {
				b.Fatal(err)
			}
		}
	}
}
