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

// TestRefRaces: publishers through this package, git's own writers, pack-refs
// and gc at once. Every successful move is one link of a chain, so none is lost
// and no old value is used twice.
func TestRefRaces(t *testing.T) {
	ctx := context.Background()
	const ref = "refs/pinseal/app/dev"
	dir := newDir(t)
	root := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	tree := Hash(tgit(t, dir, "rev-parse", "HEAD^{tree}"))
	if err := openAt(t, dir).UpdateRef(ctx, ref, root, "", "root"); err != nil {
		t.Fatal(err)
	}
	var claimed sync.Map
	var moves atomic.Int64
	publish := func(who string, n int, move func(new, old Hash) error, r *Repo) {
		for i := 0; i < n; {
			old, err := r.Ref(ctx, ref)
			if err != nil || old == "" {
				t.Errorf("%s reads %q %v", who, old, err)
				return
			}
			d := r.NewDraft()
			c, err := d.Commit(tree, []Hash{old}, ident, fmt.Sprintf("%s %d\n", who, i))
			if err == nil {
				err = d.Write(ctx)
			}
			if err != nil {
				t.Errorf("%s: %v", who, err)
				return
			}
			switch err := move(c, old); {
			case err == nil:
				if other, twice := claimed.LoadOrStore(old, who); twice {
					t.Errorf("%s and %s both moved from %s", who, other, old)
				}
				moves.Add(1)
				i++
			case !errors.Is(err, ErrMoved) && !errors.Is(err, ErrLocked):
				t.Errorf("%s: %v", who, err)
				return
			}
		}
	}
	var group, noise sync.WaitGroup
	done := make(chan struct{})
	for g := range 2 {
		r := openAt(t, dir)
		group.Go(func() {
			publish(fmt.Sprint("us ", g), 20, func(new, old Hash) error { return r.UpdateRef(ctx, ref, new, old, "m") }, r)
		})
	}
	other := openAt(t, dir)
	group.Go(func() {
		publish("git", 20, func(new, old Hash) error {
			_, err := trygit(dir, nil, "update-ref", ref, string(new), string(old))
			if err != nil {
				return ErrMoved
			}
			return nil
		}, other)
	})
	for _, args := range [][]string{{"pack-refs", "--all"}, {"gc", "-q"}} {
		noise.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					// It loses against a lock now and then.
					trygit(dir, nil, args...)
				}
			}
		})
	}
	group.Wait()
	close(done)
	noise.Wait()
	if got := tgit(t, dir, "rev-list", "--count", ref); got != fmt.Sprint(moves.Load()+1) || moves.Load() != 60 {
		t.Errorf("chain of %s commits after %d moves", got, moves.Load())
	}
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
