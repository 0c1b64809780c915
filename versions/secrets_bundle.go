package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"pinseal/seal"
)

// OpenBundle opens a bundle, such as one that an app has embedded. An identity is all
// it takes: no git, no network, no file, no environment. data is not to be modified
// afterwards.
func OpenBundle(data []byte, o Options) (*Secrets, error) {
	from, err := newBundleSupply(func() ([]byte, error) { return data, nil }, o)
	if err != nil {
		return nil, err
	}
	s, err := newSecrets(context.Background(), from, o)
	if err != nil {
		return nil, err
	}
	s.from = nil // it stays what it is
	return s, nil
}

// OpenBundleFile opens a bundle on disk. Watch sees that another has taken its place,
// which has to be of a later pin. Replace it by rename: half a file does not verify.
func OpenBundleFile(name string, o Options) (*Secrets, error) {
	from, err := newBundleSupply(func() ([]byte, error) { return readBundle(name) }, o)
	if err != nil {
		return nil, err
	}
	return newSecrets(context.Background(), from, o)
}

func readBundle(name string) ([]byte, error) {
	info, err := os.Stat(name) // through links: mounted volumes are made of them
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{What: "bundle", Name: name}
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("bundle %q is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxBundle+1))
}

// bundleSupply is a bundle that may be replaced.
type bundleSupply struct {
	trust
	read func() ([]byte, error)
	last *Release // nil before the first
}

func newBundleSupply(read func() ([]byte, error), o Options) (*bundleSupply, error) {
	t, err := newTrust("bundle", o)
	return &bundleSupply{trust: t, read: read}, err
}

func (b *bundleSupply) look(ctx context.Context) (*opened, error) {
	data, err := b.read()
	if err != nil || b.last != nil && bytes.Equal(data, b.last.Bundle) {
		return nil, err
	}
	bundle, err := ParseBundle(data)
	if err != nil {
		return nil, err
	}
	candidate, err := bundle.Note()
	if err != nil {
		return nil, err
	}
	note, err := b.newest(candidate)
	if err != nil {
		return nil, err
	}
	r, err := OpenRelease(data, note, b.ids)
	if err != nil {
		return nil, err
	}
	if b.last != nil {
		if err := r.Follows(b.last); err != nil {
			return nil, err
		}
	}
	if err := b.check(r.Pin); err != nil {
		return nil, err
	}
	now, err := newOpened(ctx, r)
	if err != nil {
		return nil, err
	}
	b.note, b.last = note, r
	return now, nil
}

func (b *bundleSupply) seen() Seen { return seenOfPin(b.last.Pin) }

func (b *bundleSupply) close() error { return nil }

// seenOfPin is what to remember of a pin without its ledger.
func seenOfPin(p *Pin) Seen {
	return Seen{Number: p.Number, Hash: p.Hash(), Generation: p.Generation}
}

// trust is what an app's identity and options say of what may be opened.
type trust struct {
	ids  *seal.Identities
	app  seal.AppID
	note *seal.Note // the newest so far, or nil
	o    Options
}

// newTrust settles which app it is; what is it that is opened, for people.
func newTrust(what string, o Options) (t trust, err error) {
	t.o = o
	t.o.Identity = seal.Secret{} // nothing asks for it again
	if t.ids, err = seal.ParseIdentities(o.Identity.Reveal(), seal.Prompts{}); err != nil {
		return t, &NoKeyError{Reason: "the identity cannot be used: " + err.Error()}
	}
	service := t.ids.Service
	switch {
	case o.App != "":
		if t.app, err = seal.ParseAppID(o.App); err != nil {
			return t, errors.New("Options.App wants the id of an app: 26 characters, from pinseal status")
		}
		if service != nil && service.App != t.app {
			return t, &AuthError{What: "service identity", Reason: fmt.Sprintf("is for app %s, not %s", service.App, t.app)}
		}
	case service != nil:
		t.app = service.App
	default:
		return t, &AuthError{What: what, Reason: "nothing says which app it must be of: set Options.App, or use a service identity"}
	}
	if o.Note != nil {
		t.note, err = NewestNote(t.app, nil, NoteCandidate{Signed: o.Note, From: "Options.Note"})
	}
	return t, err
}

// newest is the newest of the notes known and found.
func (t *trust) newest(found ...NoteCandidate) (*seal.Note, error) {
	return NewestNote(t.app, t.note, found...)
}

// check holds a pin that verifies to what was asked for and is remembered.
func (t *trust) check(p *Pin) error {
	if err := t.checkMin(p); err != nil {
		return err
	}
	seen := t.o.Seen
	switch {
	case t.o.Environment != "" && p.Environment != t.o.Environment:
		return &NotFoundError{What: "environment", Name: t.o.Environment, In: fmt.Sprintf("pin %d of %s", p.Number, p.Environment)}
	case p.Number < seen.Number:
		return &BehindError{Environment: p.Environment, Have: p.Number, Known: seen.Number}
	case seen.Number > 0 && p.contradicts(seen.Number, seen.Hash):
		return &AuthError{What: fmt.Sprintf("pin %d of %s", p.Number, p.Environment),
			Reason: fmt.Sprintf("is not of the chain of pin %d that was seen before", seen.Number)}
	}
	return nil
}

func (t *trust) checkMin(p *Pin) error {
	if p.Number >= t.o.MinPin {
		return nil
	}
	return &AuthError{What: fmt.Sprintf("pin %d of %s", p.Number, p.Environment),
		Reason: fmt.Sprintf("is below the lowest that is allowed, %d", t.o.MinPin)}
}
