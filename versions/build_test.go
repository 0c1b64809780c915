package versions

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"pinseal/repo"
	"pinseal/seal"
)

const (
	prod      = "production"
	testIdent = "Cy <cy@example.com> 1700000060 +0000"
	appDir    = ".pinseal/shop"
)

// testApp is an app in a real repository, with everybody's keys at hand: what
// the tests need to play admin, publisher, reader and attacker.
type testApp struct {
	t      testing.TB
	dir    string
	r      *repo.Repo
	id     seal.AppID
	note   *seal.Note
	keys   map[slotGeneration]*seal.Key
	people map[string]*age.HybridIdentity
	since  map[string]int // note version that added a service
	clock  time.Time
}

func testEnv(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TEST_FSYNC=0",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_AUTHOR_DATE=1700000000 +0100",
		"GIT_COMMITTER_NAME=Cy", "GIT_COMMITTER_EMAIL=cy@example.com", "GIT_COMMITTER_DATE=1700000060 +0000",
	}
}

func tgit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return tgitIn(t, dir, nil, args...)
}

func tgitIn(t testing.TB, dir string, in []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, testEnv(dir)
	if in != nil {
		cmd.Stdin = strings.NewReader(string(in))
	}
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			stderr = string(exit.Stderr)
		}
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, stderr)
	}
	return strings.TrimSpace(string(out))
}

func openRepo(t testing.TB, dir string) *repo.Repo {
	t.Helper()
	r, err := repo.Open(context.Background(), dir, repo.Options{Env: testEnv(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// newApp makes an app with an admin who may do all (alice), a publisher who
// cannot read (ci), a reader who cannot publish (bob) and a service (web).
func newApp(t testing.TB) *testApp {
	t.Helper()
	dir := t.TempDir()
	tgit(t, dir, "init", "-q", "-b", "main", ".")
	tgit(t, dir, "config", "core.autocrlf", "false")
	a := &testApp{t: t, dir: dir, r: openRepo(t, dir), keys: map[slotGeneration]*seal.Key{},
		people: map[string]*age.HybridIdentity{}, since: map[string]int{}, clock: time.Unix(1_700_000_000, 0).UTC()}
	n := seal.NewNote(a.newKey(seal.Admin, 1))
	a.id = n.ID
	for _, env := range []string{prod, "dev"} {
		n.Slots = append(n.Slots, seal.NewEntry(a.newKey(seal.PublishSlot(env), 1)), seal.NewEntry(a.newKey(seal.ReadSlot(env), 1)))
	}
	n.Members = []seal.Member{
		a.member("alice", false, "admin", "dev.publish", "dev.read", "production.publish", "production.read"),
		a.member("bob", false, "production.read"),
		a.member("ci", false, "production.publish"),
		a.member("web", true, "production.read"),
	}
	a.since["web"] = 1
	a.accept(n)
	for _, m := range a.note.Members {
		a.wrapAll(m.Name)
	}
	return a
}

func (a *testApp) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *testApp) newKey(slot seal.Slot, generation int) *seal.Key {
	a.t.Helper()
	k, err := seal.GenerateKey(slot, generation)
	a.must(err)
	a.keys[slotGeneration{slot, generation}] = k
	return k
}

func (a *testApp) key(slot seal.Slot, generation int) *seal.Key {
	return a.keys[slotGeneration{slot, generation}]
}

func (a *testApp) person(name string) *age.HybridIdentity {
	a.t.Helper()
	if a.people[name] == nil {
		id, err := age.GenerateHybridIdentity()
		a.must(err)
		a.people[name] = id
	}
	return a.people[name]
}

func (a *testApp) member(name string, service bool, slots ...seal.Slot) seal.Member {
	a.t.Helper()
	slices.Sort(slots)
	return seal.Member{Name: name, Service: service, Recipient: a.person(name).Recipient().String(), Slots: slots}
}

// accept signs a note with its newest admin key and puts it in the work tree.
func (a *testApp) accept(n *seal.Note) {
	a.t.Helper()
	a.note = a.sign(n)
	a.put(NoteName, a.note.Signed())
}

func (a *testApp) sign(n *seal.Note) *seal.Note {
	a.t.Helper()
	e, _ := n.Newest(seal.Admin)
	signed, err := n.Sign(a.key(seal.Admin, e.Generation))
	a.must(err)
	return signed
}

// change writes the next version of the note.
func (a *testApp) change(edit func(*seal.Note)) {
	a.t.Helper()
	n := a.note.Clone()
	n.Version++
	edit(n)
	slices.SortFunc(n.Members, func(x, y seal.Member) int { return strings.Compare(x.Name, y.Name) })
	a.accept(n)
}

func (a *testApp) add(name string, service bool, slots ...seal.Slot) {
	a.t.Helper()
	a.change(func(n *seal.Note) { n.Members = append(n.Members, a.member(name, service, slots...)) })
	a.since[name] = a.note.Version
	a.wrapAll(name)
}

// remove drops a member and the wraps in the work tree.
func (a *testApp) remove(name string) {
	a.t.Helper()
	a.change(func(n *seal.Note) {
		n.Members = slices.DeleteFunc(n.Members, func(m seal.Member) bool { return m.Name == name })
	})
	found, err := filepath.Glob(filepath.Join(a.dir, appDir, KeysDir, "*", name+wrapSuffix))
	a.must(err)
	for _, p := range found {
		a.must(os.Remove(p))
	}
}

// rotate makes the next generation of a slot; the old one of a publish slot is
// retired at the pin given, nil for none.
func (a *testApp) rotate(slot seal.Slot, last *Entry) {
	a.t.Helper()
	e, _ := a.note.Newest(slot)
	k := a.newKey(slot, e.Generation+1)
	a.change(func(n *seal.Note) {
		entry := seal.NewEntry(k)
		switch slot.Power() {
		case seal.Administer:
			entry = seal.NewAdminEntry(a.key(slot, e.Generation), a.id, k)
		case seal.Publish:
			retire(n, slot, e.Generation, last)
		}
		n.Slots = append(n.Slots, entry)
	})
	for _, m := range a.note.Holders(slot) {
		a.wrap(m.Name, slot, e.Generation+1)
	}
}

func retire(n *seal.Note, slot seal.Slot, generation int, last *Entry) {
	for i := range n.Slots {
		if e := &n.Slots[i]; e.Slot == slot && e.Generation == generation {
			e.Retired = true
			if last != nil {
				e.Until, e.Head = last.Number, last.Hash()
			}
		}
	}
}

func (a *testApp) wrapAll(name string) {
	a.t.Helper()
	m, _ := a.note.Member(name)
	for _, e := range a.note.Slots {
		if slices.Contains(m.Slots, e.Slot) {
			a.wrap(name, e.Slot, e.Generation)
		}
	}
}

func (a *testApp) wrap(name string, slot seal.Slot, generation int) {
	a.t.Helper()
	a.put(WrapPath(slot, generation, name), a.wrapped(a.key(slot, generation), a.id, name))
}

func (a *testApp) wrapped(k *seal.Key, id seal.AppID, name string) []byte {
	a.t.Helper()
	w, err := seal.WrapKey(k, id, a.person(name).Recipient())
	a.must(err)
	return w
}

// put writes a file of the app in the work tree.
func (a *testApp) put(name string, data []byte) {
	a.t.Helper()
	p := filepath.Join(a.dir, appDir, filepath.FromSlash(name))
	a.must(os.MkdirAll(filepath.Dir(p), 0o777))
	a.must(os.WriteFile(p, data, 0o666))
}

func (a *testApp) drop(name string) {
	a.t.Helper()
	a.must(os.Remove(filepath.Join(a.dir, appDir, filepath.FromSlash(name))))
}

// sealed seals text for a place of production or dev, to the newest generation.
func (a *testApp) sealed(env, name, text string) string {
	a.t.Helper()
	e, _ := a.note.Newest(seal.ReadSlot(env))
	return a.sealedAt(seal.Place{App: a.id, Environment: env, Kind: KindSecret, Name: name}, e, text)
}

func (a *testApp) sealedAt(p seal.Place, e seal.Entry, text string) string {
	a.t.Helper()
	sealer, err := seal.NewSealer(e.Key, e.Generation)
	a.must(err)
	s, err := sealer.Seal(p, seal.NewSecret([]byte(text)))
	a.must(err)
	return s
}

func (a *testApp) set(env, name, text string) {
	a.t.Helper()
	a.putFile(env, name, SecretFile{Kind: KindSecret, Value: a.sealed(env, name, text)})
}

func (a *testApp) putFile(env, name string, f SecretFile) {
	a.t.Helper()
	a.put(FilePath(env, name), a.bytes(f))
}

func (a *testApp) bytes(f SecretFile) []byte {
	a.t.Helper()
	data, err := f.Bytes()
	a.must(err)
	return data
}

func (a *testApp) commit() repo.Hash {
	a.t.Helper()
	tgit(a.t, a.dir, "add", "-A")
	tgit(a.t, a.dir, "commit", "-q", "--allow-empty", "-m", "change")
	return repo.Hash(tgit(a.t, a.dir, "rev-parse", "HEAD"))
}

func (a *testApp) at(commit repo.Hash) *Source {
	a.t.Helper()
	fsys, err := a.r.FS(context.Background(), commit, appDir)
	a.must(err)
	return &Source{FS: fsys, What: "commit " + string(commit[:7])}
}

func (a *testApp) workTree() *Source {
	a.t.Helper()
	w, err := repo.OpenWorkTree(a.r.Top(), appDir)
	a.must(err)
	a.t.Cleanup(func() { w.Close() })
	return &Source{FS: w, What: "work tree"}
}

// identities is what a person's identity source holds.
func (a *testApp) identities(name string) *seal.Identities {
	a.t.Helper()
	line := a.person(name).String()
	if v := a.since[name]; v > 0 {
		if m, ok := a.note.Member(name); ok && m.Service {
			line = seal.FormatService(a.id, v, line)
		}
	}
	ids, err := seal.ParseIdentities([]byte(line+"\n"), seal.Prompts{})
	a.must(err)
	return ids
}

func (a *testApp) keyring(name string, sources ...*Source) *Keyring {
	a.t.Helper()
	k, err := NewKeyring(a.note, a.identities(name), sources...)
	a.must(err)
	return k
}

// open is the ledger of production as its ref has it now.
func (a *testApp) open(seen Seen) (*Ledger, error) {
	a.t.Helper()
	tip, err := a.r.Ref(context.Background(), LedgerRef(a.id, prod))
	a.must(err)
	return OpenLedger(context.Background(), a.r, a.note, prod, tip, seen)
}

func (a *testApp) ledger() *Ledger {
	a.t.Helper()
	l, err := a.open(Seen{})
	a.must(err)
	return l
}

// proposal is the set of a commit, by a publisher.
func (a *testApp) proposal(who string, commit repo.Hash) Proposal {
	a.t.Helper()
	src := a.at(commit)
	a.clock = a.clock.Add(time.Minute)
	return Proposal{Environment: prod, Set: src, Commit: commit, Wraps: []*Source{src, a.workTree()},
		Keys: a.keyring(who, src, a.workTree()), Expect: -1, Allow: Allow{First: true}, Time: a.clock}
}

// publish commits the work tree and pins it.
func (a *testApp) publish(who string) *Entry {
	a.t.Helper()
	return a.publishCommit(who, a.commit())
}

func (a *testApp) publishCommit(who string, commit repo.Hash) *Entry {
	a.t.Helper()
	d, err := a.ledger().Prepare(context.Background(), a.proposal(who, commit))
	a.must(err)
	_, err = d.Commit(context.Background(), Target{Ident: testIdent})
	a.must(err)
	return a.ledger().Tip()
}

// handmade is a ledger commit before it is written: what an attacker, or a
// program with a mistake, may change.
type handmade struct {
	Pin
	key     *seal.Key
	parents []repo.Hash
	files   map[string][]byte // but pin.note
	signed  []byte            // instead of signing the pin
}

// forge writes a ledger commit on top of another, nil for the first, without
// moving the ref. What edit leaves alone is as an honest publisher makes it.
func (a *testApp) forge(below *Entry, edit func(*handmade)) *Entry {
	a.t.Helper()
	newest, _ := a.note.Newest(seal.PublishSlot(prod))
	sum := MakeSum(prod, nil)
	h := &handmade{Pin: Pin{App: a.id, Environment: prod, Number: 1, Commit: repo.Hash(strings.Repeat("a", 40)),
		NoteVersion: a.note.Version, Note: a.note.Hash(), Generation: newest.Generation, Time: a.clock, Publisher: "alice"},
		files: map[string][]byte{SumName: sum, NoteName: a.note.Signed()}}
	if below != nil {
		h.Number, h.Previous, h.parents = below.Number+1, below.Hash(), []repo.Hash{below.LedgerCommit}
	}
	if edit != nil {
		edit(h)
	}
	if h.Set == [32]byte{} {
		h.Set = digestOf(h.files[SumName])
	}
	if h.key == nil {
		h.key = a.key(seal.PublishSlot(h.Environment), h.Generation)
	}
	pin := &h.Pin
	if h.signed == nil {
		text, err := h.text()
		a.must(err)
		h.signed, err = h.key.Sign(h.App, text)
		a.must(err)
		pin.hash = digestOf(text)
	}
	h.files[PinName] = h.signed
	commit, tree := a.writeCommit(h.files, h.parents)
	return &Entry{Pin: pin, LedgerCommit: commit, tree: tree}
}

func (a *testApp) writeCommit(files map[string][]byte, parents []repo.Hash) (commit, tree repo.Hash) {
	a.t.Helper()
	d := a.r.NewDraft()
	paths := map[string]repo.Hash{}
	for p, data := range files {
		paths[p] = d.Blob(data)
	}
	tree, err := d.Tree(paths)
	a.must(err)
	commit, err = d.Commit(tree, parents, testIdent, "by hand\n")
	a.must(err)
	a.must(d.Write(context.Background()))
	return commit, tree
}

// chain writes n honest pins on below and returns them, oldest first.
func (a *testApp) chain(below *Entry, n int) []*Entry {
	a.t.Helper()
	var pins []*Entry
	for range n {
		below = a.forge(below, nil)
		pins = append(pins, below)
	}
	return pins
}

func (a *testApp) setRef(ref string, e *Entry) {
	a.t.Helper()
	if e == nil {
		tgit(a.t, a.dir, "update-ref", "-d", ref)
		return
	}
	tgit(a.t, a.dir, "update-ref", ref, string(e.LedgerCommit))
}

func (a *testApp) openAt(e *Entry, seen Seen) (*Ledger, error) {
	a.t.Helper()
	return OpenLedger(context.Background(), a.r, a.note, prod, commitOf(e), seen)
}

func seenOf(e *Entry) Seen {
	return Seen{Number: e.Number, Hash: e.Hash(), Generation: e.Generation, Commit: e.LedgerCommit}
}

// tree reads all files of a ledger commit, for putting them together anew.
func (a *testApp) tree(e *Entry) map[string][]byte {
	a.t.Helper()
	files, err := filesOf(a.r.TreeFS(context.Background(), e.tree))
	a.must(err)
	return maps.Clone(files)
}

// filesOf reads a whole tree by path, whatever is in it.
func filesOf(fsys fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[p], err = fs.ReadFile(fsys, p)
		}
		return err
	})
	return files, err
}

// pinned opens the set of a pin for a member.
func (a *testApp) pinned(e *Entry, who string, more ...*Source) *Set {
	a.t.Helper()
	src, err := a.ledger().Source(context.Background(), e)
	a.must(err)
	return &Set{Source: src, Environment: prod, Keys: a.keyring(who, append([]*Source{src}, more...)...)}
}

func wantValue(t testing.TB, s *Set, name, want string) {
	t.Helper()
	v, err := s.Get(name)
	if err != nil || string(v.Secret.Reveal()) != want {
		t.Fatalf("%s: %v, or another value than expected", path.Join(s.Environment, name), err)
	}
}

// wantErr holds an error to a sentinel and to a part of its text.
func wantErr(t testing.TB, err, is error, part string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v with %q", is, part)
	}
	if !errors.Is(err, is) || !strings.Contains(err.Error(), part) {
		t.Fatalf("error %q, want %v with %q", err, is, part)
	}
	if is != ErrNotAuthentic && errors.Is(err, ErrNotAuthentic) {
		t.Fatalf("error %q is not authentic too", err)
	}
}

// fakeSealed has the grammar of a sealed value and no more.
func fakeSealed(generation string) string {
	return "s1." + generation + "." + strings.Repeat("A", (1120+128+16)*4/3+1)
}

// addSeeds fails the fuzz target when there is nothing to begin with.
func addSeeds(f *testing.F, seeds [][]byte) {
	f.Helper()
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		f.Add(s)
	}
}
