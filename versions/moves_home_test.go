package versions

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
)

// What stands in the app's old directory while it is elsewhere hides nothing of what
// is done there.
func TestDirectoryLeftBehind(t *testing.T) {
	strangers := newApp(t).note.Signed()
	for _, test := range []struct {
		name  string
		leave func(p *pastRepo, dir string) // makes dir anew
		log   []string
	}{
		{"nothing", func(*pastRepo, string) {}, nil},
		{"a file", func(p *pastRepo, dir string) { p.write(dir+"/junk", []byte("x")) }, nil},
		{"a broken note", func(p *pastRepo, dir string) { p.write(dir+"/"+NoteName, []byte("x")) }, nil},
		{"another app", func(p *pastRepo, dir string) { p.write(dir+"/"+NoteName, strangers) }, nil},
		{"a directory for the note", func(p *pastRepo, dir string) { p.write(dir+"/"+NoteName+"/x", []byte("x")) }, nil},
		// Then two are the app's, and none of them is believed.
		{"its own note", func(p *pastRepo, dir string) { p.write(dir+"/"+NoteName, p.note.Signed()) }, []string{"back: added A", "away: removed A", "add: added A"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPast(t)
			p.add("A")
			p.done("add")
			tgit(t, p.dir, "tag", "base")
			p.renameApp(".pinseal/store")
			test.leave(p, appDir)
			p.done("away")
			p.add("A")
			changed := p.done("changed")
			p.must(os.RemoveAll(filepath.Join(p.dir, appDir)))
			p.renameApp(appDir)
			p.done("back")

			touched := p.touched("base", "HEAD")
			for i := range touched {
				touched[i], _, _ = strings.Cut(touched[i], ":")
			}
			if want := []string{"back", "changed", "away"}; !slices.Equal(slices.Compact(touched), want) {
				t.Errorf("touched %q, want %q", touched, want)
			}
			if test.log == nil {
				test.log = []string{"back: from store moved A", "changed: changed A", "away: from shop moved A", "add: added A"}
			}
			p.want("A", test.log...)
			got, err := p.log().FindDir(context.Background(), changed)
			if want := ".pinseal/store"; err != nil || got != want && test.name != "its own note" {
				t.Errorf("FindDir: %q, %v", got, err)
			}
		})
	}
}

// Of two copies of the app one can have been changed, whichever goes on.
func TestTouchingCopies(t *testing.T) {
	for _, left := range []string{"a", "b"} {
		p := newPast(t)
		p.add("A")
		p.done("add")
		base := tgit(t, p.dir, "rev-parse", "HEAD")
		p.renameApp(".pinseal/a")
		p.must(os.CopyFS(filepath.Join(p.dir, ".pinseal/b"), os.DirFS(filepath.Join(p.dir, ".pinseal/a"))))
		p.done("copied")
		p.in = ".pinseal/" + left
		p.add("A")
		p.done("changed")
		p.renameApp(appDir)
		p.must(os.RemoveAll(filepath.Join(p.dir, ".pinseal/a")))
		p.must(os.RemoveAll(filepath.Join(p.dir, ".pinseal/b")))
		p.done("back")
		if got := p.touched(base, "HEAD"); !slices.Contains(got, "changed: production/A.yaml") {
			t.Errorf("%s: %q", left, got)
		}
	}
}

// A copy that goes on where the original ends does not hide what was before it.
func TestTouchingCopied(t *testing.T) {
	p := newPast(t)
	p.add("A")
	p.done("add")
	base := repo.Hash(tgit(t, p.dir, "rev-parse", "HEAD"))
	p.add("A")
	p.done("changed")
	p.must(os.CopyFS(filepath.Join(p.dir, ".pinseal/b"), os.DirFS(filepath.Join(p.dir, appDir))))
	p.done("copied")
	p.must(os.RemoveAll(filepath.Join(p.dir, appDir)))
	p.in = ".pinseal/b"
	p.done("gone")
	if got := p.touched(string(base), "HEAD"); !slices.Contains(got, "changed: production/A.yaml") {
		t.Errorf("%q", got)
	}
}

// Other apps that come and go are no earlier home.
func TestTouchingOtherApps(t *testing.T) {
	p := newPast(t)
	p.add("A")
	p.done("add")
	base := tgit(t, p.dir, "rev-parse", "HEAD")
	p.write(".pinseal/other/"+NoteName, newApp(t).note.Signed())
	p.done("another")
	p.must(os.RemoveAll(filepath.Join(p.dir, ".pinseal/other")))
	p.add("A", "B")
	p.done("set")
	if got := p.touched(base, "HEAD"); !slices.Equal(got, []string{"set: production/A.yaml production/B.yaml"}) {
		t.Errorf("%q", got)
	}
}

// write makes a file, a slash path from the top.
func (p *pastRepo) write(file string, data []byte) {
	p.t.Helper()
	at := filepath.Join(p.dir, filepath.FromSlash(file))
	p.must(os.MkdirAll(filepath.Dir(at), 0o777))
	p.must(os.WriteFile(at, data, 0o666))
}
