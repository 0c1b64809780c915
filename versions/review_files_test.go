package versions

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"pinseal/repo"
	"pinseal/seal"
)

// Nothing in the store changes without a line.
func TestReviewFiles(t *testing.T) {
	app := newApp(t)
	app.set(prod, "A", "one")
	app.put("../.gitattributes", []byte("* -text\n"))
	app.put("../.gitignore", []byte("!*\n"))
	app.put("../default", []byte("shop\n"))
	wrap := WrapPath(seal.ReadSlot(prod), 1, "bob")
	base := app.commit()
	begin := *app

	for _, tt := range []struct {
		name string
		do   func(a *testApp)
		want []string
	}{
		{"a wrap goes", func(a *testApp) { a.drop(wrap) },
			[]string{`wrap: ".pinseal/shop/keys/production.read.1/bob.age" is gone, and "bob" still holds production.read: whoever has the key of it runs pinseal member sync`}},
		{"a wrap is another's", func(a *testApp) { a.put(wrap, a.wrapped(a.key(seal.ReadSlot("dev"), 1), a.id, "bob")) },
			[]string{`wrap: ".pinseal/shop/keys/production.read.1/bob.age" is another, and "bob" stands for the same key: nobody else can tell what is in it`}},
		{"a member and the wraps go", func(a *testApp) { a.remove("bob") },
			[]string{"member bob given [] taken [production.read] other key false"}},
		{"a member goes, a wrap stays", func(a *testApp) {
			data, err := os.ReadFile(filepath.Join(a.dir, appDir, wrap))
			a.must(err)
			a.remove("bob")
			a.put(wrap, data)
		}, []string{"member bob given [] taken [production.read] other key false",
			`wrap: ".pinseal/shop/keys/production.read.1/bob.age" is a wrap for "bob", who is no member`}},
		{"attributes", func(a *testApp) { a.put("../.gitattributes", []byte("* merge=union\n")) },
			[]string{`file: ".pinseal/.gitattributes" changes: it says how git merges and writes what is sealed`}},
		{"ignored", func(a *testApp) { a.put("../.gitignore", []byte("*\n")) },
			[]string{`file: ".pinseal/.gitignore" changes: what it names, git does not add`}},
		{"a baseline", func(a *testApp) {
			a.put(BaselineName, []byte("production.1 "+strings.Repeat("0", 64)+" A \"pay.js\"\n"))
		}, []string{"added .pinseal/shop/scan.baseline: is what the leak scan lets pass: 1 more, 0 fewer"}},
		{"no baseline", func(a *testApp) { a.put(BaselineName, []byte("*\n")) },
			[]string{"added .pinseal/shop/scan.baseline: is no baseline that the leak scan can read"}},
		{"odd files behind the first", func(a *testApp) {
			a.put("x", []byte("x"))
			a.put("y", []byte("x"))
			a.put("z/z/z/z/z", []byte("x"))
		}, []string{`refused structure: ".pinseal/shop/x" is not a directory`,
			`file: ".pinseal/shop/y" and 1 more change, and there is nothing else to say of them`}},
		{"executables", func(a *testApp) {
			for _, name := range []string{"B", "C"} {
				a.set(prod, name, "x")
			}
			for _, name := range []string{"A", "B", "C"} {
				a.must(os.Chmod(filepath.Join(a.dir, appDir, FilePath(prod, name)), 0o755))
			}
		}, []string{"production changed A", "production added B", "production added C",
			`refused structure: ".pinseal/shop/production/A.yaml" is not a plain file: path ".pinseal/shop/production/A.yaml" is odd: executable`,
			`refused structure: ".pinseal/shop/production/B.yaml" is not a plain file: path ".pinseal/shop/production/B.yaml" is odd: executable`,
			`refused structure: ".pinseal/shop/production/C.yaml" is not a plain file: path ".pinseal/shop/production/C.yaml" is odd: executable`}},
		{"the note", func(a *testApp) { a.drop(NoteName) },
			[]string{"removed shop", "production removed A", `refused structure: ".pinseal/shop" has lost its app note: nothing in it can be read`}},
		{"the default", func(a *testApp) { a.put("../default", make([]byte, 1<<20)) },
			[]string{`default "shop" -> ""`, `refused structure: ".pinseal/default" does not hold the name of an app`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := begin
			a.t, a.people = t, map[string]*age.HybridIdentity{}
			for name, id := range begin.people {
				a.people[name] = id
			}
			tgit(t, a.dir, "checkout", "-q", "-B", "side", string(base))
			tgit(t, a.dir, "clean", "-fdq")
			tt.do(&a)
			got, err := a.reviewLines(base, base, a.commit())
			a.must(err)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

// What a file system that ignores case takes for the store, made without one.
func TestReviewOtherCase(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	base := a.commit()
	blob := tgit(t, a.dir, "rev-parse", "HEAD:"+appDir+"/production/A.yaml")
	tgit(t, a.dir, "update-index", "--add", "--cacheinfo", "100644,"+blob+",.PinSeal/shop/production/A.yaml")
	tgit(t, a.dir, "commit", "-q", "-m", "case")
	got, err := a.reviewLines(base, base, repo.Hash(tgit(t, a.dir, "rev-parse", "HEAD")))
	a.must(err)
	if len(got) != 1 || !strings.HasPrefix(got[0], `structure: ".PinSeal" is .pinseal itself`) {
		t.Errorf("got %q", got)
	}
}

// Two names that differ only in case, one from either side of the merge.
func TestReviewTwinsOfMerge(t *testing.T) {
	a := newApp(t)
	base := a.commit()
	a.set(prod, "app_url", "x")
	target := a.commit()
	tgit(t, a.dir, "checkout", "-q", "-b", "side", string(base))
	a.set(prod, "APP_URL", "x")
	got, err := a.reviewLines(base, target, a.commit())
	a.must(err)
	if want := []string{"production added APP_URL", "refused unmerged: production: APP_URL, app_url: differ only in case"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	// Those of the target alone are its own.
	tgit(t, a.dir, "update-index", "--add", "--cacheinfo", "100644,"+tgit(t, a.dir, "rev-parse", string(target)+":"+appDir+"/production/app_url.yaml")+","+appDir+"/production/App_Url.yaml")
	tgit(t, a.dir, "update-index", "--add", "--cacheinfo", "100644,"+tgit(t, a.dir, "rev-parse", string(target)+":"+appDir+"/production/app_url.yaml")+","+appDir+"/production/app_url.yaml")
	tgit(t, a.dir, "commit", "-q", "-m", "twins")
	got, err = a.reviewLines(base, repo.Hash(tgit(t, a.dir, "rev-parse", "HEAD")), base)
	if err != nil || len(got) != 0 {
		t.Errorf("of the target's own: %q, %v", got, err)
	}
}
