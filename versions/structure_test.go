package versions

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"pinseal/repo"
)

// unreadable lists a file system and fails the test when a file is read: the
// structure is checked by modes and names.
type unreadable struct {
	t *testing.T
	fs.FS
}

func (u unreadable) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(u.FS, name) }

func (u unreadable) ReadFile(name string) ([]byte, error) {
	u.t.Errorf("%s was read", name)
	return nil, fs.ErrPermission
}

func TestCheckAll(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.set("dev", "A", "one")
	good := fstest.MapFS{}
	files, err := filesOf(a.at(a.commit()).FS)
	a.must(err)
	for p, data := range files {
		good[p] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	file := func(mode fs.FileMode) *fstest.MapFile { return &fstest.MapFile{Data: []byte("x"), Mode: mode} }
	for path, c := range map[string]struct {
		entry *fstest.MapFile
		bad   bool
	}{
		"staging/NEW.yaml":            {file(0o644), false},
		"production/a.yaml":           {file(0o644), false}, // twins are another matter
		"keys/dev.read.64/eve.age":    {file(0o644), false},
		"evil":                        {file(0o644), true},
		"evil.yaml":                   {file(fs.ModeSymlink | 0o777), true},
		"staging":                     {file(fs.ModeSymlink | 0o777), true},
		"sub":                         {file(fs.ModeIrregular | 0o644), true},
		".tmp-abc":                    {file(0o644), true},
		"README.md":                   {file(0o644), true},
		"Staging/A.yaml":              {file(0o644), true},
		"default/A.yaml":              {file(0o644), true},
		"pin.note":                    {file(0o644), true},
		"set.sum":                     {file(0o644), true},
		"app.note":                    {file(0o755), true},
		"keys/junk":                   {file(0o644), true},
		"keys/evil":                   {file(fs.ModeSymlink | 0o777), true},
		"keys/dev.read.1":             {file(fs.ModeSymlink | 0o777), true},
		"keys/dev.read.65/eve.age":    {file(0o644), true},
		"keys/dev.read.01/eve.age":    {file(0o644), true},
		"keys/dev.read.0/eve.age":     {file(0o644), true},
		"keys/dev.read/eve.age":       {file(0o644), true},
		"keys/dev.write.1/eve.age":    {file(0o644), true},
		"keys/admin.1/eve.txt":        {file(0o644), true},
		"keys/admin.1/Eve.age":        {file(0o644), true},
		"keys/admin.1/eve.age":        {file(0o755), true},
		"keys/admin.1/ann.age":        {file(fs.ModeSymlink | 0o777), true},
		"keys/admin.1/deep/eve.age":   {file(0o644), true},
		"dev/K.yaml":                  {file(0o755), true},
		"dev/L.yaml":                  {file(fs.ModeSymlink | 0o777), true},
		"dev/.tmp-abc":                {file(0o644), true},
		"dev/notes.txt":               {file(0o644), true},
		"dev/deep/A.yaml":             {file(0o644), true},
		"dev/DIRECTORY.yaml/file.txt": {file(0o644), true},
	} {
		tree := fstest.MapFS{path: c.entry}
		for p, f := range good {
			if p != path && !strings.HasPrefix(p, path+"/") {
				tree[p] = f
			}
		}
		source := &Source{FS: unreadable{t, tree}, What: "commit", Dir: appDir}
		err := source.CheckAll()
		if !c.bad {
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		var structure *StructureError
		if !errors.As(err, &structure) || !errors.Is(err, ErrNotAuthentic) || !strings.HasPrefix(appDir+"/"+path, structure.Path) || structure.Path == appDir {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// In a real work tree and a real commit it is the same; a temporary file is for
// a kill to leave and not to be committed.
func TestCheckAllOnDisk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("wants symbolic links")
	}
	a := newApp(t)
	a.set("dev", "A", "one")
	a.must(a.workTree().CheckAll())
	a.put("dev/.tmp-1", []byte("x"))
	a.must(a.workTree().CheckAll())
	wantErr(t, a.at(a.commit()).CheckAll(), ErrNotAuthentic, ".tmp-1")
	a.drop("dev/.tmp-1")
	dir := filepath.Join(a.dir, appDir)
	a.must(os.Symlink("nowhere", filepath.Join(dir, "evil")))
	wantErr(t, a.workTree().CheckAll(), ErrNotAuthentic, "evil")
	wantErr(t, a.at(a.commit()).CheckAll(), ErrNotAuthentic, "evil")
	a.drop("evil")
	a.must(os.Rename(filepath.Join(dir, "keys"), filepath.Join(dir, "real")))
	a.must(os.Symlink("real", filepath.Join(dir, "keys")))
	wantErr(t, a.workTree().CheckAll(), ErrNotAuthentic, "keys")
	wantErr(t, a.at(a.commit()).CheckAll(), ErrNotAuthentic, "keys")
	a.drop("keys")
	a.must(os.Rename(filepath.Join(dir, "real"), filepath.Join(dir, "keys")))
	a.must(os.Chmod(filepath.Join(dir, "dev", "A.yaml"), 0o755))
	wantErr(t, a.at(a.commit()).CheckAll(), ErrNotAuthentic, "dev/A.yaml")
}

func TestCheckStore(t *testing.T) {
	plain, link := &fstest.MapFile{Mode: 0o644}, &fstest.MapFile{Mode: fs.ModeSymlink}
	good := fstest.MapFS{"default": plain, ".gitignore": plain, ".gitattributes": plain, "shop/app.note": plain, "two/x": link}
	if apps, err := CheckStore(good); err != nil || strings.Join(apps, " ") != "shop two" {
		t.Errorf("%q, %v", apps, err)
	}
	for p, f := range map[string]*fstest.MapFile{
		".tmp-abc": plain, "three": link, "README": plain, "Shop/app.note": plain, "admin/app.note": plain,
		".gitmodules": plain, "four": plain, ".tmp-dir/x": plain,
	} {
		bad := fstest.MapFS{"shop/app.note": plain, p: f}
		_, err := CheckStore(bad)
		wantErr(t, err, ErrNotAuthentic, ".pinseal/"+strings.Split(p, "/")[0])
	}
	for _, f := range []*fstest.MapFile{link, {Mode: 0o755}, {Mode: fs.ModeDir | 0o755}} {
		_, err := CheckStore(fstest.MapFS{"default": f})
		wantErr(t, err, ErrNotAuthentic, ".pinseal/default")
	}
}

// Whoever can push can put a pin into another tree: what is not the pin's is
// neither listed nor packed, and not looked into.
func TestPinWithMore(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	e := a.publish("alice")
	files := a.tree(e)
	for _, p := range []string{"z/0/0/0", "README", "dev/A.yaml", "production/B.yaml", "production/x/A.yaml", "keys/dev.read.1/bob.age", "keys/admin.1/alice.age", "keys/production.publish.1/ci.age", "keys/x"} {
		more := map[string][]byte{p: []byte("x")}
		for name, data := range files {
			more[name] = data
		}
		source, err := pinSource(mapFS(more), e.Pin, "pin 1 of production")
		a.must(err)
		if err := source.CheckAll(); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: %v", p, err)
		}
		if data, err := FormatBundle(source, ""); !errors.Is(err, ErrNotAuthentic) || data != nil {
			t.Errorf("%s in a bundle: %v", p, err)
		}
	}
	source, err := a.ledger().Source(context.Background(), e)
	a.must(err)
	a.must(source.CheckAll())
}

// A tree that holds itself ten times over, nine levels deep, costs nothing: it is
// refused by its name.
func TestTreeBomb(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	e := a.publish("alice")
	d := a.r.NewDraft()
	paths := map[string]repo.Hash{}
	for p, data := range a.tree(e) {
		paths[p] = d.Blob(data)
	}
	tree, err := d.Tree(paths)
	a.must(err)
	a.must(d.Write(context.Background()))
	bomb := tgitIn(t, a.dir, []byte("bomb"), "hash-object", "-w", "--stdin")
	entry := "100644 blob "
	for range 9 {
		var list strings.Builder
		for i := range 10 {
			list.WriteString(entry + bomb + "\t" + string(rune('0'+i)) + "\n")
		}
		bomb, entry = tgitIn(t, a.dir, []byte(list.String()), "mktree"), "040000 tree "
	}
	list := tgit(t, a.dir, "ls-tree", string(tree)) + "\n" + entry + bomb + "\tz\n"
	armed := repo.Hash(tgitIn(t, a.dir, []byte(list), "mktree"))
	source, err := pinSource(a.r.TreeFS(context.Background(), armed), e.Pin, "pin 1 of production")
	a.must(err)
	_, err = FormatBundle(source, "")
	wantErr(t, err, ErrNotAuthentic, `"z"`)
	wantErr(t, source.CheckAll(), ErrNotAuthentic, `"z"`)
}

// Comparing reads nothing that is odd or over its limit.
func TestDifferingIsBounded(t *testing.T) {
	a := newApp(t)
	a.set("dev", "A", "one")
	head := a.at(a.commit())
	same, err := Differing(a.workTree(), head, "dev", prod, NoteName, KeysDir)
	if err != nil || len(same) != 0 {
		t.Fatalf("%q, %v", same, err)
	}
	a.set("dev", "B", "two")
	a.put("keys/admin.1/alice.age", []byte("other"))
	a.drop("keys/production.read.1/bob.age")
	differ, err := Differing(a.workTree(), head, "dev", prod, NoteName, KeysDir)
	if got := strings.Join(differ, " "); err != nil || got != "dev/B.yaml keys/admin.1/alice.age keys/production.read.1/bob.age" {
		t.Errorf("%s, %v", got, err)
	}
	for p, size := range map[string]int{"keys/admin.1/alice.age": MaxWrap, "dev/B.yaml": MaxSecretFile, "app.note": MaxNote} {
		before, err := os.ReadFile(filepath.Join(a.dir, appDir, p))
		a.must(err)
		a.put(p, make([]byte, size+1))
		_, err = Differing(a.workTree(), head, "dev", NoteName, KeysDir)
		wantErr(t, err, ErrNotAuthentic, "is larger than")
		a.put(p, before)
	}
	for _, p := range []string{"keys/junk", "keys/admin.1/x", "dev/notes.txt"} {
		a.put(p, make([]byte, MaxNote+1))
		_, err := Differing(a.workTree(), head, "dev", NoteName, KeysDir)
		wantErr(t, err, ErrNotAuthentic, p)
		a.drop(p)
	}
}
