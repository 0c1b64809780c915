package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// datesOf is what dates says of dev at HEAD, as "NAME created updated" in seconds
// after the first commit.
func datesOf(s *shop, dir string) map[string]string {
	s.t.Helper()
	env := &Env{Environ: s.environ, Dir: dir, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Now: time.Now}
	session, err := (&cli{Env: env}).open(context.Background(), look)
	s.check(err)
	defer session.Close()
	head, _, err := session.repo.Head(context.Background())
	s.check(err)
	found, err := session.dates("dev", head)
	s.check(err)
	got := map[string]string{}
	for name, d := range found {
		seconds := func(t time.Time) string {
			if t.IsZero() {
				return "-"
			}
			return fmt.Sprint(t.Unix() - 1700000000)
		}
		got[name] = seconds(d.created) + " " + seconds(d.updated)
	}
	return got
}

func TestDates(t *testing.T) {
	s := newShop(t)
	at := func(second int, do func()) {
		do()
		date := fmt.Sprintf("%d +0000", 1700000000+second)
		s.environ = append(s.environ, "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
		s.commit()
	}
	set := func(name string) func() { return func() { s.run(0, "v", "set", name, "-e", "dev") } }
	at(0, set("A"))
	at(10, set("B"))
	at(20, set("A"))
	at(30, func() { s.run(0, "", "mv", "B", "C", "-e", "dev") })
	at(40, func() { s.run(0, "", "rm", "A", "-e", "dev") })
	s.git("checkout", "-q", "-b", "side")
	at(50, set("S"))
	s.git("checkout", "-q", "-")
	at(60, set("A"))
	at(70, func() { s.git("merge", "-q", "--no-commit", "--no-ff", "side") })
	// Other environments and other files are nothing to it.
	at(80, func() { s.run(0, "v", "set", "A", "-e", "production") })
	want := map[string]string{"A": "0 60", "B": "10 10", "C": "30 30", "S": "50 50"}
	if got := datesOf(s, s.dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	// The app's directory may have had another name.
	at(90, func() {
		s.git("mv", storeDir+"/shop", storeDir+"/store")
		s.check(os.WriteFile(filepath.Join(s.dir, storeDir, "default"), []byte("store\n"), 0o644))
	})
	if got := datesOf(s, s.dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("renamed: got  %v\nwant %v", got, want)
	}
	shallow := filepath.Join(filepath.Dir(s.dir), "shallow")
	s.git("clone", "-q", "--depth", "5", "file://"+s.dir, shallow)
	got := datesOf(s, shallow)
	if got["A"] != "60 60" || got["S"] != "50 50" || got["C"] != "- -" {
		t.Errorf("shallow: got %v", got)
	}
}

// BenchmarkDates is one pass over 10,000 commits of 1,000 secrets, with git log of
// the same directory in the same run.
func BenchmarkDates(b *testing.B) {
	dir := b.TempDir()
	var in bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nx", 1700000000+i)
		fmt.Fprintf(&in, "\nM 100644 inline .pinseal/shop/dev/N%03d.yaml\ndata <<E\n%d\nE\n", i%1000, i)
	}
	git := func(stdin io.Reader, args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, stdin
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git(nil, "init", "-q", "-b", "main")
	git(&in, "fast-import", "--quiet")
	env := &Env{Environ: []string{"PATH=" + lookPath(b)}, Dir: dir}
	c := &cli{Env: env}
	r, err := c.openRepo(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	s := &session{cli: c, ctx: context.Background(), repo: r, dir: "shop"}
	head, _, err := r.Head(s.ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("dates", func(b *testing.B) {
		for b.Loop() {
			if found, err := s.dates("dev", head); err != nil || len(found) != 1000 {
				b.Fatal(len(found), err)
			}
		}
	})
	b.Run("git log --raw", func(b *testing.B) {
		for b.Loop() {
			git(nil, "log", "--raw", "--no-abbrev", "--", ".pinseal/shop/dev")
		}
	})
}

func lookPath(b *testing.B) string {
	git, err := exec.LookPath("git")
	if err != nil {
		b.Fatal(err)
	}
	return filepath.Dir(git)
}
