package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"pinseal/seal"
	"pinseal/versions"
)

// addService adds a service with a key of its own, whose private half leaves
// this process once. It does so before the app changes: where nobody takes it,
// nothing was added, and an identity that was never added opens nothing.
func (p *people) addService(a *versions.Amendment, o memberAddOptions, slots []seal.Slot) error {
	if _, known := p.note.Member(o.name); known {
		return hint(fmt.Errorf("member %q is in already: %w", o.name, versions.ErrConflict),
			"pinseal member rm "+o.name+"      first, for a new identity", "pinseal member add "+o.name+" --can …      without --service gives it more")
	}
	file, recipient, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	if err := a.Add(seal.Member{Name: o.name, Service: true, Recipient: recipient, Slots: slots}); err != nil {
		return err
	}
	e, err := p.finish(a)
	if err != nil {
		return err
	}
	line := []byte(seal.FormatService(p.id, a.Version(), string(file)) + "\n")
	old := p.note
	if o.out != "" && o.out != "-" {
		out := p.path(o.out)
		if err := p.createPrivate(p.ctx, o.line(), out, line); err != nil {
			return err
		}
		if err := p.apply(e); err != nil {
			if note, noteErr := p.head.Note(); noteErr != nil || !bytes.Equal(note, e.Note.Signed()) {
				err = errors.Join(err, os.Remove(out)) // it was not added
			}
			return err
		}
		p.sayAdded(old, e, o.name)
		p.say("Its identity is in %s, and nowhere else. Give it to the service as PINSEAL_IDENTITY_FILE or PINSEAL_IDENTITY", out)
		return nil
	}
	if err := p.writeStdout(line); err != nil {
		return fmt.Errorf("the identity could not be written, so %s was not added: %w", o.name, err)
	}
	if err := p.apply(e); err != nil {
		return err
	}
	p.sayAdded(old, e, o.name)
	p.say("Its identity went to stdout, and is kept nowhere. Give it to the service as PINSEAL_IDENTITY")
	return nil
}
