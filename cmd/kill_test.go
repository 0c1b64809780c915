//go:build unix

package cmd_test

import (
	"bytes"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killed runs a command line in a process of its own and kills it at a random
// point of the time that it took once, alone or with the git it started, and
// reports whether it was hit. It waits for a git that outlives the command.
func (w *world) killed(dir, stdin string, span time.Duration, withGit bool, args ...string) bool {
	w.Helper()
	c := w.command(dir, args...)
	var stderr bytes.Buffer
	c.Stdin, c.Stderr = strings.NewReader(stdin), &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, inherited, err := os.Pipe() // every process below holds its end open
	if err != nil {
		w.Fatal(err)
	}
	defer alive.Close()
	c.ExtraFiles = []*os.File{inherited}
	if err := c.Start(); err != nil {
		w.Fatal(err)
	}
	inherited.Close()
	target := c.Process.Pid
	if withGit {
		target = -target
	}
	timer := time.AfterFunc(rand.N(span), func() { _ = syscall.Kill(target, syscall.SIGKILL) }) // it may be gone
	err = c.Wait()
	timer.Stop()
	if _, readErr := io.ReadAll(alive); readErr != nil {
		w.Fatal(readErr)
	}
	if err == nil {
		return false
	}
	status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		w.Errorf("%v, not by the kill: %v\n%s", args, err, &stderr)
	}
	return ok && status.Signaled()
}

// duration runs a command line to its end and returns how long that took.
func (w *world) duration(dir, stdin string, args ...string) time.Duration {
	w.Helper()
	c := w.command(dir, args...)
	c.Stdin = strings.NewReader(stdin)
	start := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		w.Fatalf("%v: %v\n%s", args, err, out)
	}
	return time.Since(start) + time.Millisecond
}

// Files that a kill may leave: our temporary ones, and git's own, which git
// cleans up. A lock file is git's as well, but only if git was killed too.
var (
	ourTemp = regexp.MustCompile(`^\.tmp-[0-9a-z]+$`)
	gitTemp = regexp.MustCompile(`^(tmp_(obj|pack|idx)_\w+|incoming-\w+|tmp_objdir-incoming-\w+)$`)
)

// looseEnds lists what should not be there, and removes locks that a killed git
// left, as its user must.
func (w *world) looseEnds(dir string, gitKilled bool) {
	w.Helper()
	known := regexp.MustCompile(`^(app\.note|default|\.gitignore|\.gitattributes|[A-Z]+\.yaml|[a-z]+\.age)$`)
	for top, expected := range map[string]*regexp.Regexp{
		filepath.Join(dir, ".pinseal"):        known,
		w.path("home", ".local", "state"):     regexp.MustCompile(`^(known_apps\.yaml|known_apps\.lock|[a-z2-7]{26}\.[0-9a-f]{64}\.note)$`),
		filepath.Join(dir, ".git", "refs"):    regexp.MustCompile(`^(main|dev)$`),
		filepath.Join(dir, ".git", "objects"): regexp.MustCompile(`^([0-9a-f]{38}|pack-.*|info)$`),
		filepath.Join(dir, ".git", "logs"):    regexp.MustCompile(`^(HEAD|main|dev)$`),
	} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil && path != top {
				return err
			}
			if err != nil || d.IsDir() {
				return nil
			}
			name := d.Name()
			switch {
			case expected.MatchString(name), ourTemp.MatchString(name), gitTemp.MatchString(name):
			case gitKilled && strings.HasSuffix(name, ".lock"):
				w.Logf("a killed git left %s", path)
			default:
				w.Errorf("a kill left %s", path)
			}
			return nil
		})
		if err != nil {
			w.Error(err)
		}
	}
}

// Killed at any point, publish leaves the old ledger or the new one.
func TestKilledPublish(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	dir, id := w.newApp("r")
	for _, name := range []string{"A", "B", "C"} {
		w.pinseal(dir, "value of "+name, "set", name)
	}
	w.commit(dir, "one")
	ref := "refs/pinseal/" + id + "/dev"
	span := w.duration(dir, "", "publish", "dev", "--first")
	hits, moved := 0, 0
	for i := range 40 {
		before := w.git(dir, "rev-parse", ref)
		if i%4 == 0 {
			w.pinseal(dir, "another value", "set", "A")
			w.commit(dir, "change")
		}
		// Two rounds alone, then one with git.
		withGit := i%3 == 2
		hit := w.killed(dir, "", span, withGit, "publish", "dev")
		if hit {
			hits++
		}
		w.looseEnds(dir, hit && withGit)
		after := w.git(dir, "rev-parse", ref)
		if after != before {
			moved++
			if parent := w.git(dir, "rev-parse", after+"^"); parent != before {
				t.Fatalf("the ledger went from %s to %s, which stands on %s", before, after, parent)
			}
		}
		if r := w.run(dir, "", "pins", "dev", "--limit", "0"); r.code != 0 {
			t.Fatalf("the ledger does not verify: exit code %d\n%s", r.code, r.stderr)
		}
		if r := w.run(dir, "", "get", "B", "--at", "pin"); r.code != 0 || r.stdout != "value of B" {
			t.Fatalf("the newest pin does not open: exit code %d\n%s", r.code, r.stderr)
		}
		w.unlock(dir, hit && withGit)
	}
	w.pinseal(dir, "", "publish", "dev", "--json")
	w.git(dir, "fsck", "--strict", "--connectivity-only")
	if hits == 0 {
		t.Error("no kill hit")
	}
	t.Logf("%d of 40 were hit, %d got through", hits, moved)
}

// unlock removes the ref locks of a git that was killed while it held them.
func (w *world) unlock(dir string, gitKilled bool) {
	w.Helper()
	locks, err := filepath.Glob(filepath.Join(dir, ".git", "refs", "pinseal", "*", "*.lock"))
	if err != nil {
		w.Fatal(err)
	}
	for _, lock := range locks {
		if !gitKilled {
			continue // reported by looseEnds
		}
		if r := w.run(dir, "", "publish", "dev"); r.code != 6 || !strings.Contains(r.stderr, "lock") {
			w.Errorf("under a stale lock: exit code %d\n%s", r.code, r.stderr)
		}
		if err := os.Remove(lock); err != nil {
			w.Fatal(err)
		}
	}
}

// Killed at any point, set leaves the old file or the new one, and a first set
// leaves one or none.
func TestKilledSet(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	dir, _ := w.newApp("r")
	span := w.duration(dir, "the old value", "set", "KEY")
	file := filepath.Join(dir, ".pinseal", "shop", "dev", "KEY.yaml")
	hits, changed := 0, 0
	value := "the old value"
	for i := range 60 {
		before := w.read(file)
		next := strings.Repeat("n", i+1)
		if w.killed(dir, next, span, i%3 == 2, "set", "KEY", "--about", next) {
			hits++
		}
		w.looseEnds(dir, false)
		after := w.read(file)
		if !bytes.Equal(before, after) {
			changed++
			value = next
			if !bytes.Contains(after, []byte(`about: "`+next+`"`)) {
				t.Fatalf("half of the new file:\n%s", after)
			}
		}
		if r := w.run(dir, "", "get", "KEY"); r.code != 0 || r.stdout != value {
			t.Fatalf("exit code %d, %q, want %q\n%s", r.code, r.stdout, value, r.stderr)
		}
		if w.killed(dir, "first", span, false, "set", "NEW") {
			hits++
		}
		switch r := w.run(dir, "", "get", "NEW"); {
		case r.code == 0 && r.stdout == "first":
			w.pinseal(dir, "", "rm", "NEW")
		case r.code != 3:
			t.Fatalf("exit code %d\n%s", r.code, r.stderr)
		}
	}
	// What was left does not get into a commit, and the set publishes.
	w.pinseal(dir, "the end", "set", "KEY")
	w.commit(dir, "all")
	w.pinseal(dir, "", "publish", "dev", "--first")
	if hits == 0 {
		t.Error("no kill hit")
	}
	t.Logf("%d of 120 were hit, %d changes got through", hits, changed)
}
