package cmd

import (
	"fmt"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

const (
	branchRefs = "refs/heads/"
	ledgerRefs = "refs/pinseal/"
)

// ledgerAt reads the name of a ledger's ref.
func ledgerAt(ref string) (id seal.AppID, env string, ok bool) {
	name, below := strings.CutPrefix(ref, ledgerRefs)
	text, env, two := strings.Cut(name, "/")
	id, err := seal.ParseAppID(text)
	return id, env, below && two && err == nil && seal.CheckEnvironment(env) == nil
}

// ledger checks a ref below refs/pinseal/: a ledger that goes on, nothing else.
// What is not the ref of one may go.
func (p *pushed) ledger(m refMove) error {
	if !strings.HasPrefix(m.ref, ledgerRefs) {
		return nil
	}
	id, env, ok := ledgerAt(m.ref)
	switch {
	case !ok && m.new == "":
		return nil
	case !ok:
		p.add(m.ref, versions.Fault{Err: &versions.AuthError{What: fmt.Sprintf("%q", m.ref), Reason: "is not the ref of a ledger, and nothing else has a place there"}})
		return nil
	case m.new == "":
		p.add(m.ref, versions.Fault{Environment: env, Err: &versions.AuthError{What: "ledger of " + env,
			Reason: fmt.Sprintf("pin %d is there, and the push deletes it: a ledger only grows", versions.PinNumber(p.ctx, p.repo, m.old))}})
		return nil
	}
	own, newest, err := p.newestNote(id, env, m)
	var faults []versions.Fault
	switch {
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case err != nil:
		faults = []versions.Fault{{Environment: env, Err: err}}
	default:
		if faults, err = versions.VerifyPush(p.ctx, p.repo, newest, env, m.old, m.new); err != nil {
			return err
		}
	}
	if len(faults) == 0 {
		p.there.ledgers[id] = append(p.there.ledgers[id], &placedNote{own, "the ledger of " + env + " as pushed"})
		return nil
	}
	was, now := versions.PinNumber(p.ctx, p.repo, m.old), versions.PinNumber(p.ctx, p.repo, m.new)
	for _, f := range faults {
		f.Err = fmt.Errorf("pin %d is there, pin %d is pushed: %w", was, now, f.Err)
		p.add(m.ref, f)
	}
	return nil
}

// newestNote returns the note of a pushed ledger, which must be of one line with
// what the server has of the app and with what its HEAD gets, and the newest of
// these, by which the ledger is judged.
func (p *pushed) newestNote(id seal.AppID, env string, m refMove) (own, newest *seal.Note, err error) {
	signed, err := versions.LedgerNote(p.ctx, p.repo, m.new, env)
	if err != nil {
		return nil, nil, err
	}
	if own, err = versions.ParseAppNote(signed); err != nil {
		return nil, nil, err
	}
	if own.ID != id {
		return nil, nil, &versions.AuthError{What: "app note in " + signed.From, Reason: fmt.Sprintf("is of app %s, not %s", own.ID, id)}
	}
	line, byHead, err := p.line(id)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range p.gets.head {
		if note.ID == id {
			line, byHead = append(line, note), true
		}
	}
	for _, note := range p.gets.others {
		if note.ID == id && !byHead {
			line = append(line, note)
		}
	}
	apart := func(err error) error {
		if k, _ := p.known(); err != nil && k != nil && k.head.commit == "" {
			return hint(err, unbornHead)
		}
		return err
	}
	top := &placedNote{own, "the ledger of " + env}
	for _, note := range line {
		if err := versions.CheckNote(note.Note, own, note.from, "the ledger of "+env, true); err != nil {
			return nil, nil, apart(err)
		}
		// Of two that went apart neither is the newest.
		if err := versions.CheckNote(top.Note, note.Note, top.from, note.from, true); err != nil {
			return nil, nil, apart(err)
		}
		if seal.Compare(top.Note, note.Note) == seal.Follows {
			top = note
		}
	}
	return own, top.Note, nil
}
