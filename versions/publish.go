package versions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pinseal/repo"
	"pinseal/seal"
)

// Proposal is a set that somebody wants to pin.
type Proposal struct {
	Environment string
	Set         *Source   // the secret files
	Commit      repo.Hash // where the set was taken from
	Wraps       []*Source // where readers' wraps are looked for, in order
	Keys        *Keyring  // must open ENV.publish
	Allow       Allow
	Expect      int // number of the newest pin, or -1 for any
	Message     string
	RollbackOf  int      // 0, or the pin whose set this is
	Rotated     *History // when set, no value may be one that who has left could open
	Time        time.Time
}

// Draft is a judged and signed pin that has not been written.
type Draft struct {
	Pin     *Pin
	Changes []Change       // against the newest pin
	Readers []ReaderChange // against the newest pin
	Secrets int            // how many the set holds
	// Previous is the newest pin so far, nil at the first.
	Previous *Entry

	ledger *Ledger
	files  map[string][]byte // the ledger's tree, by path
}

// Prepare judges a proposal against the newest pin and signs it. Nothing is
// written. Errors: *GateError; *NoKeyError; ErrConflict when Expect is wrong;
// what reading a set can give.
func (l *Ledger) Prepare(ctx context.Context, p Proposal) (*Draft, error) {
	if p.Environment != l.env {
		return nil, fmt.Errorf("a set of %s cannot be pinned in the ledger of %s", p.Environment, l.env)
	}
	if p.Expect >= 0 && l.number() != p.Expect {
		return nil, fmt.Errorf("newest pin of %s is %d, not %d as expected: %w", p.Environment, l.number(), p.Expect, ErrConflict)
	}
	g := &gate{environment: p.Environment, set: p.Set, note: l.note, allow: p.Allow, now: p.Time}
	if l.tip == nil && !p.Allow.First {
		g.refuseUnless("--first", "", "", "this is the first pin of %s", p.Environment)
	}
	files, generations, err := g.judge()
	if err != nil {
		return nil, err
	}
	tree, err := g.wraps(generations, p.Wraps, p.Keys)
	if err == nil && p.Rotated != nil {
		err = g.rotated(ctx, p.Rotated, p.Keys)
	}
	if err != nil {
		return nil, err
	}
	if err := g.verdict(); err != nil {
		return nil, err
	}
	if err := g.openAll(ctx, p.Keys); err != nil {
		return nil, err
	}
	d := &Draft{Previous: l.tip, Secrets: len(files), ledger: l, files: tree}
	if err := d.compare(ctx, p, files); err != nil {
		return nil, err
	}
	return d, d.sign(p, files)
}

func (l *Ledger) number() int {
	if l.tip == nil {
		return 0
	}
	return l.tip.Number
}

// compare finds what differs from the newest pin.
func (d *Draft) compare(ctx context.Context, p Proposal, files map[string][]byte) (err error) {
	var old *Source
	var oldNote *seal.Note
	if d.Previous != nil {
		if old, err = d.ledger.Source(ctx, d.Previous); err != nil {
			return err
		}
		signed, err := old.Note()
		if err != nil {
			return err
		}
		if oldNote, err = ParseAppNote(NoteCandidate{Signed: signed, From: old.What}, d.ledger.note.Hash()); err != nil {
			return err
		}
	}
	d.Readers = DiffReaders(oldNote, d.ledger.note, p.Environment)
	if d.Changes, err = diffFiles(old, p.Set, p.Environment, files); err != nil {
		return err
	}
	return d.openResealed(ctx, p, old)
}

// openResealed holds what looks sealed anew to its word: only where the publisher
// opens both sides, and they are the same, is it. Whoever can commit can seal a
// value of their own to a new key, and so each version of a named key.
func (d *Draft) openResealed(ctx context.Context, p Proposal, old *Source) error {
	was := &Set{Source: old, Environment: p.Environment, Keys: p.Keys}
	now := &Set{Source: p.Set, Environment: p.Environment, Keys: p.Keys}
	return InParallel(len(d.Changes), func(i int) error {
		c := &d.Changes[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.New != nil && c.New.Kind == KindKey {
			c.CompareVersions(was, now)
			return nil
		}
		if c.Action != Resealed {
			return nil
		}
		c.Action = Changed
		a, err := was.Open(c.Name, c.Old)
		if err != nil {
			return nil // it stays changed: that is no doubt about the set to be pinned
		}
		b, err := now.Open(c.Name, c.New)
		if err == nil && a.Secret.Equal(b.Secret) {
			c.Action = Resealed
		}
		return nil
	})
}

// sign makes the pin and completes the ledger's tree.
func (d *Draft) sign(p Proposal, files map[string][]byte) error {
	slot := seal.PublishSlot(p.Environment)
	key, err := p.Keys.Newest(slot)
	if err != nil {
		return err
	}
	// Readers would refuse a pin by an older key and pass over one by a retired
	// key: neither may be written.
	newest, _ := d.ledger.note.Newest(slot)
	if key.Generation() != newest.Generation || newest.Retired {
		return &NoKeyError{Slot: slot, Reason: fmt.Sprintf("%s generation %d signs no more pins", slot, key.Generation())}
	}
	digests := make(map[string][32]byte, len(files))
	for name, data := range files {
		digests[name] = digestOf(data)
		d.files[FilePath(p.Environment, name)] = data
	}
	sum := MakeSum(p.Environment, digests)
	note := d.ledger.note
	pin := &Pin{App: note.ID, Environment: p.Environment, Number: d.ledger.number() + 1, Commit: p.Commit,
		Set: digestOf(sum), NoteVersion: note.Version, Note: note.Hash(), Generation: key.Generation(),
		Time: p.Time.UTC().Truncate(time.Second), Message: p.Message, RollbackOf: p.RollbackOf}
	if member, ok := p.Keys.Member(); ok {
		pin.Publisher = member.Name
	}
	if d.Previous != nil {
		pin.Previous = d.Previous.Hash()
	}
	if d.Pin, err = pin.Sign(key); err != nil {
		return err
	}
	d.files[PinName], d.files[SumName], d.files[NoteName] = d.Pin.Signed(), sum, note.Signed()
	return nil
}

// Target is where a draft goes.
type Target struct {
	Ident     string    // committer, as `git var GIT_COMMITTER_IDENT` prints it
	Remote    string    // "" publishes here only
	RemoteOld repo.Hash // the ledger's ref on the remote; "" when it has none
}

// Commit writes the draft: objects, then the remote, then the local ref, each by
// compare-and-swap. repo.ErrMoved says that another publisher was first: open
// the ledger again and prepare anew. It returns what to remember.
func (d *Draft) Commit(ctx context.Context, to Target) (Seen, error) {
	r := d.ledger.repo
	objects := r.NewDraft()
	paths := make(map[string]repo.Hash, len(d.files))
	for p, data := range d.files {
		paths[p] = objects.Blob(data)
	}
	tree, err := objects.Tree(paths)
	if err != nil {
		return Seen{}, err
	}
	var parents []repo.Hash
	if d.Previous != nil {
		parents = []repo.Hash{d.Previous.LedgerCommit}
	}
	subject := fmt.Sprintf("pin %d of %s", d.Pin.Number, d.Pin.Environment)
	body := subject + "\n"
	if d.Pin.Message != "" {
		body += "\n" + d.Pin.Message + "\n"
	}
	commit, err := objects.Commit(tree, parents, to.Ident, body)
	if err != nil {
		return Seen{}, err
	}
	if err := objects.Write(ctx); err != nil {
		return Seen{}, err
	}
	ref := LedgerRef(d.Pin.App, d.Pin.Environment)
	if to.Remote != "" {
		if err := r.Push(ctx, to.Remote, ref, commit, to.RemoteOld); err != nil {
			return Seen{}, err
		}
	}
	err = r.UpdateRef(ctx, ref, commit, d.ledger.ref, "pinseal: "+subject)
	switch {
	case err != nil && to.Remote == "":
		return Seen{}, err
	case err != nil && !errors.Is(err, repo.ErrMoved):
		return Seen{}, fmt.Errorf("pin %d was pushed, but the ref here could not follow; the next fetch will move it: %w", d.Pin.Number, err)
	}
	// A local ref that moved after the push was moved by a fetch of this very
	// pin, or of one that stands on it.
	return Seen{Number: d.Pin.Number, Hash: d.Pin.Hash(), Generation: d.Pin.Generation, Commit: commit}, nil
}
