package versions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pinseal/repo"
)

// follower is a repository that fetched the ledger at depth 1.
func follower(t *testing.T, a *testApp) string {
	t.Helper()
	dir := t.TempDir()
	tgit(t, dir, "init", "-q", "-b", "main", ".")
	follow(t, a, dir)
	if _, err := os.Stat(filepath.Join(dir, ".git", "shallow")); err != nil {
		t.Fatal("not shallow")
	}
	return dir
}

func follow(t *testing.T, a *testApp, dir string) {
	t.Helper()
	ref := LedgerRef(a.id, prod)
	tgit(t, dir, "fetch", "-q", "--depth=1", "--no-tags", "file://"+a.dir, "+"+ref+":"+TrackingRef("origin", a.id, prod))
}

// Where the chain is cut off, the tip verifies alone.
func TestShallowLedger(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	var pins []*Entry
	for range 4 {
		pins = append(pins, a.publish("alice"))
	}
	dir := follower(t, a)
	r := openRepo(t, dir)
	tip := pins[3].LedgerCommit
	other := Seen{Hash: digestOf([]byte("other")), Generation: 1}
	for name, c := range map[string]struct {
		seen Seen
		want string
	}{
		"nothing seen":   {Seen{}, ""},
		"equal":          {seenOf(pins[3]), ""},
		"equal, other":   {Seen{4, other.Hash, 1, ""}, "is not the pin 4"},
		"plus 1":         {seenOf(pins[2]), ""},
		"plus 1, other":  {Seen{3, other.Hash, 1, ""}, "does not follow the pin 3"},
		"larger gap":     {seenOf(pins[1]), ""},
		"gap, no commit": {Seen{2, other.Hash, 1, ""}, ""}, // documented: cannot be told
		"went back":      {Seen{5, other.Hash, 1, ""}, "went back from pin 5"},
	} {
		l, err := OpenLedger(context.Background(), r, a.note, prod, tip, c.seen)
		if c.want != "" {
			wantErr(t, err, ErrNotAuthentic, c.want)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e, err := l.At(context.Background(), 4)
		a.must(err)
		src, err := l.Source(context.Background(), e)
		a.must(err)
		wantValue(t, &Set{Source: src, Environment: prod, Keys: a.keyring("web", src)}, "A", "one")
		for n := 1; n < 4; n++ {
			_, err := l.At(context.Background(), n)
			wantErr(t, err, ErrNotFound, fmt.Sprintf("no pin %d", n))
		}
		walked := 0
		a.must(l.Walk(context.Background(), func(*Entry) bool { walked++; return true }))
		if walked != 1 {
			t.Errorf("%s: walked %d", name, walked)
		}
	}
	// What the note knows of the chain holds here too.
	a.rotate("production.publish", pins[3])
	if _, err := OpenLedger(context.Background(), r, a.note, prod, tip, Seen{}); err != nil {
		t.Error(err)
	}
	a.publish("alice")
	b := *a
	wrong := a.note.Clone()
	wrong.Version++
	for i := range wrong.Slots {
		if wrong.Slots[i].Until == 4 {
			wrong.Slots[i].Head = other.Hash
		}
	}
	b.note = a.sign(wrong)
	afresh := openRepo(t, follower(t, a)) // has pin 5 and nothing below
	five := a.ledger().Tip().LedgerCommit
	if _, err := OpenLedger(context.Background(), afresh, a.note, prod, five, seenOf(pins[3])); err != nil {
		t.Error(err)
	}
	for at, r := range map[repo.Hash]*repo.Repo{tip: r, five: afresh} {
		_, err := OpenLedger(context.Background(), r, b.note, prod, at, Seen{})
		wantErr(t, err, ErrNotAuthentic, "pin 4 is not the one")
	}
}

// In a repository that is not shallow a missing parent is damage.
func TestLedgerHole(t *testing.T) {
	a := newApp(t)
	pins := a.chain(nil, 3)
	p := string(pins[1].LedgerCommit)
	a.must(os.Remove(filepath.Join(a.dir, ".git", "objects", p[:2], p[2:])))
	r := openRepo(t, a.dir)
	for _, seen := range []Seen{{}, seenOf(pins[0]), seenOf(pins[1])} {
		_, err := OpenLedger(context.Background(), r, a.note, prod, pins[2].LedgerCommit, seen)
		if !errors.Is(err, ErrNotAuthentic) || !errors.Is(err, repo.ErrMissing) {
			t.Errorf("%v", err)
		}
	}
	if _, err := OpenLedger(context.Background(), r, a.note, prod, pins[2].LedgerCommit, seenOf(pins[2])); err != nil {
		t.Errorf("verified before: %v", err)
	}
}

func TestOpenTips(t *testing.T) {
	a := newApp(t)
	pins := a.chain(nil, 3)
	fork := a.forge(pins[0], func(h *handmade) { h.Message = "fork" })
	forkLonger := a.chain(fork, 3)[2]
	void3 := a.forge(pins[1], func(h *handmade) { h.Message = "void" })
	void4 := a.forge(void3, nil)
	voidOther := a.forge(pins[1], func(h *handmade) { h.Message = "other void" })
	a.rotate("production.publish", pins[1]) // all of the old key above 2 is void
	live3 := a.forge(pins[1], nil)
	live4 := a.forge(live3, nil)
	live3other := a.forge(pins[1], func(h *handmade) { h.Message = "two publishers" })
	local, remote := LedgerRef(a.id, prod), TrackingRef("origin", a.id, prod)
	for name, c := range map[string]struct {
		local, remote *Entry
		base, tip     *Entry // nil base: conflict
		want          error
	}{
		"equal":                     {live4, live4, live4, live4, nil},
		"remote alone":              {nil, live4, live4, live4, nil},
		"local alone":               {live4, nil, live4, live4, nil},
		"behind":                    {live3, live4, live4, live4, nil},
		"far behind":                {pins[1], live4, live4, live4, nil},
		"ahead":                     {live4, live3, live4, live4, nil},
		"two chains":                {live4, live3other, nil, nil, ErrConflict},
		"two chains, swapped":       {live3other, live4, nil, nil, ErrConflict},
		"void here":                 {void4, live4, live4, live4, nil},
		"void there":                {live4, void4, live4, live4, nil},
		"void there on top":         {pins[1], void3, void3, pins[1], nil},
		"void here on top":          {void3, pins[1], void3, pins[1], nil},
		"void on both":              {void4, voidOther, voidOther, pins[1], nil},
		"void here, fork there":     {void4, forkLonger, nil, nil, ErrNotAuthentic},
		"fork here":                 {fork, live4, nil, nil, ErrConflict},
		"void there, live unpushed": {live3, voidOther, live3, live3, nil},
	} {
		a.setRef(local, c.local)
		a.setRef(remote, c.remote)
		tips, err := ReadTips(context.Background(), a.r, "origin", a.id, prod)
		a.must(err)
		if tips != (Tips{commitOf(c.local), commitOf(c.remote)}) {
			t.Fatalf("%s: read %+v", name, tips)
		}
		l, err := OpenTips(context.Background(), a.r, a.note, prod, tips, Seen{})
		now, refErr := a.r.Ref(context.Background(), local)
		a.must(refErr)
		if c.base == nil {
			// ErrNotAuthentic where the chain that would win does not verify.
			if !errors.Is(err, ErrConflict) && !errors.Is(err, c.want) || l != nil {
				t.Errorf("%s: %v", name, err)
			}
			if now != commitOf(c.local) {
				t.Errorf("%s: the local ref moved", name)
			}
			continue
		}
		if err != nil || l.Ref() != c.base.LedgerCommit || l.Tip().Hash() != c.tip.Hash() || now != c.base.LedgerCommit {
			t.Errorf("%s: %v, local ref at %s", name, err, now)
		}
	}
	a.setRef(local, nil)
	a.setRef(remote, nil)
	l, err := OpenTips(context.Background(), a.r, a.note, prod, Tips{}, Seen{})
	wantErr(t, err, ErrNotAuthentic, "the app note knows pin 2")
	if l != nil {
		t.Error("a ledger that does not verify")
	}
}

// What does not verify does not get into the local ref, whoever it came from.
func TestOpenTipsKeepsBadOut(t *testing.T) {
	a := newApp(t)
	pins := a.chain(nil, 2)
	bad := a.forge(pins[1], func(h *handmade) { h.Number = 4 })
	local := LedgerRef(a.id, prod)
	a.setRef(local, pins[1])
	a.setRef(TrackingRef("origin", a.id, prod), bad)
	tips, err := ReadTips(context.Background(), a.r, "origin", a.id, prod)
	a.must(err)
	_, err = OpenTips(context.Background(), a.r, a.note, prod, tips, seenOf(pins[1]))
	wantErr(t, err, ErrNotAuthentic, "stands on pin 2")
	// A remote that went back does not take the local ledger with it.
	a.setRef(TrackingRef("origin", a.id, prod), pins[0])
	tips, err = ReadTips(context.Background(), a.r, "origin", a.id, prod)
	a.must(err)
	if l, err := OpenTips(context.Background(), a.r, a.note, prod, tips, seenOf(pins[1])); err != nil || l.Tip().Number != 2 {
		t.Errorf("%v", err)
	}
	if now, err := a.r.Ref(context.Background(), local); err != nil || now != pins[1].LedgerCommit {
		t.Errorf("local ref at %s, %v", now, err)
	}
	// Nothing here and less there than was seen.
	a.setRef(local, nil)
	tips, err = ReadTips(context.Background(), a.r, "origin", a.id, prod)
	a.must(err)
	_, err = OpenTips(context.Background(), a.r, a.note, prod, tips, seenOf(pins[1]))
	wantErr(t, err, ErrNotAuthentic, "went back from pin 2 to pin 1")
}

// A follower at depth 1 sees tips with nothing between them.
func TestOpenTipsShallow(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	one := a.publish("alice")
	dir := follower(t, a)
	local := LedgerRef(a.id, prod)
	tgit(t, dir, "update-ref", local, string(one.LedgerCommit))
	for _, steps := range []int{1, 3} {
		var last *Entry
		for range steps {
			last = a.publish("alice")
		}
		follow(t, a, dir)
		r := openRepo(t, dir)
		tips, err := ReadTips(context.Background(), r, "origin", a.id, prod)
		a.must(err)
		seen := Seen{Number: last.Number - steps, Generation: 1}
		if e, err := a.ledger().At(context.Background(), seen.Number); err == nil {
			seen.Hash = e.Hash()
		}
		l, err := OpenTips(context.Background(), r, a.note, prod, tips, seen)
		if err != nil || l.Tip().Hash() != last.Hash() {
			t.Fatalf("%d on: %v", steps, err)
		}
		if now, err := r.Ref(context.Background(), local); err != nil || now != last.LedgerCommit {
			t.Fatalf("%d on: local ref at %s, %v", steps, now, err)
		}
		// The same two, the other way round: the local one is ahead.
		back := Tips{Local: tips.Remote, Remote: tips.Local}
		if l, err := OpenTips(context.Background(), r, a.note, prod, back, seen); err != nil || l.Tip().Hash() != last.Hash() {
			t.Fatalf("%d back: %v", steps, err)
		}
	}
}

// Through a remote: what was pushed is fetched, who lost the push prepares anew.
func TestRemote(t *testing.T) {
	a := newApp(t)
	a.set(prod, "A", "one")
	commit := a.commit()
	bare := t.TempDir()
	tgit(t, bare, "init", "-q", "--bare", ".")
	tgit(t, a.dir, "remote", "add", "origin", bare)
	tgit(t, a.dir, "push", "-q", "origin", "main")
	clone := t.TempDir()
	tgit(t, clone, "clone", "-q", bare, ".")
	other := openRepo(t, clone)
	publish := func(r *repo.Repo, fetch bool) error {
		ctx := context.Background()
		if fetch {
			if err := FetchLedgers(ctx, r, "origin", a.id); err != nil {
				return err
			}
		}
		tips, err := ReadTips(ctx, r, "origin", a.id, prod)
		if err != nil {
			return err
		}
		l, err := OpenTips(ctx, r, a.note, prod, tips, Seen{})
		if err != nil {
			return err
		}
		d, err := l.Prepare(ctx, a.proposal("ci", commit))
		if err != nil {
			return err
		}
		_, err = d.Commit(ctx, Target{Ident: testIdent, Remote: "origin", RemoteOld: tips.Remote})
		return err
	}
	a.must(publish(a.r, true))
	if err := publish(other, false); !errors.Is(err, repo.ErrMoved) {
		t.Fatalf("a first pin over another's: %v", err)
	}
	if tip, err := other.Ref(context.Background(), LedgerRef(a.id, prod)); err != nil || tip != "" {
		t.Fatalf("not pushed and yet recorded: %s, %v", tip, err)
	}
	a.must(publish(other, true))
	if err := publish(a.r, false); !errors.Is(err, repo.ErrMoved) {
		t.Fatalf("over another's pin: %v", err)
	}
	a.must(publish(a.r, true))
	want := tgit(t, bare, "rev-parse", LedgerRef(a.id, prod))
	if l := a.ledger(); l.Tip().Number != 3 || string(l.Ref()) != want {
		t.Errorf("pin %d", l.Tip().Number)
	}
	// The tip's note is a place to find the newest note.
	a.must(FetchLedgers(context.Background(), other, "origin", a.id))
	tips, err := ReadTips(context.Background(), other, "origin", a.id, prod)
	a.must(err)
	notes, err := tips.Notes(context.Background(), other, prod)
	if err != nil || len(notes) != 2 {
		t.Fatalf("%d notes, %v", len(notes), err)
	}
	for _, c := range notes {
		if n, err := ParseAppNote(c); err != nil || n.Hash() != a.note.Hash() {
			t.Error(err)
		}
	}
	if _, err := LedgerNote(context.Background(), other, commit, prod); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("a commit of the project as a ledger: %v", err)
	}
}

// Whoever can push can put the same pins into other commits. It is the pins that
// make a chain.
func TestOpenTipsRecommitted(t *testing.T) {
	a := newApp(t)
	pins := a.chain(nil, 3)
	again := func(e, below *Entry) *Entry {
		files := a.tree(e)
		files["z/junk"] = []byte("x")
		var parents []repo.Hash
		if below != nil {
			parents = []repo.Hash{below.LedgerCommit}
		}
		commit, tree := a.writeCommit(files, parents)
		return &Entry{Pin: e.Pin, LedgerCommit: commit, tree: tree}
	}
	one := again(pins[0], nil)
	two := again(pins[1], one)
	three := again(pins[2], two)
	otherThree := a.forge(two, func(h *handmade) { h.Message = "another" })
	otherFour := a.forge(otherThree, nil)
	local, remote := LedgerRef(a.id, prod), TrackingRef("origin", a.id, prod)
	for name, c := range map[string]struct{ local, remote, base *Entry }{
		"the same pins":          {pins[2], three, pins[2]},
		"the same, swapped":      {three, pins[2], three},
		"the remote has more":    {pins[1], three, three},
		"the remote has 2 more":  {pins[0], three, three},
		"there is more here":     {pins[2], two, pins[2]},
		"there are 2 more here":  {pins[2], one, pins[2]},
		"another pin 3":          {pins[2], otherThree, nil},
		"another pin 3 under it": {pins[2], otherFour, nil},
		"another pin 3 here":     {otherFour, pins[2], nil},
	} {
		a.setRef(local, c.local)
		a.setRef(remote, c.remote)
		tips, err := ReadTips(context.Background(), a.r, "origin", a.id, prod)
		a.must(err)
		l, err := OpenTips(context.Background(), a.r, a.note, prod, tips, seenOf(c.local))
		if c.base == nil {
			if !errors.Is(err, ErrConflict) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || l.Ref() != c.base.LedgerCommit || l.Tip().Hash() != c.base.Hash() {
			t.Errorf("%s: %v", name, err)
		}
	}
}
