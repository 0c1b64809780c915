package cmd

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// people is an app in a work tree whose members and keys a command changes.
type people struct {
	*session
	keys *versions.Keyring

	again string // the command, for hints of those that may replace a publish key
}

// openPeople opens the app for changing people and keys: it wants trust, the
// newest app note in the work tree, and nothing unmerged.
func (c *cli) openPeople(ctx context.Context) (*people, error) {
	s, err := c.open(ctx, use)
	if err != nil {
		return nil, err
	}
	p := &people{session: s}
	if err = s.checkNewest(); err == nil {
		err = s.checkMerged()
	}
	if err == nil {
		p.keys, err = s.keyring(s.head)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return p, nil
}

// checkMerged refuses to change people or keys in the middle of a merge.
func (s *session) checkMerged() error {
	unmerged, err := s.repo.Unmerged(s.ctx, storeDir+"/"+s.dir)
	if err == nil && len(unmerged) > 0 {
		err = &versions.UnmergedError{Paths: unmerged}
	}
	return err
}

// amend begins a change of the app note, which an admin's key is needed for.
func (p *people) amend() (*versions.Amendment, error) {
	if _, err := p.keys.Newest(seal.Admin); err != nil {
		if errors.Is(err, seal.ErrNoKey) {
			err = hint(err, "pinseal member list      says who is an admin")
		}
		return nil, err
	}
	return versions.Amend(p.keys, p.pluginRecipient), nil
}

// pluginRecipient wraps for the recipient of an age plugin.
func (c *cli) pluginRecipient(s string) (age.Recipient, error) {
	return plugin.NewRecipient(s, c.pluginUI())
}

// lastPins returns the newest pin of each environment, nil where there is none.
// With a remote the ledgers are fetched first: what a publisher has pinned counts
// up to the last pin that an admin has seen.
func (p *people) lastPins(envs []string) (map[string]*versions.Entry, error) {
	last := map[string]*versions.Entry{}
	if len(envs) == 0 {
		return last, nil
	}
	remote, err := p.remote()
	if err != nil {
		return nil, err
	}
	if remote != "" {
		if p.offline {
			return nil, usage([]string{p.again + "      without --offline"}, "a publish key is replaced, and the last pin that it signed is known on %s alone", remote)
		}
		if err := versions.FetchLedgers(p.ctx, p.repo, remote, p.id); err != nil {
			return nil, fetchError(remote, err)
		}
	}
	for _, env := range envs {
		tips, err := versions.ReadTips(p.ctx, p.repo, remote, p.id, env)
		if err != nil {
			return nil, err
		}
		l, err := p.openTips(env, tips)
		if err != nil {
			return nil, err
		}
		last[env] = l.Tip()
	}
	return last, p.checkNewest() // a ledger can bring a newer note
}

// rekey makes the next generation of slots.
func (p *people) rekey(a *versions.Amendment, slots []seal.Slot) error {
	var publish []string
	for _, slot := range slots {
		if slot.Power() == seal.Publish {
			publish = append(publish, slot.Environment())
		}
	}
	last, err := p.lastPins(publish)
	if err != nil {
		return err
	}
	p.sayLast(publish, last)
	for _, slot := range slots {
		err := a.Rekey(slot, last[slot.Environment()])
		if env := slot.Environment(); env != "" && errors.Is(err, versions.ErrRefused) {
			err = hint(err, "pinseal env add OTHER --like "+env, "pinseal copy --all --from "+env+" --to OTHER", "pinseal env rm "+env)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sayLast tells up to where the pins of the keys that are replaced count: a pin
// that is not seen now counts no more, whoever signed it.
func (p *people) sayLast(envs []string, last map[string]*versions.Entry) {
	var none []string
	for _, env := range envs {
		switch newest, ok := p.note.Newest(seal.PublishSlot(env)); {
		case !ok || newest.Retired:
		case last[env] == nil:
			none = append(none, env)
		default:
			p.say("%s: pins of the old publish key count up to #%d", env, last[env].Number)
		}
	}
	if len(none) > 0 {
		p.warn("no pin of %s is known here. If there is one elsewhere it counts no more: fetch it first", strings.Join(none, ", "))
	}
}

// finish makes the edits of an amendment.
func (p *people) finish(a *versions.Amendment) (*versions.Edits, error) {
	e, err := a.Finish(p.ctx, p.head)
	return e, p.valueHint(err)
}

// valueHint helps where a value of the set is not what it should be.
func (p *people) valueHint(err error) error {
	var auth *versions.AuthError
	if !errors.As(err, &auth) {
		return err
	}
	if wrap, ok := strings.CutPrefix(auth.What, versions.KeysDir+"/"); ok {
		name, _, _ := strings.Cut(path.Base(wrap), ".age")
		return hint(err, "pinseal member sync "+quoteShell(name)+"      for another who holds that key to run", p.gitFor("log -p", storeDir+"/"+p.dir+"/"+versions.KeysDir))
	}
	if strings.Contains(auth.What, "value") {
		return hint(err, p.gitFor("log -p", storeDir+"/"+p.dir)+"      to find what it was", "pinseal rm NAME -e ENV      to give a value up that does not open")
	}
	return err
}

// apply writes edits, all or none, one command of this clone after the other.
// What they were made from must still be there.
func (p *people) apply(e *versions.Edits) error {
	unlock, err := repo.LockFile(filepath.Join(p.repo.CommonDir(), "pinseal.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := p.edit(p.ctx, e.Ordered()); err != nil {
		if errors.Is(err, repo.ErrChanged) {
			err = hint(fmt.Errorf("nothing was changed: %w", err), "the same command again")
		}
		return err
	}
	if e.Note == nil {
		return nil
	}
	p.note = e.Note
	if err := p.rememberNote(); err != nil {
		p.warn("the change is made, and its app note is not remembered: %s", err)
	}
	p.warnIgnored(p.ctx, p.repo, p.dir+"/"+versions.NoteName)
	return nil
}

// sayPending warns of what somebody else has to finish.
func (c *cli) sayPending(pending []versions.Pending) {
	for _, line := range versions.PendingLines(pending) {
		c.warn("pending: %s", line)
	}
	if len(pending) > 0 {
		c.say("Who can finishes it with:  %s", c.here("pinseal member sync"))
	}
}

// sayKeys lists the keys that edits made new and the values they sealed anew.
func (p *people) sayKeys(before *seal.Note, e *versions.Edits) {
	var keys []string
	for _, entry := range e.Note.Slots {
		if old, ok := before.Entry(entry.Slot, entry.Generation); !ok || string(old.Key) != string(entry.Key) {
			keys = append(keys, fmt.Sprintf("%s %d", entry.Slot, entry.Generation))
		}
	}
	if len(keys) > 0 {
		p.say("  new keys: %s", strings.Join(keys, ", "))
	}
	if len(e.Values) > 0 {
		p.say("  sealed anew: %s", count(len(e.Values), "value"))
	}
}

// sayNext prints the git line that shares the change.
func (p *people) sayNext() { p.say("Next: %s", p.gitCommit()) }
