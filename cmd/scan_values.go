package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// lookedFor is the values that a scan looks for, of every app that the identity
// here is a member of.
type lookedFor struct {
	*versions.KnownValues
	apps []*scannedApp
	// without says what is not looked for, and why.
	without []string
	// foreign are secrets, as ENV/NAME.yaml with their directory, whose value in
	// the first source does not open with its key.
	foreign []string
}

// scannedApp is an app whose values are looked for.
type scannedApp struct {
	*session
	keys     *versions.Keyring
	baseline *versions.Baseline
}

// scanSources are where the sets of an app stand, and how much of them is
// looked for.
type scanSources struct {
	index        bool // what is staged, too
	everyVersion bool
}

// Close releases the apps' files; the repository is the caller's.
func (l *lookedFor) Close() {
	for _, a := range l.apps {
		if a.files != nil {
			a.files.Close()
		}
	}
}

// lookFor opens the values that a scan of r looks for: what the work tree and HEAD
// hold, what the newest pins here do and, where it is asked for, what ever was.
// Without --app that is every app.
func (c *cli) lookFor(ctx context.Context, r *repo.Repo, from scanSources) (*lookedFor, error) {
	l := &lookedFor{KnownValues: versions.NewKnownValues()}
	in, err := c.storeToScan(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, name := range in.names {
		if err := l.addApp(c, in.session(c, name), from); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

// addApp adds the values of one app. An app that the identity here is no member of
// is passed over before anybody is asked to trust it.
func (l *lookedFor) addApp(c *cli, s *session, from scanSources) error {
	if len(l.apps) > 0 { // a passphrase is asked for once
		before := l.apps[0]
		s.ids, s.idsErr, s.loaded = before.ids, before.idsErr, before.loaded
	}
	if err := s.choose(); err != nil {
		return err
	}
	a := &scannedApp{session: s}
	l.apps = append(l.apps, a)
	if id := s.id.String(); c.app == "" && c.Getenv("PINSEAL_APP") == id {
		s.app = id // it vouches, as it does for every command
	}
	if err := s.peek(); err != nil {
		return err
	}
	if why, err := s.opensNothing(); why != "" || err != nil {
		l.without = append(l.without, fmt.Sprintf("%s: %s", s.dir, why))
		return err
	}
	if err := s.trust(); err != nil {
		return err
	}
	return l.addSets(a, from)
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

// addSets adds what an app's versions hold.
func (l *lookedFor) addSets(a *scannedApp, from scanSources) (err error) {
	sources, err := a.scanSets(from)
	if err != nil {
		return err
	}
	ledgers := map[string]*versions.Ledger{}
	pins := map[string]*versions.Source{}
	for _, env := range a.note.Environments() {
		if ledgers[env], _, err = a.localLedger(env); err != nil {
			return err
		}
		if ledgers[env] != nil && ledgers[env].Tip() != nil {
			if pins[env], err = ledgers[env].Source(a.ctx, ledgers[env].Tip()); err != nil {
				return err
			}
		}
	}
	if a.keys, err = a.keyring(slices.Concat(sources, pinSources(pins))...); err != nil {
		return err
	}
	if a.baseline, err = sources[0].Baseline(); err != nil {
		return err
	}
	var history *versions.History
	if from.everyVersion {
		if history, err = a.history(ledgers); err != nil {
			return err
		}
	}
	for _, env := range a.note.Environments() {
		at := sources
		if pins[env] != nil {
			at = append(slices.Clone(sources), pins[env])
		}
		if err := l.addEnvironment(a, env, at, history); err != nil {
			return err
		}
	}
	return nil
}

func pinSources(pins map[string]*versions.Source) []*versions.Source {
	var sources []*versions.Source
	for _, s := range pins {
		sources = append(sources, s)
	}
	return sources
}

// scanSets are the versions of an app beside its pins: what is staged, what the
// work tree holds, what HEAD does.
func (a *scannedApp) scanSets(from scanSources) ([]*versions.Source, error) {
	sources := []*versions.Source{a.head}
	dir := storeDir + "/" + a.dir
	if from.index {
		index, err := a.repo.IndexFS(a.ctx, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			sources = slices.Insert(sources, 0, &versions.Source{FS: index, What: "index", Dir: dir})
		}
	}
	if a.repo.Bare() {
		return sources, nil
	}
	commit, _, err := a.repo.Head(a.ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		return sources, nil
	}
	if err != nil {
		return nil, err
	}
	tree, err := a.repo.FS(a.ctx, commit, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return sources, nil
	}
	return append(sources, &versions.Source{FS: tree, What: "HEAD", Dir: dir}), err
}

// addEnvironment adds the values of one environment, as far as its keys are here.
func (l *lookedFor) addEnvironment(a *scannedApp, env string, at []*versions.Source, history *versions.History) error {
	label := a.dir + " " + env
	if _, err := a.keys.Newest(seal.ReadSlot(env)); err != nil {
		if !isNoKey(err) {
			return err
		}
		l.without = append(l.without, fmt.Sprintf("%s: %s", label, err))
		return nil
	}
	for i, source := range at {
		set := &versions.Set{Source: source, Environment: env, Keys: a.keys}
		foreign, noKey, err := l.AddSet(a.ctx, a.dir, set)
		if err != nil {
			return err
		}
		if len(noKey) > 0 {
			l.without = append(l.without, fmt.Sprintf("%s: %s of the %s, sealed to a key that is not here", label, strings.Join(noKey, ", "), source.What))
		}
		if i == 0 {
			for _, name := range foreign {
				l.foreign = append(l.foreign, storeDir+"/"+a.dir+"/"+versions.FilePath(env, name))
			}
		}
	}
	if history == nil {
		return nil
	}
	missing, err := l.AddHistory(a.ctx, a.dir, history, env, a.keys)
	if missing {
		l.without = append(l.without, label+": old values whose objects are not here")
	}
	return err
}
