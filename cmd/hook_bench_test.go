package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkHook commits 100 files of 100 lines with 200 values to look for, with an
// empty hook and with ours, in turns: adds-ms is what ours costs more. git commit
// is stopped after the hook by an empty message.
func BenchmarkHook(b *testing.B) {
	w := newWorld(b)
	dir, _ := w.newApp("repo")
	for _, env := range []string{"dev", "production"} {
		var values strings.Builder
		for i := range 100 {
			fmt.Fprintf(&values, "KEY_%d=%s-%016x%016x\n", i, env, rand.Uint64(), rand.Uint64())
		}
		w.pinseal(dir, values.String(), "import", "-", "-e", env)
	}
	w.commit(dir, "app")
	for i := range 100 {
		var text strings.Builder
		for j := range 100 {
			fmt.Fprintf(&text, "const x%d = compute(%d, \"%016x\")\n", j, j, rand.Uint64())
		}
		w.write(filepath.Join(dir, "src", fmt.Sprintf("f%d.js", i)), []byte(text.String()))
	}
	w.git(dir, "add", "-A")
	hooks := map[string]string{"empty": "#!/bin/sh\nexit 0\n", "ours": "#!/bin/sh\nexec pinseal hook pre-commit \"$@\"\n"}
	for name, text := range hooks {
		file := w.path(name, "pre-commit")
		w.write(file, []byte(text))
		if err := os.Chmod(file, 0o700); err != nil {
			b.Fatal(err)
		}
	}
	took := map[string]time.Duration{}
	for b.Loop() {
		for name := range hooks {
			c := exec.Command("git", "-c", "core.hooksPath="+w.path(name), "commit", "-q", "-m", "")
			c.Dir, c.Env = dir, w.env
			start := time.Now()
			out, err := c.CombinedOutput()
			took[name] += time.Since(start)
			if err == nil || !strings.Contains(string(out), "empty commit message") {
				b.Fatalf("%s: %v: %s", name, err, out)
			}
		}
	}
	b.ReportMetric(float64((took["ours"]-took["empty"]).Microseconds())/1000/float64(b.N), "adds-ms")
	b.ReportMetric(float64(took["empty"].Microseconds())/1000/float64(b.N), "empty-ms")
}
