package cmd_test

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pinseal/cmd"
)

// keyed makes a repository with a secret and with a key that has two versions, committed.
func keyed(b *testing.B) (w *world, dir string) {
	w = newWorld(b)
	dir, _ = w.newApp("r")
	w.pinseal(dir, "a value", "set", "SECRET")
	w.pinseal(dir, "", "key", "create", "K")
	w.pinseal(dir, "", "key", "rotate", "K")
	w.commit(dir, "one")
	w.pinseal(dir, "", "publish", "dev", "--first")
	return w, dir
}

// BenchmarkLines is values of 64 bytes, a million in one command.
func BenchmarkLines(b *testing.B) {
	const values = 1_000_000
	w, dir := keyed(b)
	run := func(in io.Reader, out io.Writer, args ...string) {
		b.Helper()
		var stderr bytes.Buffer
		env := &cmd.Env{Environ: w.env, Dir: dir, Stdin: in, Stdout: out, Stderr: &stderr, Now: time.Now}
		if code := cmd.Run(context.Background(), env, args); code != 0 {
			b.Fatalf("%v: exit code %d\n%s", args, code, &stderr)
		}
	}
	plain := strings.Repeat(strings.Repeat("v", 64)+"\n", values)
	var newest, old bytes.Buffer
	run(strings.NewReader(plain), &newest, "encrypt", "-k", "K", "--lines")
	w.pinseal(dir, "", "key", "rotate", "K")
	w.commit(dir, "two")
	old, newest = newest, bytes.Buffer{}
	run(strings.NewReader(plain), &newest, "encrypt", "-k", "K", "--lines")
	for _, bench := range []struct {
		name, in string
		args     []string
	}{
		{"encrypt", plain, []string{"encrypt", "--lines"}},
		{"decrypt", newest.String(), []string{"decrypt", "--lines"}},
		{"rewrap", old.String(), []string{"rewrap"}},
		{"rewrap of the newest", newest.String(), []string{"rewrap"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(strings.NewReader(bench.in), io.Discard, append(bench.args, "-k", "K")...)
			}
			b.ReportMetric(values*float64(b.N)/b.Elapsed().Seconds(), "values/s")
		})
	}
}

// BenchmarkCryptProcess is encrypt and decrypt of a short value as whole processes,
// beside get of a secret from the same set.
func BenchmarkCryptProcess(b *testing.B) {
	w, dir := keyed(b)
	bin := buildCommand(b, w)
	clocked := func(in string, args ...string) time.Duration {
		c := exec.Command(bin, args...)
		c.Dir, c.Env, c.Stdin = dir, w.env, strings.NewReader(in)
		start := time.Now()
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
		return time.Since(start)
	}
	stdin := map[string]string{"encrypt": "a value", "decrypt": w.pinseal(dir, "a value", "encrypt", "-k", "K")}
	for _, at := range []string{"worktree", "HEAD", "pin"} {
		for _, command := range []string{"encrypt", "decrypt"} {
			b.Run(command+" at "+at, func(b *testing.B) {
				var ours, get []time.Duration
				for b.Loop() {
					get = append(get, clocked("", "get", "SECRET", "--at", at))
					ours = append(ours, clocked(stdin[command], command, "-k", "K", "--at", at))
				}
				b.ReportMetric(float64(median(ours).Microseconds()), "µs/ours")
				b.ReportMetric(float64(median(get).Microseconds()), "µs/get")
				b.ReportMetric(float64(median(ours))/float64(median(get)), "ratio")
			})
		}
	}
}
