package cmd

import (
	"context"
	"fmt"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// lookedFor is the values that a scan looks for, of every app that the identity
// here is a member of.
type lookedFor struct {
	*versions.KnownValues
	apps  []*scannedApp
	first *session // its identities are everybody's: a passphrase is asked for once
	// without says what is not looked for, and why.
	without []string
	// foreign are secrets, as ENV/NAME.yaml with their directory, whose value in
	// what is judged does not open with its key.
	foreign []string
}

// scannedApp is an app whose values are looked for.
type scannedApp struct {
	*session
	keys     *versions.Keyring
	baseline *versions.Baseline

	inUse, sent []*versions.Source // of sets, without pins
	judged      *versions.Source   // the one of inUse that must hold nothing foreign; nil for none
	past        []*versions.Source // what it was at each change of members or keys
	sources     []*versions.Source // of keys: all of these, and pins
	former      []formerNote       // see formers
	shut        []shutEnvironment
}

// scanSources are where the sets of an app stand, and how much of them is
// looked for.
type scanSources struct {
	index        bool // it is judged whether what is staged is sealed for its place
	everyVersion bool
	sent         []repo.Hash // tips of what is pushed
}

// Close releases the apps' files; the repository is the caller's.
func (l *lookedFor) Close() {
	for _, a := range l.apps {
		if a.files != nil {
			a.files.Close()
		}
	}
}

// lookFor opens the values that a scan of r looks for: what the work tree, the
// index and HEAD hold, what the newest pins here do and, where it is asked for, what
// ever was. Without --app that is every app.
func (c *cli) lookFor(ctx context.Context, r *repo.Repo, from scanSources) (*lookedFor, error) {
	l := &lookedFor{KnownValues: versions.NewKnownValues()}
	in, err := c.storeToScan(ctx, r, from.sent...)
	if err == nil && from.everyVersion {
		err = in.readPast()
	}
	if err != nil {
		return nil, err
	}
	for _, id := range in.names {
		if err := l.addApp(c, in, in.session(c, id), from); err != nil {
			l.Close()
			return nil, err
		}
	}
	nowhere := in.nowhere()
	l.without = slices.Concat(l.without, in.without, nowhere)
	return l, nil
}

// addApp adds the values of one app. What is wrong with one that is neither in the
// work tree nor in the index is said.
func (l *lookedFor) addApp(c *cli, in *scannedStore, s *session, from scanSources) error {
	a := &scannedApp{session: s, past: in.past[s.claim.id]}
	l.apps = append(l.apps, a)
	opened, err := l.openApp(c, a)
	if opened && err == nil {
		err = l.addSets(a, from)
	}
	if s.found == nil || !s.found.aside || opened && err == nil {
		return err
	}
	l.apps = l.apps[:len(l.apps)-1]
	if err != nil && unreadable(err) {
		l.without = append(l.without, fmt.Sprintf("%s: %s", s.found.name, whyNotUsed(err)))
		err = nil
	}
	return err
}

// openApp reports whether the values of an app may be opened. An app that the
// identity here is no member of is passed over before anybody is asked to trust it.
func (l *lookedFor) openApp(c *cli, a *scannedApp) (bool, error) {
	s := a.session
	if l.first == nil {
		l.first = s
	}
	s.ids, s.idsErr, s.loaded = l.first.ids, l.first.idsErr, l.first.loaded
	if err := s.choose(); err != nil {
		return false, err
	}
	if id := s.id.String(); c.app == "" && c.Getenv("PINSEAL_APP") == id {
		s.app = id // it vouches, as it does for every command
	}
	if err := s.peek(); err != nil {
		return false, err
	}
	why, err := s.opensNothing()
	if err != nil {
		return false, err
	}
	if why != "" {
		l.without = append(l.without, fmt.Sprintf("%s: %s", s.dir, why))
		return false, nil
	}
	return true, s.trust()
}

// opensNothing says why no value of the app can be opened here, "" when some may.
func (s *session) opensNothing() (string, error) {
	if err := s.checkNamedIdentity(); err != nil {
		return "", err
	}
	ids, err := s.identities()
	if isNoKey(err) {
		return reasonOf(err), nil
	}
	if err != nil {
		return "", err
	}
	if ids == nil || len(ids.List) == 0 {
		return "there is no identity here", nil
	}
	switch service := ids.Service; {
	case service != nil && service.App != s.id:
		return "the identity here is a service of another app", nil
	case service != nil:
		return "", nil
	}
	plugin := func(id seal.Identity) bool { return id.Recipient == "" }
	keys, err := versions.NewKeyring(s.note, ids)
	if err != nil {
		return "", err
	}
	if _, member := keys.Member(); !member && !slices.ContainsFunc(ids.List, plugin) {
		return "the identity here is no member", nil
	}
	return "", nil
}
