package versions

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"filippo.io/age"

	"pinseal/seal"
)

// Secrets are versioned; membership is not.
func TestMembershipIsNotVersioned(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	old := a.commit()
	pin := a.publishCommit("ci", old)
	tgit(t, a.dir, "tag", "v1", string(old))
	a.set(prod, "A", "two")
	a.commit()

	// A new member, and a service added after the pin, read what is old.
	a.add("dora", false, "production.read")
	a.add("cron", true, "production.read")
	a.commit()
	for _, who := range []string{"dora", "cron", "alice", "bob", "web"} {
		src := a.at(old)
		wantValue(t, &Set{Source: src, Environment: prod, Keys: a.keyring(who, src, a.workTree())}, "A", "one")
		wantValue(t, a.pinned(pin, who, a.workTree()), "A", "one")
		wantValue(t, &Set{Source: a.workTree(), Environment: prod, Keys: a.keyring(who, a.workTree())}, "A", "two")
	}

	// A removed member reads nothing at any version, though his wrap is still
	// there and would open.
	a.remove("bob")
	head := a.at(a.commit())
	if _, err := a.at(old).Wrap("production.read", 1, "bob"); err != nil {
		t.Fatalf("the old tree has lost bob's wrap: %v", err)
	}
	oldNote, err := a.at(old).Note()
	a.must(err)
	newest, err := NewestNote(a.id, nil, NoteCandidate{oldNote, "commit"}, NoteCandidate{a.note.Signed(), "the work tree"})
	a.must(err)
	for name, src := range map[string]*Source{"old commit": a.at(old), "head": head, "work tree": a.workTree(), "pin": a.pinned(pin, "alice").Source} {
		keys, err := NewKeyring(newest, a.identities("bob"), src, a.at(old))
		a.must(err)
		if _, ok := keys.Member(); ok {
			t.Error("bob is a member")
		}
		_, err = (&Set{Source: src, Environment: prod, Keys: keys}).Get("A")
		if !errors.Is(err, seal.ErrNoKey) || errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// The old tag is published after all that, for the readers of today.
	p := a.proposal("alice", old)
	p.Wraps, p.Keys = append(p.Wraps, head), a.keyring("alice", head)
	d, err := a.ledger().Prepare(context.Background(), p)
	a.must(err)
	_, err = d.Commit(context.Background(), Target{Ident: testIdent})
	a.must(err)
	tip := a.ledger().Tip()
	if tip.NoteVersion != a.note.Version || tip.Set != pin.Set {
		t.Error("not the old set under the new note")
	}
	for _, who := range []string{"dora", "cron", "web"} {
		wantValue(t, a.pinned(tip, who), "A", "one")
	}
	if _, has := a.tree(tip)[WrapPath("production.read", 1, "bob")]; has {
		t.Error("bob's wrap came back")
	}

	// A new read key: the old pin opens, the new pin does not need the old key.
	a.rotate("production.read", nil)
	a.set(prod, "A", "three")
	last := a.publish("alice")
	wantValue(t, a.pinned(last, "web"), "A", "three")
	wantValue(t, a.pinned(tip, "web", a.workTree()), "A", "one")
	if _, has := a.tree(last)[WrapPath("production.read", 1, "web")]; has {
		t.Error("a read key that nothing uses is in the pin")
	}
}

func TestServiceIdentity(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	first := a.note
	a.add("cron", true, "production.read")
	src := a.at(a.commit())
	ids := a.identities("cron")
	if ids.Service == nil || ids.Service.NoteVersion != 2 {
		t.Fatal("not a service identity of version 2")
	}
	wantValue(t, &Set{Source: src, Environment: prod, Keys: a.keyring("cron", src)}, "A", "one")
	_, err := NewKeyring(first, ids, src)
	wantErr(t, err, ErrNotAuthentic, "is older than version 2")
	b := newApp(t)
	_, err = NewKeyring(b.note, ids, src)
	wantErr(t, err, ErrNotAuthentic, "is for app "+a.id.String())
	_, err = a.keyring("cron", src).Newest("production.publish")
	wantErr(t, err, seal.ErrNoKey, "has not been given")
}

func TestKeyring(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	src := a.at(a.commit())
	stranger, err := seal.GenerateKey("production.read", 1)
	a.must(err)
	bobs := WrapPath("production.read", 1, "bob")

	// A bad wrap in one place does not hide the good one in the next.
	a.put(bobs, a.wrapped(stranger, a.id, "bob"))
	bad := a.at(a.commit())
	a.put(bobs, make([]byte, MaxWrap+1))
	large := a.at(a.commit())
	a.drop(bobs)
	a.put(bobs+"/x", []byte("x\n"))
	odd := a.at(a.commit())
	a.must(removeAll(a, bobs))
	none := a.at(a.commit())
	for _, first := range []*Source{bad, large, odd, none} {
		if _, err := a.keyring("bob", first, src).Newest("production.read"); err != nil {
			t.Error(err)
		}
	}
	_, err = a.keyring("bob", bad, none).Newest("production.read")
	wantErr(t, err, ErrNotAuthentic, "is not a wrap of that key")
	_, err = a.keyring("bob", large, none).Newest("production.read")
	wantErr(t, err, ErrNotAuthentic, "is larger than")
	if _, err = a.keyring("bob", odd).Newest("production.read"); err == nil || errors.Is(err, seal.ErrNoKey) {
		t.Errorf("odd entry: %v", err)
	}
	_, err = a.keyring("bob", none).Newest("production.read")
	wantErr(t, err, seal.ErrNoKey, "pending; who can: alice, web")
	_, err = a.keyring("bob", none).Key("production.read", 2)
	wantErr(t, err, ErrNotAuthentic, "is not in the newest app note")
	_, err = a.keyring("bob", none).Newest("staging.read")
	wantErr(t, err, ErrNotFound, `no slot "staging.read"`)
}

func removeAll(a *testApp, p string) error {
	tgit(a.t, a.dir, "rm", "-rq", appDir+"/"+p)
	return nil
}

// One source of identities may be several members: each opens what it was given.
func TestKeyringOfSeveralMembers(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	src := a.at(a.commit())
	ids := &seal.Identities{List: append(a.identities("ci").List, a.identities("bob").List...)}
	keys, err := NewKeyring(a.note, ids, src)
	a.must(err)
	for _, slot := range []seal.Slot{"production.read", "production.publish"} {
		if _, err := keys.Newest(slot); err != nil {
			t.Errorf("%s: %v", slot, err)
		}
	}
	_, err = keys.Newest(seal.Admin)
	wantErr(t, err, seal.ErrNoKey, `member "bob" has not been given admin; who can: alice`)
}

// failing is an identity that cannot be used just now.
type failing struct{ err error }

func (f failing) Unwrap([]*age.Stanza) ([]byte, error) { return nil, f.err }

// Without the passphrase or the plugin nothing is known of the wrap: it is not
// to blame.
func TestKeyringCannotTry(t *testing.T) {
	a := newApp(t)
	src := a.at(a.commit())
	for _, cause := range []error{seal.ErrPassphrase, seal.ErrPlugin} {
		ids := &seal.Identities{List: []seal.Identity{{Identity: failing{cause}, Recipient: a.person("bob").Recipient().String()}}}
		keys, err := NewKeyring(a.note, ids, src)
		a.must(err)
		_, err = keys.Newest("production.read")
		wantErr(t, err, cause, "bob.age")
		if errors.Is(err, seal.ErrNoKey) {
			t.Error("as if there were no wrap")
		}
	}
	// A plugin's identity may be any holder.
	ids := &seal.Identities{List: []seal.Identity{{Identity: a.person("bob")}}}
	keys, err := NewKeyring(a.note, ids, src)
	a.must(err)
	if _, ok := keys.Member(); ok {
		t.Error("known before anything opened")
	}
	if k, err := keys.Newest("production.read"); err != nil || !bytes.Equal(k.Public(), a.key("production.read", 1).Public()) {
		t.Errorf("%v", err)
	}
}
