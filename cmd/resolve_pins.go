package cmd

import (
	"fmt"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// fetchFor brings the ledgers here when a publish key is to be replaced, for the
// last pin that the old one signed, or a key is dropped, which pins may have been
// published under. It returns the remote.
func (m *merging) fetchFor(merge *versions.NoteMerge) (string, error) {
	if len(merge.Dropped) == 0 && !slices.ContainsFunc(merge.Rekey, func(s seal.Slot) bool { return s.Power() == seal.Publish }) {
		return "", nil
	}
	remote, err := m.remote()
	if err != nil || remote == "" {
		return "", err
	}
	if m.offline {
		return "", usage([]string{"the same without --offline"}, "a key is replaced, and what was published with it is known on %s alone", remote)
	}
	if err := versions.FetchLedgers(m.ctx, m.repo, remote, m.id); err != nil {
		return "", fetchError(remote, err)
	}
	return remote, nil
}

// pinsUnder verifies every ledger here under a merged note and returns its newest
// pin.
func (m *merging) pinsUnder(merge *versions.NoteMerge, remote string) (map[string]*versions.Entry, error) {
	before := m.note
	defer func() { m.note = before }()
	last := map[string]*versions.Entry{}
	envs := merge.Note.Environments()
	for _, slot := range merge.Rekey {
		if slot.Power() == seal.Publish && !slices.Contains(envs, slot.Environment()) {
			envs = append(envs, slot.Environment())
		}
	}
	for _, env := range envs {
		tips, err := versions.ReadTips(m.ctx, m.repo, remote, m.id, env)
		if err != nil {
			return nil, err
		}
		needed := slices.Contains(merge.Rekey, seal.PublishSlot(env))
		if tips.Local == "" && tips.Remote == "" && !needed {
			continue
		}
		m.note = merge.Note
		l, err := m.openTips(env, tips)
		if err != nil {
			return nil, err
		}
		if m.note != merge.Note {
			return nil, hint(&versions.AuthError{What: "app note", Reason: fmt.Sprintf("the ledger of %s has version %d, which is newer than both sides: merge that first", env, m.note.Version)}, "git pull")
		}
		last[env] = l.Tip()
	}
	return last, nil
}
