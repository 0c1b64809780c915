package repo

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// everyObject checks each object of a repository against git's own reading.
func everyObject(t *testing.T, dir string, r *Repo) int {
	t.Helper()
	ctx := context.Background()
	list := strings.Split(tgit(t, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)"), "\n")
	for _, line := range list {
		f := strings.Fields(line)
		typ, data, err := r.Object(ctx, Hash(f[0]), MaxBlob)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if typ.String() != f[1] || fmt.Sprint(len(data)) != f[2] {
			t.Fatalf("%s: got %s of %d bytes", line, typ, len(data))
		}
		if ok, err := r.Has(ctx, Hash(f[0])); !ok || err != nil {
			t.Fatalf("has %s: %v %v", f[0], ok, err)
		}
	}
	return len(list)
}

// history makes n commits that each change a large file a little, so that
// packing gives long delta chains.
func history(t testing.TB, dir string, n int) (tips []Hash) {
	t.Helper()
	var in bytes.Buffer
	lines := make([]string, 400)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d %x", i, i*i*i*7919)
	}
	for i := range n {
		lines[i%len(lines)] = fmt.Sprintf("changed in %d", i)
		body := strings.Join(lines, "\n")
		fmt.Fprintf(&in, "commit refs/heads/h\nmark :%d\ncommitter Cy <cy@example.com> %d +0000\ndata 1\nx\n", i+1, 1700000000+i)
		fmt.Fprintf(&in, "M 100644 inline big/file\ndata %d\n%s\nM 100644 inline n\ndata %d\n%d\n\n", len(body), body, len(fmt.Sprint(i)), i)
	}
	if _, err := pipegit(dir, nil, in.Bytes(), "fast-import", "--quiet"); err != nil {
		t.Fatal(err)
	}
	for _, h := range strings.Fields(tgit(t, dir, "rev-list", "--reverse", "h")) {
		tips = append(tips, Hash(h))
	}
	return tips
}

func TestObjects(t *testing.T) {
	dir := newDir(t)
	history(t, dir, 120)
	tgit(t, dir, "tag", "-a", "-m", "tagged", "v1")
	r := openAt(t, dir)
	t.Run("fast-import", func(t *testing.T) { everyObject(t, dir, r) })
	t.Run("deep deltas", func(t *testing.T) {
		tgit(t, dir, "repack", "-adfq", "--depth=200", "--window=200")
		if out := tgit(t, dir, "verify-pack", "-v", onlyPack(t, dir)+".idx"); !strings.Contains(out, "chain length = 6") {
			t.Fatal("no long delta chain to test with")
		}
		everyObject(t, dir, openAt(t, dir))
	})
	t.Run("reference deltas", func(t *testing.T) {
		tgit(t, dir, "-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=60")
		everyObject(t, dir, openAt(t, dir))
	})
	t.Run("many packs", func(t *testing.T) {
		for i := range 60 {
			h, err := pipegit(dir, nil, fmt.Appendf(nil, "pack %d", i), "hash-object", "-w", "--stdin")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pipegit(dir, nil, []byte(h), "pack-objects", "-q", filepath.Join(dir, ".git/objects/pack/pack")); err != nil {
				t.Fatal(err)
			}
		}
		tgit(t, dir, "prune-packed", "-q")
		r := openAt(t, dir)
		if n := everyObject(t, dir, r); n < 180 {
			t.Fatalf("only %d objects", n)
		}
		if n := len(r.store.files.open); n > maxOpen {
			t.Errorf("%d files stay open", n)
		}
		if r.Spawns() != 0 {
			t.Errorf("%d processes", r.Spawns())
		}
	})
	t.Run("multi-pack-index", func(t *testing.T) {
		tgit(t, dir, "multi-pack-index", "write")
		everyObject(t, dir, openAt(t, dir))
	})
	t.Run("index version 1", func(t *testing.T) {
		tgit(t, dir, "-c", "pack.indexVersion=1", "repack", "-adfq")
		r := openAt(t, dir)
		everyObject(t, dir, r)
		if r.Spawns() != 1 {
			t.Errorf("%d processes, want one cat-file", r.Spawns())
		}
	})
}

func onlyPack(t testing.TB, dir string) string {
	t.Helper()
	m, err := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack"))
	if err != nil || len(m) != 1 {
		t.Fatalf("%d packs (%v)", len(m), err)
	}
	return strings.TrimSuffix(m[0], ".pack")
}

// TestLargeOffsets rewrites an index so that every offset is in the 64-bit table.
func TestLargeOffsets(t *testing.T) {
	dir := newDir(t)
	history(t, dir, 20)
	tgit(t, dir, "gc", "-q")
	p := onlyPack(t, dir)
	ids := strings.Fields(tgit(t, dir, "rev-list", "--all", "--objects", "--no-object-names"))
	b, err := os.ReadFile(p + ".idx")
	if err != nil {
		t.Fatal(err)
	}
	n := int(binary.BigEndian.Uint32(b[8+4*255:]))
	at := idxHeader + 24*n
	out := bytes.Clone(b[:at])
	var large []byte
	next := uint32(n - 2)
	for i := range n {
		off := binary.BigEndian.Uint32(b[at+4*i:])
		if off == packHeader { // the first object: git allows n-1 large offsets
			out = binary.BigEndian.AppendUint32(out, off)
			continue
		}
		out = binary.BigEndian.AppendUint32(out, 1<<31|next)
		next--
		// The table is filled from its end, so that the reference is really followed.
		large = append(binary.BigEndian.AppendUint64(nil, uint64(off)), large...)
	}
	out = append(append(out, large...), b[len(b)-40:]...)
	overwrite(t, p+".idx", out)
	r := openAt(t, dir)
	for _, h := range ids {
		if _, _, err := r.store.read(Hash(h), MaxBlob); err != nil {
			t.Fatal(err)
		}
	}
	if r.Spawns() != 0 {
		t.Fatal("git was asked")
	}
	// A reference beyond the table is an error.
	binary.BigEndian.PutUint32(out[at:], 1<<31|uint32(n))
	overwrite(t, p+".idx", out)
	first := Hash(fmt.Sprintf("%x", b[idxHeader:idxHeader+20]))
	if _, _, err := openAt(t, dir).Object(context.Background(), first, MaxBlob); !is[*CorruptError](err) {
		t.Fatalf("offset beyond the table: %v", err)
	}
}

func overwrite(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestSwappedLooseObject(t *testing.T) {
	ctx := context.Background()
	for _, format := range []string{"sha1", "sha256"} {
		dir := newDir(t, "--object-format="+format)
		a, b := Hash(tgit(t, dir, "rev-parse", "HEAD:app/dev/A.yaml")), Hash(tgit(t, dir, "rev-parse", "HEAD:app/dev/B.yaml"))
		other, err := os.ReadFile(loosePath(filepath.Join(dir, ".git/objects"), b))
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, loosePath(filepath.Join(dir, ".git/objects"), a), other)
		r := openAt(t, dir)
		if _, data, err := r.Object(ctx, a, 100); !is[*CorruptError](err) || data != nil {
			t.Fatalf("%s: git's reading is %q, ours %q %v", format, tgit(t, dir, "cat-file", "-p", string(a)), data, err)
		}
		head, _, _ := r.Head(ctx)
		if _, err := readAt(r, head, "app/dev/A.yaml"); !is[*CorruptError](err) || errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s: %v", format, err)
		}
		mustRead(t, r, head, "app/dev/B.yaml", "b\n")
	}
}

func TestMissingIsNotAbsent(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	head := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	blob := Hash(tgit(t, dir, "rev-parse", "HEAD:README"))
	if err := os.Remove(loosePath(filepath.Join(dir, ".git/objects"), blob)); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, dir)
	_, err := readAt(r, head, "README")
	if !errors.Is(err, ErrMissing) || errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("missing object: %v", err)
	}
	_, err = readAt(r, head, "README2")
	if errors.Is(err, ErrMissing) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("absent path: %v", err)
	}
	if ok, err := r.Has(ctx, blob); ok || err != nil {
		t.Fatalf("has: %v %v", ok, err)
	}
	for _, h := range []Hash{"", "abc", Hash(strings.Repeat("g", 40)), Hash(strings.Repeat("a", 64))} {
		if _, _, err := r.Object(ctx, h, 100); err == nil {
			t.Errorf("object %q was read", h)
		}
	}
}

func TestPartialClone(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	tgit(t, dir, "config", "uploadpack.allowFilter", "true")
	tgit(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	head := Hash(tgit(t, dir, "rev-parse", "HEAD"))
	for _, filter := range []string{"blob:none", "tree:0"} {
		c := filepath.Join(tempDir(t), "c")
		tgit(t, filepath.Dir(c), "clone", "-q", "-n", "--filter="+filter, "file://"+dir, c)
		off := openWith(t, c, Options{Env: testEnv(c), Offline: true})
		_, err := readAt(off, head, "README")
		if !errors.Is(err, ErrMissing) || errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s offline: %v", filter, err)
		}
		// The same through cat-file: git may not fetch either.
		off.store.odd = true
		off.loc.odd = true
		if _, err = readAt(off, head, "README"); !errors.Is(err, ErrMissing) {
			t.Fatalf("%s offline, git asked: %v", filter, err)
		}
		r := openAt(t, c)
		mustRead(t, r, head, "README", "hello\n")
		if _, err = readAt(r, head, "nope"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s absent: %v", filter, err)
		}
		if _, _, err := r.Object(ctx, Hash(strings.Repeat("1", 40)), 10); !errors.Is(err, ErrMissing) {
			t.Fatalf("%s object nobody has: %v", filter, err)
		}
	}
}

func TestLimits(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	history(t, dir, 20)
	blob := Hash(tgit(t, dir, "rev-parse", "h:big/file"))
	size := int64(len(tgit(t, dir, "cat-file", "-p", string(blob))))
	for _, packed := range []bool{false, true} {
		if packed {
			tgit(t, dir, "repack", "-adfq")
		}
		for _, via := range []string{"native", "git"} {
			r := openAt(t, dir)
			if via == "git" {
				r.store.roots, r.loc.promisor = []string{tempDir(t)}, true
			}
			_, data, err := r.Object(ctx, blob, size)
			if err != nil || int64(len(data)) != size {
				t.Fatalf("at the limit: %d bytes %v", len(data), err)
			}
			_, _, err = r.Object(ctx, blob, size-1)
			if e, ok := errors.AsType[*TooLargeError](err); !ok || e.Size != size || e.Name != string(blob) {
				t.Fatalf("%s over the limit: %v", via, err)
			}
			if ok, err := r.Has(ctx, blob); !ok || err != nil {
				t.Fatalf("%s has: %v %v", via, ok, err)
			}
			mustRead(t, r, Hash(tgit(t, dir, "rev-parse", "main")), "README", "hello\n")
		}
	}
}

// TestTruncated cuts pack and index at every kind of place: an error, or the
// right content, never a panic or another answer.
func TestTruncated(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	tips := history(t, dir, 12)
	tgit(t, dir, "repack", "-adfq")
	tgit(t, dir, "prune-packed", "-q")
	p := onlyPack(t, dir)
	want := map[Hash][]byte{}
	r := openAt(t, dir)
	for _, tip := range tips {
		h := Hash(tgit(t, dir, "rev-parse", string(tip)+":big/file"))
		_, data, err := r.Object(ctx, h, MaxBlob)
		if err != nil {
			t.Fatal(err)
		}
		want[h] = data
	}
	for _, ext := range []string{".idx", ".pack"} {
		whole, err := os.ReadFile(p + ext)
		if err != nil {
			t.Fatal(err)
		}
		for cut := 0; cut < len(whole); cut += max(1, len(whole)/60) {
			overwrite(t, p+ext, whole[:cut])
			r := openAt(t, dir)
			failed := 0
			for h, data := range want {
				_, got, err := r.Object(ctx, h, MaxBlob)
				if err == nil && !bytes.Equal(got, data) {
					t.Fatalf("%s cut at %d: wrong content", ext, cut)
				}
				if errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("%s cut at %d reads as absent: %v", ext, cut, err)
				}
				if err != nil {
					failed++
				}
			}
			if failed == 0 {
				t.Fatalf("%s cut at %d: nothing failed", ext, cut)
			}
			r.Close()
		}
		overwrite(t, p+ext, whole)
	}
}

// TestRepackDuringLife: a long-lived reader follows repacks and new objects.
func TestRepackDuringLife(t *testing.T) {
	dir := newDir(t)
	tips := history(t, dir, 30)
	r := openAt(t, dir)
	mustRead(t, r, tips[3], "n", "3")
	tgit(t, dir, "repack", "-adfq")
	mustRead(t, r, tips[5], "n", "5")
	put(t, dir, "new", "x")
	h := commitAll(t, dir, "new")
	mustRead(t, r, h, "new", "x")
	tgit(t, dir, "gc", "-q", "--prune=now")
	mustRead(t, r, h, "new", "x")
	mustRead(t, r, tips[29], "n", "29")
	// And back to loose.
	p := onlyPack(t, dir)
	b, err := os.ReadFile(p + ".pack")
	if err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{".pack", ".idx", ".rev", ".bitmap"} {
		if err := os.Remove(p + ext); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if _, err := pipegit(dir, nil, b, "unpack-objects", "-q"); err != nil {
		t.Fatal(err)
	}
	r.Close()
	mustRead(t, r, tips[29], "n", "29")
	if r.Spawns() != 0 {
		t.Errorf("%d processes", r.Spawns())
	}
}

// TestConcurrentReaders: eight goroutines share a Repo while it is repacked.
func TestConcurrentReaders(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		dir := newDir(t, "--object-format="+format)
		tips := history(t, dir, 40)
		r := openAt(t, dir)
		var readers sync.WaitGroup
		for g := range 8 {
			readers.Go(func() {
				for i := range 100 {
					n := (g*37 + i*7) % len(tips)
					if got, err := readAt(r, tips[n], "n"); err != nil || got != fmt.Sprint(n) {
						t.Errorf("commit %d: %q %v", n, got, err)
						return
					}
					if _, err := readAt(r, tips[n], "big/file"); err != nil {
						t.Errorf("commit %d: %v", n, err)
						return
					}
				}
			})
		}
		for i := range 3 {
			tgit(t, dir, "repack", "-adfq", fmt.Sprintf("--depth=%d", 10+20*i))
		}
		readers.Wait()
	}
}

// TestBatchCancel: a cancelled read ends git, the next one starts it again.
func TestBatchCancel(t *testing.T) {
	dir := newDir(t, "--object-format=sha256")
	r := openAt(t, dir)
	head, _, err := r.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Commit(ctx, head); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := r.Commit(context.Background(), head); err != nil {
		t.Fatal(err)
	}
	if err := r.batch.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The answer to the first read may be an error; then it works again.
	r.Commit(context.Background(), head)
	if _, err := r.Commit(context.Background(), head); err != nil {
		t.Fatal(err)
	}
}

func TestHashObjectCollision(t *testing.T) {
	h, collision := hashObject("sha1", BlobObject, nil)
	if h != "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" || collision {
		t.Fatalf("empty blob is %s %v", h, collision)
	}
	h, _ = hashObject("sha256", BlobObject, nil)
	if h != "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813" {
		t.Fatalf("empty sha256 blob is %s", h)
	}
}

// deflate is a zlib stream of b.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestLooseObjects(t *testing.T) {
	s := newStore([]string{t.TempDir()}, true)
	for _, c := range []struct {
		in   string
		want string // "" for an error
	}{
		{"blob 3\x00abc", "abc"},
		{"tree 0\x00", ""},
		{"blob 2\x00abc", ""},
		{"blob 4\x00abc", ""},
		{"blob 03\x00abc", ""},
		{"blob -1\x00", ""},
		{"blob +3\x00abc", ""},
		{"blob  3\x00abc", ""},
		{"blob 99999999999999999999\x00", ""},
		{"blob 9000000000000000000\x00abc", ""},
		{"blub 3\x00abc", ""},
		{"blob 3", ""},
		{strings.Repeat("x", 100), ""},
		{"", ""},
	} {
		typ, data, err := s.parseLoose(bytes.NewReader(deflate([]byte(c.in))), "x", 1<<20)
		if c.in == "tree 0\x00" {
			if err != nil || typ != TreeObject {
				t.Errorf("%q: %v %v", c.in, typ, err)
			}
			continue
		}
		if (err == nil) != (c.want != "") || string(data) != c.want {
			t.Errorf("%q: %q %v", c.in, data, err)
		}
	}
	for _, raw := range []string{"", "not zlib", string(deflate([]byte("blob 3\x00abc"))[:12])} {
		if _, _, err := s.parseLoose(strings.NewReader(raw), "x", 100); !is[*CorruptError](err) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
