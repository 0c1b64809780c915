package versions

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"pinseal/repo"
	"pinseal/seal"
)

// follower follows the app's own repository as its remote, as a service.
func (a *testApp) follower(o FollowOptions) *Follower {
	a.t.Helper()
	o.Git = repo.Options{Env: testEnv(a.t.TempDir()), Apart: true}
	if o.URL == "" {
		o.URL = "file://" + a.dir
	}
	o.App, o.Environment = a.id, prod
	if o.Identities == nil {
		o.Identities = a.identities("web")
	}
	f := NewFollower(a.t.TempDir(), o)
	a.t.Cleanup(func() { a.must(f.Close()) })
	return f
}

// wantNext is one look: the value of A, "" for nothing new.
func (a *testApp) wantNext(f *Follower, want string) {
	a.t.Helper()
	r, err := f.Next(context.Background())
	a.must(err)
	got := ""
	if r != nil {
		v, err := r.Get("A")
		a.must(err)
		got = string(v.Secret.Reveal())
	}
	if got != want {
		a.t.Errorf("next is %q, want %q", got, want)
	}
}

func (a *testApp) publishA(text string) *Entry {
	a.t.Helper()
	a.set(prod, "A", text)
	a.commit()
	return a.publish("alice")
}

func TestFollower(t *testing.T) {
	ctx := context.Background()
	a := newApp(t)
	f := a.follower(FollowOptions{})
	if _, err := f.Next(ctx); !errors.Is(err, ErrNotFound) {
		t.Fatalf("no ledger: %v", err)
	}
	one := a.publishA("one")
	a.wantNext(f, "one")
	a.wantNext(f, "")
	two := a.publishA("two")
	a.publishA("three")
	three := a.ledger().Tip()
	a.wantNext(f, "three")
	for name, at := range map[string]*Entry{"rewound": two, "to the first": one} {
		a.setRef(LedgerRef(a.id, prod), at)
		if _, err := f.Next(ctx); !errors.As(err, new(*BehindError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tgit(t, a.dir, "update-ref", "-d", LedgerRef(a.id, prod))
	if _, err := f.Next(ctx); !errors.As(err, new(*BehindError)) {
		t.Errorf("deleted: %v", err)
	}
	a.setRef(LedgerRef(a.id, prod), three)
	a.wantNext(f, "")
	a.publishA("four")
	a.wantNext(f, "four")
}

// What a host or whoever can push may put in the place of the ledger is refused, and
// the next honest pin is read all the same.
func TestFollowerRefuses(t *testing.T) {
	a := newApp(t)
	one := a.publishA("one")
	two := a.publishA("two")
	f := a.follower(FollowOptions{})
	a.wantNext(f, "two")
	stranger, err := seal.GenerateKey(seal.PublishSlot(prod), 1)
	a.must(err)
	tree := a.tree(two)
	newer := a.with(func(n *seal.Note) { n.Version++ })
	for name, e := range map[string]*Entry{
		"by a stranger":      a.forge(two, func(h *handmade) { h.key = stranger }),
		"of the same number": a.forge(one, func(h *handmade) { h.Message = "another" }),
		"on another two":     a.forge(two, func(h *handmade) { h.Previous = one.Hash() }),
		"another set.sum": a.forge(two, func(h *handmade) {
			h.files[SumName] = MakeSum(prod, map[string][32]byte{"A": {}})
			h.Set = digestOf(nil)
		}),
		"a file short":      a.forge(two, func(h *handmade) { h.files[SumName] = tree[SumName] }),
		"another note":      a.forge(two, func(h *handmade) { h.files[NoteName] = newer.Signed() }),
		"with a stray file": a.forge(two, func(h *handmade) { h.files["stray"] = []byte("x") }),
		"another environment": a.forge(two, func(h *handmade) {
			h.Environment, h.key = "dev", a.key(seal.PublishSlot("dev"), 1)
		}),
	} {
		a.setRef(LedgerRef(a.id, prod), e)
		for range 2 { // it does not get better by asking again
			if r, err := f.Next(t.Context()); !errors.Is(err, ErrNotAuthentic) || r != nil {
				t.Errorf("%s: %v, %v", name, r, err)
			}
		}
	}
	a.setRef(LedgerRef(a.id, prod), two)
	a.wantNext(f, "")
	a.publishA("three")
	a.wantNext(f, "three")
}

// A service that was taken out of the note gets the pin, and opens nothing of it; one
// whose identity is newer than the note gets nothing.
func TestFollowerMembers(t *testing.T) {
	a := newApp(t)
	a.publishA("one")
	f := a.follower(FollowOptions{})
	a.wantNext(f, "one")
	a.remove("web")
	a.publishA("two")
	r, err := f.Next(t.Context())
	a.must(err)
	if _, err := r.Get("A"); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("a removed service: %v", err)
	}
	a.add("web2", true, seal.ReadSlot(prod))
	late := a.follower(FollowOptions{Identities: a.identities("web2")})
	if _, err := late.Next(t.Context()); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("an identity newer than the note: %v", err)
	}
	a.publishA("three")
	a.wantNext(late, "three")
	if _, err := a.follower(FollowOptions{MinPin: 4, Identities: a.identities("web2")}).Next(t.Context()); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("below the lowest: %v", err)
	}
}

// A repository is renewed, and what was given before needs it no more.
func TestFollowerRenews(t *testing.T) {
	a := newApp(t)
	a.publishA("one")
	f := a.follower(FollowOptions{})
	first, err := f.Next(t.Context())
	a.must(err)
	f.pins = renewAfter - 2
	for _, text := range []string{"two", "three", "four"} {
		a.publishA(text)
		a.wantNext(f, text)
	}
	if f.pins != 1 {
		t.Errorf("%d pins are in the second repository, want 1", f.pins)
	}
	left, err := os.ReadDir(f.dir)
	a.must(err)
	if len(left) != 1 {
		t.Errorf("%d directories are left, want 1", len(left))
	}
	v, err := first.Get("A")
	a.must(err)
	if got := string(v.Secret.Reveal()); got != "one" {
		t.Errorf("the first release has %q now", got)
	}
}

// A remote that never answers costs no more than the time that it was given.
func TestFollowerHangs(t *testing.T) {
	a := newApp(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	a.must(err)
	defer l.Close()
	f := a.follower(FollowOptions{URL: "http://" + l.Addr().String() + "/x.git"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := l.Accept()
		if err == nil {
			cancel() // git waits for the answer now
			defer c.Close()
			io.Copy(io.Discard, c)
		}
	}()
	if _, err := f.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("hangs: %v", err)
	}
}

func TestFollowerSHA256(t *testing.T) {
	a := newApp(t)
	a.publishA("one")
	dir := t.TempDir()
	tgit(t, dir, "init", "-q", "--object-format=sha256", ".")
	other := *a
	other.dir, other.r = dir, openRepo(t, dir)
	commit, _ := other.writeCommit(a.tree(a.ledger().Tip()), nil)
	tgit(t, dir, "update-ref", LedgerRef(a.id, prod), string(commit))
	for _, version := range []string{"0", "2"} {
		f := a.follower(FollowOptions{URL: "file://" + dir})
		f.o.Git.Env = append(f.o.Git.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=protocol.version", "GIT_CONFIG_VALUE_0="+version)
		a.wantNext(f, "one")
		a.wantNext(f, "")
		// A host that changes its mind is followed, from what was seen on.
		f.o.URL = "file://" + a.dir
		a.publishA("next " + version)
		a.wantNext(f, "next "+version)
		f.o.URL = "file://" + dir
		if _, err := f.Next(t.Context()); !errors.As(err, new(*BehindError)) {
			t.Errorf("behind in another format: %v", err)
		}
	}
}

func TestPinFollows(t *testing.T) {
	a := newApp(t)
	pins := a.chain(nil, 4)
	other := a.forge(pins[1], func(h *handmade) { h.Message = "another" })
	for _, c := range []struct {
		name       string
		before, p  *Entry
		ok, behind bool
	}{
		{"the next", pins[0], pins[1], true, false},
		{"a gap", pins[0], pins[3], true, false},
		{"itself", pins[2], pins[2], true, false},
		{"back", pins[2], pins[1], false, true},
		{"another of the number", pins[2], other, false, false},
		{"on another", other, pins[3], false, false},
	} {
		err := c.p.follows(c.before.Pin, Seen{Number: c.before.Number, Hash: c.before.Hash()}, true)
		if (err == nil) != c.ok || errors.As(err, new(*BehindError)) != c.behind || err != nil && !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
