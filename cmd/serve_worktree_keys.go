package cmd

import (
	"context"

	"pinseal/seal"
	"pinseal/versions"
)

// openKey is a named encryption key as a file has it.
type openKey struct {
	version string // of the file, see fileVersion
	key     *seal.NamedKey
}

// maxOpenKeys bounds the keys that stay open.
const maxOpenKeys = 64

// Key implements [serve.Store].
func (st *workTreeStore) Key(ctx context.Context, ref string) (versions.Info, *seal.NamedKey, error) {
	v, err := st.now(ctx)
	if err != nil {
		return versions.Info{}, nil, err
	}
	info, err := st.find(ctx, v, ref)
	if err != nil {
		return versions.Info{}, nil, err
	}
	key, err := st.openKey(v, info.Name)
	return info, key, err
}

// openKey opens a named encryption key as it is now. One whose file is what it was, under
// the same note, is open: each of its versions would take as long as a secret does.
func (st *workTreeStore) openKey(v *view, name string) (*seal.NamedKey, error) {
	f, err := v.Source.File(v.Environment, name)
	if err != nil {
		return nil, err
	}
	data, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	version := fileVersion(data)
	st.seen.Lock()
	known := st.seen.keys[name]
	current := st.seen.view == v
	st.seen.Unlock()
	if current && known.version == version {
		return known.key, nil
	}
	key, err := v.OpenKey(name, f)
	if err != nil {
		return nil, err
	}
	st.seen.Lock()
	defer st.seen.Unlock()
	if st.seen.view == v {
		if st.seen.keys == nil || len(st.seen.keys) >= maxOpenKeys {
			st.seen.keys = map[string]openKey{}
		}
		st.seen.keys[name] = openKey{version, key}
	}
	return key, nil
}
