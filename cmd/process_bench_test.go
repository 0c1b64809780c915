package cmd_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var millionDir = flag.String("million-repo", "", "also measure get in a `DIR` with a repository of a million objects (go test ./repo -run none -bench Cold -million makes one in the user's cache directory)")

// buildCommand builds the command as it is released.
func buildCommand(b *testing.B, w *world) string {
	b.Helper()
	out := w.path("bin", "pinseal")
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "..")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return out
}

// clocked runs a command and returns how long it took.
func (w *world) clocked(dir string, argv ...string) time.Duration {
	w.Helper()
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Env = dir, w.env
	var stderr bytes.Buffer
	c.Stderr = &stderr
	start := time.Now()
	if err := c.Run(); err != nil {
		w.Fatalf("%v: %v\n%s", argv, err, stderr.String())
	}
	return time.Since(start)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// compare runs two commands in turn, so that both meet the same machine, and
// reports the medians and their ratio.
func (w *world) compare(b *testing.B, dir string, ours, theirs []string) {
	var a, z []time.Duration
	for b.Loop() {
		z = append(z, w.clocked(dir, theirs...))
		a = append(a, w.clocked(dir, ours...))
	}
	b.ReportMetric(float64(median(a).Microseconds()), "µs/ours")
	b.ReportMetric(float64(median(z).Microseconds()), "µs/git")
	b.ReportMetric(float64(median(a))/float64(median(z)), "ratio")
}

// BenchmarkProcess is whole processes, start-up and all, beside git's own read
// of the sealed file.
func BenchmarkProcess(b *testing.B) {
	w := &world{TB: b}
	*w = *newWorld(b)
	bin := buildCommand(b, w)
	dirs := map[string]string{"small": w.path("shop")}
	w.git(w.root, "init", "-q", "shop")
	if *millionDir != "" {
		dirs["million"] = w.path("million")
		w.git(w.root, "clone", "-q", "-s", "--no-checkout", *millionDir, "million")
		w.git(dirs["million"], "remote", "remove", "origin")
		w.git(dirs["million"], "read-tree", "HEAD")
	}
	for name, dir := range dirs {
		w.clocked(dir, bin, "init", "shop", "-q")
		for i := range 10 {
			file := w.path("value")
			if err := os.WriteFile(file, fmt.Appendf(nil, "value %d", i), 0o600); err != nil {
				b.Fatal(err)
			}
			w.clocked(dir, bin, "set", fmt.Sprintf("NAME_%d", i), "-e", "production", "-q", "--file", file)
		}
		w.git(dir, "add", ".pinseal")
		w.git(dir, "commit", "-qm", "secrets")
		w.clocked(dir, bin, "publish", "production", "--first", "-q")
		theirs := []string{"git", "cat-file", "-p", "HEAD:" + filepath.ToSlash(filepath.Join(".pinseal", "shop", "production", "NAME_5.yaml"))}
		for _, at := range []string{"worktree", "HEAD", "pin"} {
			b.Run(name+"/get at "+at, func(b *testing.B) {
				w.compare(b, dir, []string{bin, "get", "NAME_5", "-e", "production", "--at", at}, theirs)
			})
		}
		b.Run(name+"/version", func(b *testing.B) { w.compare(b, dir, []string{bin, "version"}, theirs) })
	}
}
