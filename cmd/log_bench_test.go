package cmd_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// longHistory makes commits of 1,000 files on top of HEAD. One in a hundred changes
// a secret beside SOME, one in a thousand SOME itself, which is renamed at the
// end of each quarter of them; files are those of a secret.
func (w *world) longHistory(b *testing.B, dir string, commits int, files [][]byte) {
	b.Helper()
	c := exec.Command("git", "fast-import", "--quiet", "--force")
	c.Dir, c.Env = dir, w.env
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(in)
	put := func(path string, data []byte) {
		fmt.Fprintf(out, "M 100644 inline %s\ndata %d\n%s\n", path, len(data), data)
	}
	secret := func(name string) string { return ".pinseal/shop/production/" + name + ".yaml" }
	for i := range commits {
		fmt.Fprintf(out, "commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 1\nx\n", 1_700_000_001+60*i)
		if i == 0 {
			fmt.Fprint(out, "from refs/heads/main^0\n")
			for f := range 1000 {
				put(fmt.Sprintf("d%02d/f%03d", f%50, f), nil)
			}
		}
		put(fmt.Sprintf("d%02d/f%03d", i*7%50, i*7%1000), fmt.Appendf(nil, "%d", i))
		name := fmt.Sprintf("SOME_%d", i/(commits/4+1))
		switch {
		case i > 0 && i%(commits/4+1) == 0:
			fmt.Fprintf(out, "D %s\n", secret(fmt.Sprintf("SOME_%d", i/(commits/4+1)-1)))
			put(secret(name), files[i%len(files)])
		case i%1000 == 0:
			put(secret(name), files[i%len(files)])
		case i%100 == 0:
			put(secret(fmt.Sprintf("OTHER_%d", i%10)), files[i%len(files)])
		}
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := in.Close(); err != nil {
		b.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		b.Fatal(err)
	}
	w.git(dir, "reset", "-q", "--hard")
	w.git(dir, "repack", "-adq")
}

// BenchmarkLog is a secret's history over 120,000 commits, as a whole process,
// beside git log of its file. "followed" has three renames on the way; git, which
// cannot see them, is given all four files.
func BenchmarkLog(b *testing.B) {
	w := &world{TB: b}
	*w = *newWorld(b)
	bin := buildCommand(b, w)
	dir := w.path("long")
	w.git(w.root, "init", "-q", dir)
	w.clocked(dir, bin, "init", "shop", "-q", "--env", "dev,production")
	value := w.path("value")
	if err := os.WriteFile(value, []byte("a value"), 0o600); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, ".pinseal", "shop", "production", "STEADY.yaml")
	var files [][]byte
	for range 7 {
		w.clocked(dir, bin, "set", "STEADY", "-e", "production", "-q", "--file", value)
		files = append(files, w.read(file))
		w.commit(dir, "set STEADY")
	}
	for range 3 {
		w.clocked(dir, bin, "publish", "production", "--first", "-q")
	}
	w.longHistory(b, dir, 120_000, files)
	path := func(name string) string { return ".pinseal/shop/production/" + name + ".yaml" }
	git := []string{"git", "log", "--"}
	for _, bench := range []struct {
		name, secret string
		files        []string
		lines        int
	}{
		{"one name", "STEADY", []string{"STEADY"}, 7},
		{"followed", "SOME_3", []string{"SOME_0", "SOME_1", "SOME_2", "SOME_3"}, 123},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := w.run(dir, "", "log", bench.secret, "-e", "production")
			if got := strings.Count(r.stdout, "\n"); got != bench.lines {
				b.Fatalf("%d lines, want %d\n%s%s", got, bench.lines, r.stdout, r.stderr)
			}
			theirs := slices.Clone(git)
			for _, name := range bench.files {
				theirs = append(theirs, path(name))
			}
			w.compare(b, dir, []string{bin, "log", bench.secret, "-e", "production"}, theirs)
		})
	}
}
