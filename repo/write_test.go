package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const ident = "Cy <cy@example.com> 1700000060 +0000"

func TestDraft(t *testing.T) {
	ctx := context.Background()
	for _, format := range []string{"sha1", "sha256"} {
		dir := newDir(t, "--object-format="+format)
		r := openAt(t, dir)
		head, _, err := r.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		d := r.NewDraft()
		big := strings.Repeat("0123456789abcdef", 20_000)
		files := map[string]Hash{
			"pin.note": d.Blob([]byte("pin")), "empty": d.Blob(nil), "big": d.Blob([]byte(big)),
			"keys/x.1/a.age": d.Blob([]byte("wrap")), "keys.x": d.Blob([]byte("wrap")), "keys/x/b": d.Blob([]byte("pin")),
			"old": Hash(tgit(t, dir, "rev-parse", "HEAD:README")),
		}
		tree, err := d.Tree(files)
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.Commit(tree, []Hash{head}, ident, "message\n")
		if err != nil {
			t.Fatal(err)
		}
		if ok, _ := r.Has(ctx, c); ok {
			t.Fatal("written before Write")
		}
		before := r.Spawns()
		if err := d.Write(ctx); err != nil {
			t.Fatal(err)
		}
		if n := r.Spawns() - before; n > 1 && format == "sha1" {
			t.Errorf("%d processes", n)
		}
		tgit(t, dir, "fsck", "--strict", "--no-dangling")
		if got := tgit(t, dir, "commit-tree", "-p", string(head), "-m", "message", string(tree)); format == "sha1" {
			// The same commit as git makes of it, but for the author's date.
			if a, b := tgit(t, dir, "cat-file", "-p", got), tgit(t, dir, "cat-file", "-p", string(c)); a != strings.Replace(b, "author Cy <cy@example.com> 1700000060 +0000", "author Ann <ann@example.com> 1700000000 +0100", 1) {
				t.Errorf("commit:\n%s\nwant\n%s", b, a)
			}
		}
		mustRead(t, r, c, "big", big)
		mustRead(t, r, c, "keys/x.1/a.age", "wrap")
		mustRead(t, r, c, "old", "hello\n")
		mustRead(t, r, c, "empty", "")
		if err := d.Write(ctx); err != nil {
			t.Fatalf("again: %v", err)
		}
	}
}

func TestDraftBad(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	r := openAt(t, dir)
	d := r.NewDraft()
	b := d.Blob([]byte("x"))
	for _, files := range []map[string]Hash{
		{"a": b, "a/b": b}, {"a": b, "a.b": b, "a/b": b}, {"/a": b}, {"": b}, {"..": b}, {"a//b": b}, {"a\x00": b}, {"a": "abc"}, {"a": ""},
	} {
		if h, err := d.Tree(files); err == nil {
			t.Errorf("tree %v: %s", files, h)
		}
	}
	tree, err := d.Tree(map[string]Hash{"a": b})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "Cy", "Cy <x>", "Cy <x> 1 +0000\nparent", "Cy <x> x +0000"} {
		if _, err := d.Commit(tree, nil, id, "m"); err == nil {
			t.Errorf("identity %q is accepted", id)
		}
	}
	if _, err := d.Commit(tree, nil, ident, "a\x00b"); err == nil {
		t.Error("NUL in a message is accepted")
	}
	if _, err := d.Commit("", nil, ident, "m"); err == nil {
		t.Error("a commit without a tree is accepted")
	}
	lost := Hash(strings.Repeat("1", 40))
	if _, err := d.Commit(tree, []Hash{lost}, ident, "m"); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(ctx); !errors.Is(err, ErrMissing) {
		t.Errorf("a commit with a missing parent is written: %v", err)
	}
}

func TestUpdateRef(t *testing.T) {
	ctx := context.Background()
	const ref = "refs/pinseal/app/dev"
	for _, format := range []string{"sha1", "sha256"} {
		dir := newDir(t, "--object-format="+format)
		r := openAt(t, dir)
		a, _, err := r.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b := commitAll(t, dir, "b")
		step := func(what string, new, old Hash, want error, now Hash) {
			t.Helper()
			if err := r.UpdateRef(ctx, ref, new, old, "test: "+what); !errors.Is(err, want) {
				t.Fatalf("%s: %v, want %v", what, err, want)
			}
			if got, err := r.Ref(ctx, ref); got != now || err != nil {
				t.Fatalf("%s: ref is %q (%v), want %q", what, got, err, now)
			}
		}
		step("move what is not there", b, a, ErrMoved, "")
		step("create", a, "", nil, a)
		step("create again", b, "", ErrMoved, a)
		step("from the wrong place", b, b, ErrMoved, a)
		step("move", b, a, nil, b)
		if log := tgit(t, dir, "reflog", "show", "--format=%gs", ref); log != "test: move\ntest: create" {
			t.Errorf("reflog %q", log)
		}
		tgit(t, dir, "pack-refs", "--all")
		step("delete from the wrong place", "", a, ErrMoved, b)
		step("move packed", a, b, nil, a)
		step("delete", "", a, nil, "")
		if err := r.UpdateRef(ctx, ref, Hash(strings.Repeat("1", len(a))), "", "m"); !is[*GitError](err) || errors.Is(err, ErrMoved) {
			t.Errorf("ref to nothing: %v", err)
		}
		for _, bad := range []func() error{
			func() error { return r.UpdateRef(ctx, ref, "", "", "m") },
			func() error { return r.UpdateRef(ctx, "HEAD", a, "", "m") },
			func() error { return r.UpdateRef(ctx, ref, a, "", "two\nlines") },
			func() error { return r.UpdateRef(ctx, ref, Hash(r.zero()), a, "m") },
			func() error { return r.UpdateRef(ctx, ref, "-d", a, "m") },
		} {
			if bad() == nil {
				t.Error("a bad update is accepted")
			}
		}
		// A symbolic ref does not redirect the write.
		tgit(t, dir, "symbolic-ref", ref, "refs/heads/main")
		if err := r.UpdateRef(ctx, ref, a, b, "m"); err != nil {
			t.Fatal(err)
		}
		if got := tgit(t, dir, "rev-parse", "main"); got != string(b) {
			t.Errorf("main moved to %s", got)
		}
	}
}

func TestUpdateRefLocked(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	r := openAt(t, dir)
	head, _, _ := r.Head(ctx)
	put(t, dir, ".git/refs/pinseal/x/dev.lock", "")
	err := r.UpdateRef(ctx, "refs/pinseal/x/dev", head, "", "m")
	if !errors.Is(err, ErrLocked) || errors.Is(err, ErrMoved) || !is[*GitError](err) {
		t.Fatalf("got %v", err)
	}
}

// racers move one ref at once: each reads it, makes a commit on what it read, and
// swaps. Every successful move must be one link of a chain, so that none is lost
// and no old value is used twice.
type racers struct {
	*testing.T
	dir     string
	tree    Hash
	claimed sync.Map
	moves   atomic.Int64
}

const racedRef = "refs/pinseal/app/dev"

func newRacers(t *testing.T) *racers {
	dir := newDir(t)
	root := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	if err := openAt(t, dir).UpdateRef(context.Background(), racedRef, root, "", "root"); err != nil {
		t.Fatal(err)
	}
	return &racers{T: t, dir: dir, tree: Hash(tgit(t, dir, "rev-parse", "HEAD^{tree}"))}
}

// move makes one commit and swaps; it reports false when somebody else was
// first.
func (c *racers) move(r *Repo, who string, swap func(new, old Hash) error) (moved bool) {
	ctx := context.Background()
	old, err := r.Ref(ctx, racedRef)
	if err != nil || old == "" {
		c.Errorf("%s reads %q %v", who, old, err)
		return true
	}
	d := r.NewDraft()
	commit, err := d.Commit(c.tree, []Hash{old}, ident, who+"\n")
	if err == nil {
		err = d.Write(ctx)
	}
	if err == nil {
		err = swap(commit, old)
	}
	switch {
	case err == nil:
		if other, twice := c.claimed.LoadOrStore(old, who); twice {
			c.Errorf("%s and %s both moved from %s", who, other, old)
		}
		c.moves.Add(1)
		return true
	case !errors.Is(err, ErrMoved) && !errors.Is(err, ErrLocked):
		c.Errorf("%s: %v", who, err)
		return true
	}
	return false
}

func (c *racers) done(want int64) {
	if got := tgit(c.T, c.dir, "rev-list", "--count", racedRef); got != fmt.Sprint(want+1) || c.moves.Load() != want {
		c.Errorf("chain of %s commits after %d moves", got, c.moves.Load())
	}
}

// TestRefRaces: publishers through this package, and git's own.
func TestRefRaces(t *testing.T) {
	c := newRacers(t)
	var group sync.WaitGroup
	for g := range 3 {
		r := openAt(t, c.dir)
		swap := func(new, old Hash) error { return r.UpdateRef(context.Background(), racedRef, new, old, "m") }
		if g == 0 {
			swap = func(new, old Hash) error {
				if _, err := trygit(c.dir, nil, "update-ref", racedRef, string(new), string(old)); err != nil {
					return ErrMoved
				}
				return nil
			}
		}
		group.Go(func() {
			for i := 0; i < 20; {
				if c.move(r, fmt.Sprint("racer ", g, " ", i), swap) {
					i++
				}
			}
		})
	}
	group.Wait()
	c.done(60)
}

// TestRefRacesLocked: with pack-refs and gc running all the time, git's own
// compare-and-swap loses moves (2.39: some of each hundred); under the lock file
// none is lost.
func TestRefRacesLocked(t *testing.T) {
	c := newRacers(t)
	var group, noise sync.WaitGroup
	over := make(chan struct{})
	for _, args := range [][]string{{"pack-refs", "--all"}, {"gc", "-q"}} {
		noise.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					trygit(c.dir, nil, args...) // it loses against a lock now and then
				}
			}
		})
	}
	for g := range 3 {
		r := openAt(t, c.dir)
		group.Go(func() {
			for i := 0; i < 15; {
				unlock, err := LockFile(filepath.Join(c.dir, "lock"))
				if err != nil {
					c.Error(err)
					return
				}
				if c.move(r, fmt.Sprint("racer ", g, " ", i), func(new, old Hash) error {
					return r.UpdateRef(context.Background(), racedRef, new, old, "m")
				}) {
					i++
				}
				unlock()
			}
		})
	}
	group.Wait()
	close(over)
	noise.Wait()
	c.done(45)
}

func TestCreateRace(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	head, _, err := openAt(t, dir).Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		ref := fmt.Sprintf("refs/pinseal/app/e%d", i)
		var wins atomic.Int64
		var group sync.WaitGroup
		for range 6 {
			r := openAt(t, dir)
			group.Go(func() {
				switch err := r.UpdateRef(ctx, ref, head, "", "m"); {
				case err == nil:
					wins.Add(1)
				case !errors.Is(err, ErrMoved):
					t.Error(err)
				}
			})
		}
		group.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d creators won", wins.Load())
		}
	}
}

// TestUpdateRefKilled: after kill -9 at any time the ref is one of the values
// that were written, never empty.
func TestUpdateRefKilled(t *testing.T) {
	const ref = "refs/pinseal/app/dev"
	ctx := context.Background()
	if dir := os.Getenv("REPO_TEST_CHILD"); dir != "" {
		r, err := Open(ctx, dir, Options{Env: testEnv(dir)})
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Resolve(ctx, "main")
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Resolve(ctx, "main~1")
		if err != nil {
			t.Fatal(err)
		}
		for {
			fmt.Println("step")
			if err := r.UpdateRef(ctx, ref, b, a, "m"); err != nil && !errors.Is(err, ErrMoved) {
				t.Fatal(err)
			}
			if err := r.UpdateRef(ctx, ref, a, b, "m"); err != nil && !errors.Is(err, ErrMoved) {
				t.Fatal(err)
			}
		}
	}
	dir := newDir(t)
	a := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	b := commitAll(t, dir, "b")
	tgit(t, dir, "update-ref", ref, string(b))
	for i := range 10 {
		killLoop(t, "TestUpdateRefKilled", dir, 1+i%4)
		// Its git may live on for a moment and finish; only what is read counts.
		if h, err := openAt(t, dir).Ref(ctx, ref); h != a && h != b || err != nil {
			t.Fatalf("round %d: %q %v", i, h, err)
		}
		if err := os.Remove(filepath.Join(dir, ".git", ref+".lock")); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}
