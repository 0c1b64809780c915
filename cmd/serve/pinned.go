package serve

import (
	"context"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// Dates is when a secret was made and last changed, as git has it.
type Dates struct{ Created, Updated time.Time }

// FixedOptions says what a set does not know of itself.
type FixedOptions struct {
	Dates map[string]Dates // by name; nil where there is no history
	// Values stand in place of those of the set, by name. Never for a pin.
	Values map[string]seal.Secret
}

// Pinned is a set that does not change, with every value opened and every reply to a
// read made before: a read is the look into a map and one write. Of a named encryption
// key all versions are open.
type Pinned struct {
	version versions.VersionInfo
	infos   []versions.Info
	list    reply
	byRef   map[string]*opened // by name and by id
}

// opened is one secret and what is replied to its reads.
type opened struct {
	info   versions.Info
	secret seal.Secret
	err    error          // *versions.BlankError, or errKey
	key    *seal.NamedKey // nil for a secret, and a blank key
	whole  reply          // INFO with the value
	value  reply
	json   *reply // nil when the value is not JSON
}

// NewPinned opens every value of a pin, on all cores. One that does not open fails it.
func NewPinned(ctx context.Context, r *versions.Release, o FixedOptions) (*Pinned, error) {
	o.Values = nil
	return NewFixed(ctx, r.Set, r.Pin.Info(), o)
}

// NewFixed is NewPinned for any set that does not change, such as that of a commit.
func NewFixed(ctx context.Context, set *versions.Set, version versions.VersionInfo, o FixedOptions) (*Pinned, error) {
	infos, err := set.Infos()
	if err != nil {
		return nil, err
	}
	values, _, err := set.All(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := openKeys(ctx, set, values)
	if err != nil {
		return nil, err
	}
	secrets := make(map[string]seal.Secret, len(values))
	for _, v := range values {
		secrets[v.Name] = v.Secret
	}
	for name, secret := range o.Values {
		secrets[name] = secret
	}
	s := &Pinned{version: version, infos: infos, byRef: make(map[string]*opened, 2*len(infos))}
	for i := range infos {
		info := &infos[i]
		dates := o.Dates[info.Name]
		info.Created, info.Updated = dates.Created, dates.Updated
		secret, ok := secrets[info.Name]
		if info.Kind != versions.KindKey { // for which nothing stands in
			info.Blank = !ok
		}
		entry := &opened{info: *info, key: keys[info.Name]}
		switch {
		case info.Kind == versions.KindKey:
			entry.err = errKey
		case !ok:
			entry.err = &versions.BlankError{Name: info.Name, Environment: set.Environment}
		default:
			if entry, err = newEntry(*info, secret); err != nil {
				return nil, err
			}
		}
		s.byRef[info.ID] = entry
	}
	for _, info := range infos { // a name that looks like the id of another is a name
		s.byRef[info.Name] = s.byRef[info.ID]
	}
	s.list, err = listReply(version, infos)
	return s, err
}

// openKeys opens all versions of the named encryption keys that are among values.
func openKeys(ctx context.Context, set *versions.Set, values []versions.Value) (map[string]*seal.NamedKey, error) {
	opened := make([]*seal.NamedKey, len(values))
	err := versions.InParallel(len(values), func(i int) (err error) {
		if err = ctx.Err(); err == nil && values[i].File.Kind == versions.KindKey {
			opened[i], err = set.OpenKey(values[i].Name, values[i].File)
		}
		return err
	})
	keys := map[string]*seal.NamedKey{}
	for i, key := range opened {
		if key != nil {
			keys[values[i].Name] = key
		}
	}
	return keys, err
}

func newEntry(info versions.Info, secret seal.Secret) (e *opened, err error) {
	e = &opened{info: info, secret: secret, value: bytesReply(typeBytes, info, secret)}
	if isJSON(secret) {
		r := bytesReply(typeJSON, info, secret)
		e.json = &r
	}
	e.whole, err = secretReply(info, secret)
	return e, err
}

// Version implements [Store].
func (s *Pinned) Version() versions.VersionInfo { return s.version }

// List implements [Store]. Do not modify what it returns.
func (s *Pinned) List(context.Context) ([]versions.Info, error) { return s.infos, nil }

// Get implements [Store].
func (s *Pinned) Get(_ context.Context, ref string) (versions.Info, seal.Secret, error) {
	e, ok := s.byRef[ref]
	if !ok {
		return versions.Info{}, seal.Secret{}, &versions.NotFoundError{What: "secret", In: s.version.Environment}
	}
	return e.info, e.secret, e.err
}

// Key implements [Store].
func (s *Pinned) Key(_ context.Context, ref string) (versions.Info, *seal.NamedKey, error) {
	e, ok := s.byRef[ref]
	switch {
	case !ok:
		return versions.Info{}, nil, &versions.NotFoundError{What: "encryption key", In: s.version.Environment}
	case e.info.Kind != versions.KindKey:
		return e.info, nil, &versions.NotFoundError{What: "encryption key", Name: e.info.Name, In: s.version.Environment}
	case e.key == nil:
		return e.info, nil, &versions.BlankError{Name: e.info.Name, Environment: s.version.Environment}
	}
	return e.info, e.key, nil
}
