package versions

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"pinseal/seal"
)

// keySideOf makes a version of named key K: "1=a 2=b" are the numbers of its versions
// and what each stands for, "-" is blank and "" absent. Every time it is sealed anew.
type keySideOf struct {
	versions string
	bits     int // 0 is 128
	about    string
	closed   bool
	secret   bool
	again    *secretSide // the bytes of another side
}

// keyText is the key that a letter stands for.
func keyText(letter string, bits int) string {
	text := strings.Repeat(letter, 41)
	if bits == 256 {
		return text[:41] + "AA="
	}
	return text[:20] + "AA=="
}

func (v keySideOf) side(a *testApp) secretSide {
	a.t.Helper()
	switch {
	case v.again != nil:
		s := *v.again
		if v.about != "" {
			f := *s.file
			f.About, s.file = v.about, &f
		}
		return s
	case v.versions == "":
		return secretSide{}
	case v.secret:
		return secretSide{file: &SecretFile{Kind: KindSecret, Value: a.sealed(prod, "K", v.versions)}, values: []seal.Secret{seal.NewSecret([]byte(v.versions))}}
	}
	bits := v.bits
	if bits == 0 {
		bits = 128
	}
	f := a.keyFile("K", bits, strings.TrimPrefix(v.versions, "-"))
	f.About = v.about
	s := secretSide{file: f, values: []seal.Secret{}}
	for _, one := range strings.Fields(strings.TrimPrefix(v.versions, "-")) {
		_, letter, _ := strings.Cut(one, "=")
		s.values = append(s.values, seal.NewSecret([]byte(keyText(letter, bits))))
	}
	if v.closed {
		s.values, s.closed = nil, &NoKeyError{Reason: "no key"}
	}
	return s
}

// keyFile makes the file of a named key of production from "1=a 2=b".
func (a *testApp) keyFile(name string, bits int, versions string) *SecretFile {
	a.t.Helper()
	f := &SecretFile{Kind: KindKey, Bits: bits}
	for one := range strings.FieldsSeq(versions) {
		var number uint32
		var letter string
		_, err := fmt.Sscanf(one, "%d=%s", &number, &letter)
		a.must(err)
		at := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: name, Version: number}
		f.Versions = append(f.Versions, KeyVersion{number, a.sealedAt(at, newestOf(a.note, readProd), keyText(letter, bits))})
	}
	return f
}

// letters opens key K of production, to what keyFile takes.
func (a *testApp) letters(name string, f *SecretFile) string {
	a.t.Helper()
	var all []string
	for _, v := range f.places(a.id, prod, name) {
		g, err := seal.ParseSealed(v.sealed)
		a.must(err)
		value, err := a.key(readProd, g).OpenValue(v.place, v.sealed)
		a.must(err)
		all = append(all, fmt.Sprintf("%d=%c", v.place.Version, value.Reveal()[0]))
	}
	return strings.Join(all, " ")
}

func TestMergeKey(t *testing.T) {
	a := newApp(t)
	is := func(versions string) keySideOf { return keySideOf{versions: versions} }
	bits := func(n int, versions string) keySideOf { return keySideOf{versions: versions, bits: n} }
	many := func(letter string, from, to int) string {
		var all strings.Builder
		for i := from; i <= to; i++ {
			letter := letter
			if i == 1 {
				letter = "a"
			}
			// Each another key: what is equal counts once.
			fmt.Fprintf(&all, "%d=%s ", i, letter+fmt.Sprintf("%02d", i))
		}
		return all.String()
	}
	tests := []struct {
		name               string
		base, ours, theirs keySideOf
		want               string
		took               Side
		moved              string
		why                string
	}{
		{"both rotated", is("1=a"), is("1=a 2=b"), is("1=a 2=c"), "1=a 2=b 3=c", Both, "2>3", ""},
		{"both rotated to the same", is("1=a"), is("1=a 2=b"), is("1=a 2=b"), "1=a 2=b", Ours, "", ""},
		{"both rotated, ours twice", is("1=a"), is("1=a 2=b 3=c"), is("1=a 2=d"), "1=a 2=b 3=c 4=d", Both, "2>4", ""},
		{"both rotated, theirs twice", is("1=a"), is("1=a 2=b"), is("1=a 2=c 3=d"), "1=a 2=b 4=c 5=d", Both, "2>4 3>5", ""},
		{"ours rotated, theirs sealed anew", is("1=a"), is("1=a 2=b"), is("1=a"), "1=a 2=b", Ours, "", ""},
		{"theirs rotated, ours sealed anew", is("1=a"), is("1=a"), is("1=a 2=b"), "1=a 2=b", Theirs, "", ""},
		{"ours reset, theirs rotated", is("1=a"), is("2=b"), is("1=a 2=c"), "2=b 3=c", Both, "2>3", ""},
		{"ours rotated, theirs reset", is("1=a"), is("1=a 2=b"), is("2=c"), "2=b 3=c", Both, "2>3", ""},
		{"both reset", is("1=a"), is("2=b"), is("2=c"), "2=b 3=c", Both, "2>3", ""},
		{"ours dropped old ones, theirs rotated", is("1=a 2=b"), is("2=b"), is("1=a 2=b 3=c"), "2=b 3=c", Both, "", ""},
		{"ours rotated, theirs dropped old ones", is("1=a 2=b"), is("1=a 2=b 3=c"), is("2=b"), "2=b 3=c", Both, "", ""},
		{"ours dropped more of the old ones", is("1=a 2=b 3=c"), is("3=c"), is("2=b 3=c 4=d"), "3=c 4=d", Both, "", ""},
		{"added on both, different", keySideOf{}, is("1=a"), is("1=b"), "1=a 2=b", Both, "1>2", ""},
		{"added on both, the same", keySideOf{}, is("1=a"), is("1=a"), "1=a", Ours, "", ""},
		{"added on both, of other bits", keySideOf{}, is("1=a"), bits(256, "1=b"), "", 0, "", "changed on both sides: bits"},
		{"filled on both", is("-"), is("1=a"), is("1=b"), "1=a 2=b", Both, "1>2", ""},
		{"the same key imported under other numbers", is("1=a"), is("1=a 2=b"), is("1=a 3=b"), "1=a 2=b", Ours, "3>2", ""},
		{"rotated, then imported what ours imported", is("1=a"), is("1=a 2=b"), is("1=a 2=c 3=b"), "1=a 2=b 4=c 5=b", Both, "2>4 3>5", ""},
		{"imported what ours imported, then rotated", is("1=a"), is("1=a 2=b"), is("1=a 2=b 3=c"), "1=a 2=b 3=c", Theirs, "", ""},
		{"imported in another order", is("1=a"), is("1=a 2=b 3=c"), is("1=a 2=c 3=b"), "1=a 2=b 3=c 4=b", Both, "2>3 3>4", ""},
		{"ours put another under a number, theirs rotated", is("1=a"), is("1=b"), is("1=a 2=c"), "1=b 2=c", Both, "", ""},
		{"reset to other bits, theirs sealed anew", is("1=a"), bits(256, "2=b"), is("1=a"), "2=b", Ours, "", ""},
		{"reset to other bits, theirs rotated", is("1=a"), bits(256, "2=b"), is("1=a 2=c"), "", 0, "", "changed on both sides: bits"},
		{"ours rotated, theirs reset to other bits", is("1=a"), is("1=a 2=c"), bits(256, "2=b"), "", 0, "", "changed on both sides: bits"},
		{"each dropped what the other kept", is("1=a 2=b"), is("1=a"), is("2=b"), "", 0, "", "each side has dropped the version"},
		{"each dropped what the other encrypts with", is("1=a 2=b 3=c"), is("1=a 2=b"), is("1=a 3=c"), "", 0, "", "each side has dropped the version"},
		{"cherry-picked, then merged", is("1=a"), is("1=a 2=m 3=f"), is("1=a 2=e 3=f"), "1=a 2=m 3=f 4=e 5=f", Both, "2>4 3>5", ""},
		{"at a lower number than ours", is("1=a"), is("1=a 3=c"), is("1=a 2=d"), "1=a 3=c 4=d", Both, "2>4", ""},
		{"a number that both gave up", is("1=a 3=c"), is("1=a 2=b"), is("1=a 2=d"), "1=a 2=b 4=d", Both, "2>4", ""},
		{"theirs under another number", is("1=a"), is("1=a 2=b"), is("5=a"), "1=a 2=b", Ours, "5>1", ""},
		{"a rotation that got another number, reverted", is("1=a 2=c"), is("1=a 2=b 3=c"), is("1=a"), "1=a 2=b", Both, "", ""},
		{"the older of two is of ours too", is("1=a"), is("1=a 2=b"), is("1=a 2=b 3=c 4=d"), "1=a 2=b 3=c 4=d", Theirs, "", ""},
		{"the last number", is("2147483647=a"), is("2147483647=b"), is("2147483647=c"), "", 0, "", "takes a number above 2147483647"},
		{"blank here, dropped there", is("1=a 2=b"), is("-"), keySideOf{versions: "2=b", about: "x"}, "", Ours, "", ""},
		{"ours removed, theirs rotated", is("1=a"), keySideOf{}, is("1=a 2=b"), "", 0, "", "removed by ours, changed by theirs"},
		{"as many as decrypting tries", is(many("x", 1, 1)), is(many("b", 1, 16)), is(many("c", 1, 17)), "many", Both, "many", ""},
		{"more than decrypting tries", is(many("x", 1, 1)), is(many("b", 1, 17)), is(many("c", 1, 17)), "", 0, "", "both sides together have 33 versions of this encryption key, and decrypting tries 32: drop old ones on one of the branches (pinseal key rm NAME --before N), then merge"},
		{"a secret on the other side", keySideOf{}, is("1=a"), keySideOf{versions: "v", secret: true}, "", 0, "", "kind: a named encryption key in ours, a secret in theirs"},
		{"a secret became a key on both sides", keySideOf{versions: "v", secret: true}, is("1=a"), is("1=b"), "1=a 2=b", Both, "1>2", ""},
		{"both rotated and described", is("1=a"), keySideOf{versions: "1=a 2=b", about: "x"}, keySideOf{versions: "1=a 2=c", about: "y"}, "", 0, "", "changed on both sides: description"},
		{"not to be opened", is("1=a"), is("1=a 2=b"), keySideOf{versions: "1=a 2=c", closed: true}, "", 0, "", "put together by who can read it: cannot be opened to compare: no key"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			base, ours, theirs := c.base.side(a), c.ours.side(a), c.theirs.side(a)
			m, why := mergeSecret(base, ours, theirs)
			if c.why != "" || why != "" {
				if c.why == "" || !strings.Contains(why, c.why) || m.file != nil {
					t.Fatalf("why %q, want %q", why, c.why)
				}
				return
			}
			one := Settled{Environment: prod, Name: "K", File: m.file, Took: m.took}
			one.tell(m, base, ours, theirs)
			f, err := one.sealed(a.note)
			a.must(err)
			a.bytes(*f)
			if m.took != c.took {
				t.Errorf("took %v, want %v", m.took, c.took)
			}
			if c.want == "many" {
				if len(f.Versions) != seal.MaxKeyVersions {
					t.Errorf("%d versions", len(f.Versions))
				}
				return
			}
			var moved []string
			for _, v := range one.Moved {
				moved = append(moved, fmt.Sprintf("%d>%d", v.Was, v.Is))
			}
			if got := a.letters("K", f); got != c.want || strings.Join(moved, " ") != c.moved {
				t.Errorf("holds %q, want %q; moved %q, want %q", got, c.want, moved, c.moved)
			}
		})
	}
}

// What needs no comparing is merged by who cannot read, too.
func TestMergeKeyWithoutKey(t *testing.T) {
	a := newApp(t)
	base := keySideOf{versions: "1=a 2=b", closed: true}.side(a)
	with := func(from int, add string) secretSide {
		s := keySideOf{versions: "-", closed: true}.side(a)
		s.file.Versions = append(s.file.Versions, base.file.Versions[from:]...)
		if add != "" {
			s.file.Versions = append(s.file.Versions, a.keyFile("K", 128, add).Versions...)
		}
		return s
	}
	m, why := mergeSecret(base, with(1, ""), with(0, "3=c"))
	if why != "" || a.letters("K", m.file) != "2=b 3=c" {
		t.Errorf("dropped and rotated: %q", why)
	}
	m, why = mergeSecret(base, with(0, "3=c"), with(0, "3=d"))
	if m.file != nil || !strings.Contains(why, "by who can read it") {
		t.Errorf("rotated by both: %q", why)
	}
	resealed := keySideOf{versions: "1=a 2=b", closed: true}.side(a)
	m, why = mergeSecret(base, resealed, with(2, "3=c"))
	if m.file != nil || !strings.Contains(why, "by who can read it") {
		t.Errorf("sealed anew, or others, and reset: %q", why)
	}
}

// A version that is no key, or of another size than its file says, is not merged with
// others.
func TestMergeKeyOfWrongSize(t *testing.T) {
	a := newApp(t)
	for name, edit := range map[string]func(f *SecretFile){
		"more bits": func(f *SecretFile) { f.Bits = 256 },
		"no key": func(f *SecretFile) {
			at := seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "K", Version: 2}
			f.Versions = append(f.Versions, KeyVersion{2, a.sealedAt(at, newestOf(a.note, readProd), "no key")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := a.keyFile("K", 128, "1=a")
			edit(f)
			a.putFile(prod, "K", *f)
			s := openSecretSide(a.workTree(), prod, "K", []*Keyring{a.keyring("alice", a.workTree())})
			wantErr(t, s.closed, ErrNotAuthentic, "is not a key of")
			base := keySideOf{versions: "1=a"}.side(a)
			if m, why := mergeSecret(base, keySideOf{versions: "1=a 2=b"}.side(a), s); m.file != nil || why == "" {
				t.Errorf("merged (%q)", why)
			}
		})
	}
}

// Real branches: what git cannot merge, by Settle and Edits, and what it can.
func TestMergeKeyBranches(t *testing.T) {
	a := newApp(t)
	f := a.keyFile("K", 128, "1=a")
	f.About = "before"
	a.putFile(prod, "K", *f)
	a.commit()
	branch := func(name, about, add string) {
		tgit(t, a.dir, "checkout", "-q", "-B", name, "main")
		g := *f
		g.About = about
		g.Versions = append(g.Versions[:1:1], a.keyFile("K", 128, add).Versions...)
		a.putFile(prod, "K", g)
		a.commit()
	}
	branch("rotated", "before", "2=b")
	branch("rotated-too", "before", "2=c")
	branch("described", "after", "")

	tgit(t, a.dir, "merge", "-q", "--no-edit", "rotated")
	merged, err := a.workTree().File(prod, "K")
	a.must(err)
	if got := a.letters("K", merged); got != "1=a 2=b" || merged.About != "after" {
		t.Errorf("git made %q, %q", got, merged.About)
	}

	tgit(t, a.dir, "checkout", "-q", "rotated")
	merge := exec.Command("git", "merge", "-q", "rotated-too")
	merge.Dir, merge.Env = a.dir, testEnv(a.dir)
	if err := merge.Run(); err == nil {
		t.Fatal("git has merged what both have added")
	}
	stages, err := a.r.Stages(context.Background(), appDir)
	a.must(err)
	s, err := NewSides(context.Background(), a.r, appDir, a.workTree().FS, stages)
	a.must(err)
	keys := a.keyring("alice", a.workTree())
	settled, undecided, err := s.Settle(context.Background(), keys)
	a.must(err)
	if len(settled) != 1 || len(undecided) != 0 || settled[0].Took != Both {
		t.Fatalf("settled %v, undecided %v", settled, undecided)
	}
	e, err := s.Edits(context.Background(), keys, settled)
	a.must(err)
	made, err := ParseSecretFile(e.Values[FilePath(prod, "K")])
	a.must(err)
	if got := a.letters("K", made); got != "1=a 2=b 3=c" {
		t.Errorf("settled to %q", got)
	}
	if left := s.LeftOut(prod, "K", Ours, keys); len(left) != 1 || left[0] != 2 {
		t.Errorf("left out by ours: %v", left)
	}
	// Who cannot read is told, and nothing is merged.
	settled, undecided, err = s.Settle(context.Background(), a.keyring("ci", a.workTree()))
	a.must(err)
	if len(settled) != 0 || len(undecided) != 1 || undecided[0].Kind != KindKey {
		t.Errorf("without a key: settled %v, undecided %v", settled, undecided)
	}
}
