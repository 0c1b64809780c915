package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, ".gitignore", "*.log\n/build/\n")
	put(t, dir, "kept.log", "tracked all the same")
	tgit(t, dir, "add", "-f", "kept.log", ".gitignore")
	tgit(t, dir, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", newDir(t), "sub")
	tgit(t, dir, "commit", "-q", "-m", "more")
	for _, name := range []string{"x.log", "build/x", "app/" + oddName, "app/*", ":(top)x", "nested/x", "sub/x", "deep/er/est"} {
		put(t, dir, name, "x")
	}
	tgit(t, filepath.Join(dir, "nested"), "init", "-q", ".")
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Skip("no symlinks here")
	}
	if err := os.Remove(filepath.Join(dir, "app/dev/B.yaml")); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "app/dev/A.yaml", "changed")
	tgit(t, dir, "update-index", "--skip-worktree", "kept.log")
	r := openAt(t, filepath.Join(dir, "app"))
	app := []string{"app/*", "app/" + oddName, "app/dev/A.yaml", "app/dev/B.yaml"}
	all := slices.Concat(app, []string{".gitignore", ".gitmodules", ":(top)x", "README", "deep/er/est", "kept.log", "link"})
	for under, want := range map[string][]string{"": all, ".": all, "app": app, "app/dev": app[2:], "app/*": app[:1], "app/d": nil, ":(top)x": {":(top)x"}, "nope": nil,
		"build": nil, "x.log": nil, "link": {"link"}, "deep/er/est": {"deep/er/est"}, "README": {"README"}, "sub": nil, "sub/x": nil, "nested": nil, "link/x": nil} {
		before := r.Spawns()
		got, err := r.Files(ctx, under)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || err != nil || r.Spawns() != before+1 {
			t.Errorf("%q: %q %v", under, got, err)
		}
	}
	for _, bad := range []string{"../x", "/app", "app/"} {
		if _, err := r.Files(ctx, bad); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestFilesSparse: what a checkout leaves out is not there, what somebody put
// there all the same is.
func TestFilesSparse(t *testing.T) {
	ctx := context.Background()
	dir := newDir(t)
	put(t, dir, "lib/x/f", "f")
	put(t, dir, "lib/x/g", "g")
	commitAll(t, dir, "lib")
	tgit(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "app")
	tgit(t, dir, "update-index", "--skip-worktree", "app/dev/A.yaml")
	put(t, dir, "app/dev/A.yaml", "local")
	put(t, dir, "lib/x/f", "put there")
	r := openAt(t, dir)
	got, err := r.Files(ctx, "")
	if want := []string{"README", "app/dev/A.yaml", "app/dev/B.yaml", "lib/x/f"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestParseListedBad(t *testing.T) {
	for _, bad := range []string{"", "H", "? ", "H 100644 x 0", "H x\tp", "HH 100644 x 0\tp", "H 100644 x 0\t", "?x", " p"} {
		if f, err := parseListed(bad); err == nil {
			t.Errorf("%q: %v", bad, f)
		}
	}
	for item, want := range map[string]listedFile{"? a\tb": {"a\tb", true, false}, "? n/": {"n/", false, false}, "H 100644 x 0\ta\tb": {"a\tb", true, false},
		"S 120000 x 0\tl": {"l", true, true}, "H 160000 x 0\ts": {"s", false, false}} {
		if f, err := parseListed(item); f != want || err != nil {
			t.Errorf("%q: %+v %v", item, f, err)
		}
	}
}

// FuzzFeed: whatever git prints is read as what it says or is an error.
func FuzzFeed(f *testing.F) {
	id := strings.Repeat("a", 40)
	raw := ":100644 120000 " + id + " " + id + " T\x00a/b\x00"
	seed(f, []byte("H 100644 "+id+" 0\tp"), []byte("? p/"), []byte(raw), []byte("HEAD~2..v1"), []byte("^main"), []byte("--exclude=x"),
		[]byte(id+"\x001\x00who\x00subject\x00\n"+raw))
	f.Fuzz(func(t *testing.T, b []byte) { feedParsers(t, b) })
}

// feedParsers gives b to each parser of git's lists.
func feedParsers(t *testing.T, b []byte) {
	if l, err := parseListed(string(b)); err == nil && (l.path == "" || !strings.HasSuffix(string(b), l.path)) {
		t.Fatalf("%q is listed as %+v", b, l)
	}
	if e, err := parseIndexEntry(items(b)); err == nil && (e.Path == "" || strings.Contains(e.Path, "\x00") || len(e.id) != 40 && len(e.id) != 64) {
		t.Fatalf("%q is entry %+v", b, e)
	}
	_, err := parseWhole(items(b), func(c Change, err error) bool {
		if err != nil || len(c.Subject) > maxLogText+len("…") {
			t.Fatalf("%q is %+v", b, c)
		}
		if _, err := ParseHash(string(c.Commit)); err != nil {
			t.Fatal(err)
		}
		return true
	})
	if errors.Is(err, io.EOF) {
		t.Fatal("the end of a list is an error")
	}
	// No word that begins with "-" gets through but those that are known.
	args, err := revArgs([]string{string(b)})
	if err == nil && (args[0] == "" || args[0][0] == '-' && !revOption(string(b)) || !strings.HasPrefix(args[0], string(b[:1])) || strings.Contains(args[0], "\x00")) {
		t.Fatalf("%q is %q", b, args)
	}
}

func items(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// TestFilesUnlisted: a directory that git cannot read is told, beside the files
// that there are.
func TestFilesUnlisted(t *testing.T) {
	dir := newDir(t)
	put(t, dir, "it's: 'x'/a.txt", "x")
	put(t, dir, "sound.txt", "x")
	closed := filepath.Join(dir, "it's: 'x'")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(closed, 0o700) })
	if _, err := os.ReadDir(closed); err == nil {
		t.Skip("every directory can be read here")
	}
	files, err := openAt(t, dir).Files(context.Background(), "")
	if unlisted := new(*UnlistedError); !errors.As(err, unlisted) || !slices.Equal((*unlisted).Dirs, []string{"it's: 'x'"}) || !slices.Contains(files, "sound.txt") {
		t.Errorf("%q, %v", files, err)
	}
}

func TestUnlisted(t *testing.T) {
	for said, want := range map[string][]string{
		"": nil, "warning: unable to access 'a/.gitignore': Permission denied": nil,
		"warning: could not open directory 'a b/': Permission denied\nwarning: could not open directory 'it's: 'x'/d/': Permission denied": {"a b", "it's: 'x'/d"},
		"y: x\nwarning: could not open directory 'cut\nhere/': Permission denied":                                                          {"cut"},
	} {
		if got := unlisted(said); !slices.Equal(got, want) {
			t.Errorf("%q: %q", said, got)
		}
	}
}
