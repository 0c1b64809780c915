package cmd_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const pinsEach = 30

// Two publishers on two machines race through one remote: every pin that was
// reported is in the ledger, with consecutive numbers.
func TestPublishersRaceThroughARemote(t *testing.T) {
	slow(t)
	t.Parallel()
	ada := newWorld(t)
	hub := ada.path("hub")
	ada.git(ada.root, "init", "-q", "--bare", hub)
	one, id := ada.newApp("one")
	ada.git(one, "remote", "add", "origin", hub)
	ada.pinseal(one, "value", "set", "KEY")
	ada.commit(one, "one")
	ada.git(one, "push", "-q", "origin", "HEAD")

	bob := newWorld(t)
	two := bob.path("two")
	bob.git(bob.root, "clone", "-q", hub, two)
	bob.write(bob.path("home", "identity"), ada.read(ada.path("home", ".config", "pinseal", "identity")))
	bob.env = append(bob.env, "PINSEAL_IDENTITY_FILE="+bob.path("home", "identity"), "PINSEAL_APP="+id)

	published := race(t, ada, one, bob, two)
	// Both sides see the one chain.
	ada.pinseal(one, "", "fetch")
	bob.pinseal(two, "", "fetch")
	inLedger(t, ada, one, published)
	ref := "refs/pinseal/" + id + "/dev"
	want := ada.git(hub, "rev-parse", ref)
	for _, got := range []string{ada.git(one, "rev-parse", ref), bob.git(two, "rev-parse", ref)} {
		if got != want {
			t.Errorf("a clone's ledger is at %s, the remote's at %s", got, want)
		}
	}
}

// The same within one clone, without a remote, on one machine's memory.
func TestPublishersRaceInOneClone(t *testing.T) {
	slow(t)
	t.Parallel()
	w := newWorld(t)
	dir, _ := w.newApp("r")
	w.pinseal(dir, "value", "set", "KEY")
	w.commit(dir, "one")
	inLedger(t, w, dir, race(t, w, dir, w, dir))
}

// pin is what publish and pins print of one.
type pin struct {
	Number int    `json:"number"`
	Hash   string `json:"hash"`
}

// race publishes 30 pins from each of two places at once, each pin by a process
// of its own, and returns what was reported to be published.
func race(t *testing.T, a *world, aDir string, b *world, bDir string) (published []pin) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	publish := func(w *world, dir string) {
		for range pinsEach {
			var stdout, stderr bytes.Buffer
			c := w.command(dir, "publish", "dev", "--first", "--json")
			c.Stdout, c.Stderr = &stdout, &stderr
			var p pin
			err := c.Run()
			if err == nil {
				err = json.Unmarshal(stdout.Bytes(), &p)
			}
			mu.Lock()
			published = append(published, p)
			mu.Unlock()
			if err != nil {
				t.Errorf("publish: %v\n%s", err, &stderr)
				return
			}
		}
	}
	group.Go(func() { publish(a, aDir) })
	group.Go(func() { publish(b, bDir) })
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return published
}

// inLedger holds a clone's ledger to what was published: every pin once, with
// consecutive numbers from 1.
func inLedger(t *testing.T, w *world, dir string, published []pin) {
	t.Helper()
	var ledger struct{ Pins []pin }
	if err := json.Unmarshal([]byte(w.pinseal(dir, "", "pins", "dev", "--json", "--limit", "0")), &ledger); err != nil {
		t.Fatal(err)
	}
	byNumber := func(x, y pin) int { return x.Number - y.Number }
	slices.SortFunc(published, byNumber)
	slices.SortFunc(ledger.Pins, byNumber)
	for i, p := range ledger.Pins {
		if p.Number != i+1 || p.Hash == "" {
			t.Fatalf("pin %d of the ledger has number %d, hash %q", i+1, p.Number, p.Hash)
		}
	}
	if !slices.Equal(published, ledger.Pins) || len(published) != 2*pinsEach {
		twice := 0
		for i := range published[1:] {
			if published[i] == published[i+1] {
				twice++
			}
		}
		t.Errorf("%d pins were published, %d of them reported twice; %d are in the ledger", len(published), twice, len(ledger.Pins))
	}
	if locks, err := filepath.Glob(filepath.Join(dir, ".git", "refs", "pinseal", "*", "*.lock")); err != nil || len(locks) > 0 {
		t.Errorf("locks are left: %v %v", locks, err)
	}
	check := exec.Command("git", "fsck", "--strict", "--connectivity-only")
	check.Dir, check.Env = dir, w.env
	if out, err := check.CombinedOutput(); err != nil || strings.Contains(string(out), "error") {
		t.Errorf("fsck: %v\n%s", err, out)
	}
}
