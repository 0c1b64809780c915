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
// read made before: a read is the look into a map and one write.
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
	err    error // *versions.BlankError, or errKey
	whole  reply // INFO with the value
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
		info.Blank = !ok
		entry := &opened{info: *info}
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
