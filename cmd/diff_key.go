package cmd

import (
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// revealedVersion is a version of a named encryption key with its value on each side,
// nil where it has none.
type revealedVersion struct {
	number   uint32
	old, new *seal.Secret
}

type revealedVersionJSON struct {
	Number uint32    `json:"number"`
	Old    *revealed `json:"old,omitempty"`
	New    *revealed `json:"new,omitempty"`
}

func toRevealedVersions(all []revealedVersion) (out []revealedVersionJSON) {
	for _, v := range all {
		out = append(out, revealedVersionJSON{v.number, revealPointer(v.old), revealPointer(v.new)})
	}
	return out
}

// revealVersions opens both sides of a change, which from then on says what differs, and
// returns the versions that do, ascending. A side may be a plain secret: that is version 0.
func revealVersions(a, b side, env string, change *versions.Change, keys *versions.Keyring) ([]revealedVersion, error) {
	was := &versions.Set{Source: a.set, Environment: env, Keys: keys}
	now := &versions.Set{Source: b.set, Environment: env, Keys: keys}
	change.CompareVersions(was, now)
	var all []revealedVersion
	put := func(set *versions.Set, f *versions.SecretFile, to func(*revealedVersion) **seal.Secret) error {
		if f == nil || f.Blank() {
			return nil
		}
		opened := make([]seal.NamedKeyVersion, 1)
		var err error
		if f.Kind == versions.KindKey {
			opened, err = set.OpenVersions(change.Name, f)
		} else {
			var v versions.Value
			v, err = set.Open(change.Name, f)
			opened[0].Text = v.Secret
		}
		if err != nil {
			return err
		}
		for _, v := range opened {
			i := slices.IndexFunc(all, func(r revealedVersion) bool { return r.number == v.Number })
			if i < 0 {
				i = len(all)
				all = append(all, revealedVersion{number: v.Number})
			}
			*to(&all[i]) = &v.Text
		}
		return nil
	}
	if err := put(was, change.Old, func(r *revealedVersion) **seal.Secret { return &r.old }); err != nil {
		return nil, err
	}
	if err := put(now, change.New, func(r *revealedVersion) **seal.Secret { return &r.new }); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r revealedVersion) bool { return r.old != nil && r.new != nil && r.old.Equal(*r.new) })
	slices.SortFunc(all, func(x, y revealedVersion) int { return int(x.number) - int(y.number) })
	return all, nil
}
