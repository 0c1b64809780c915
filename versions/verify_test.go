package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// verify checks the store in the work tree.
func (a *testApp) verify(o VerifyOptions) *VerifiedStore {
	a.t.Helper()
	w, err := repo.OpenWorkTree(a.r.Top(), StoreDir)
	a.must(err)
	a.t.Cleanup(func() { w.Close() })
	if o.What == "" {
		o.What, o.Now = "work tree", a.clock
	}
	found, err := VerifyStore(context.Background(), w, o)
	a.must(err)
	return found
}

func (v *VerifiedStore) all() []Fault {
	all := slices.Clone(v.Faults)
	for _, app := range v.Apps {
		all = append(all, app.Faults...)
	}
	return all
}

// wantFault wants one fault at a path with a part of its text, and no other.
func wantFault(t *testing.T, faults []Fault, is error, p, part string) {
	t.Helper()
	if len(faults) != 1 {
		t.Fatalf("%d faults, want one at %q: %v", len(faults), p, faults)
	}
	wantErr(t, faults[0].Err, is, part)
	if faults[0].Path != p {
		t.Errorf("fault at %q, want %q", faults[0].Path, p)
	}
}

// sound is an app in which nothing is wrong, with a twin environment and keys.
func sound(t *testing.T) *testApp {
	t.Helper()
	a := newApp(t)
	a.set(prod, "A", "a")
	a.set("dev", "B", "b")
	a.putFile("dev", "MAYBE", SecretFile{Kind: KindSecret, Optional: true})
	return a
}

func TestVerifySound(t *testing.T) {
	a := sound(t)
	for _, o := range []VerifyOptions{{}, {What: "x", Structure: true}} {
		found := a.verify(o)
		if faults := found.all(); len(faults) > 0 {
			t.Fatalf("faults in a sound store: %v", faults)
		}
		want := []VerifiedEnvironment{{prod, 1, 3}, {"dev", 2, 1}}
		if app := found.Apps[0]; app.Name != "shop" || app.Note.ID != a.id || !slices.Equal(app.Environments, want) {
			t.Errorf("%s: %+v, want %+v", app.Name, app.Environments, want)
		}
	}
	e := a.publish("alice")
	pin, err := a.ledger().VerifyPin(context.Background(), e, VerifyOptions{})
	if err != nil || len(pin.Faults) > 0 || !slices.Equal(pin.Environments, []VerifiedEnvironment{{prod, 1, 3}}) {
		t.Errorf("a sound pin: %v, %+v", err, pin)
	}
}

// Whatever the check of shape refuses, the check of all refuses in the same place,
// and reads what is left.
func TestVerifyShape(t *testing.T) {
	tests := []struct{ name, do, path string }{
		{"stray file of the store", "echo x >.pinseal/junk", ".pinseal/junk"},
		{"link to an app", "ln -s shop .pinseal/evil", ".pinseal/evil"},
		{"stray file of an app", "echo x >.pinseal/shop/junk", ".pinseal/shop/junk"},
		{"link to an environment", "ln -s dev .pinseal/shop/staging", ".pinseal/shop/staging"},
		{"directory with a bad name", "mkdir .pinseal/shop/Dev && echo x >.pinseal/shop/Dev/A.yaml", ".pinseal/shop/Dev"},
		{"stray key", "echo x >.pinseal/shop/keys/junk", ".pinseal/shop/keys/junk"},
		{"stray wrap", "echo x >.pinseal/shop/keys/dev.read.1/x", ".pinseal/shop/keys/dev.read.1/x"},
		{"linked wrap", "ln -s alice.age .pinseal/shop/keys/dev.read.1/bob.age", ".pinseal/shop/keys/dev.read.1/bob.age"},
		{"stray file of an environment", "echo x >.pinseal/shop/dev/notes.txt", ".pinseal/shop/dev/notes.txt"},
		{"linked secret", "ln -s B.yaml .pinseal/shop/dev/L.yaml", ".pinseal/shop/dev/L.yaml"},
		{"device name", "echo x >.pinseal/shop/dev/nul.yaml", ".pinseal/shop/dev/nul.yaml"},
	}
	a := sound(t)
	a.commit()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a.shell(test.do)
			found := a.verify(VerifyOptions{})
			wantFault(t, found.all(), ErrNotAuthentic, test.path, "")
			if len(found.Apps) != 1 || len(found.Apps[0].Environments) != 2 {
				t.Errorf("what is left was not read: %+v", found.Apps)
			}
			a.shell("git clean -qfdx")
		})
	}
	// One bad file does not hide the others.
	a.put(FilePath("dev", "BROKEN"), []byte("kind: nothing\n"))
	for _, test := range tests {
		a.shell(test.do)
	}
	var paths []string
	for _, f := range a.verify(VerifyOptions{}).all() {
		paths = append(paths, f.Path)
	}
	if len(paths) != len(tests)+1 || !slices.Contains(paths, ".pinseal/shop/dev/BROKEN.yaml") {
		t.Errorf("%d of %d problems were found: %q", len(paths), len(tests)+1, paths)
	}
}

// Far more oddities than anybody makes by accident end the list, and stay one.
func TestVerifyManyOddities(t *testing.T) {
	a := sound(t)
	for i := range maxOddities + 20 {
		a.put(fmt.Sprintf("dev/%03d.txt", i), nil)
	}
	faults := a.verify(VerifyOptions{}).all()
	if len(faults) < maxOddities || len(faults) > maxOddities+2 {
		t.Errorf("%d faults, want about %d", len(faults), maxOddities)
	}
}

// shell runs a line of a shell at the top of the work tree.
func (a *testApp) shell(line string) {
	a.t.Helper()
	tgit(a.t, a.dir, "-c", "alias.do=!"+line, "do")
}

func TestVerifyFiles(t *testing.T) {
	long := strings.Repeat("A", 200)
	tests := []struct {
		name, file string
		typed      int // line; 0 when it is not a value that was typed
	}{
		{"plaintext", "kind: secret\nvalue: hunter2\n", 2},
		{"quoted plaintext", "kind: secret\nabout: \"x\"\nvalue: \"hunter2 \"\n", 3},
		{"plaintext of a block", "kind: secret\nvalue: |\n  hunter2\n", 2},
		{"plaintext below", "kind: secret\nvalue:\n  hunter2\n", 2},
		{"plaintext of a URL", "kind: secret\nvalue: postgres://a:b@c/d\n", 2},
		{"plaintext with CRLF", "kind: secret\r\nvalue: hunter2\r\n", 2},
		{"plaintext of a key", "kind: key\nbits: 128\nvalue.1: hunter2\n", 3},
		{"another prefix", "kind: secret\nvalue: s0.1." + long + "\n", 2},
		{"a later prefix", "kind: secret\nvalue: s2.1." + long + "\n", 2},
		{"prefix in capitals", "kind: secret\nvalue: S1.1." + long + "\n", 2},
		{"too short", "kind: secret\nvalue: s1.1." + long + "\n", 0},
		{"no generation", "kind: secret\nvalue: s1." + long + "\n", 0},
		{"broken base64", "kind: secret\nvalue: " + fakeSealed("1")[:1600] + "\n  " + fakeSealed("1")[1600:] + "\n", 0},
		{"anchor", "kind: &a secret\nvalue: blank\n", 0},
		{"duplicate", "kind: secret\nkind: secret\nvalue: blank\n", 0},
		{"comment", "kind: secret # x\nvalue: blank\n", 0},
		{"second document", "kind: secret\nvalue: blank\n---\n", 0},
		{"CRLF", "kind: secret\r\nvalue: blank\r\n", 0},
		{"order", "value: blank\nkind: secret\n", 0},
		{"escape", "kind: secret\nabout: \"\x1b[31m\"\nvalue: blank\n", 0},
		{"bidi", "kind: secret\nabout: \"\u202e\"\nvalue: blank\n", 0},
		{"empty", "", 0},
		{"no yaml", "API_KEY=hunter2\n", 0},
		{"too large", "kind: secret\nabout: \"" + strings.Repeat("x", MaxSecretFile) + "\"\nvalue: blank\n", 0},
	}
	a := sound(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a.put(FilePath("dev", "B"), []byte(test.file))
			faults := a.verify(VerifyOptions{What: "x", Structure: true}).all()
			wantFault(t, faults, ErrNotAuthentic, ".pinseal/shop/dev/B.yaml", "")
			if faults[0].Line != test.typed || errors.As(faults[0].Err, new(*TypedError)) != (test.typed > 0) {
				t.Errorf("line %d, want %d: %v", faults[0].Line, test.typed, faults[0].Err)
			}
			if strings.Contains(faults[0].Err.Error(), "hunter2") || faults[0].Environment != "dev" {
				t.Errorf("the fault shows the value, or not the environment: %+v", faults[0])
			}
		})
	}
}

func TestVerifyMerged(t *testing.T) {
	a := sound(t)
	markers := "<<<<<<< HEAD\nvalue: x\n=======\nvalue: y\n>>>>>>> other\n"
	a.put(FilePath("dev", "B"), []byte("kind: secret\n"+markers))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrConflict, ".pinseal/shop/dev/B.yaml", "conflict markers")
	a.set("dev", "B", "b")
	a.put("../default", []byte(markers))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrConflict, ".pinseal/default", "conflict markers")
	a.put("../default", []byte("shop\n"))
	a.put(NoteName, append([]byte(markers), a.note.Signed()...))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrConflict, ".pinseal/shop/app.note", "conflict markers")
	a.put(NoteName, a.note.Signed())
	a.put(BaselineName, []byte(markers))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrConflict, ".pinseal/shop/scan.baseline", "conflict markers")
	a.put(BaselineName, []byte("x\n"))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrNotAuthentic, ".pinseal/shop/scan.baseline", "line 1")
}

func TestVerifyTwins(t *testing.T) {
	a := sound(t)
	commit := a.commit()
	// A file system may fold case: the twins are made in a tree.
	d := a.r.NewDraft()
	files, err := filesOf(a.at(commit).FS)
	a.must(err)
	paths := map[string]repo.Hash{}
	for p, data := range files {
		paths["shop/"+p] = d.Blob(data)
	}
	blob := d.Blob(files["dev/MAYBE.yaml"])
	for _, name := range []string{"b", "maybe", "Maybe"} {
		paths["shop/dev/"+name+".yaml"] = blob
	}
	tree, err := d.Tree(paths)
	a.must(err)
	a.must(d.Write(context.Background()))
	found, err := VerifyStore(context.Background(), a.r.TreeFS(context.Background(), tree), VerifyOptions{What: "commit"})
	a.must(err)
	faults := found.all()
	if len(faults) != 2 {
		t.Fatalf("%d faults, want 2 groups of twins: %v", len(faults), faults)
	}
	wantFault(t, faults[:1], ErrConflict, ".pinseal/shop/dev/B.yaml", `"B", "b"`)
	wantFault(t, faults[1:], ErrConflict, ".pinseal/shop/dev/MAYBE.yaml", `"MAYBE", "Maybe", "maybe"`)
}

// Two directories with one id, or one without a note, are nobody's app.
func TestVerifyApps(t *testing.T) {
	a := sound(t)
	a.shell("cp -r .pinseal/shop .pinseal/copy")
	faults := a.verify(VerifyOptions{}).all()
	wantFault(t, faults, ErrNotAuthentic, ".pinseal/shop", "stands in two directories")
	a.shell("rm .pinseal/copy/app.note")
	found := a.verify(VerifyOptions{})
	wantFault(t, found.all(), ErrNotAuthentic, ".pinseal/copy/app.note", "is missing")
	if one := a.verify(VerifyOptions{What: "x", App: a.id.String()}); len(one.all()) > 0 || len(one.Apps) != 1 {
		t.Errorf("the one app that was asked for: %+v", one)
	}
	a.shell("rm -r .pinseal/copy && mkdir .pinseal/copy")
	if faults := a.verify(VerifyOptions{}).all(); len(faults) > 0 {
		t.Errorf("an empty directory: %v", faults)
	}
	a.put("../default", []byte("other\n"))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrRefused, ".pinseal/default", "not there")
	a.put("../default", []byte("../other\n"))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrNotAuthentic, ".pinseal/default", "does not hold the name")
	w, err := repo.OpenWorkTree(a.r.Top(), StoreDir)
	a.must(err)
	defer w.Close()
	_, err = VerifyStore(context.Background(), w, VerifyOptions{App: "nobody"})
	wantErr(t, err, ErrNotFound, "asked for")
}

// succeeded is the next note with another admin key, not signed.
func (a *testApp) succeeded(next seal.Entry) *seal.Note {
	n := a.note.Clone()
	n.Version++
	n.Slots = append(n.Slots, next)
	return n
}

func TestVerifyNote(t *testing.T) {
	a := sound(t)
	first := a.key(seal.Admin, 1)
	tests := []struct {
		name string
		edit func(a *testApp) []byte
	}{
		{"member added by hand", func(a *testApp) []byte {
			return bytes.Replace(a.note.Signed(), []byte("name: bob"), []byte("name: eve"), 1)
		}},
		{"public key replaced", func(a *testApp) []byte {
			other := seal.NewEntry(a.newKey("dev.read", 1))
			n := a.note.Clone()
			for i := range n.Slots {
				if n.Slots[i].Slot == "dev.read" {
					n.Slots[i] = other
				}
			}
			text, err := n.Text()
			a.must(err)
			was, _, err := seal.SplitText(a.note.Signed())
			a.must(err)
			return append(text, a.note.Signed()[len(was):]...)
		}},
		{"signed by a stranger", func(a *testApp) []byte {
			text, _, err := seal.SplitText(a.note.Signed())
			a.must(err)
			stranger, err := seal.GenerateKey(seal.Admin, 1)
			a.must(err)
			signed, err := stranger.Sign(a.id, text)
			a.must(err)
			return signed
		}},
		{"forged succession", func(a *testApp) []byte {
			text, err := a.succeeded(seal.NewAdminEntry(a.newKey("admin", 1), a.id, a.newKey("admin", 2))).Text()
			a.must(err)
			signed, err := a.key(seal.Admin, 2).Sign(a.id, text)
			a.must(err)
			return signed
		}},
		{"signed by the admin key before", func(a *testApp) []byte {
			text, err := a.succeeded(seal.NewAdminEntry(first, a.id, a.newKey("admin", 2))).Text()
			a.must(err)
			signed, err := first.Sign(a.id, text)
			a.must(err)
			return signed
		}},
		{"truncated", func(a *testApp) []byte { return a.note.Signed()[:100] }},
		{"nothing", func(*testApp) []byte { return nil }},
	}
	a.put(FilePath("dev", "B"), []byte("kind: secret\nvalue: hunter2\n"))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a.put(NoteName, test.edit(a))
			faults := a.verify(VerifyOptions{}).all()
			if len(faults) != 2 {
				t.Fatalf("want the note and the file: %v", faults)
			}
			wantFault(t, faults[:1], ErrNotAuthentic, ".pinseal/shop/app.note", "")
			wantFault(t, faults[1:], ErrNotAuthentic, ".pinseal/shop/dev/B.yaml", "not sealed")
		})
	}
}

func TestVerifyWraps(t *testing.T) {
	a := sound(t)
	p := WrapPath("dev.read", 1, "alice")
	good, err := os.ReadFile(filepath.Join(a.dir, appDir, filepath.FromSlash(p)))
	a.must(err)
	for name, data := range map[string][]byte{
		"not armored": []byte("x"), "CRLF": bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), "space before": append([]byte("\n"), good...),
		"empty": {}, "too large": bytes.Repeat([]byte("x"), MaxWrap+1), "truncated": good[:len(good)/2],
	} {
		t.Run(name, func(t *testing.T) {
			a.put(p, data)
			faults := a.verify(VerifyOptions{What: "x", Structure: true}).all()
			wantFault(t, faults, ErrNotAuthentic, path.Join(appDir, p), "")
			if faults := a.verify(VerifyOptions{}).all(); len(faults) != 2 {
				t.Errorf("want the wrap, and that alice lacks one: %v", faults)
			}
			a.put(p, good)
		})
	}
	for name, test := range map[string]struct {
		path  string
		class error
	}{
		"generation that is not":      {WrapPath("dev.read", 2, "alice"), ErrNotAuthentic},
		"environment that is not":     {WrapPath("qa.read", 1, "alice"), ErrNotAuthentic},
		"nobody":                      {WrapPath("dev.read", 1, "eve"), ErrRefused},
		"member without that slot":    {WrapPath("dev.read", 1, "bob"), ErrRefused},
		"publisher who does not read": {WrapPath("production.read", 1, "ci"), ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			a.put(test.path, good)
			wantFault(t, a.verify(VerifyOptions{}).all(), test.class, path.Join(appDir, test.path), "")
			if test.class == ErrRefused && len(a.verify(VerifyOptions{What: "x", Structure: true}).all()) > 0 {
				t.Error("a stale reader is no doubt about what is authentic")
			}
			a.drop(test.path)
		})
	}
	a.drop(WrapPath("production.read", 1, "bob"))
	wantFault(t, a.verify(VerifyOptions{}).all(), ErrRefused, "", "bob has no wrap of production.read, key 1; who can finish: alice, web")
	if faults := a.verify(VerifyOptions{What: "x", Environment: "dev"}).all(); len(faults) > 0 {
		t.Errorf("another environment's: %v", faults)
	}
}

// What publish would refuse, by name, all at once.
func TestVerifySet(t *testing.T) {
	a := sound(t)
	a.set(prod, "OLD", "old")
	a.rotate("production.read", nil)
	a.set(prod, "A", "a")
	a.putFile(prod, "EMPTY", SecretFile{Kind: KindSecret})
	a.putFile(prod, "GONE", SecretFile{Kind: KindSecret, Expires: "2020-01-01", Value: a.sealed(prod, "GONE", "x")})
	want := map[string]string{"OLD": "sealed to read key 1", "EMPTY": "blank", "GONE": "expired on 2020-01-01"}
	check := func(faults []Fault, want map[string]string) {
		t.Helper()
		if len(faults) != len(want) {
			t.Errorf("%d faults, want %d: %v", len(faults), len(want), faults)
		}
		for _, f := range faults {
			name := strings.TrimSuffix(path.Base(f.Path), ".yaml")
			wantErr(t, f.Err, ErrRefused, want[name])
		}
	}
	check(a.verify(VerifyOptions{}).all(), want)
	check(a.verify(VerifyOptions{What: "x", Environment: "dev", Now: a.clock}).all(), nil)
	check(a.verify(VerifyOptions{What: "x", Structure: true, Now: a.clock}).all(), nil)
	delete(want, "EMPTY")
	check(a.verify(VerifyOptions{What: "x", AllowBlank: true, Now: a.clock}).all(), want)

	e, _ := a.note.Newest("production.read")
	e.Generation = 7
	a.putFile(prod, "A", SecretFile{Kind: KindSecret, Value: a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindSecret, Name: "A"}, e, "x")})
	faults := a.verify(VerifyOptions{What: "x", Structure: true}).all()
	wantFault(t, faults, ErrNotAuthentic, ".pinseal/shop/production/A.yaml", "read key 7 of production, which the app note does not know")
	a.put(FilePath("qa", "A"), []byte("kind: secret\nvalue: "+fakeSealed("1")+"\n"))
	if faults := a.verify(VerifyOptions{What: "x", Structure: true}).all(); len(faults) != 2 {
		t.Errorf("a value of an environment without a key: %v", faults)
	}
}

// With Only, what is not asked for is not read.
func TestVerifyOnly(t *testing.T) {
	a := sound(t)
	a.put(FilePath("dev", "B"), []byte("kind: secret\nvalue: hunter2\n"))
	a.put(NoteName, []byte("x"))
	a.put(prod+"/junk.txt", nil)
	asked := []string{".pinseal/shop/production/A.yaml"}
	o := VerifyOptions{What: "x", Structure: true, Only: func(p string) bool { return slices.Contains(asked, p) }}
	wantFault(t, a.verify(o).all(), ErrNotAuthentic, ".pinseal/shop/production/junk.txt", "not named")
	asked = append(asked, ".pinseal/shop/dev/B.yaml")
	if faults := a.verify(o).all(); len(faults) != 2 || faults[1].Line != 2 {
		t.Errorf("want the stray file and the value: %v", faults)
	}
}

// A check that is interrupted says so, and not that all is well.
func TestVerifyInterrupted(t *testing.T) {
	a := sound(t)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := VerifyStore(ctx, os.DirFS(filepath.Join(a.dir, StoreDir)), VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
