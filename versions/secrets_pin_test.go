package versions

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

func (a *testApp) openPin(who string, edit func(*Options)) (*Secrets, error) {
	a.t.Helper()
	o := a.optionsOf(who)
	if who != "web" && a.since[who] == 0 {
		o.App = a.id.String()
	}
	if edit != nil {
		edit(&o)
	}
	s, err := OpenPin(context.Background(), a.dir, prod, o)
	if err == nil {
		a.t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func TestOpenPin(t *testing.T) {
	a, one, two := pinnedApp(t)
	s, err := a.openPin("bob", nil)
	a.must(err)
	wantPin(t, s, 2)
	s, err = a.openPin("web", func(o *Options) { o.Pin = 1 })
	a.must(err)
	wantPin(t, s, 1)
	wantSecret(t, s, "A", "one")
	_, err = a.openPin("web", func(o *Options) { o.Pin = 3 })
	wantErr(t, err, ErrNotFound, "no pin 3")
	_, err = a.openPin("web", func(o *Options) { o.Pin, o.MinPin = 1, 2 })
	wantErr(t, err, ErrNotAuthentic, "lowest that is allowed")
	_, err = a.openPin("web", func(o *Options) { o.MinPin = 3 })
	wantErr(t, err, ErrNotAuthentic, "lowest that is allowed")
	_, err = a.openPin("web", func(o *Options) { o.Environment = "dev" })
	if err == nil {
		t.Error("two environments")
	}
	_, err = OpenPin(t.Context(), a.dir, "dev", a.optionsOf("web"))
	wantErr(t, err, ErrNotFound, "no pin in the ledger of dev")
	_, err = OpenPin(t.Context(), a.dir, "Dev", a.optionsOf("web"))
	if !errors.As(err, new(*seal.NameError)) {
		t.Error(err)
	}
	_, err = OpenPin(t.Context(), t.TempDir(), prod, Options{Identity: seal.NewSecret(a.identityText("web")), Environ: func() []string { return testEnv(a.dir) }})
	if !errors.As(err, new(*repo.NotRepoError)) {
		t.Error(err)
	}
	_, err = a.openPin("bob", func(o *Options) { o.App = "" })
	wantErr(t, err, ErrNotAuthentic, "nothing says which app")

	// What was seen: the ledger may not go back behind it, nor away.
	saw := func(o *Options) { o.Seen = seenOf(two) }
	_, err = a.openPin("web", saw)
	a.must(err)
	ref := LedgerRef(a.id, prod)
	a.setRef(ref, one)
	_, err = a.openPin("web", saw)
	wantErr(t, err, ErrNotAuthentic, "went back from pin 2 to pin 1")
	a.setRef(ref, a.forge(one, func(h *handmade) { h.Message = "fork" }))
	_, err = a.openPin("web", saw)
	wantErr(t, err, ErrNotAuthentic, "not the pin 2")
	a.setRef(ref, nil)
	_, err = a.openPin("web", saw)
	wantErr(t, err, ErrNotAuthentic, "now there is none")
	_, err = a.openPin("web", nil)
	wantErr(t, err, ErrNotFound, "no pin")
}

// A clone without its work tree files, a bare one, and one that git alone understands.
func TestOpenPinLayouts(t *testing.T) {
	a, _, _ := pinnedApp(t)
	git := func() []string { return testEnv(a.dir) }
	bare := filepath.Join(t.TempDir(), "bare")
	tgit(t, a.dir, "clone", "-q", "--mirror", a.dir, bare)
	empty := t.TempDir()
	tgit(t, empty, "init", "-q", "--bare", ".")
	tgit(t, empty, "fetch", "-q", "--depth=1", "file://"+a.dir, LedgerRef(a.id, prod)+":"+LedgerRef(a.id, prod))
	linked := filepath.Join(t.TempDir(), "linked")
	tgit(t, a.dir, "worktree", "add", "-q", linked)
	for _, dir := range []string{bare, empty, linked} {
		s, err := OpenPin(t.Context(), dir, prod, Options{Identity: seal.NewSecret(a.identityText("web")), Environ: git})
		a.must(err)
		a.must(s.Close())
		wantSecret(t, s, "A", "two")
	}
	// Nothing is fetched, not even what a partial clone left where it came from.
	partial := filepath.Join(t.TempDir(), "partial")
	tgit(t, a.dir, "config", "uploadpack.allowFilter", "true")
	tgit(t, a.dir, "clone", "-q", "--mirror", "--filter=blob:none", "file://"+a.dir, partial)
	_, err := OpenPin(t.Context(), partial, prod, Options{Identity: seal.NewSecret(a.identityText("web")), Environ: git})
	if !errors.Is(err, repo.ErrMissing) && !errors.Is(err, repo.ErrOffline) {
		t.Errorf("a partial clone: %v", err)
	}
	a.must(os.RemoveAll(filepath.Join(a.dir, ".pinseal")))
	s, err := a.openPin("web", nil)
	a.must(err)
	wantSecret(t, s, "A", "two")
}

// Secrets are versioned, membership is not: the newest note decides who reads, and
// what stands beside a pin does not.
func TestOpenPinMembers(t *testing.T) {
	a, _, two := pinnedApp(t)
	a.add("late", true, "production.read")
	s, err := a.openPin("late", nil)
	a.must(err)
	wantSecret(t, s, "A", "two")
	a.remove("bob")
	_, err = a.openPin("bob", nil)
	wantErr(t, err, seal.ErrNoKey, "not a member")
	known := a.note.Signed()
	a.add("later", false, "production.read")

	// Another note of the app beside the pin, by who can push.
	files := a.tree(two)
	files[NoteName] = a.note.Signed()
	a.put(NoteName, known)
	beside := a.forge(nil, func(h *handmade) {
		h.files, h.signed = files, files[PinName]
		h.parents = []repo.Hash{two.parent}
	})
	a.setRef(LedgerRef(a.id, prod), beside)
	_, err = a.openPin("web", nil)
	wantErr(t, err, ErrNotAuthentic, "app note is not the one that the pin names")

	// The same app twice, and what has no place in a store.
	a.setRef(LedgerRef(a.id, prod), two)
	a.must(os.CopyFS(filepath.Join(a.dir, ".pinseal", "again"), os.DirFS(filepath.Join(a.dir, appDir))))
	_, err = a.openPin("web", nil)
	wantErr(t, err, ErrNotAuthentic, "two directories")
	a.must(os.RemoveAll(filepath.Join(a.dir, ".pinseal", "again")))
	a.must(os.WriteFile(filepath.Join(a.dir, ".pinseal", "other"), nil, 0o600))
	_, err = a.openPin("web", nil)
	wantErr(t, err, ErrNotAuthentic, "is not an app")
}

// A retired publisher puts a pin on top, which is void, and beside it an app note of a
// branch that was never merged. Neither counts.
func TestOpenPinBesideVoid(t *testing.T) {
	a, _, two := pinnedApp(t)
	a.rotate("production.publish", two)
	a.set(prod, "A", "three")
	three := a.publish("alice")
	merged := a.note
	a.remove("web") // on the branch
	void := a.forge(three, func(h *handmade) {
		h.files, h.Set, h.Generation = a.tree(three), three.Set, 1
		h.files[NoteName] = a.note.Signed()
	})
	a.setRef(LedgerRef(a.id, prod), void)
	a.put(NoteName, merged.Signed())
	s, err := a.openPin("web", nil)
	a.must(err)
	wantPin(t, s, 3)
	wantSecret(t, s, "A", "three")
}

// watched steps through a Watch.
type watched struct {
	t    testing.TB
	next func() (VersionInfo, error, bool)
	stop func()
}

func watch(t testing.TB, r Reader) *watched {
	t.Helper()
	next, stop := iter.Pull2(r.Watch(t.Context()))
	return &watched{t, next, stop}
}

// want is the next thing that Watch says: the pin, and a part of the error.
func (w *watched) want(pin int, part string) {
	w.t.Helper()
	v, err, ok := w.next()
	if !ok || v.Number != pin {
		w.t.Fatalf("pin %d, %v, want %d", v.Number, ok, pin)
	}
	if part == "" && err != nil || part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
		w.t.Fatalf("pin %d: %v, want %q", pin, err, part)
	}
}

// The ledger under a Watch: forward is taken, all else is told, and what was open
// stays. The clock is not the real one.
func TestWatchLedger(t *testing.T) {
	a, one, two := pinnedApp(t)
	ref := LedgerRef(a.id, prod)
	synctest.Test(t, func(t *testing.T) {
		a.t = t
		s, err := a.openPin("web", nil)
		a.must(err)
		w := watch(t, s)
		defer w.stop()
		w.want(2, "")
		a.set(prod, "A", "three")
		three := a.publish("alice")
		w.want(3, "")
		wantSecret(t, s, "A", "three")
		frozen := s.Snapshot()
		a.setRef(ref, one)
		w.want(3, "went back from pin 3 to pin 1")
		wantSecret(t, s, "A", "three")
		a.setRef(ref, nil)
		w.want(3, "now there is none")
		a.setRef(ref, a.forge(two, func(h *handmade) { h.Message = "fork" }))
		w.want(3, "is not the pin 3 that was seen")
		a.setRef(ref, a.forge(three, func(h *handmade) { h.Previous = digestOf(nil) }))
		w.want(3, "pin 4 does not name the pin below it")
		stranger := newApp(t)
		a.setRef(ref, a.forge(three, func(h *handmade) { h.key = stranger.key(seal.PublishSlot(prod), 1) }))
		w.want(3, "number 4 does not verify")
		a.setRef(ref, a.forge(three, func(h *handmade) { h.files = a.tree(three); h.files["production/A.yaml"] = []byte("x") }))
		w.want(3, "is not the file that was pinned")
		wantSecret(t, s, "A", "three")
		a.setRef(ref, three)
		w.want(3, "") // it has passed
		loose := filepath.Join(a.dir, ".git", filepath.FromSlash(ref))
		a.must(os.WriteFile(loose, nil, 0o600))
		w.want(3, "ref file is empty")
		a.must(os.WriteFile(loose, []byte(three.LedgerCommit+"\n"), 0o600))
		w.want(3, "")
		a.set(prod, "A", "four")
		a.publish("ci")
		w.want(4, "")
		wantSecret(t, s, "A", "four")
		wantSecret(t, frozen, "A", "three")
		wantPin(t, frozen, 3)

		// A key that the identity here does not have yet: the pin before it stays
		// open, and the newer one is not taken for seen.
		a.rotate("production.read", nil)
		a.drop(WrapPath("production.read", 2, "web"))
		for _, name := range []string{"A", "J"} {
			a.set(prod, name, "five")
		}
		five := a.forge(a.ledger().Tip(), func(h *handmade) {
			src := a.workTree()
			digests := map[string][32]byte{}
			for _, name := range []string{"A", "J"} {
				data, err := src.FileBytes(prod, name)
				a.must(err)
				h.files[FilePath(prod, name)], digests[name] = data, digestOf(data)
			}
			h.files[SumName] = MakeSum(prod, digests)
		})
		a.setRef(ref, five)
		w.want(4, "pending")
		wantSecret(t, s, "A", "four")
		a.wrap("web", "production.read", 2)
		w.want(5, "")
		wantSecret(t, s, "A", "five")
	})
}

// A value that was copied to another place verifies, its key is at hand, and it does not
// open: nothing with it is opened, and no Watch puts it in the place of what is.
func TestSecretsOpenAll(t *testing.T) {
	for name, spoil := range map[string]func(a *testApp){
		"secret": func(a *testApp) {
			a.putFile(prod, "SPOILT", SecretFile{Kind: KindSecret, Value: a.sealed(prod, "A", "copied")})
		},
		"older version of a key": func(a *testApp) {
			e, _ := a.note.Newest("production.read")
			at := func(n uint32) string {
				return a.sealedAt(seal.Place{App: a.id, Environment: prod, Kind: KindKey, Name: "SPOILT", Version: n}, e, strings.Repeat("k", 16))
			}
			a.putFile(prod, "SPOILT", SecretFile{Kind: KindKey, Bits: 128, Versions: []KeyVersion{{Number: 1, Value: at(3)}, {Number: 2, Value: at(2)}}})
		},
	} {
		a, _, two := pinnedApp(t)
		file := filepath.Join(t.TempDir(), "production.bundle")
		a.must(os.WriteFile(file, a.bundle(two, "web"), 0o600))
		synctest.Test(t, func(t *testing.T) {
			a.t = t
			ledger, err := a.openPin("web", nil)
			a.must(err)
			onDisk, err := OpenBundleFile(file, a.optionsOf("web"))
			a.must(err)
			sets := []*Secrets{ledger, onDisk}
			watches := []*watched{watch(t, ledger), watch(t, onDisk)}
			for _, w := range watches {
				defer w.stop()
				w.want(2, "")
			}
			spoil(a)
			a.set(prod, "A", "three")
			three := a.publish("ci") // who cannot open values
			a.must(os.WriteFile(file, a.bundle(three, "web"), 0o600))
			for i, w := range watches {
				w.want(2, "was not sealed for this place")
				wantPin(t, sets[i], 2)
				wantSecret(t, sets[i], "A", "two")
			}
			if seen := ledger.Seen(); seen.Number != 2 {
				t.Errorf("%s: seen %d", name, seen.Number)
			}
			_, err = OpenBundle(a.bundle(three, "web"), a.optionsOf("web"))
			wantErr(t, err, ErrNotAuthentic, "was not sealed for this place")
			_, err = a.openPin("web", nil)
			wantErr(t, err, ErrNotAuthentic, "was not sealed for this place")
			a.drop(FilePath(prod, "SPOILT"))
			four := a.publish("ci")
			a.must(os.WriteFile(file, a.bundle(four, "web"), 0o600))
			for i, w := range watches {
				w.want(4, "")
				wantSecret(t, sets[i], "A", "three")
			}
		})
	}
}

func TestWatchEnds(t *testing.T) {
	a, _, two := pinnedApp(t)
	bundle, err := OpenBundle(a.bundle(two, ""), a.optionsOf("web"))
	a.must(err)
	synctest.Test(t, func(t *testing.T) {
		a.t = t
		pinned, err := a.openPin("web", func(o *Options) { o.Pin = 1 })
		a.must(err)
		for _, s := range []*Secrets{bundle, pinned} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			times := 0
			for _, err := range s.Watch(ctx) {
				a.must(err)
				times++
			}
			cancel()
			if times != 1 {
				t.Errorf("told %d times", times)
			}
			for range s.Watch(ctx) {
				t.Error("told after its end")
			}
			for range s.Watch(t.Context()) {
				break
			}
		}
	})
}

// A bundle that is replaced on disk.
func TestWatchBundleFile(t *testing.T) {
	a, one, two := pinnedApp(t)
	file := filepath.Join(t.TempDir(), "production.bundle")
	put := func(data []byte) { a.must(os.WriteFile(file, data, 0o600)) }
	put(a.bundle(one, ""))
	synctest.Test(t, func(t *testing.T) {
		a.t = t
		s, err := OpenBundleFile(file, a.optionsOf("web"))
		a.must(err)
		w := watch(t, s)
		defer w.stop()
		w.want(1, "")
		put(a.bundle(two, "web"))
		w.want(2, "")
		wantSecret(t, s, "A", "two")
		put(a.bundle(one, ""))
		w.want(2, "went back from pin 2 to pin 1")
		whole := a.bundle(two, "")
		put(whole[:len(whole)/2])
		w.want(2, "is damaged")
		a.must(os.Remove(file))
		w.want(2, "no bundle")
		a.must(os.Mkdir(file, 0o700))
		w.want(2, "is not a file")
		a.must(os.Remove(file))
		put(a.bundleOf(a.forge(one, func(h *handmade) { h.files = a.tree(one); h.Message = "fork" })))
		w.want(2, "does not go on from pin 2")
		put(a.bundle(two, "web"))
		w.want(2, "")
	})
	_, err := OpenBundleFile(filepath.Join(t.TempDir(), "absent"), a.optionsOf("web"))
	wantErr(t, err, ErrNotFound, "no bundle")
}

// Readers in the middle of many swaps see one whole set or another, and never go back.
func TestWatchWhileReading(t *testing.T) {
	a := newApp(t)
	set := func(n string) { a.set(prod, "A", n); a.set(prod, "B", n) }
	set("0")
	a.publish("alice")
	s, err := a.openPin("web", func(o *Options) { o.Interval = time.Microsecond })
	a.must(err)
	const last = 3
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 { // who watches
		wg.Go(func() {
			for v, err := range s.Watch(ctx) {
				if err != nil {
					t.Error(err)
				}
				if v.Number == last+1 {
					return
				}
			}
		})
	}
	for range 2 { // who reads
		wg.Go(func() {
			for before := 0; before <= last; {
				one := s.Snapshot()
				v, _ := one.Version(ctx)
				x, err1 := one.Get(ctx, "A")
				y, err2 := one.Get(ctx, "B")
				if _, err3 := s.List(ctx); errors.Join(err1, err2, err3) != nil || !x.Equal(y) || v.Number < before {
					t.Errorf("pin %d after %d: %v", v.Number, before, errors.Join(err1, err2, err3))
					return
				}
				s.Seen()
				if before = v.Number; before == last+1 {
					return
				}
			}
		})
	}
	for n := range last {
		set(string(slices.Repeat([]byte("x"), n+1)))
		a.publish("alice")
	}
	wg.Wait()
	cancel()
	wantPin(t, s, last+1)
}
