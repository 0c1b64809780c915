package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// addRemoved adds the values of an environment that the app had once, by the app
// notes that knew it and the keys that stood beside them.
func (l *lookedFor) addRemoved(a *scannedApp, env string, inUse []*versions.Source, history *versions.History) error {
	here := func(s *versions.Source) bool {
		_, err := fs.Stat(s.FS, env)
		return err == nil
	}
	if history == nil && !slices.ContainsFunc(slices.Concat(inUse, a.sent), here) {
		return nil
	}
	keys, err := a.keysOfRemoved(env)
	if err != nil {
		if !isNoKey(err) && !unreadable(err) {
			return err
		}
		l.without = append(l.without, fmt.Sprintf("%s %s: removed, its old values are not looked for: %s", a.dir, env, err))
		return nil
	}
	return l.addValues(a, env, keys, inUse, history)
}

// keysOfRemoved opens the keys of an environment that the app note knows no more.
func (a *scannedApp) keysOfRemoved(env string) (*versions.Keyring, error) {
	ids, err := a.identities()
	if err != nil {
		return nil, err
	}
	var why error = &versions.NoKeyError{Slot: seal.ReadSlot(env), Reason: "no app note that knew it is here"}
	for _, source := range a.sources {
		signed, err := source.Note()
		if err != nil || bytes.Equal(signed, a.note.Signed()) {
			continue
		}
		note, err := versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: source.What})
		if err != nil || !note.Precedes(a.note) || !slices.Contains(note.Environments(), env) {
			continue
		}
		keys, err := versions.NewKeyring(note, ids, append([]*versions.Source{source}, a.sources...)...)
		if err == nil {
			_, err = keys.Newest(seal.ReadSlot(env))
		}
		if err == nil {
			return keys, nil
		}
		why = err
	}
	return nil, why
}

// whyNotUsed is a reason in one line.
func whyNotUsed(err error) string {
	if errors.As(err, new(*trustError)) {
		return "it is not known in this place: pinseal trust"
	}
	return reasonOf(err)
}
