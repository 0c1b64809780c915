package cmd

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// formerNote is an app note that went before the newest, and where it stood.
type formerNote struct {
	source *versions.Source
	note   *seal.Note
	envs   map[string]bool
}

// formers are the app notes in a's sources that go before the newest, each once and
// in the order of the sources. They are read when they are first asked for.
func (a *scannedApp) formers() []formerNote {
	if a.former != nil {
		return a.former
	}
	a.former = []formerNote{}
	seen := map[[sha256.Size]byte]bool{sha256.Sum256(a.note.Signed()): true}
	for _, source := range a.sources {
		signed, err := source.Note()
		if err != nil || seen[sha256.Sum256(signed)] {
			continue
		}
		seen[sha256.Sum256(signed)] = true
		note, err := versions.ParseAppNote(versions.NoteCandidate{Signed: signed, From: source.What})
		if err != nil || !note.Precedes(a.note) {
			continue
		}
		f := formerNote{source, note, map[string]bool{}}
		for _, env := range note.Environments() {
			f.envs[env] = true
		}
		a.former = append(a.former, f)
	}
	return a.former
}

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
		a.shut = append(a.shut, shutEnvironment{env, err})
		return nil
	}
	return l.addValues(a, env, keys, inUse, history)
}

// shutEnvironment is one that the app had once, and why it cannot be opened.
type shutEnvironment struct {
	name string
	why  error
}

// sayShut is what is not looked for in environments that are no more: one line for
// an app, which may have had many.
func (a *scannedApp) sayShut() []string {
	switch len(a.shut) {
	case 0:
		return nil
	case 1:
		return []string{fmt.Sprintf("%s %s: removed, its old values are not looked for: %s", a.dir, a.shut[0].name, a.shut[0].why)}
	}
	names := make([]string, len(a.shut))
	for i, env := range a.shut {
		names[i] = env.name
	}
	return []string{fmt.Sprintf("%s %s: removed, their old values are not looked for: %s", a.dir, someOf(names), a.shut[0].why)}
}

// keysOfRemoved opens the keys of an environment that the app note knows no more.
func (a *scannedApp) keysOfRemoved(env string) (*versions.Keyring, error) {
	ids, err := a.identities()
	if err != nil {
		return nil, err
	}
	var why error = &versions.NoKeyError{Slot: seal.ReadSlot(env), Reason: "no app note that knew it is here"}
	for _, f := range a.formers() {
		if !f.envs[env] {
			continue
		}
		if ids != nil && ids.Service != nil && ids.Service.NoteVersion > f.note.Version {
			why = &versions.NoKeyError{Slot: seal.ReadSlot(env), Reason: "this service was added after it went"}
			continue
		}
		keys, err := versions.NewKeyring(f.note, ids, append([]*versions.Source{f.source}, a.sources...)...)
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
