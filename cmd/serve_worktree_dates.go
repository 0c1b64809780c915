package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"sync"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

// committedSet is what HEAD has of the environment. It is read again when HEAD moves.
type committedSet struct {
	sync.Mutex
	head  repo.Hash
	known *knownFiles
}

// knownFiles is what a commit has of an environment, by name. It does not change.
type knownFiles struct {
	versions map[string]string // hex SHA-256 of each file
	dates    map[string]dated
}

// date puts down when a secret came and, unless it stands there uncommitted, when it
// was changed.
func (k *knownFiles) date(info *versions.Info) {
	is, ok := k.versions[info.Name]
	if !ok {
		return
	}
	d := k.dates[info.Name]
	info.Created = d.created
	if is == info.Version {
		info.Updated = d.updated
	}
}

// committed returns what HEAD has.
func (st *workTreeStore) committed(ctx context.Context) (*knownFiles, error) {
	st.history.Lock()
	defer st.history.Unlock()
	head, _, err := st.start.repo.Head(ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		return &knownFiles{}, nil
	}
	if err != nil {
		return nil, err
	}
	if head == st.history.head {
		return st.history.known, nil
	}
	known, err := st.readCommitted(ctx, head)
	if err != nil {
		return nil, err
	}
	st.history.head, st.history.known = head, known
	return known, nil
}

func (st *workTreeStore) readCommitted(ctx context.Context, head repo.Hash) (*knownFiles, error) {
	s, env := st.session(ctx), st.asked.env
	known := &knownFiles{versions: map[string]string{}}
	tree, err := s.repo.FS(ctx, head, storeDir+"/"+s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	files, err := tree.Names(env) // odd ones do not count: only the work tree is read
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, file := range files {
		_, name, secret := secretAt(storeDir + "/" + s.dir + "/" + env + "/" + file)
		if !secret {
			continue
		}
		data, err := tree.ReadFile(env + "/" + file)
		if err != nil {
			return nil, err
		}
		known.versions[name] = fileVersion(data)
	}
	if known.dates, err = s.dates(env, head); err != nil && ctx.Err() == nil {
		s.warn("no dates: the history of %s cannot be read: %s", env, err)
		err = nil
	}
	return known, err
}

// fileVersion is the version of a secret, see [versions.Info].
func fileVersion(file []byte) string {
	digest := sha256.Sum256(file)
	return hex.EncodeToString(digest[:])
}

// move goes on to a commit of ours without walking the history again. files are what
// it changed, by name; nil for one that is gone.
func (st *workTreeStore) move(ctx context.Context, to repo.Hash, files map[string][]byte) {
	st.history.Lock()
	defer st.history.Unlock()
	c, err := st.start.repo.Commit(ctx, to)
	if err != nil || len(c.Parents) != 1 || c.Parents[0] != st.history.head {
		return // whoever asks next reads it
	}
	was := st.history.known
	known := &knownFiles{versions: maps.Clone(was.versions), dates: maps.Clone(was.dates)}
	if known.dates == nil {
		known.dates = map[string]dated{}
	}
	when := c.Committer.When.UTC().Truncate(time.Second)
	for name, data := range files {
		if data == nil {
			delete(known.versions, name)
			continue
		}
		d, ok := known.dates[name]
		if !ok {
			d.created = when
		}
		d.updated = when
		known.versions[name], known.dates[name] = fileVersion(data), d
	}
	st.history.head, st.history.known = to, known
}
