package repo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
)

func openTree(t testing.TB, top, dir string) *WorkTree {
	t.Helper()
	w, err := OpenWorkTree(top, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func TestWorkTree(t *testing.T) {
	top := tempDir(t)
	w := openTree(t, top, ".pinseal/shop")
	if _, err := w.ReadFile("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("nothing there: %v", err)
	}
	if _, err := w.ReadDir("."); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("nothing there: %v", err)
	}
	for _, name := range []string{"app.note", "production/A.yaml", "production/B.yaml", "keys/a.1/bob.age"} {
		if err := w.WriteFile(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteFile("production/A.yaml", nil); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteNew("production/C.yaml", []byte("c")); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteNew("production/C.yaml", []byte("d")); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("second WriteNew: %v", err)
	}
	put(t, top, ".pinseal/shop/production/.tmp-1", "half")
	if err := os.Chmod(filepath.Join(top, ".pinseal/shop/app.note"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(w, "app.note", "production/A.yaml", "production/C.yaml", "keys/a.1/bob.age"); err != nil {
		t.Fatal(err)
	}
	names, err := w.Names("production")
	if want := []string{"A.yaml", "B.yaml", "C.yaml"}; err != nil || !slices.Equal(names, want) {
		t.Fatalf("names %v %v", names, err)
	}
	if fi, err := w.Stat("app.note"); err != nil || fi.Mode() != 0o644 {
		t.Fatalf("execute bit shows: %v %v", fi, err)
	}
	for _, bad := range []string{"../x", "/x", "", ".", "a//b"} {
		if err := w.WriteFile(bad, nil); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("write %q: %v", bad, err)
		}
		if _, err := w.ReadFile(bad); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("read %q: %v", bad, err)
		}
	}
	if err := w.Remove("keys/a.1/bob.age"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(top, ".pinseal/shop/keys")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("emptied directories stay: %v", err)
	}
	if err := w.Remove("keys/a.1/bob.age"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("second remove: %v", err)
	}
	if err := w.WriteFile("keys/a.1/bob.age", []byte("again")); err != nil {
		t.Fatal(err)
	}
	if b, err := w.ReadFile("keys/a.1/bob.age"); string(b) != "again" || err != nil {
		t.Fatalf("after remaking: %q %v", b, err)
	}
	alone := openTree(t, top, "solo")
	if err := alone.WriteFile("x", nil); err != nil {
		t.Fatal(err)
	}
	if err := alone.Remove("x"); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(filepath.Join(top, "solo")); err != nil || !fi.IsDir() {
		t.Fatalf("own directory went: %v", err)
	}
	if m, _ := filepath.Glob(filepath.Join(top, ".pinseal/shop/*/.tmp-*")); len(m) != 1 {
		t.Errorf("temporary files stay: %v", m)
	}
}

func TestOpenWorkTreeBad(t *testing.T) {
	for _, c := range [][2]string{{"relative", "x"}, {t.TempDir(), "../x"}, {t.TempDir(), "/x"}, {filepath.Join(t.TempDir(), "no"), "x"}} {
		if w, err := OpenWorkTree(c[0], c[1]); err == nil {
			t.Errorf("%q: %v", c, w)
		}
	}
}

// TestRemoveLink: what stands in a file's place goes, what it points to stays.
func TestRemoveLink(t *testing.T) {
	top, out := tempDir(t), tempDir(t)
	put(t, out, "d/f", "outside")
	w := openTree(t, top, "p/s")
	if err := w.WriteFile("dev/real", []byte("inside")); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"inside": "real", "outside": filepath.Join(out, "d/f"), "dir": filepath.Join(out, "d"), "dangling": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(top, "p/s/dev", name)); err != nil {
			t.Skip("no symlinks here")
		}
		if err := w.Remove("dev/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.Stat("dev/" + name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	for _, file := range []string{filepath.Join(out, "d/f"), filepath.Join(top, "p/s/dev/real")} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// TestWorkTreeOdd: links are refused wherever they lead, also for writing, and
// also when they appear after the directory was used.
func TestWorkTreeOdd(t *testing.T) {
	top, out := tempDir(t), tempDir(t)
	put(t, out, "d/f", "outside")
	w := openTree(t, top, "p/s")
	if err := w.WriteFile("real/f", []byte("inside")); err != nil {
		t.Fatal(err)
	}
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
			t.Skip("no symlinks here")
		}
	}
	link("real", "p/s/in")
	link(filepath.Join(out, "d"), "p/s/out")
	link("real/f", "p/s/file")
	link("nowhere", "p/s/dangling")
	if err := os.Mkdir(filepath.Join(top, "p/s/dir"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]string{"in/f": "p/s/in", "out/f": "p/s/out", "file": "p/s/file", "dangling": "p/s/dangling", "dir": "p/s/dir", "real/f/x": "p/s/real/f"} {
		for op, do := range map[string]func() error{
			"read":   func() error { _, err := w.ReadFile(name); return err },
			"write":  func() error { return w.WriteFile(name, []byte("x")) },
			"remove": func() error { return w.Remove(name) },
		} {
			if op == "remove" && (name == "file" || name == "dangling") {
				continue // TestRemoveLink
			}
			odd, ok := errors.AsType[*OddEntryError](do())
			if !ok || odd.Path != at {
				t.Errorf("%s %s: %v", op, name, odd)
			}
		}
		if err := w.WriteNew(name, []byte("x")); !is[*OddEntryError](err) {
			t.Errorf("new %s: %v", name, err)
		}
	}
	if _, err := w.Open("in"); err == nil || !is[*OddEntryError](err) {
		t.Errorf("open a link: %v", err)
	}
	if fi, err := w.Stat("in"); err != nil || fi.Mode().Type() != fs.ModeSymlink {
		t.Errorf("stat a link: %v %v", fi, err)
	}
	// The directory in use becomes a link.
	if _, err := w.ReadFile("real/f"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p/s/real", "p/s", "p"} {
		moved := filepath.Join(out, strings.ReplaceAll(name, "/", "-"))
		if err := os.Rename(filepath.Join(top, name), moved); err != nil {
			t.Fatal(err)
		}
		link(moved, name)
		if _, err := w.ReadFile("real/f"); !is[*OddEntryError](err) {
			t.Errorf("%s became a link: %v", name, err)
		}
		if err := w.WriteFile("real/f", nil); !is[*OddEntryError](err) {
			t.Errorf("%s became a link: %v", name, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(out, "d/f")); string(b) != "outside" || err != nil {
		t.Errorf("written outside: %q %v", b, err)
	}
}

func TestWorkTreeFIFO(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no FIFOs here")
	}
	top := tempDir(t)
	if err := exec.Command("mkfifo", filepath.Join(top, "pipe")).Run(); err != nil {
		t.Skip("no mkfifo here")
	}
	w := openTree(t, top, "")
	if _, err := w.ReadFile("pipe"); !is[*OddEntryError](err) {
		t.Fatalf("got %v", err)
	}
}

func TestWorkTreeTooLarge(t *testing.T) {
	top := tempDir(t)
	f, err := os.Create(filepath.Join(top, "big"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(MaxBlob+1), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := openTree(t, top, "").ReadFile("big"); !is[*TooLargeError](err) {
		t.Fatalf("got %v", err)
	}
}

// TestWorkTreeRace: writers and removers of one file in one directory; a reader
// sees a whole file or none.
func TestWorkTreeRace(t *testing.T) {
	top := tempDir(t)
	var group sync.WaitGroup
	for g := range 4 {
		w := openTree(t, top, "p")
		body := bytes.Repeat([]byte{byte('a' + g)}, 5000)
		group.Go(func() {
			for i := range 40 {
				if err := w.WriteFile("d/f", body); err != nil {
					t.Errorf("write: %v", err)
					return
				}
				if b, err := w.ReadFile("d/f"); err == nil {
					if len(b) != 5000 || bytes.Count(b, b[:1]) != 5000 {
						t.Errorf("torn read of %d bytes", len(b))
					}
				} else if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("read: %v", err)
				}
				if i%4 == g {
					if err := w.Remove("d/f"); err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("remove: %v", err)
					}
				}
			}
		})
	}
	group.Wait()
	// Many want to be first, one is.
	var wins sync.Map
	for g := range 8 {
		w := openTree(t, top, "p")
		group.Go(func() {
			for i := range 20 {
				err := w.WriteNew(fmt.Sprintf("n/%d", i), []byte{byte(g)})
				if err == nil {
					if _, twice := wins.LoadOrStore(i, g); twice {
						t.Errorf("file %d was new twice", i)
					}
				} else if !errors.Is(err, fs.ErrExist) {
					t.Errorf("new: %v", err)
				}
			}
		})
	}
	group.Wait()
	for i := range 20 {
		if _, ok := wins.Load(i); !ok {
			t.Errorf("nobody made file %d", i)
		}
	}
}

// killLoop runs this test binary as a child that works until it is killed, and
// kills it after it has reported a few steps.
func killLoop(t *testing.T, test, dir string, steps int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), "REPO_TEST_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range steps {
		if !lines.Scan() {
			t.Fatal("child ended by itself")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
}

// TestWriteFileKilled: after kill -9 at any time the file is old or new.
func TestWriteFileKilled(t *testing.T) {
	if dir := os.Getenv("REPO_TEST_CHILD"); dir != "" {
		w, err := OpenWorkTree(dir, "p")
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			fmt.Println(i)
			if err := w.WriteFile("d/f", bytes.Repeat([]byte{byte('a' + i%2)}, 100_000)); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := tempDir(t)
	w := openTree(t, dir, "p")
	if err := w.WriteFile("d/f", bytes.Repeat([]byte("a"), 100_000)); err != nil {
		t.Fatal(err)
	}
	for i := range 25 {
		killLoop(t, "TestWriteFileKilled", dir, 1+i%7)
		b, err := w.ReadFile("d/f")
		if err != nil || len(b) != 100_000 || bytes.Count(b, b[:1]) != 100_000 {
			t.Fatalf("round %d: %d bytes, %v", i, len(b), err)
		}
		if names, err := w.Names("d"); err != nil || !slices.Equal(names, []string{"f"}) {
			t.Fatalf("names %v %v", names, err)
		}
	}
}
