package versions

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"pinseal/seal"
)

// sideOf makes a version of a secret whose value is sealed anew each time it is
// asked for. "" is absent, "-" is blank; closed has no key for it.
type sideOf struct {
	value  string
	about  string
	option bool
	closed bool
	kind   string   // "" is a secret
	keys   []string // plaintexts of a key's versions, "" for a version that is not there
	again  *sideOf  // the bytes of another side
	made   *secretSide
}

func (v *sideOf) side(a *testApp) secretSide {
	if v.again != nil {
		return *v.again.made
	}
	f := &SecretFile{Kind: KindSecret, About: v.about, Optional: v.option}
	s := secretSide{file: f, values: []seal.Secret{}}
	switch {
	case v.kind == KindKey:
		f.Kind, f.Bits, f.Optional = KindKey, 128, false
		for i, plain := range v.keys {
			if plain == "" {
				continue
			}
			at := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: uint32(i + 1)}
			f.Versions = append(f.Versions, KeyVersion{uint32(i + 1), a.sealedAt(at, newestOf(a.note, readProd), plain)})
			s.values = append(s.values, seal.NewSecret([]byte(plain)))
		}
	case v.value == "":
		return secretSide{}
	case v.value != "-":
		f.Value = a.sealed(prod, "K", v.value)
		s.values = append(s.values, seal.NewSecret([]byte(v.value)))
	}
	if v.closed {
		s.values, s.closed = nil, &NoKeyError{Reason: "no key"}
	}
	v.made = &s
	return s
}

func TestMergeSecret(t *testing.T) {
	a := newApp(t)
	one, two, three := &sideOf{value: "1"}, &sideOf{value: "2"}, &sideOf{value: "3"}
	absent, blank := &sideOf{}, &sideOf{value: "-"}
	shut := &sideOf{value: "1", closed: true}
	keys := func(plain ...string) *sideOf { return &sideOf{kind: KindKey, keys: plain} }
	tests := []struct {
		name               string
		base, ours, theirs *sideOf
		want               string // plaintext, "absent", "blank"; for keys joined
		about              string
		took               Side
		why                string
	}{
		{"both sealed it anew", one, one, one, "1", "", Ours, ""},
		{"ours changed, theirs sealed anew", one, two, one, "2", "", Ours, ""},
		{"theirs changed, ours sealed anew", one, one, two, "2", "", Theirs, ""},
		{"both changed it to the same", one, two, two, "2", "", Ours, ""},
		{"both changed it", one, two, three, "", "", 0, "changed on both sides: value"},
		{"both added the same", absent, one, one, "1", "", Ours, ""},
		{"both added it", absent, one, two, "", "", 0, "added on both sides"},
		{"ours added it", absent, one, absent, "1", "", Ours, ""},
		{"theirs added it", absent, absent, one, "1", "", Theirs, ""},
		{"ours removed, theirs sealed anew", one, absent, one, "absent", "", Ours, ""},
		{"theirs removed, ours sealed anew", one, one, absent, "absent", "", Theirs, ""},
		{"ours removed, theirs changed", one, absent, two, "", "", 0, "removed by ours, changed by theirs"},
		{"ours changed, theirs removed", one, two, absent, "", "", 0, "changed by ours, removed by theirs"},
		{"both removed", one, absent, absent, "absent", "", Ours, ""},
		{"ours blanked, theirs sealed anew", one, blank, one, "blank", "", Ours, ""},
		{"ours blanked, theirs changed", one, blank, two, "", "", 0, "changed on both sides: value"},
		{"ours filled, theirs still blank", blank, one, blank, "1", "", Ours, ""},
		{"ours described, theirs changed", one, &sideOf{value: "1", about: "x"}, two, "2", "x", Theirs, ""},
		{"theirs described, ours changed", one, two, &sideOf{value: "1", about: "x"}, "2", "x", Ours, ""},
		{"both described", one, &sideOf{value: "1", about: "x"}, &sideOf{value: "1", about: "y"}, "", "", 0, "changed on both sides: description"},
		{"both described and changed", one, &sideOf{value: "2", about: "x"}, &sideOf{value: "3", about: "y"}, "", "", 0, "changed on both sides: description, value"},
		{"a bit each", one, &sideOf{value: "1", option: true}, &sideOf{value: "1", about: "y"}, "1", "y", Ours, ""},
		{"described, the rest not to be opened", shut, &sideOf{again: shut}, &sideOf{value: "1", closed: true, about: "x"}, "1", "x", Theirs, ""},
		{"described by each, not to be opened", shut, &sideOf{value: "1", closed: true, option: true}, &sideOf{value: "1", closed: true, about: "x"}, "", "", 0, "cannot be opened to compare: no key"},
		{"none opens", shut, &sideOf{value: "1", closed: true}, &sideOf{value: "1", closed: true}, "", "", 0, "cannot be opened to compare: no key"},
		{"the same bytes, not to be opened", shut, &sideOf{again: shut}, two, "2", "", Theirs, ""},
		{"a removed one that does not open", shut, absent, &sideOf{value: "1", closed: true}, "", "", 0, "cannot be opened to compare"},
		{"the base does not open, both equal", shut, two, two, "2", "", Ours, ""},
		{"the base does not open", shut, one, two, "", "", 0, "cannot be opened to compare"},
		{"a secret became a key", one, keys("k"), one, "k", "", Ours, ""},
		{"a secret became a key, and changed", one, keys("k"), two, "", "", 0, "kind"},
		{"a key rotated by ours", keys("k"), keys("k", "l"), keys("k"), "k,l", "", Ours, ""},
		{"a key rotated by theirs", keys("k"), keys("k"), keys("k", "l"), "k,l", "", Theirs, ""},
		{"a key became a secret, a key was rotated", keys("k"), one, keys("k", "l"), "", "", 0, "kind: a secret in ours, a named encryption key in theirs"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			base, ours, theirs := c.base.side(a), c.ours.side(a), c.theirs.side(a)
			m, why := mergeSecret(base, ours, theirs)
			f, took := m.file, m.took
			if c.why != "" {
				if !strings.Contains(why, c.why) || f != nil {
					t.Fatalf("why %q, want %q", why, c.why)
				}
				return
			}
			if why != "" || took != c.took {
				t.Fatalf("took %v (%q), want %v", took, why, c.took)
			}
			got := "absent"
			if f != nil {
				got = a.plain(f)
				a.bytes(*f)
				if f.About != c.about || f.Optional != (c.ours.option || c.theirs.option) {
					t.Errorf("about %q, optional %v", f.About, f.Optional)
				}
			}
			if got != c.want {
				t.Errorf("holds %q, want %q", got, c.want)
			}
		})
	}
}

// plain opens the values of a file K in production.
func (a *testApp) plain(f *SecretFile) string {
	a.t.Helper()
	if f.Blank() {
		return "blank"
	}
	var all []string
	for _, v := range f.places(a.id, prod, "K") {
		g, err := seal.ParseSealed(v.sealed)
		a.must(err)
		value, err := a.key(readProd, g).OpenValue(v.place, v.sealed)
		a.must(err)
		all = append(all, string(value.Reveal()))
	}
	return strings.Join(all, ",")
}

// A version that cannot be read is no version that is absent.
func TestMergeSecretLost(t *testing.T) {
	a := newApp(t)
	one, two := (&sideOf{value: "1"}).side(a), (&sideOf{value: "2"}).side(a)
	lost := secretSide{lost: errors.New("bad spelling")}
	for _, c := range []struct {
		base, ours, theirs secretSide
		why                string
	}{
		{lost, one, two, "the common version cannot be read"},
		{lost, one, secretSide{}, "the common version cannot be read"},
		{one, lost, one, "one side cannot be read: bad spelling"},
		{one, one, lost, "one side cannot be read: bad spelling"},
	} {
		if m, why := mergeSecret(c.base, c.ours, c.theirs); why != c.why || m.file != nil {
			t.Errorf("why %q, want %q", why, c.why)
		}
	}
	if m, why := mergeSecret(lost, one, one); m.took != Ours || why != "" {
		t.Errorf("equal sides: took %v, %q", m.took, why)
	}
}

// Of two equal values that is taken which is sealed to the newer key.
func TestMergeSecretNewerKey(t *testing.T) {
	a := newApp(t)
	old := (&sideOf{value: "1"}).side(a)
	a.rotate(readProd, nil)
	anew := (&sideOf{value: "1"}).side(a)
	for _, c := range []struct {
		ours, theirs secretSide
		took         Side
	}{{old, anew, Theirs}, {anew, old, Ours}} {
		if m, why := mergeSecret(old, c.ours, c.theirs); m.took != c.took || why != "" {
			t.Errorf("took %v (%q), want %v", m.took, why, c.took)
		}
	}
}

func TestLayer(t *testing.T) {
	below := fstest.MapFS{"dev/A": {Data: []byte("a")}, "dev/B": {Data: []byte("b")}, "gone/X": {Data: []byte("x")}}
	l := &layer{below, map[string]content{"dev/A": nil, "dev/B": bytesOf([]byte("bb")), "dev/C": bytesOf([]byte{}), "gone/X": nil, "new/N": bytesOf([]byte("n"))}}
	for dir, want := range map[string]string{"dev": "B C", "new": "N", "gone": ""} {
		entries, err := fs.ReadDir(l, dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s holds %q, want %q", dir, got, want)
		}
	}
	if _, err := fs.ReadDir(l, "nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nowhere: %v", err)
	}
	for name, want := range map[string]string{"dev/B": "bb", "dev/C": "", "new/N": "n"} {
		data, err := fs.ReadFile(l, name)
		info, statErr := fs.Stat(l, name)
		if err != nil || statErr != nil || string(data) != want || info.Size() != int64(len(want)) || !info.Mode().IsRegular() {
			t.Errorf("%s: %q %v %v", name, data, err, statErr)
		}
		f, err := l.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, name := range []string{"dev/A", "gone/X"} {
		_, readErr := fs.ReadFile(l, name)
		_, statErr := fs.Stat(l, name)
		_, openErr := l.Open(name)
		for _, err := range []error{readErr, statErr, openErr} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What is unmerged and not of the shape of an app is refused.
func TestSidesOddFiles(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		mode string
		part string
	}{
		"a link":      {"production/A.yaml", "120000", "not a plain file on each side"},
		"a submodule": {"production/A.yaml", "160000", "not a plain file on each side"},
		"no secret":   {"production/.A", "100644", "has no place here"},
		"no place":    {"x", "100644", "has no place here"},
		"no wrap":     {"keys/production.read.1/ann.txt", "100644", "has no place here"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			a.commit()
			blob := tgitIn(t, a.dir, []byte("x"), "hash-object", "-w", "--stdin")
			entry := func(stage string) string {
				return c.mode + " " + blob + " " + stage + "\t" + appDir + "/" + c.path + "\n"
			}
			tgitIn(t, a.dir, []byte(entry("2")+entry("3")), "update-index", "--index-info")
			stages, err := a.r.Stages(context.Background(), appDir)
			a.must(err)
			s, err := NewSides(context.Background(), a.r, appDir, a.workTree().FS, stages)
			if err == nil {
				_, _, err = s.Settle(context.Background(), a.keyring("alice", a.workTree()))
			}
			wantOdd(t, err, c.part)
		})
	}
}

func wantOdd(t *testing.T, err error, part string) {
	t.Helper()
	if !errors.Is(err, ErrNotAuthentic) || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v, want one that is not authentic, with %q", err, part)
	}
}
