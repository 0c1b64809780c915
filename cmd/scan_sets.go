package cmd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// addSets adds what an app's versions hold.
func (l *lookedFor) addSets(a *scannedApp, from scanSources) error {
	a.findSets(from)
	ledgers, pins, err := l.livePins(a)
	if err != nil {
		return err
	}
	a.sources = slices.Concat(a.inUse, a.sent, slices.Collect(maps.Values(pins)), a.past)
	if !slices.Contains(a.sources, a.head) {
		a.sources = append(a.sources, a.head)
	}
	if a.keys, err = a.keyring(a.sources...); err != nil {
		return err
	}
	if a.baseline, err = slices.Concat(a.inUse, a.past, a.sources)[0].Baseline(); err != nil {
		return err
	}
	for _, source := range a.sent { // a branch that is pushed need not be checked out
		sent, err := source.Baseline()
		if err != nil {
			return err
		}
		a.baseline.Join(sent)
	}
	var history *versions.History
	if from.everyVersion {
		if history, err = a.history(ledgers); err != nil {
			return err
		}
	}
	envs := a.note.Environments()
	for _, env := range a.readEnvironments() {
		inUse := a.inUse
		if pins[env] != nil {
			inUse = append(slices.Clone(inUse), pins[env])
		}
		add := l.addRemoved
		if slices.Contains(envs, env) {
			add = l.addEnvironment
		}
		if err := add(a, env, inUse, history); err != nil {
			return err
		}
	}
	l.without = append(l.without, a.sayShut()...)
	return nil
}

// livePins opens the ledgers that are here, and the newest pin of each. One of an
// environment that is no more stops nobody.
func (l *lookedFor) livePins(a *scannedApp) (ledgers map[string]*versions.Ledger, pins map[string]*versions.Source, err error) {
	ledgers, pins = map[string]*versions.Ledger{}, map[string]*versions.Source{}
	for _, env := range a.readEnvironments() {
		ledger, _, err := a.localLedger(env)
		if err == nil && ledger != nil && ledger.Tip() != nil {
			pins[env], err = ledger.Source(a.ctx, ledger.Tip())
		}
		switch {
		case err == nil:
			ledgers[env] = ledger
		case slices.Contains(a.note.Environments(), env) || !unreadable(err):
			return nil, nil, err
		default:
			delete(pins, env)
			l.without = append(l.without, fmt.Sprintf("%s %s: removed, its pins are not looked for: %s", a.dir, env, reasonOf(err)))
		}
	}
	return ledgers, pins, nil
}

// findSets sorts where the app stands: what is judged first.
func (a *scannedApp) findSets(from scanSources) {
	for _, source := range a.found.at {
		switch source.What {
		case atIndex, atHead, workTree:
			a.inUse = append(a.inUse, source)
		case atTip:
			a.sent = append(a.sent, source)
		}
	}
	if a.found.aside {
		return
	}
	judged := a.head.What
	if from.index {
		judged = atIndex
	}
	if i := slices.IndexFunc(a.inUse, func(s *versions.Source) bool { return s.What == judged }); i >= 0 {
		a.judged = a.inUse[i]
		a.inUse = slices.Insert(slices.Delete(a.inUse, i, i+1), 0, a.judged)
	}
}

// addEnvironment adds the values of one environment, as far as its keys are here.
func (l *lookedFor) addEnvironment(a *scannedApp, env string, inUse []*versions.Source, history *versions.History) error {
	if _, err := a.keys.Newest(seal.ReadSlot(env)); err != nil {
		if !isNoKey(err) {
			return err
		}
		l.without = append(l.without, fmt.Sprintf("%s %s: %s", a.dir, env, err))
		return nil
	}
	return l.addValues(a, env, a.keys, inUse, history)
}

// addValues adds what the keys open of an environment.
func (l *lookedFor) addValues(a *scannedApp, env string, keys *versions.Keyring, inUse []*versions.Source, history *versions.History) error {
	label := a.dir + " " + env
	for i, source := range slices.Concat(inUse, a.sent) {
		add := l.AddSet
		if i >= len(inUse) {
			add = l.AddPastSet
		}
		foreign, noKey, err := add(a.ctx, a.dir, &versions.Set{Source: source, Environment: env, Keys: keys})
		if err != nil {
			return err
		}
		if len(noKey) > 0 {
			l.without = append(l.without, fmt.Sprintf("%s: %s of the %s, sealed to a key that is not here", label, strings.Join(noKey, ", "), source.What))
		}
		if source == a.judged {
			for _, name := range foreign {
				l.foreign = append(l.foreign, source.Dir+"/"+versions.FilePath(env, name))
			}
		}
	}
	if history == nil {
		return nil
	}
	noKey, missing, err := l.AddHistory(a.ctx, a.dir, history, env, keys)
	if len(noKey) > 0 {
		l.without = append(l.without, fmt.Sprintf("%s: old values of %s, sealed to a key that is not here", label, strings.Join(noKey, ", ")))
	}
	if missing {
		l.without = append(l.without, label+": old values whose objects are not here")
	}
	return err
}
