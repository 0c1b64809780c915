package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// snapshot maps every path below top to its kind, permission bits and content.
func snapshot(t testing.TB, top string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(top, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case fi.Mode().IsRegular():
			content = readFile(t, p)
		case fi.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(p)
		}
		rel, _ := filepath.Rel(top, p)
		all[filepath.ToSlash(rel)] = fmt.Sprint(fi.Mode(), " ", content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameTree fails unless the tree is what it was.
func sameTree(t *testing.T, top string, before map[string]string) {
	t.Helper()
	after := snapshot(t, top)
	for _, p := range slices.Sorted(maps.Keys(before)) {
		if after[p] != before[p] {
			t.Errorf("%s is %.60q, was %.60q", p, after[p], before[p])
		}
	}
	for _, p := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[p]; !ok {
			t.Errorf("%s is new: %.60q", p, after[p])
		}
	}
}

// shopTree makes a work tree with a few files in p/s.
func shopTree(t testing.TB) (*WorkTree, string) {
	t.Helper()
	top := tempDir(t)
	for name, content := range map[string]string{
		"app.note": "note", "dev/A.yaml": "a", "dev/B.yaml": "b", "dev/EMPTY": "", "keys/dev.read.1/bob.age": "bob", "keys/dev.read.1/eve.age": "eve", "keys/admin.1/bob.age": "bob",
	} {
		put(t, top, "p/s/"+name, content)
	}
	for name, mode := range map[string]fs.FileMode{"p/s/dev/A.yaml": 0o600, "p/s/dev/B.yaml": 0o755} {
		if err := os.Chmod(filepath.Join(top, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"hollow", "barren"} {
		if err := os.Mkdir(filepath.Join(top, "p/s", name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return openTree(t, top, "p/s"), top
}

// several are edits of every kind, in an order that is not that of the names.
func several() []Edit {
	return []Edit{
		{Path: "keys/dev.read.2/ada.age", Data: []byte("ada")}, {Path: "app.note", Data: []byte("newer")}, {Path: "dev/B.yaml", Data: []byte("b2")}, {Path: "dev/A.yaml", Data: []byte{}},
		{Path: "deep/er/new", Data: []byte("n")}, {Path: "hollow/h", Data: []byte("h")}, {Path: "dev/EMPTY", Data: nil}, {Path: "keys/dev.read.1/bob.age", Data: nil},
		{Path: "keys/admin.1/bob.age", Data: nil}, {Path: "keys/admin.1/absent.age", Data: nil}, {Path: "no/such/dir", Data: nil}, {Path: "barren/absent", Data: nil}, {Path: "keys/dev.read.1/eve.age", Data: nil},
	}
}

func TestApply(t *testing.T) {
	ctx := context.Background()
	w, top := shopTree(t)
	if err := w.Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Apply(ctx, several()); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for p, s := range snapshot(t, top) {
		mode, content, _ := strings.Cut(s, " ")
		if mode[0] == '-' {
			got[p] = content
		} else {
			got[p] = mode[:1]
		}
	}
	want := map[string]string{
		".": "d", "p": "d", "p/s": "d", "p/s/keys": "d", "p/s/keys/dev.read.2": "d", "p/s/keys/dev.read.2/ada.age": "ada", "p/s/app.note": "newer",
		"p/s/dev": "d", "p/s/dev/A.yaml": "", "p/s/dev/B.yaml": "b2", "p/s/deep": "d", "p/s/deep/er": "d", "p/s/deep/er/new": "n", "p/s/hollow": "d", "p/s/hollow/h": "h", "p/s/barren": "d",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	// The last file goes, and with it all but the WorkTree's own directory.
	alone := openTree(t, top, "solo/own")
	if err := alone.Apply(ctx, []Edit{{Path: "a/b", Data: []byte("x")}, {Path: "a/c/d", Data: []byte("y")}}); err != nil {
		t.Fatal(err)
	}
	if err := alone.Apply(ctx, []Edit{{Path: "a/b", Data: nil}, {Path: "a/c/d", Data: nil}}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Join(top, "solo/own")); len(entries) != 0 || err != nil {
		t.Errorf("own directory: %v %v", entries, err)
	}
}

// TestApplyRefused: edits that cannot be made leave everything as it was, also
// when they come third of five.
func TestApplyRefused(t *testing.T) {
	out := tempDir(t)
	put(t, out, "f", "outside")
	odd := func(at string) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*OddEntryError](err)
			return ok && e.Path == at
		}
	}
	link := func(target, name string) func(*testing.T, string) {
		return func(t *testing.T, top string) {
			if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
				t.Skip("no symlinks here")
			}
		}
	}
	directory := func(mode fs.FileMode) func(*testing.T, string) {
		return func(t *testing.T, top string) {
			if err := os.Mkdir(filepath.Join(top, "p/s/dir"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(top, "p/s/dir"), mode); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(filepath.Join(top, "p/s/dir"), 0o777) })
		}
	}
	denied := func(err error) bool { return errors.Is(err, fs.ErrPermission) }
	invalid := func(err error) bool { return errors.Is(err, fs.ErrInvalid) }
	large := func(t *testing.T, top string) {
		put(t, top, "p/s/large", "")
		if err := os.Truncate(filepath.Join(top, "p/s/large"), MaxBlob+1); err != nil {
			t.Fatal(err)
		}
	}
	x := []byte("x")
	for name, c := range map[string]struct {
		edit  Edit
		ready func(*testing.T, string)
		want  func(error) bool
	}{
		"link in a file's place":     {Edit{Path: "link", Data: x}, link("app.note", "p/s/link"), odd("p/s/link")},
		"link out":                   {Edit{Path: "link", Data: x}, link(filepath.Join(out, "f"), "p/s/link"), odd("p/s/link")},
		"dangling link":              {Edit{Path: "link", Data: x}, link("nowhere", "p/s/link"), odd("p/s/link")},
		"link removed":               {Edit{Path: "link", Data: nil}, link("app.note", "p/s/link"), odd("p/s/link")},
		"link on the way":            {Edit{Path: "link/new", Data: x}, link("dev", "p/s/link"), odd("p/s/link")},
		"link on the way out":        {Edit{Path: "link/new/er", Data: x}, link(out, "p/s/link"), odd("p/s/link")},
		"removed behind a link":      {Edit{Path: "link/EMPTY", Data: nil}, link("dev", "p/s/link"), odd("p/s/link")},
		"directory in a place":       {Edit{Path: "hollow", Data: x}, nil, odd("p/s/hollow")},
		"directory removed":          {Edit{Path: "hollow", Data: nil}, nil, odd("p/s/hollow")},
		"file on the way":            {Edit{Path: "app.note/x", Data: x}, nil, odd("p/s/app.note")},
		"file made on the way":       {Edit{Path: "new/1/x", Data: x}, nil, odd("p/s/new/1")},
		"directory not writable":     {Edit{Path: "dir/x", Data: x}, directory(0o555), denied},
		"directory to make there":    {Edit{Path: "dir/sub/x", Data: x}, directory(0o555), denied},
		"path outside":               {Edit{Path: "../x", Data: x}, nil, invalid},
		"no path":                    {Edit{Path: ".", Data: nil}, nil, invalid},
		"same path twice":            {Edit{Path: "new/1", Data: nil}, nil, func(err error) bool { return strings.Contains(err.Error(), "two edits") }},
		"too large":                  {Edit{Path: "new/2", Data: make([]byte, MaxBlob+1)}, nil, is[*TooLargeError]},
		"too large to be put back":   {Edit{Path: "large", Data: x}, large, is[*TooLargeError]},
		"name too long for the disk": {Edit{Path: strings.Repeat("n", 300), Data: x}, nil, func(err error) bool { return errors.Is(err, syscall.ENAMETOOLONG) }},
	} {
		t.Run(name, func(t *testing.T) {
			w, top := shopTree(t)
			if c.ready != nil {
				c.ready(t, top)
			}
			if os.WriteFile(filepath.Join(top, "p/s/dir/probe"), nil, 0o666) == nil {
				t.Skip("everything can be written here")
			}
			before := snapshot(t, top)
			edits := []Edit{{Path: "new/1", Data: x}, {Path: "app.note", Data: x}, c.edit, {Path: "keys/admin.1/bob.age", Data: nil}, {Path: "dev/A.yaml", Data: x}}
			if err := w.Apply(context.Background(), edits); err == nil || !c.want(err) {
				t.Errorf("got %v", err)
			}
			sameTree(t, top, before)
		})
	}
	if got := readFile(t, filepath.Join(out, "f")); got != "outside" {
		t.Errorf("written outside: %q", got)
	}
}

// lastLook is a context that acts once when all n temporary files are written,
// which is after the tree was looked at and before the first rename.
type lastLook struct {
	context.Context
	top  string
	n    int
	act  func()
	once sync.Once
}

func temps(top string) (found []string) {
	filepath.WalkDir(top, func(p string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(e.Name(), tempPrefix) {
			found = append(found, p)
		}
		return nil
	})
	return found
}

func (c *lastLook) Err() error {
	if len(temps(c.top)) == c.n {
		c.once.Do(c.act)
	}
	return c.Context.Err()
}

// TestApplyFailsMidway changes the tree under an Apply whose first renames
// succeed. Everything else is put back.
func TestApplyFailsMidway(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	edits := several()
	for name, c := range map[string]struct {
		act, restore func(s string) // s is the WorkTree's directory
		at           string         // of the odd entry
	}{
		"file became a directory": {
			func(s string) { must(os.Remove(s + "/dev/A.yaml")); must(os.Mkdir(s+"/dev/A.yaml", 0o777)) },
			func(s string) {
				must(os.Remove(s + "/dev/A.yaml"))
				must(os.WriteFile(s+"/dev/A.yaml", []byte("a"), 0o600))
			}, "p/s/dev/A.yaml",
		},
		"new file is a link": {
			func(s string) { must(os.Symlink("h2", s+"/hollow/h")) },
			func(s string) { must(os.Remove(s + "/hollow/h")) }, "p/s/hollow/h",
		},
		"directory became a link to itself": {
			func(s string) { must(os.Rename(s+"/hollow", s+"/moved")); must(os.Symlink("moved", s+"/hollow")) },
			func(s string) { must(os.Remove(s + "/hollow")); must(os.Rename(s+"/moved", s+"/hollow")) }, "p/s/hollow",
		},
		"directory became another": {
			func(s string) { must(os.Rename(s+"/hollow", s+"/moved")); must(os.Mkdir(s+"/hollow", 0o777)) },
			func(s string) { must(os.Remove(s + "/moved")) }, "p/s/hollow",
		},
		"removed file became a directory": {
			func(s string) {
				must(os.Rename(s+"/keys/dev.read.1/eve.age", s+"/eve"))
				must(os.Mkdir(s+"/keys/dev.read.1/eve.age", 0o777))
			},
			func(s string) {
				must(os.Remove(s + "/keys/dev.read.1/eve.age"))
				must(os.Rename(s+"/eve", s+"/keys/dev.read.1/eve.age"))
			}, "p/s/keys/dev.read.1/eve.age",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, top := shopTree(t)
			before := snapshot(t, top)
			s := filepath.Join(top, "p/s")
			ctx := &lastLook{Context: context.Background(), top: top, n: 6, act: func() { c.act(s) }}
			err := w.Apply(ctx, edits)
			if odd, ok := errors.AsType[*OddEntryError](err); !ok || odd.Path != c.at || strings.Contains(err.Error(), "put back") {
				t.Errorf("got %v", err)
			}
			c.restore(s)
			sameTree(t, top, before)
		})
	}
}

// TestApplyStopped: the end of the context before the first rename leaves
// everything as it was; afterwards it is too late.
func TestApplyStopped(t *testing.T) {
	for _, after := range []int{0, 3, 6} {
		w, top := shopTree(t)
		before := snapshot(t, top)
		ctx, cancel := context.WithCancelCause(context.Background())
		reason := errors.New("enough")
		look := &lastLook{Context: ctx, top: top, n: after, act: func() { cancel(reason) }}
		if after == 0 {
			cancel(reason)
		}
		// With several at a time the moment of three may be missed; six is kept.
		err := w.Apply(look, several())
		if err == nil && after != 3 || err != nil && !errors.Is(err, reason) && !errors.Is(err, context.Canceled) {
			t.Errorf("after %d: %v", after, err)
		}
		if err != nil {
			sameTree(t, top, before)
		}
	}
}

// TestApplyOrder looks at the tree at every step of a slow Apply: what is done is
// always a first part of the edits, each file whole.
func TestApplyOrder(t *testing.T) {
	w, top := shopTree(t)
	edits := several()[:8]
	changes, err := w.look(context.Background(), edits)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := w.stage(c); err != nil {
			t.Fatal(err)
		}
	}
	for done := range len(changes) + 1 {
		for i, e := range edits {
			b, err := os.ReadFile(filepath.Join(top, "p/s", e.Path))
			new := err == nil && bytes.Equal(b, e.Data)
			if e.Data == nil {
				new = errors.Is(err, fs.ErrNotExist)
			}
			if new != (i < done) {
				t.Errorf("after %d edits %s is %q, %v", done, e.Path, b, err)
			}
		}
		if done < len(changes) {
			if err := w.place(changes[done]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestUndoFails: what cannot be put back is named, the rest is put back.
func TestUndoFails(t *testing.T) {
	w, top := shopTree(t)
	before := snapshot(t, top)
	changes, err := w.look(context.Background(), several())
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.missing(changes)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := errors.Join(w.stage(c), w.place(c)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.settle(changes); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(top, "p/s/dev")); err != nil {
		t.Fatal(err)
	}
	put(t, top, "p/s/dev", "in the way")
	err = w.undo(changes, len(changes), made)
	for _, want := range []string{`"p/s/dev/A.yaml" was changed and could not be put back`, `"p/s/dev/B.yaml" was`, `"p/s/dev/EMPTY" was`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "app.note") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(filepath.Join(top, "p/s/dev")); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(before, func(p, _ string) bool { return p == "p/s/dev" || strings.HasPrefix(p, "p/s/dev/") })
	sameTree(t, top, before)
}

// TestApplyRace: several write and remove their own files in the same
// directories; some of them fail and put back.
func TestApplyRace(t *testing.T) {
	top := tempDir(t)
	shared := openTree(t, top, "p")
	var group sync.WaitGroup
	for g := range 6 {
		w := shared
		if g%2 == 0 {
			w = openTree(t, top, "p")
		}
		group.Go(func() {
			name := func(i int) string { return fmt.Sprintf("d%d/sub/f%d", i%5, 100*g+i) }
			var write, remove []Edit
			for i := range 20 {
				write = append(write, Edit{Path: name(i), Data: bytes.Repeat([]byte{byte('a' + g)}, 3000)})
				remove = append(remove, Edit{Path: name(i), Data: nil})
			}
			for range 6 {
				for what, do := range map[string]func() error{
					"bad": func() error {
						err := w.Apply(context.Background(), append(write[:len(write):len(write)], Edit{Path: "d0", Data: nil}, Edit{Path: fmt.Sprintf("bad%d/f/x", g), Data: []byte("x")}, Edit{Path: fmt.Sprintf("bad%d/f", g), Data: []byte("x")}))
						if !is[*OddEntryError](err) || strings.Contains(err.Error(), "put back") {
							return fmt.Errorf("got %w", err)
						}
						return nil
					},
					"good": func() error {
						return errors.Join(w.Apply(context.Background(), write), w.Apply(context.Background(), remove))
					},
				} {
					if err := do(); err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
			if err := w.Apply(context.Background(), write); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	files := 0
	for p, s := range snapshot(t, top) {
		if s[0] == '-' {
			files++
		}
		if strings.HasPrefix(p, "p/bad") {
			t.Errorf("%s stays", p)
		}
	}
	if m := temps(top); files != 120 || len(m) > 0 {
		t.Errorf("%d files, temporary %v", files, m)
	}
}

// TestApplyKilled: after kill -9 at any time the first files are new, the others
// old, each whole.
func TestApplyKilled(t *testing.T) {
	const n = 40
	edits := func(b byte) (all []Edit) {
		for i := range n {
			all = append(all, Edit{Path: fmt.Sprintf("d%d/f%d", i%3, i), Data: bytes.Repeat([]byte{b}, 2000)})
		}
		return all
	}
	if dir := os.Getenv("REPO_TEST_CHILD"); dir != "" {
		w, err := OpenWorkTree(dir, "p")
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			fmt.Println(i)
			if err := w.Apply(context.Background(), edits(byte('a'+i%26))); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := tempDir(t)
	w := openTree(t, dir, "p")
	for round := range 12 {
		// The next child begins with a: let nothing else be a.
		if err := w.Apply(context.Background(), edits('z')); err != nil {
			t.Fatal(err)
		}
		killLoop(t, "TestApplyKilled", dir, 1+round%4)
		var got []byte
		for _, e := range edits('z') {
			b, err := w.ReadFile(e.Path)
			if err != nil || len(b) != 2000 || bytes.Count(b, b[:1]) != 2000 {
				t.Fatalf("round %d: %d bytes, %v", round, len(b), err)
			}
			got = append(got, b[0])
		}
		if changes := len(slices.Compact(slices.Clone(got))) - 1; changes > 1 {
			t.Errorf("round %d: not a first part: %s", round, got)
		}
	}
}

// BenchmarkApply writes 1,500 files of 2 KiB, anew and over old ones, beside as
// many WriteFile.
func BenchmarkApply(b *testing.B) {
	edits := make([]Edit, 1500)
	for i := range edits {
		edits[i] = Edit{Path: fmt.Sprintf("e%d/S%d.yaml", i%5, i), Data: bytes.Repeat([]byte("v"), 2048)}
	}
	b.Run("Apply", func(b *testing.B) {
		w := openTree(b, tempDir(b), ".pinseal/shop")
		for b.Loop() {
			if err := w.Apply(context.Background(), edits); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("WriteFile", func(b *testing.B) {
		w := openTree(b, tempDir(b), ".pinseal/shop")
		for b.Loop() {
			for _, e := range edits {
				if err := w.WriteFile(e.Path, e.Data); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// What an edit was made from must still be there.
func TestApplyWas(t *testing.T) {
	ctx := context.Background()
	top := t.TempDir()
	w := openTree(t, top, "p")
	if err := w.WriteFile("a", []byte("one")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		edits []Edit
		ok    bool
	}{
		{"another content", []Edit{{Path: "new/b", Data: []byte("b")}, {Path: "a", Data: []byte("two"), Was: []byte("other")}}, false},
		{"no file", []Edit{{Path: "new/b", Data: []byte("b")}, {Path: "c", Data: []byte("two"), Was: []byte("one")}}, false},
		{"removed, another content", []Edit{{Path: "a", Was: []byte("other")}}, false},
		{"the same", []Edit{{Path: "a", Data: []byte("two"), Was: []byte("one")}, {Path: "b", Data: []byte("b")}}, true},
	} {
		err := w.Apply(ctx, test.edits)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", test.name, err)
		}
		want := map[bool]string{true: "two", false: "one"}[test.ok]
		if data, err := w.ReadFile("a"); err != nil || string(data) != want {
			t.Errorf("%s: a holds %q, %v", test.name, data, err)
		}
		if _, err := w.Stat("new"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something stays: %v", test.name, err)
		}
	}
	// It can change after the first look, while the new files are written.
	c := &change{Edit: Edit{Path: "a", Data: []byte("three"), Was: []byte("two")}}
	if err := w.stage(c); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFile("a", []byte("late")); err != nil {
		t.Fatal(err)
	}
	if err := w.place(c); !errors.Is(err, ErrChanged) {
		t.Errorf("a late change was overwritten: %v", err)
	}
	c.discard()
}
