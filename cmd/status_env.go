package cmd

import (
	"errors"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// envStatus judges one environment of the work tree (bare: of HEAD), and adds
// its column to the rows.
func (s *session) envStatus(env string, head *versions.Source, ledger localLedger, rows map[string]*secretStatus) (e envStatus, err error) {
	e = envStatus{Name: env, Blank: []string{}, Expired: []string{}, Expiring: []string{}, Retired: []string{}}
	names, files, unmerged, err := s.head.MergedFiles(env)
	if err != nil {
		return e, err
	}
	e.unmerged = unmerged
	e.Secrets = len(names)
	newest, _ := s.note.Newest(seal.ReadSlot(env))
	now := s.Now()
	for i, f := range files {
		row := rows[names[i]]
		if row == nil {
			row = &secretStatus{Name: names[i], State: map[string]string{}, plain: true}
			rows[names[i]] = row
		}
		if f == nil {
			e.Unmerged = append(e.Unmerged, names[i])
			row.State[env], row.plain = stateUnmerged, false
			continue
		}
		e.judge(names[i], f, newest.Generation, now)
		row.State[env] = stateOf(f, now)
		row.plain = row.plain && !f.Blank() && !f.Expired(now) && !expiresSoon(f, now)
	}
	if e.retired, err = versions.RetiredValues(s.note, s.head, env, names, files); err != nil {
		return e, err
	}
	e.PinSeen = ledger.missed
	switch {
	case ledger.err != nil:
		e.PinError = oneLine(ledger.err.Error())
	case ledger.behind != nil:
		e.behind, e.PinSeen = ledger.behind, ledger.behind.Known
	case ledger.Ledger != nil && ledger.Tip() != nil:
		err = s.pinStatus(&e, head, ledger.Ledger)
	default:
		e.unknown = ledger.Ledger == nil && len(s.fetchHints()) > 0
	}
	return e, err
}

func (e *envStatus) judge(name string, f *versions.SecretFile, newest int, now time.Time) {
	switch {
	case f.Blank() && !f.Optional:
		e.Blank = append(e.Blank, name)
	case f.Expired(now):
		e.Expired = append(e.Expired, name)
	case expiresSoon(f, now):
		e.Expiring = append(e.Expiring, name)
	}
	if g := f.Generations(); len(g) > 0 && g[0] < newest {
		e.Retired = append(e.Retired, name)
	}
}

// expiresSoon reports a date within 30 days. RFC 3339 dates sort as text.
func expiresSoon(f *versions.SecretFile, now time.Time) bool {
	return f.Expires != "" && f.Expires <= now.UTC().AddDate(0, 0, 30).Format(time.DateOnly)
}

// pinStatus compares the newest pin with HEAD and the work tree.
func (s *session) pinStatus(e *envStatus, head *versions.Source, l *versions.Ledger) error {
	pinned, err := l.Source(s.ctx, l.Tip())
	if err == nil {
		err = pinned.CheckAll()
	}
	if err != nil {
		return err
	}
	pin := toPinJSON(l.Tip().Pin)
	e.Pin, e.Drift = &pin, &drift{}
	if head != nil {
		if e.Drift.Head, err = differing(pinned, head, e.Name); err != nil {
			return err
		}
	}
	if !s.repo.Bare() {
		e.Drift.WorkTree, err = differing(pinned, s.head, e.Name)
	}
	return err
}

func differing(a, b *versions.Source, env string) (*int, error) {
	changes, err := versions.Diff(a, b, env)
	n := len(changes)
	if errors.As(err, new(*versions.UnmergedError)) { // what cannot be read still differs
		var paths []string
		paths, err = versions.Differing(a, b, env)
		n = len(paths)
	}
	return &n, err
}
