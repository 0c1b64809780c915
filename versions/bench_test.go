package versions

import (
	"bytes"
	"context"
	"crypto/hpke"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

// seedFor is known, so that a benchmark can open beside package seal.
func seedFor() []byte { return bytes.Repeat([]byte{7}, 32) }

// newBenchApp is an app whose production.read key has a known seed.
func newBenchApp(b *testing.B) *testApp {
	b.Helper()
	a := newApp(b)
	k, err := seal.NewKey("production.read", 2, seedFor())
	a.must(err)
	a.keys[slotGeneration{"production.read", 2}] = k
	a.change(func(n *seal.Note) { n.Slots = append(n.Slots, seal.NewEntry(k)) })
	for _, m := range a.note.Holders("production.read") {
		a.wrap(m.Name, "production.read", 2)
	}
	return a
}

// secrets seals n values, without writing them anywhere.
func (a *testApp) secrets(n int) map[string][]byte {
	a.t.Helper()
	files := make(map[string][]byte, n)
	names := make([]string, n)
	data := make([][]byte, n)
	for i := range n {
		names[i] = fmt.Sprintf("SECRET_%05d", i)
	}
	a.must(InParallel(n, func(i int) error {
		data[i] = a.bytes(SecretFile{Kind: KindSecret, Value: a.sealed(prod, names[i], "postgres://user:password@host/"+names[i])})
		return nil
	}))
	for i := range n {
		files[names[i]] = data[i]
	}
	return files
}

// importer writes commits as one pack, through git fast-import.
type importer struct {
	bytes.Buffer
	marks map[string]int
}

func (w *importer) blob(data []byte) int {
	if m := w.marks[string(data)]; m > 0 {
		return m
	}
	m := len(w.marks) + 1
	w.marks[string(data)] = m
	fmt.Fprintf(w, "blob\nmark :%d\ndata %d\n%s\n", m, len(data), data)
	return m
}

func (w *importer) commit(ref string, files map[string][]byte) {
	paths := map[string]int{}
	for p, data := range files {
		paths[p] = w.blob(data)
	}
	fmt.Fprintf(w, "commit %s\ncommitter %s\ndata 3\npin\ndeleteall\n", ref, testIdent)
	for p, m := range paths {
		fmt.Fprintf(w, "M 100644 :%d %s\n", m, p)
	}
}

func (a *testApp) importAll(w *importer) {
	a.t.Helper()
	tgitIn(a.t, a.dir, w.Bytes(), "fast-import", "--quiet", "--force")
}

// importSet makes a commit and a first pin of a set in one pack.
func (a *testApp) importSet(secrets map[string][]byte) (commit repo.Hash, pin *Entry) {
	a.t.Helper()
	digests := map[string][32]byte{}
	tree := map[string][]byte{NoteName: a.note.Signed()}
	for name, data := range secrets {
		digests[name] = digestOf(data)
		tree[FilePath(prod, name)] = data
	}
	for _, m := range a.note.Holders("production.read") {
		p := WrapPath("production.read", 2, m.Name)
		data, err := a.workTree().read(p, MaxWrap)
		a.must(err)
		tree[p] = data
	}
	w := &importer{marks: map[string]int{}}
	app := map[string][]byte{}
	for p, data := range tree {
		app[appDir+"/"+p] = data
	}
	w.commit("refs/heads/bench", app)
	tree[SumName] = MakeSum(prod, digests)
	p := &Pin{App: a.id, Environment: prod, Number: 1, Commit: repo.Hash(hex.EncodeToString(make([]byte, 20))), Set: digestOf(tree[SumName]),
		NoteVersion: a.note.Version, Note: a.note.Hash(), Generation: 1, Time: a.clock, Publisher: "alice"}
	p, err := p.Sign(a.key("production.publish", 1))
	a.must(err)
	tree[PinName] = p.Signed()
	w.commit(LedgerRef(a.id, prod), tree)
	a.importAll(w)
	return repo.Hash(tgit(a.t, a.dir, "rev-parse", "refs/heads/bench")), a.ledger().Tip()
}

// BenchmarkSet reads sets of 10 to 10,000 secrets at a commit and at a pin, each
// time from a repository just opened.
func BenchmarkSet(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000} {
		a := newBenchApp(b)
		commit, _ := a.importSet(a.secrets(n))
		at := func(b *testing.B, pinned bool) (*Set, func()) {
			r, err := repo.Open(context.Background(), a.dir, repo.Options{Env: testEnv(a.dir)})
			a.must(err)
			src := &Source{What: "commit"}
			if pinned {
				tip, err := r.Ref(context.Background(), LedgerRef(a.id, prod))
				a.must(err)
				l, err := OpenLedger(context.Background(), r, a.note, prod, tip, Seen{})
				a.must(err)
				src, err = l.Source(context.Background(), l.Tip())
				a.must(err)
			} else {
				src.FS, err = r.FS(context.Background(), commit, appDir)
				a.must(err)
			}
			keys, err := NewKeyring(a.note, a.identities("alice"), src)
			a.must(err)
			return &Set{Source: src, Environment: prod, Keys: keys}, func() { r.Close() }
		}
		for _, pinned := range []bool{false, true} {
			where := map[bool]string{false: "commit", true: "pin"}[pinned]
			run := func(what string, do func(*Set) error) {
				b.Run(fmt.Sprintf("%s/%s/%d", what, where, n), func(b *testing.B) {
					for b.Loop() {
						s, done := at(b, pinned)
						a.must(do(s))
						done()
					}
				})
			}
			run("names", func(s *Set) error { _, err := s.Source.Names(prod); return err })
			run("get", func(s *Set) error { _, err := s.Get(fmt.Sprintf("SECRET_%05d", n/2)); return err })
			run("verify", func(s *Set) error { _, _, err := s.Source.Files(prod); return err })
			run("all", func(s *Set) error { _, _, err := s.All(context.Background()); return err })
		}
	}
}

// BenchmarkOpen opens N values of files that were read, beside N bare hpke.Open
// spread over the cores: "ratio" is the one over the other, goal 1.15.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{10, 100, 1_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := newBenchApp(b)
			private, err := hpke.MLKEM768X25519().NewPrivateKey(seedFor())
			a.must(err)
			info := bytes.Repeat([]byte{1}, 90)
			boxes := make([][]byte, n)
			for i := range boxes {
				boxes[i], err = hpke.Seal(private.PublicKey(), hpke.HKDFSHA256(), hpke.AES256GCM(), info, make([]byte, 128))
				a.must(err)
			}
			_, pin := a.importSet(a.secrets(n))
			set := a.pinned(pin, "alice")
			names, files, err := set.Source.Files(prod)
			a.must(err)
			_, err = set.Get(names[0]) // unwraps the key
			a.must(err)
			var ours, all, bare time.Duration
			for b.Loop() {
				start := time.Now()
				a.must(InParallel(n, func(i int) error {
					_, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, boxes[i])
					return err
				}))
				bare += time.Since(start)
				start = time.Now()
				a.must(InParallel(n, func(i int) error {
					_, err := set.Open(names[i], files[i])
					return err
				}))
				ours += time.Since(start)
				start = time.Now()
				_, _, err := set.All(context.Background())
				a.must(err)
				all += time.Since(start)
			}
			b.ReportMetric(float64(ours)/float64(bare), "ratio")
			b.ReportMetric(float64(all)/float64(bare), "ratio-with-reading")
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N*n), "ns/value")
		})
	}
}

func BenchmarkPinVerify(b *testing.B) {
	a := newApp(b)
	data := a.tree(a.forge(nil, nil))[PinName]
	for b.Loop() {
		_, err := ParsePin(data, a.note, prod)
		a.must(err)
	}
}

// BenchmarkLedger verifies 10,000 pins: cold, all of them (goal 2 s); and from a
// memory that is one pin old.
func BenchmarkLedger(b *testing.B) {
	const n = 10_000
	a := newBenchApp(b)
	files := map[string][]byte{SumName: MakeSum(prod, nil), NoteName: a.note.Signed()}
	w := &importer{marks: map[string]int{}}
	var last, before *Pin
	for i := 1; i <= n; i++ {
		p := &Pin{App: a.id, Environment: prod, Number: i, Commit: repo.Hash(hex.EncodeToString(make([]byte, 20))), Set: digestOf(files[SumName]),
			NoteVersion: a.note.Version, Note: a.note.Hash(), Generation: 1, Time: a.clock, Publisher: "alice"}
		if last != nil {
			p.Previous = last.Hash()
		}
		p, err := p.Sign(a.key("production.publish", 1))
		a.must(err)
		files[PinName] = p.Signed()
		w.commit(LedgerRef(a.id, prod), files)
		before, last = last, p
	}
	a.importAll(w)
	tip := repo.Hash(tgit(b, a.dir, "rev-parse", LedgerRef(a.id, prod)))
	below := repo.Hash(tgit(b, a.dir, "rev-parse", string(tip)+"^"))
	open := func(seen Seen) *Ledger {
		r, err := repo.Open(context.Background(), a.dir, repo.Options{Env: testEnv(a.dir)})
		a.must(err)
		defer r.Close()
		l, err := OpenLedger(context.Background(), r, a.note, prod, tip, seen)
		a.must(err)
		return l
	}
	if open(Seen{}).Tip().Hash() != last.Hash() {
		b.Fatal("not the ledger that was built")
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			open(Seen{})
		}
	})
	seen := Seen{Number: n - 1, Hash: before.Hash(), Generation: 1, Commit: below}
	b.Run("incremental", func(b *testing.B) {
		for b.Loop() {
			open(seen)
		}
	})
}

// BenchmarkPublish pins 100 secrets with everything a command needs around it,
// each time from a repository just opened. Goals: 100 ms and 5 git processes.
func BenchmarkPublish(b *testing.B) {
	for _, who := range []string{"alice", "ci"} {
		b.Run(who, func(b *testing.B) {
			a := newBenchApp(b)
			commit, _ := a.importSet(a.secrets(100))
			ids := a.identities(who)
			ctx := context.Background()
			spawns := 0
			for b.Loop() {
				r, err := repo.Open(ctx, a.dir, repo.Options{Env: testEnv(a.dir)})
				a.must(err)
				at, err := r.Resolve(ctx, "refs/heads/bench")
				a.must(err)
				fsys, err := r.FS(ctx, at, appDir)
				a.must(err)
				src := &Source{FS: fsys, What: "commit"}
				tips, err := ReadTips(ctx, r, "", a.id, prod)
				a.must(err)
				l, err := OpenTips(ctx, r, a.note, prod, tips, Seen{})
				a.must(err)
				ident, err := r.Committer(ctx)
				a.must(err)
				keys, err := NewKeyring(a.note, ids, src, a.workTree())
				a.must(err)
				d, err := l.Prepare(ctx, Proposal{Environment: prod, Set: src, Commit: commit, Wraps: []*Source{src}, Keys: keys, Expect: -1, Time: a.clock})
				a.must(err)
				_, err = d.Commit(ctx, Target{Ident: ident})
				a.must(err)
				spawns += r.Spawns()
				r.Close()
			}
			b.ReportMetric(float64(spawns)/float64(b.N), "git/op")
		})
	}
}

// BenchmarkBundle opens a bundle without git, from its bytes to one value.
func BenchmarkBundle(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := newBenchApp(b)
			_, pin := a.importSet(a.secrets(n))
			data := a.bundle(pin, "web")
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, set, err := a.openBundle(data, "web")
				a.must(err)
				_, err = set.Get("SECRET_00001")
				a.must(err)
			}
		})
	}
}
