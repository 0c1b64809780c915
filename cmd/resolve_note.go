package cmd

import (
	"cmp"
	"errors"

	"pinseal/seal"
	"pinseal/versions"
)

// resolveNote merges the app note, and with it all else that is unmerged, or
// nothing.
func (m *merging) resolveNote(o resolveOptions) error {
	m.showSides()
	settled, err := m.settleAll()
	if err != nil {
		return err
	}
	take := o.side()
	if take == 0 {
		if take, err = m.askSide(); err != nil {
			return err
		}
	}
	choice, err := m.allowed(take)
	if err != nil {
		return err
	}
	e, err := m.mergeNotes(choice, settled)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if err := m.apply(e, m.sides.Unmerged); err != nil {
			return err
		}
		if err := m.replaceNote(e.Note); err != nil {
			return err
		}
	}
	m.sayMerged(take, e, settled, o.dryRun)
	if o.dryRun {
		return nil
	}
	return m.sayNext()
}

// settleAll settles every secret with the keys of both sides: what is left for a
// person has to be decided first.
func (m *merging) settleAll() ([]versions.Settled, error) {
	keys, err := m.bothKeyrings()
	if err != nil {
		return nil, err
	}
	settled, undecided, err := m.sides.Settle(m.ctx, keys...)
	if err == nil && len(undecided) > 0 {
		err = m.undecided(undecided)
	}
	return settled, err
}

// bothKeyrings are the keys of ours' app note, and of theirs'.
func (m *merging) bothKeyrings() ([]*versions.Keyring, error) {
	ids, err := m.identities()
	if err != nil {
		return nil, err
	}
	ours, err := versions.NewKeyring(m.known.Ours, ids, m.sides.Ours, m.sides.Theirs)
	if err != nil {
		return nil, err
	}
	theirs, err := versions.NewKeyring(m.known.Theirs, ids, m.sides.Theirs, m.sides.Ours)
	return []*versions.Keyring{ours, theirs}, err
}

// mergeNotes merges the notes so that every ledger verifies under the result and
// no value is lost. Where both sides made the same key, that decides which stays;
// else it is that of the side that is taken, ours for both.
func (m *merging) mergeNotes(choice versions.NoteChoice, settled []versions.Settled) (*versions.Edits, error) {
	ids, err := m.identities()
	if err != nil {
		return nil, err
	}
	keeps := []versions.Side{choice.Keep, choice.Keep.Other()}
	if choice.Alone {
		keeps = keeps[:1]
	}
	var first error
	remote := ""
	for i, keep := range keeps {
		choice.Keep = keep
		merge, err := versions.MergeNotes(m.known.Base, m.known.Ours, m.known.Theirs, choice)
		if err != nil {
			try := []string{"pinseal resolve --ours      and make theirs' changes again"}
			if m.known.Base != nil {
				try = append(try, "pinseal resolve --theirs      and make ours' changes again")
			}
			return nil, hint(err, try...)
		}
		err = m.checkAdmin(merge)
		if err == nil && i == 0 {
			remote, err = m.fetchFor(merge)
		}
		var last map[string]*versions.Entry
		if err == nil {
			last, err = m.pinsUnder(merge, remote)
		}
		if err == nil {
			var e *versions.Edits
			e, err = merge.Finish(m.ctx, m.sides, settled, versions.FinishOptions{Identities: ids, Plugin: m.pluginRecipient, Last: last})
			if err == nil {
				return e, nil
			}
			err = m.finishHint(err)
		}
		first = cmp.Or(first, err)
		if len(merge.Dropped) == 0 {
			break // it would be the same again
		}
	}
	return nil, first
}

// checkAdmin reports who can sign a merged note, when it is not who is here.
func (m *merging) checkAdmin(merge *versions.NoteMerge) error {
	ids, err := m.identities()
	if err != nil {
		return err
	}
	keys, err := versions.NewKeyring(merge.Note, ids, m.sides.Ours, m.sides.Theirs)
	if err == nil {
		_, err = keys.Newest(seal.Admin)
	}
	if errors.Is(err, seal.ErrNoKey) {
		return hint(err, m.abort("and let one of them merge")...)
	}
	return err
}

// finishHint helps where merging stops at a key or a value.
func (m *merging) finishHint(err error) error {
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return hint(err, append(m.abort("and let one of them merge"), m.giveUp()...)...)
	case errors.Is(err, versions.ErrNotAuthentic):
		return hint(err, m.giveUp()...)
	case errors.Is(err, versions.ErrConflict) && !errors.As(err, new(*versions.UnmergedError)):
		return hint(err, m.gitFor("checkout -m", storeDir+"/"+m.dir)+"      puts the merge back as git left it")
	}
	return err
}

// giveUp is how a value goes that stands in the way.
func (m *merging) giveUp() []string {
	return []string{m.gitFor("rm -f", storeDir+"/"+m.dir+"/ENV/NAME.yaml") + "      gives a value up"}
}
