//go:build unix

package cmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// deployPage shows how an app gets its secrets where it runs.
const deployPage = "../README.md"

// snippet is the one block of a language in the page that holds a text.
func snippet(t *testing.T, lang, has string) string {
	t.Helper()
	page, err := os.ReadFile(deployPage)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, b := range fencedBlocks(string(page)) {
		if b.lang == lang && strings.Contains(b.text, has) {
			found = append(found, b.text)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d blocks of %s with %q", deployPage, len(found), lang, has)
	}
	return found[0]
}

// deployed is an app with a pin of production at its remote, which a service reads.
type deployed struct {
	*world
	dir, hub, id     string
	identity, bundle string // files
}

func newDeployed(t *testing.T) *deployed {
	t.Helper()
	w := newWorld(t)
	d := &deployed{world: w, hub: w.path("hub.git"), identity: w.path("shop.identity"), bundle: w.path("prod.bundle")}
	d.dir, d.id = w.newApp("shop", "--env", "production")
	w.git(w.root, "init", "-q", "--bare", d.hub)
	w.git(d.dir, "remote", "add", "origin", "file://"+d.hub)
	w.pinseal(d.dir, "CANARY-one", "set", "DATABASE_URL")
	w.pinseal(d.dir, "CANARY-two", "set", "SESSION_KEY")
	w.pinseal(d.dir, "", "member", "add", "web", "--service", "--can", "production.read", "-o", d.identity)
	d.publish()
	return d
}

// publish releases what there is, with a bundle.
func (d *deployed) publish() {
	d.Helper()
	d.commit(d.dir, "app")
	d.git(d.dir, "push", "-q", "origin", "HEAD:refs/heads/main")
	d.pinseal(d.dir, "", "publish", "production", "--first")
	d.pinseal(d.dir, "", "bundle", "production", "--for", "web", "-o", d.bundle)
}

// bytes releases a value that no environment can carry.
func (d *deployed) bytes() {
	d.Helper()
	d.pinseal(d.dir, "\x00CANARY\xff", "set", "BLOB", "--raw")
	d.publish()
}

// program writes a script and returns its path.
func (d *deployed) program(name, script string) string {
	d.Helper()
	file := d.path(name)
	d.write(file, []byte("#!/bin/sh\n"+script))
	if err := os.Chmod(file, 0o755); err != nil {
		d.Fatal(err)
	}
	return file
}

// pinsealPath is the path of pinseal.
func pinsealPath(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("pinseal")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// bare is the environment of a machine where nobody logged in.
func bare(vars ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}, vars...)
}

// runs runs a command line in a directory, wants its exit code, and returns what it
// printed.
func (d *deployed) runs(code int, dir string, env, argv []string) (stdout, stderr string) {
	d.Helper()
	c := exec.Command(argv[0], argv[1:]...)
	var out, talk strings.Builder
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, env, &out, &talk
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != code {
		d.Fatalf("%q: exit code %d, want %d\n%s%s", argv, got, code, &out, &talk)
	}
	return out.String(), talk.String()
}

// replaced replaces whole words, or the beginnings of paths below them, each of which
// has to be there.
func (d *deployed) replaced(words []string, pairs ...string) []string {
	d.Helper()
	words = append([]string(nil), words...)
	for i := 0; i < len(pairs); i += 2 {
		hit := false
		for j, word := range words {
			if rest, ok := strings.CutPrefix(word, pairs[i]); ok && (rest == "" || rest[0] == '/') {
				words[j], hit = pairs[i+1]+rest, true
			}
		}
		if !hit {
			d.Fatalf("no %s in %q", pairs[i], words)
		}
	}
	return words
}

// dirOf makes a directory of the world.
func (d *deployed) dirOf(name string, mode os.FileMode) string {
	d.Helper()
	dir := d.path(filepath.FromSlash(name))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		d.Fatal(err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		d.Fatal(err)
	}
	return dir
}
