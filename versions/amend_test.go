package versions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"pinseal/repo"
	"pinseal/seal"
)

// amend makes, writes and accepts a change by somebody.
func (a *testApp) amend(who string, change func(*Amendment) error) (*Edits, error) {
	a.t.Helper()
	head := a.workTree()
	am := Amend(a.keyring(who, head), nil)
	if err := change(am); err != nil {
		return nil, err
	}
	e, err := am.Finish(context.Background(), head)
	if err == nil {
		a.apply(e)
	}
	return e, err
}

func (a *testApp) apply(e *Edits) {
	a.t.Helper()
	w, err := repo.OpenWorkTree(a.r.Top(), appDir)
	a.must(err)
	defer w.Close()
	a.must(w.Apply(context.Background(), e.Ordered()))
	if e.Note != nil {
		if seal.Compare(a.note, e.Note) != seal.Follows {
			a.t.Errorf("version %d does not follow version %d", e.Note.Version, a.note.Version)
		}
		a.note = e.Note
	}
}

func (a *testApp) mustAmend(who string, change func(*Amendment) error) *Edits {
	a.t.Helper()
	e, err := a.amend(who, change)
	a.must(err)
	return e
}

func (a *testApp) sync(who string, o SyncOptions) *Edits {
	a.t.Helper()
	head := a.workTree()
	e, err := Sync(context.Background(), a.keyring(who, head), head, o)
	a.must(err)
	a.apply(e)
	return e
}

// removal is what member rm does.
func removal(name string, slots []seal.Slot, last *Entry) func(*Amendment) error {
	return func(am *Amendment) error {
		if err := am.Revoke(name, slots...); err != nil {
			return err
		}
		for _, slot := range slots {
			if err := am.Rekey(slot, last); err != nil {
				return err
			}
		}
		return nil
	}
}

// opens reports whether a member opens a value of the work tree.
func (a *testApp) opens(who, env, name, want string) bool {
	a.t.Helper()
	head := a.workTree()
	v, err := (&Set{Source: head, Environment: env, Keys: a.keyring(who, head)}).Get(name)
	if err == nil && string(v.Secret.Reveal()) != want {
		a.t.Errorf("%s opens %s of %s to another value", who, name, env)
	}
	if err != nil && !errors.Is(err, seal.ErrNoKey) {
		a.t.Errorf("%s: %v", who, err)
	}
	return err == nil
}

func (a *testApp) wantOpens(env, name, value, members string) {
	a.t.Helper()
	var can []string
	for _, who := range slices.Sorted(maps.Keys(a.people)) {
		if a.opens(who, env, name, value) {
			can = append(can, who)
		}
	}
	if got := strings.Join(can, " "); got != members {
		a.t.Errorf("%s of %s opens for %q, want %q", name, env, got, members)
	}
}

func paths(e *Edits) string {
	var all []string
	for _, edit := range e.Ordered() {
		mark := ""
		if edit.Data == nil {
			mark = "-"
		}
		all = append(all, mark+edit.Path)
	}
	return strings.Join(all, " ")
}

func (a *testApp) fresh(name string, slots ...seal.Slot) seal.Member {
	return a.member(name, false, slots...)
}

func TestAddMember(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.rotate(seal.ReadSlot(prod), nil)
	a.set(prod, "B", "two")
	a.rotate(seal.PublishSlot(prod), nil)
	e := a.mustAmend("alice", func(am *Amendment) error {
		return am.Add(a.fresh("eve", seal.ReadSlot(prod), seal.PublishSlot(prod)))
	})
	want := "keys/production.publish.2/eve.age keys/production.read.1/eve.age keys/production.read.2/eve.age app.note"
	if got := paths(e); got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
	if len(e.Pending) != 0 {
		t.Errorf("pending: %v", e.Pending)
	}
	a.wantOpens(prod, "A", "one", "alice bob eve web")
	a.wantOpens(prod, "B", "two", "alice bob eve web")

	for name, change := range map[string]func(*Amendment) error{
		"name taken":      func(am *Amendment) error { return am.Add(a.fresh("eve", seal.Admin)) },
		"recipient taken": func(am *Amendment) error { m := a.fresh("eve", seal.Admin); m.Name = "eva"; return am.Add(m) },
	} {
		if _, err := a.amend("alice", change); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*Amendment) error{
		"odd name":       func(am *Amendment) error { return am.Add(seal.Member{Name: "Eve"}) },
		"no environment": func(am *Amendment) error { return am.Add(a.fresh("eva", "staging.read")) },
		"service admin":  func(am *Amendment) error { return am.Grant("web", seal.Admin) },
		"nobody":         func(am *Amendment) error { return am.Grant("nobody", seal.Admin) },
		"not an admin":   nil,
	} {
		who := "alice"
		if change == nil {
			who, change = "bob", func(am *Amendment) error { return am.Grant("bob", "dev.read") }
		}
		if _, err := a.amend(who, change); err == nil {
			t.Errorf("%s: it went through", name)
		}
	}
}

func TestRemoveMember(t *testing.T) {
	a := newApp(t)
	for _, name := range []string{"A", "B", "C"} {
		a.set(prod, name, "was "+name)
		a.set("dev", name, "dev "+name)
	}
	a.putFile(prod, "D", SecretFile{Kind: KindSecret, About: "later", Optional: true})
	a.putFile(prod, "E", SecretFile{Kind: KindSecret, About: "x", Expires: "2031-01-01", Generate: "hex:16", Value: a.sealed(prod, "E", "e")})
	before := a.commit()
	dev := a.read("dev/A.yaml")
	e := a.mustAmend("alice", removal("bob", []seal.Slot{seal.ReadSlot(prod)}, nil))
	if got, want := paths(e), "keys/production.read.2/alice.age keys/production.read.2/web.age app.note "+
		"production/A.yaml production/B.yaml production/C.yaml production/E.yaml -keys/production.read.1/bob.age"; got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
	a.wantOpens(prod, "A", "was A", "alice web")
	if string(dev) != string(a.read("dev/A.yaml")) {
		t.Error("an environment that bob had no part in was changed")
	}
	f, err := a.workTree().File(prod, "E")
	a.must(err)
	if f.About != "x" || f.Expires != "2031-01-01" || f.Generate != "hex:16" {
		t.Errorf("what stands beside the value changed: %+v", f)
	}
	// Old commits open for who stays, and bob, who is out, has no key of the new.
	old := a.at(before)
	for _, who := range []string{"alice", "web"} {
		wantValue(t, &Set{Source: old, Environment: prod, Keys: a.keyring(who, old, a.workTree())}, "A", "was A")
	}
	_, err = (&Set{Source: old, Environment: prod, Keys: a.keyring("bob", old, a.workTree())}).Get("A")
	wantErr(t, err, seal.ErrNoKey, "not a member")
	// Under the note of his time bob has the old key, and it opens nothing new.
	note, err := seal.ParseNote(must(old.Note()))
	a.must(err)
	then, err := NewKeyring(note, a.identities("bob"), old)
	a.must(err)
	_, err = (&Set{Source: a.workTree(), Environment: prod, Keys: then}).Get("A")
	if err == nil {
		t.Error("bob opens what was sealed after he left")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestRevokeRefusals(t *testing.T) {
	a := newApp(t)
	for _, test := range []struct {
		name, who string
		slots     []seal.Slot
		is        error
	}{
		{"last admin", "alice", []seal.Slot{seal.Admin}, ErrRefused},
		{"last reader", "alice", []seal.Slot{"dev.read"}, ErrRefused},
		{"not held", "bob", []seal.Slot{"dev.read"}, ErrNotFound},
		{"nobody", "nobody", []seal.Slot{"dev.read"}, ErrNotFound},
	} {
		if _, err := a.amend("alice", removal(test.who, test.slots, nil)); !errors.Is(err, test.is) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The last pin of a key that is replaced is what it counts up to.
func TestRemovePublisher(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.commit()
	tip := a.publish("ci")
	slot := seal.PublishSlot(prod)
	a.mustAmend("alice", removal("ci", []seal.Slot{slot}, tip))
	entry, _ := a.note.Entry(slot, 1)
	if !entry.Retired || entry.Until != tip.Number || entry.Head != tip.Hash() {
		t.Errorf("until %d, head %x; want pin %d", entry.Until, entry.Head, tip.Number)
	}
	// The next key signed nothing yet.
	a.mustAmend("alice", func(am *Amendment) error { return am.Rekey(slot, tip) })
	if entry, _ := a.note.Entry(slot, 2); !entry.Retired || entry.Until != 0 {
		t.Errorf("key 2 signed no pin, and has until %d", entry.Until)
	}
	// When nobody holds it, who is given it next gets a key of his own.
	a.mustAmend("alice", removal("alice", []seal.Slot{slot}, tip))
	e := a.mustAmend("alice", func(am *Amendment) error { return am.Grant("bob", slot) })
	if len(e.Pending) != 0 {
		t.Errorf("pending: %v", e.Pending)
	}
	k, err := a.keyring("bob", a.workTree()).Newest(slot)
	if err != nil || k.Generation() != 5 {
		t.Errorf("bob has no key to publish with: %v", err)
	}
}

func TestRekeyAdmin(t *testing.T) {
	a := newApp(t)
	a.mustAmend("alice", func(am *Amendment) error { return am.Add(a.fresh("carol", seal.Admin)) })
	a.mustAmend("alice", func(am *Amendment) error {
		if err := am.Rekey(seal.Admin, nil); err != nil {
			return err
		}
		return am.Rekey(seal.Admin, nil) // once
	})
	if e, _ := a.note.Newest(seal.Admin); e.Generation != 2 {
		t.Errorf("admin key %d", e.Generation)
	}
	a.mustAmend("carol", removal("alice", []seal.Slot{seal.Admin}, nil))
	_, err := a.amend("alice", func(am *Amendment) error { return am.Add(a.fresh("eve", "dev.read")) })
	wantErr(t, err, seal.ErrNoKey, "carol")
	for range seal.MaxGenerations - 3 {
		a.mustAmend("carol", func(am *Amendment) error { return am.Rekey(seal.Admin, nil) })
	}
	_, err = a.amend("carol", func(am *Amendment) error { return am.Rekey(seal.Admin, nil) })
	wantErr(t, err, ErrRefused, "64")
}

// What an admin who cannot read leaves behind, a reader finishes.
func TestPending(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.mustAmend("alice", func(am *Amendment) error { return am.Add(a.fresh("carol", seal.Admin)) })
	e := a.mustAmend("carol", func(am *Amendment) error { return am.Add(a.fresh("eve", "production.read")) })
	if len(e.Pending) != 1 || e.Pending[0].Member != "eve" || fmt.Sprint(e.Pending[0].Can) != "[alice bob web]" {
		t.Fatalf("pending: %v", e.Pending)
	}
	a.wantOpens(prod, "A", "one", "alice bob web")
	missing, err := MissingWraps(a.note, a.workTree())
	a.must(err)
	if fmt.Sprint(missing) != fmt.Sprint(e.Pending) {
		t.Errorf("missing %v, pending %v", missing, e.Pending)
	}
	if e := a.sync("carol", SyncOptions{}); !e.Empty() || len(e.Pending) != 1 {
		t.Errorf("carol finished %s, pending %v", paths(e), e.Pending)
	}
	if e := a.sync("bob", SyncOptions{}); paths(e) != "keys/production.read.1/eve.age" || len(e.Pending) != 0 {
		t.Errorf("bob finished %s, pending %v", paths(e), e.Pending)
	}
	a.wantOpens(prod, "A", "one", "alice bob eve web")

	// The new key is made and given out, the values wait.
	e = a.mustAmend("carol", removal("eve", []seal.Slot{"production.read"}, nil))
	if len(e.Values) != 0 || len(e.Pending) != 1 || fmt.Sprint(e.Pending[0].Names, e.Pending[0].Can) != "[A] [alice bob web]" {
		t.Fatalf("values %v, pending: %v", e.Values, e.Pending)
	}
	a.wantOpens(prod, "A", "one", "alice bob web")
	if e := a.sync("bob", SyncOptions{ValuesOnly: true, Environments: []string{"dev"}}); !e.Empty() {
		t.Errorf("wrote %s", paths(e))
	}
	if e := a.sync("bob", SyncOptions{ValuesOnly: true, Environments: []string{prod}}); paths(e) != "production/A.yaml" {
		t.Errorf("bob finished %s", paths(e))
	}
	a.wantOpens(prod, "A", "one", "alice bob web")
	if e := a.sync("bob", SyncOptions{}); !e.Empty() || len(e.Pending) != 0 {
		t.Errorf("something is left: %s, %v", paths(e), e.Pending)
	}
}

func TestSyncWraps(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	wrap := a.read(WrapPath("production.read", 1, "bob"))
	// Wraps of a stranger, of a slot that is not held, and of no such key.
	a.put(WrapPath("production.read", 1, "mallory"), wrap)
	a.put(WrapPath("dev.read", 1, "bob"), wrap)
	a.put(WrapPath("production.read", 9, "bob"), wrap)
	e := a.sync("alice", SyncOptions{})
	if got, want := paths(e), "-keys/dev.read.1/bob.age -keys/production.read.1/mallory.age -keys/production.read.9/bob.age"; got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
	for _, junk := range []string{"junk", "", strings.Repeat("x", MaxWrap+1)} {
		a.put(WrapPath("production.read", 1, "bob"), []byte(junk))
		missing, err := MissingWraps(a.note, a.workTree())
		if err != nil || len(missing) != 1 || missing[0].Member != "bob" {
			t.Errorf("missing %v, %v", missing, err)
		}
		if e := a.sync("alice", SyncOptions{}); paths(e) != "keys/production.read.1/bob.age" {
			t.Errorf("wrote %s", paths(e))
		}
	}
	a.put(WrapPath("production.read", 1, "bob"), a.read(WrapPath("production.read", 1, "alice")))
	if e := a.sync("alice", SyncOptions{}); !e.Empty() {
		t.Errorf("wrote %s, and nobody can tell whom a wrap is for", paths(e))
	}
	if e := a.sync("alice", SyncOptions{Anew: []string{"bob"}}); paths(e) != "keys/production.read.1/bob.age" {
		t.Errorf("wrote %s", paths(e))
	}
	a.wantOpens(prod, "A", "one", "alice bob web")
}

// A value that was put there by somebody and does not open ends a rekey: nothing
// is carried into a new key unseen.
func TestRekeyOfForgedValue(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.put("production/B.yaml", a.read("production/A.yaml"))
	_, err := a.amend("alice", removal("bob", []seal.Slot{"production.read"}, nil))
	wantErr(t, err, ErrNotAuthentic, `"B"`)
	if e, _ := a.note.Newest("production.read"); e.Generation != 1 {
		t.Error("the note changed all the same")
	}
	a.put("production/B.yaml", []byte("<<<<<<< ours\n"))
	_, err = a.amend("alice", removal("bob", []seal.Slot{"production.read"}, nil))
	wantErr(t, err, ErrConflict, "B.yaml")
}

func TestEnvironments(t *testing.T) {
	a := newApp(t)
	a.set("dev", "A", "one")
	a.commit()
	me := map[seal.Slot][]string{"staging.read": {"alice", "bob"}, "staging.publish": {"alice"}}
	a.mustAmend("alice", func(am *Amendment) error { return am.DeclareEnvironment("staging", me) })
	if got := fmt.Sprint(a.note.Environments()); got != "[production dev staging]" {
		t.Errorf("environments %s", got)
	}
	a.set("staging", "A", "two")
	a.wantOpens("staging", "A", "two", "alice bob")
	_, err := a.amend("alice", func(am *Amendment) error { return am.DeclareEnvironment("staging", me) })
	wantErr(t, err, ErrConflict, "staging")
	_, err = a.amend("alice", func(am *Amendment) error { return am.DeclareEnvironment("test", nil) })
	wantErr(t, err, ErrRefused, "nobody")

	a.mustAmend("alice", func(am *Amendment) error { return am.Add(a.fresh("eve", "staging.read")) })
	var gone []string
	e := a.mustAmend("alice", func(am *Amendment) (err error) {
		gone, err = am.DropEnvironment("staging", nil)
		return err
	})
	if fmt.Sprint(gone) != "[eve]" || !strings.HasPrefix(paths(e), "app.note -keys/staging.publish.1/alice.age -keys/staging.read.1/alice.age") {
		t.Errorf("gone %v, wrote %s", gone, paths(e))
	}
	// Its next life has keys of its own.
	e = a.mustAmend("alice", func(am *Amendment) error { return am.DeclareEnvironment("staging", me) })
	if want := "keys/staging.publish.2/alice.age keys/staging.read.2/alice.age keys/staging.read.2/bob.age app.note"; paths(e) != want {
		t.Errorf("wrote %s, want %s", paths(e), want)
	}
	if missing, err := MissingWraps(a.note, a.workTree()); err != nil || len(missing) != 0 {
		t.Errorf("missing %v, %v", missing, err)
	}
	a.mustAmend("alice", func(am *Amendment) error { _, err := am.DropEnvironment("staging", nil); return err })
	a.mustAmend("alice", func(am *Amendment) error { _, err := am.DropEnvironment("dev", nil); return err })
	_, err = a.amend("alice", func(am *Amendment) error { _, err := am.DropEnvironment(prod, nil); return err })
	wantErr(t, err, ErrRefused, "only environment")
}

// A plugin that is not there keeps its own wraps from being made, and no others.
func TestPluginMissing(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	m := seal.Member{Name: "yubi", Recipient: plugin.EncodeRecipient("pinlock", []byte("0123456789")), Slots: []seal.Slot{"production.read"}}
	e := a.mustAmend("alice", func(am *Amendment) error { return am.Add(m) })
	if len(e.Pending) != 1 || e.Pending[0].Member != "yubi" || e.Pending[0].Reason == "" {
		t.Fatalf("pending: %v", e.Pending)
	}
	head := a.workTree()
	broken := func(string) (age.Recipient, error) { return nil, errors.New("no such program") }
	e, err := Sync(context.Background(), a.keyring("alice", head), head, SyncOptions{Plugin: broken})
	a.must(err)
	if !e.Empty() || len(e.Pending) != 1 || !strings.Contains(e.Pending[0].Reason, "no such program") {
		t.Errorf("wrote %s, pending %v", paths(e), e.Pending)
	}
	works := func(string) (age.Recipient, error) { return a.person("yubi").Recipient(), nil }
	e, err = Sync(context.Background(), a.keyring("alice", head), head, SyncOptions{Plugin: works})
	a.must(err)
	if paths(e) != "keys/production.read.1/yubi.age" || len(e.Pending) != 0 {
		t.Errorf("wrote %s, pending %v", paths(e), e.Pending)
	}
}

func (a *testApp) read(name string) []byte {
	a.t.Helper()
	data, err := a.workTree().read(filepath.ToSlash(name), MaxNote)
	a.must(err)
	return data
}

// A kill between any two files leaves a set that opens for who stays, and that
// Sync finishes.
func TestEveryPrefixOfEdits(t *testing.T) {
	a := newApp(t)
	for _, name := range []string{"A", "B", "C"} {
		a.set(prod, name, "value "+name)
	}
	a.mustAmend("alice", func(am *Amendment) error { return am.Add(a.fresh("carol", seal.Admin, "production.publish")) })
	before, note := must(filesOf(a.workTree().FS)), a.note
	head := a.workTree()
	am := Amend(a.keyring("alice", head), nil)
	a.must(removal("bob", []seal.Slot{"production.read"}, nil)(am))
	e, err := am.Finish(context.Background(), head)
	a.must(err)
	all := e.Ordered()
	for n := range len(all) + 1 {
		a.restore(before)
		a.note = note
		w, err := repo.OpenWorkTree(a.r.Top(), appDir)
		a.must(err)
		a.must(w.Apply(context.Background(), all[:n]))
		a.must(w.Close())
		head := a.workTree()
		a.must(head.CheckAll())
		a.note = must(seal.ParseNote(a.read(NoteName)))
		for _, name := range []string{"A", "B", "C"} {
			for _, who := range []string{"alice", "web"} {
				if !a.opens(who, prod, name, "value "+name) {
					t.Errorf("after %d edits %s does not open %s", n, who, name)
				}
			}
		}
		a.sync("web", SyncOptions{})
		if e := a.sync("alice", SyncOptions{}); !e.Empty() || len(e.Pending) != 0 {
			t.Errorf("after %d edits and a sync there is left: %s, %v", n, paths(e), e.Pending)
		}
	}
	if n := a.note.Version; n != note.Version+1 {
		t.Errorf("version %d", n)
	}
}

// restore makes the app's directory hold exactly these files.
func (a *testApp) restore(files map[string][]byte) {
	a.t.Helper()
	for p := range must(filesOf(a.workTree().FS)) {
		if _, ok := files[p]; !ok {
			a.drop(p)
		}
	}
	for p, data := range files {
		a.put(p, data)
	}
}

// BenchmarkRemoveMember is what member rm computes: 50 members, 5 environments,
// 500 secrets in all, and the leaver had them all.
func BenchmarkRemoveMember(b *testing.B) {
	a := newApp(b)
	me := []string{"alice"}
	for i := range 3 {
		env := fmt.Sprintf("e%d", i)
		a.mustAmend("alice", func(am *Amendment) error {
			return am.DeclareEnvironment(env, map[seal.Slot][]string{seal.ReadSlot(env): me, seal.PublishSlot(env): me})
		})
	}
	var slots []seal.Slot
	for _, env := range a.note.Environments() {
		slots = append(slots, seal.ReadSlot(env))
		for i := range 100 {
			a.set(env, fmt.Sprintf("S%d", i), strings.Repeat("x", 40))
		}
	}
	a.mustAmend("alice", func(am *Amendment) error {
		for i := range 46 {
			if err := am.Add(a.fresh(fmt.Sprintf("m%d", i), slots...)); err != nil {
				return err
			}
		}
		return nil
	})
	head := a.workTree()
	for b.Loop() {
		am := Amend(a.keyring("alice", head), nil)
		a.must(removal("m7", slots, nil)(am))
		if _, err := am.Finish(context.Background(), head); err != nil {
			b.Fatal(err)
		}
	}
}

// An old key that does not open here keeps no new one from being wrapped.
func TestPendingBesideNewKey(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	a.mustAmend("alice", func(am *Amendment) error { return am.Add(a.fresh("carol", seal.Admin)) })
	e := a.mustAmend("carol", func(am *Amendment) error {
		if err := am.Add(a.fresh("eve", "production.read")); err != nil {
			return err
		}
		return am.Rekey("production.read", nil)
	})
	for _, who := range []string{"alice", "bob", "eve", "web"} {
		if e.Wraps[WrapPath("production.read", 2, who)] == nil {
			t.Errorf("%s has no wrap of the new key", who)
		}
	}
	if len(e.Pending) != 2 {
		t.Errorf("pending: %v", e.Pending)
	}
}

// A new key that could be wrapped for nobody would be lost, and what is sealed to
// it with it.
func TestKeyForNobody(t *testing.T) {
	a := newApp(t)
	a.set("dev", "A", "one")
	yubi := seal.Member{Name: "yubi", Recipient: plugin.EncodeRecipient("pinlock", []byte("0123456789")), Slots: []seal.Slot{"dev.publish", "dev.read"}}
	a.mustAmend("alice", func(am *Amendment) error { return am.Add(yubi) })
	_, err := a.amend("alice", removal("alice", []seal.Slot{"dev.read"}, nil))
	wantErr(t, err, ErrRefused, "could be wrapped for nobody who holds it (yubi)")
	_, err = a.amend("alice", func(am *Amendment) error {
		return am.DeclareEnvironment("staging", map[seal.Slot][]string{"staging.read": {"yubi"}, "staging.publish": {"alice"}})
	})
	wantErr(t, err, ErrRefused, "yubi")
	if !a.opens("alice", "dev", "A", "one") {
		t.Error("the value does not open any more")
	}
}

// A value that was sealed to a key which is not made yet is nothing to carry over.
func TestRekeyOfUnknownKey(t *testing.T) {
	a := newApp(t)
	a.set("dev", "A", "one")
	a.putFile("dev", "B", SecretFile{Kind: KindSecret, Value: fakeSealed("2")})
	_, err := a.amend("alice", func(am *Amendment) error { return am.Rekey("dev.read", nil) })
	wantErr(t, err, ErrNotAuthentic, "key 2")
}
