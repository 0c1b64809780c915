package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// buildProgram builds a program of this module as it is released.
func buildProgram(b *testing.B, w *world, name, dir string) string {
	b.Helper()
	out := w.path("bin", name)
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, dir)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return out
}

// BenchmarkExec is exec with secrets from a bundle and a service's identity, as in
// a container, beside what its parts cost: `env` becoming the same program, and a
// program of a few lines that opens every value of the bundle by the library, on
// all cores, and ends. Whole processes. The ratio is to stay below 1.5.
func BenchmarkExec(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b)
			bin := buildProgram(b, w, "pinseal", "..")
			read := buildProgram(b, w, "readbundle", "./testdata/readbundle")
			dir, bundle, identity := w.path("shop"), w.path("shop.bundle"), w.path("web.identity")
			w.git(w.root, "init", "-q", "shop")
			w.clocked(dir, bin, "init", "shop", "-q")
			file := w.path("value")
			for i := range n {
				w.write(file, fmt.Appendf(nil, "postgres://app:value%d@db.internal:5432/shop", i))
				w.clocked(dir, bin, "set", fmt.Sprintf("NAME_%d", i), "-e", "production", "-q", "--file", file)
			}
			w.clocked(dir, bin, "member", "add", "web", "--service", "--can", "production.read", "-q", "-o", identity)
			w.git(dir, "add", ".pinseal")
			w.git(dir, "commit", "-qm", "secrets")
			w.clocked(dir, bin, "publish", "production", "--first", "-q")
			w.clocked(dir, bin, "bundle", "production", "-q", "-o", bundle)
			w.env = append(w.env, "PINSEAL_IDENTITY_FILE="+identity)

			var ours, env, reading []time.Duration
			for b.Loop() {
				env = append(env, w.clocked(w.root, "env", "true"))
				reading = append(reading, w.clocked(w.root, read, bundle, identity))
				ours = append(ours, w.clocked(w.root, bin, "exec", "--bundle", bundle, "--", "true"))
			}
			parts := median(env) + median(reading)
			b.ReportMetric(float64(median(ours).Microseconds()), "µs/exec")
			b.ReportMetric(float64(median(env).Microseconds()), "µs/env")
			b.ReportMetric(float64(median(reading).Microseconds()), "µs/reading")
			b.ReportMetric(float64(median(ours))/float64(parts), "ratio")
		})
	}
}
