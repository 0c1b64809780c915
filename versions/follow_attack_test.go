package versions

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// treeCommit writes a ledger commit whose tree git makes of lines for `git mktree`.
func (a *testApp) treeCommit(lines string, parents ...repo.Hash) string {
	a.t.Helper()
	tree := tgitIn(a.t, a.dir, []byte(lines), "mktree", "--missing")
	args := []string{"commit-tree", "-m", "by hand", tree}
	for _, p := range parents {
		args = append(args, "-p", string(p))
	}
	return tgit(a.t, a.dir, args...)
}

func (a *testApp) blobID(data []byte) string {
	a.t.Helper()
	return tgitIn(a.t, a.dir, data, "hash-object", "-w", "--stdin")
}

// Whatever a ref can hold that is no ledger is refused, and the last honest pin is
// followed again after it.
func TestFollowerOddRefs(t *testing.T) {
	a := newApp(t)
	one := a.publishA("one")
	f := a.follower(FollowOptions{})
	ref := LedgerRef(a.id, prod)
	top := tgit(t, a.dir, "ls-tree", string(one.LedgerCommit)) + "\n"
	sub := func(from, to string) string {
		if !strings.Contains(top, from) {
			t.Fatalf("no %q in\n%s", from, top)
		}
		return strings.Replace(top, from, to, 1)
	}
	blob := a.blobID([]byte("x"))
	tgit(t, a.dir, "tag", "-a", "-m", "x", "tagged", string(one.LedgerCommit))
	for name, to := range map[string]string{
		"a blob":        blob,
		"a tree":        tgit(t, a.dir, "rev-parse", string(one.LedgerCommit)+"^{tree}"),
		"annotated tag": tgit(t, a.dir, "rev-parse", "tagged"),
		"a branch":      tgit(t, a.dir, "rev-parse", "HEAD"),
		"empty tree":    a.treeCommit(""),
		"two parents":   a.treeCommit(top, one.LedgerCommit, repo.Hash(tgit(t, a.dir, "rev-parse", "HEAD"))),
		"a symlink":     a.treeCommit(sub("100644 blob", "120000 blob")),
		"a submodule":   a.treeCommit("160000 commit " + strings.Repeat("1", 40) + "\textra\n" + top),
		"an executable": a.treeCommit(strings.ReplaceAll(top, "100644 blob", "100755 blob")),
		"a note that is a directory": a.treeCommit(strings.Replace(top, top[strings.Index(top, "100644"):strings.Index(top, "\tapp.note")],
			"040000 tree "+tgitIn(t, a.dir, nil, "mktree"), 1)),
	} {
		tgit(t, a.dir, "update-ref", ref, to)
		if r, err := f.Next(t.Context()); !errors.Is(err, ErrNotAuthentic) || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	a.setRef(ref, one)
	a.wantNext(f, "one")
	// A symbolic ref is what it leads to.
	two := a.publishA("two")
	tgit(t, a.dir, "update-ref", "refs/elsewhere", string(two.LedgerCommit))
	tgit(t, a.dir, "symbolic-ref", ref, "refs/elsewhere")
	a.wantNext(f, "two")
}

// TestFollowerOtherApp has a remote serve the ledger of another app, or environment,
// under the ref of this one.
func TestFollowerOtherApp(t *testing.T) {
	a, b := newApp(t), newApp(t)
	a.publishA("one")
	b.publishA("other")
	tgit(t, b.dir, "update-ref", LedgerRef(a.id, prod), LedgerRef(b.id, prod))
	f := a.follower(FollowOptions{URL: "file://" + b.dir})
	if r, err := f.Next(t.Context()); !errors.Is(err, ErrNotAuthentic) || r != nil {
		t.Errorf("%v, %v", r, err)
	}
	f.o.URL = "file://" + a.dir
	a.wantNext(f, "one")
}

// Pins by a key that was retired, on top of the one that counts, hide nothing from a
// follower that sees but the tip.
func TestFollowerVoidPins(t *testing.T) {
	a := newApp(t)
	a.publishA("one")
	f := a.follower(FollowOptions{})
	a.wantNext(f, "one")
	slot, ref := seal.PublishSlot(prod), LedgerRef(a.id, prod)
	a.rotate(slot, a.ledger().Tip())
	two := a.publishA("two")
	old := func(h *handmade) { h.Generation = 1 }
	void := func(n int, edit func(*handmade)) *Entry {
		e := two
		for range n {
			e = a.forge(e, edit)
		}
		return e
	}
	a.setRef(ref, void(3, old))
	if _, err := f.Next(t.Context()); err != nil {
		// The follower's own note does not know yet that the key was retired.
		t.Fatal(err)
	}
	if f.seen.Number != two.Number || f.note.Version != a.note.Version {
		t.Errorf("seen %+v", f.seen)
	}
	a.wantNext(f, "")
	// With any note beside them: they are as if absent.
	a.setRef(ref, void(2, func(h *handmade) { old(h); h.files[NoteName] = []byte("x") }))
	a.wantNext(f, "")
	// As far down as is looked.
	a.setRef(ref, void(deeper-1, old))
	a.wantNext(f, "")
	a.must(f.Close())
	a.setRef(ref, void(deeper, old))
	if _, err := f.Next(t.Context()); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("too many: %v", err)
	}
	a.setRef(ref, two)
	a.wantNext(f, "")
	a.publishA("three")
	a.wantNext(f, "three")
}

// A pin that a publisher signed and a service took, and that is void by a later note,
// gives way to the honest one of its number.
func TestReleaseFollowsVoid(t *testing.T) {
	a := newApp(t)
	one := a.publishA("one")
	release := func(e *Entry) *Release {
		t.Helper()
		source, err := a.ledger().Source(t.Context(), e)
		a.must(err)
		r, err := NewRelease(source, a.note, a.identities("web"))
		a.must(err)
		return r
	}
	f := a.follower(FollowOptions{})
	a.wantNext(f, "one")
	a.publishA("rogue")
	rogue := release(a.ledger().Tip())
	a.wantNext(f, "rogue")
	a.setRef(LedgerRef(a.id, prod), one)
	a.rotate(seal.PublishSlot(prod), one)
	two := release(a.publishA("two"))
	three := release(a.publishA("three"))
	for _, r := range []*Release{two, three} {
		if err := r.Follows(rogue); err != nil {
			t.Errorf("pin %d: %v", r.Pin.Number, err)
		}
	}
	if err := two.Follows(three); !errors.As(err, new(*BehindError)) {
		t.Errorf("back: %v", err)
	}
	if err := rogue.Follows(rogue); err != nil {
		t.Errorf("itself: %v", err)
	}
	a.wantNext(f, "three")
}

// The note goes forward only, and one of another branch is refused.
func TestFollowerNotes(t *testing.T) {
	a := newApp(t)
	old := a.note
	one := a.publishA("one")
	a.remove("bob")
	newer := a.note
	a.publishA("two")
	f := a.follower(FollowOptions{})
	a.wantNext(f, "two")
	ref := LedgerRef(a.id, prod)
	a.note = old
	a.remove("ci")
	a.setRef(ref, a.forge(one, func(h *handmade) { h.Number = 9 }))
	if r, err := f.Next(t.Context()); err == nil || r != nil {
		t.Errorf("diverged: %v, %v", r, err)
	}
	if f.note.Hash() != newer.Hash() {
		t.Error("the note is of another branch")
	}
}

// What a host can send costs no more than it may: neither one object that unpacks to
// much, nor many.
func TestFollowerBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	a := newApp(t)
	one := a.publishA("one")
	f := a.follower(FollowOptions{Note: a.note})
	ref := LedgerRef(a.id, prod)
	top := tgit(t, a.dir, "ls-tree", string(one.LedgerCommit)) + "\n"
	big := a.blobID(make([]byte, repo.MaxBlob+1<<20))
	var many bytes.Buffer
	empty := a.blobID(nil)
	for i := range 100_000 {
		fmt.Fprintf(&many, "100644 blob %s\tn%07d\n", empty, i)
	}
	id := func(path string) string { return tgit(t, a.dir, "rev-parse", string(one.LedgerCommit)+":"+path) }
	for name, lines := range map[string]string{
		"a file":               strings.Replace(top, id(SumName), big, 1),
		"entries beside a pin": top + many.String(),
		"entries of a set":     strings.Replace(top, id(prod), tgitIn(t, a.dir, many.Bytes(), "mktree"), 1),
	} {
		tgit(t, a.dir, "update-ref", ref, a.treeCommit(lines))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := f.Next(t.Context())
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 64<<20 {
			t.Errorf("%s: %d MiB; %v", name, took>>20, err)
		}
		if left, err := os.ReadDir(f.dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v %v", name, left, err)
		}
	}
	a.setRef(ref, one)
	a.wantNext(f, "one")
}

// packedBlob is an object of a pack with content that does not compress.
func packedBlob(t testing.TB) []byte {
	t.Helper()
	content := make([]byte, 64<<10)
	rand.Read(content)
	var b bytes.Buffer
	b.WriteByte(0x80 | 3<<4 | byte(len(content)&15))
	for n := len(content) >> 4; n > 0; n >>= 7 {
		more := byte(0)
		if n >= 0x80 {
			more = 0x80
		}
		b.WriteByte(byte(n&0x7f) | more)
	}
	z := zlib.NewWriter(&b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

// A remote that never ends sending is left.
func TestFollowerEndless(t *testing.T) {
	a := newApp(t)
	a.publishA("one")
	f := a.follower(FollowOptions{})
	f.most = 1 << 20
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tip := string(a.ledger().Ref())
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			line := fmt.Sprintf("%s %s\x00shallow object-format=sha1\n", tip, LedgerRef(a.id, prod))
			fmt.Fprintf(w, "001e# service=git-upload-pack\n0000%04x%s0000", len(line)+4, line)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		line := "shallow " + tip
		fmt.Fprintf(w, "%04x%s0000", len(line)+4, line)
		if !bytes.HasSuffix(body, []byte("0009done\n")) {
			return // it asks how deep first
		}
		io.WriteString(w, "0008NAK\nPACK\x00\x00\x00\x02\x00\x01\x00\x00")
		for {
			// Blobs without end: each of its own, not to be compressed.
			if _, err := w.Write(packedBlob(t)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	f.o.URL = server.URL + "/x.git"
	_, err := f.Next(t.Context())
	if !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("endless: %v", err)
	}
	if left, err := os.ReadDir(f.dir); err != nil || len(left) > 0 {
		t.Errorf("left %v %v", left, err)
	}
	f.o.URL = "file://" + a.dir
	a.wantNext(f, "one")
}

// Its directory may be taken away under it, whole or in part.
func TestFollowerTidiedUp(t *testing.T) {
	a := newApp(t)
	a.publishA("one")
	f := a.follower(FollowOptions{})
	a.wantNext(f, "one")
	evil := filepath.Join(f.dir, ".git") // what git would find above
	tgit(t, f.dir, "init", "-q", ".")
	ran := filepath.Join(f.dir, "ran")
	tgit(t, f.dir, "config", "core.sshCommand", "touch "+ran)
	for name, tidy := range map[string]func(dir string){
		"all of it": func(dir string) { a.must(os.RemoveAll(dir)) },
		"HEAD":      func(dir string) { a.must(os.Remove(filepath.Join(dir, ".git", "HEAD"))) },
		"the objects": func(dir string) {
			a.must(os.RemoveAll(filepath.Join(dir, ".git", "objects")))
		},
	} {
		a.publishA("before " + name)
		a.wantNext(f, "before "+name)
		tidy(f.repo.Top())
		a.publishA(name)
		f.o.URL = "ssh://127.0.0.1/" + a.dir
		if r, err := f.Next(context.Background()); err == nil || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		f.o.URL = "file://" + a.dir
		a.wantNext(f, name)
	}
	if _, err := os.Lstat(ran); err == nil {
		t.Error("git ran what a directory above says")
	}
	a.must(os.RemoveAll(evil))
}
