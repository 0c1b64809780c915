package repo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noise is n bytes, the first of which do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	rnd := rand.NewChaCha8([32]byte{1})
	rnd.Read(b[:min(n, 1<<16)])
	return b
}

// keep adds a blob to a repository.
func keep(t testing.TB, dir string, data []byte) Hash {
	t.Helper()
	id, err := pipegit(dir, nil, data, "hash-object", "-w", "--stdin")
	if err != nil {
		t.Fatal(err)
	}
	return Hash(id)
}

func readBlob(r *Repo, h Hash) ([]byte, error) {
	b, err := r.Blob(context.Background(), h)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

// TestBlob reads blobs on both sides of what is held in memory, loose, packed and
// as deltas.
func TestBlob(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		dir := newDir(t, "--object-format="+format)
		big := noise(maxWhole + 1)
		contents := [][]byte{{}, []byte("x"), noise(maxWhole), big, append(bytes.Clone(big), "more"...)}
		var ids []Hash
		var list bytes.Buffer
		for _, c := range contents {
			ids = append(ids, keep(t, dir, c))
			list.WriteString(string(ids[len(ids)-1]) + " name\n")
		}
		for _, how := range []string{"loose", "packed"} {
			r := openAt(t, dir)
			if how == "packed" {
				if _, err := pipegit(dir, nil, list.Bytes(), "pack-objects", "-q", ".git/objects/pack/pack"); err != nil {
					t.Fatal(err)
				}
				tgit(t, dir, "prune-packed", "-q")
			}
			for i, h := range ids {
				before := r.Spawns()
				got, err := readBlob(r, h)
				if !bytes.Equal(got, contents[i]) || err != nil {
					t.Errorf("%s, %s, %d bytes: %d, %v", format, how, len(contents[i]), len(got), err)
				}
				if n := r.Spawns() - before; format == "sha1" && n != len(contents[i])/(maxWhole+1) {
					t.Errorf("%s, %d bytes: %d processes", how, len(contents[i]), n)
				}
			}
		}
	}
}

func TestBlobClosed(t *testing.T) {
	dir := newDir(t)
	h := keep(t, dir, noise(maxWhole+1<<20))
	r := openAt(t, dir)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	b, err := r.Blob(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(b, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if b.(*blobStream).cmd.ProcessState == nil {
		t.Error("the process was left")
	}
	if n, err := b.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("read after closing: %d %v", n, err)
	}
	if b, err = r.Blob(ctx, h); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	why := errors.New("enough")
	cancel(why)
	if n, err := io.Copy(io.Discard, b); !errors.Is(err, why) {
		t.Errorf("cancelled: %d %v", n, err)
	}
	if _, err := r.Blob(ctx, h); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// TestBlobBad: what is not the whole blob of that name never ends in io.EOF.
func TestBlobBad(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	data := noise(maxWhole + 1<<20)
	h := keep(t, dir, data)
	r := openAt(t, dir)
	for _, bad := range []Hash{"", "HEAD", Hash(tgit(t, dir, "rev-parse", "HEAD")), Hash(tgit(t, dir, "rev-parse", "HEAD^{tree}"))} {
		if _, err := r.Blob(ctx, bad); !is[*CorruptError](err) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := r.Blob(ctx, Hash(strings.Repeat("1", 40))); !errors.Is(err, ErrMissing) {
		t.Errorf("missing: %v", err)
	}
	tag := keep(t, dir, []byte("not a tag"))
	for size, id := range map[int64]Hash{int64(len(data)) - 1: h, int64(len(data)) + 1: h, 9: h, 10: tag} {
		b, err := r.streamBlob(ctx, id, size)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, b); !is[*CorruptError](err) {
			t.Errorf("size %d: %d bytes, %v", size, n, err)
		}
		b.Close()
	}
	b, err := r.streamBlob(ctx, Hash(tgit(t, dir, "rev-parse", "HEAD")), 10)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, b); !is[*GitError](err) {
		t.Errorf("a commit: %d bytes, %v", n, err)
	}
	// A loose object under another's name: git does not look.
	path := filepath.Join(dir, ".git/objects", string(h[:2]), string(h[2:]))
	data[0] ^= 1
	other := keep(t, dir, data)
	whole := readFile(t, filepath.Join(dir, ".git/objects", string(other[:2]), string(other[2:])))
	for name, content := range map[string]string{"another": whole, "cut": whole[:len(whole)/2]} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		overwrite(t, path, []byte(content))
		n, err := readBlob(r, h)
		if err == nil || !is[*CorruptError](err) && !is[*GitError](err) {
			t.Errorf("%s: %d bytes, %v", name, len(n), err)
		}
	}
}

// TestBlobPartial: what a partial clone lacks is fetched, or said to be missing.
func TestBlobPartial(t *testing.T) {
	src, p := newDir(t), tempDir(t)
	small, big := Hash(tgit(t, src, "rev-parse", "HEAD:README")), noise(maxWhole+1)
	if err := os.WriteFile(filepath.Join(src, "big"), big, 0o666); err != nil {
		t.Fatal(err)
	}
	commitAll(t, src, "big")
	bigID := Hash(tgit(t, src, "rev-parse", "HEAD:big"))
	tgit(t, src, "config", "uploadpack.allowFilter", "true")
	tgit(t, src, "config", "uploadpack.allowAnySHA1InWant", "true")
	tgit(t, p, "clone", "-q", "--bare", "--filter=blob:none", "file://"+src, "c.git")
	c := filepath.Join(p, "c.git")
	off := openWith(t, c, Options{Env: testEnv(p), Offline: true})
	for _, h := range []Hash{small, bigID} {
		if _, err := readBlob(off, h); !errors.Is(err, ErrMissing) && !errors.Is(err, ErrOffline) {
			t.Errorf("offline: %v", err)
		}
	}
	r := openAt(t, c)
	if got, err := readBlob(r, small); string(got) != "hello\n" || err != nil {
		t.Errorf("small: %q %v", got, err)
	}
	if got, err := readBlob(r, bigID); !bytes.Equal(got, big) || err != nil {
		t.Errorf("big: %d bytes, %v", len(got), err)
	}
	files := 0
	for c, err := range r.Range(context.Background(), []string{"--all"}) {
		if err != nil {
			t.Fatal(err)
		}
		files += len(c.Files)
		told(t, r, c.Files)
	}
	if files != 4 {
		t.Errorf("%d files", files)
	}
	if err := os.Rename(src, src+".gone"); err != nil {
		t.Fatal(err)
	}
	tgit(t, p, "clone", "-q", "--bare", "--filter=blob:none", "file://"+src+".gone", "d.git")
	if err := os.Rename(src+".gone", src); err != nil {
		t.Fatal(err)
	}
	if _, err := readBlob(openAt(t, filepath.Join(p, "d.git")), small); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the remote is gone: %v", err)
	}
}
