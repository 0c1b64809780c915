package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pinseal/cmd/serve"
	"pinseal/repo"
	"pinseal/seal"
	"pinseal/seal/spelling"
	"pinseal/versions"
)

// fileChange is a change of one secret, ready to be written and committed.
type fileChange struct {
	was     string            // the name that the secret has before; "" for a new one
	name    string            // that it has afterwards
	value   seal.Secret       // that it gets, if any
	file    []byte            // what its file is then; nil when it is gone
	edits   []repo.Edit       // below the app's directory; none when there is nothing to do
	before  map[string][]byte // what was there, by path; nil for nothing
	folds   bool              // the file system takes the old and the new name for one
	message string
}

// Create implements [serve.Writer]. A name that differs from another only in case is
// taken, too.
func (st *workTreeStore) Create(ctx context.Context, c serve.Change) (versions.Info, error) {
	return st.change(ctx, func(w *writer, _ *view) (*fileChange, error) {
		if c.Name == nil {
			return nil, &serve.InvalidError{Reason: "a name is wanted"}
		}
		name := *c.Name
		if err := seal.CheckSecretName(name); err != nil {
			return nil, &serve.InvalidError{Reason: err.Error()}
		}
		if err := st.checkFreeFor(w, "", name); err != nil {
			return nil, err
		}
		f := &versions.SecretFile{Kind: versions.KindSecret}
		value, err := w.amend(f, name, c)
		if err != nil {
			return nil, err
		}
		data, err := f.Bytes()
		p := versions.FilePath(w.env, name)
		return &fileChange{name: name, value: value, file: data, message: "secrets: add " + name + " to " + w.env,
			edits: []repo.Edit{{Path: p, Data: data, Was: []byte{}}}, before: map[string][]byte{p: nil}}, err
	})
}

// Update implements [serve.Writer].
func (st *workTreeStore) Update(ctx context.Context, ref, ifMatch string, c serve.Change) (versions.Info, error) {
	return st.change(ctx, func(w *writer, v *view) (*fileChange, error) {
		name, f, was, err := st.existing(w.ctx, v, ref, ifMatch)
		ch := &fileChange{was: name, name: name}
		if err != nil {
			return ch, err
		}
		to := name
		if c.Name != nil && *c.Name != name {
			to = *c.Name
			if f, err = st.renamed(w, v, name, f, c); err != nil {
				return ch, err
			}
		}
		if ch.value, err = w.amend(f, to, c); err != nil {
			return ch, err
		}
		data, err := f.Bytes()
		if err != nil {
			return ch, err
		}
		ch.name, ch.file, ch.message = to, data, messageOf(c, name, to, w.env)
		ch.replace(w, name, was)
		return ch, nil
	})
}

// renamed returns the file of a secret under the name that a request has. What is to
// get another value anyway is not opened.
func (st *workTreeStore) renamed(w *writer, v *view, name string, f *versions.SecretFile, c serve.Change) (*versions.SecretFile, error) {
	if err := seal.CheckSecretName(*c.Name); err != nil {
		return nil, &serve.InvalidError{Reason: err.Error()}
	}
	if err := st.checkFreeFor(w, name, *c.Name); err != nil || c.Value != nil || c.Generate != "" {
		return f, err
	}
	return v.Reseal(name, f, w.sealer, seal.Place{App: w.id, Environment: w.env, Name: *c.Name})
}

// Delete implements [serve.Writer].
func (st *workTreeStore) Delete(ctx context.Context, ref, ifMatch string) error {
	_, err := st.change(ctx, func(w *writer, v *view) (*fileChange, error) {
		name, _, was, err := st.existing(w.ctx, v, ref, ifMatch)
		p := versions.FilePath(w.env, name)
		return &fileChange{was: name, name: name, message: "secrets: remove " + name + " from " + w.env,
			edits: []repo.Edit{{Path: p, Was: was}}, before: map[string][]byte{p: was}}, err
	})
	return err
}

// existing reads the secret that is to be changed. What is made of the bytes it
// returns is written only where they still stand. With an error that concerns a secret
// that is there, name says which.
func (st *workTreeStore) existing(ctx context.Context, v *view, ref, ifMatch string) (name string, f *versions.SecretFile, was []byte, err error) {
	info, err := st.find(ctx, v, ref)
	if err != nil {
		return "", nil, nil, err
	}
	was, err = v.Source.FileBytes(v.Environment, info.Name)
	switch {
	case err != nil:
		return info.Name, nil, nil, err
	case ifMatch != "" && ifMatch != fileVersion(was):
		return info.Name, nil, nil, serve.ErrChanged
	}
	f, err = versions.ParseSecretFile(was)
	switch {
	case err != nil: // it was one when it was found
		err = fmt.Errorf("%q: %w: %w", info.Name, repo.ErrChanged, err)
	case f.Kind != versions.KindSecret:
		err = &serve.InvalidError{Reason: "it is a named encryption key, which only pinseal key changes"}
	}
	return info.Name, f, was, err
}

// replace puts the new file in the place of that of secret name, or beside it with
// that one removed. A kill in between loses nothing, but where the file system takes
// both names for one: there the old file has to go first.
func (ch *fileChange) replace(w *writer, name string, was []byte) {
	from, to := versions.FilePath(w.env, name), versions.FilePath(w.env, ch.name)
	ch.before = map[string][]byte{from: was}
	if from == to {
		if string(was) != string(ch.file) {
			ch.edits = []repo.Edit{{Path: to, Data: ch.file, Was: was}}
		}
		return
	}
	ch.before[to] = nil
	if _, err := w.files.Stat(to); err == nil && strings.EqualFold(name, ch.name) {
		ch.folds, ch.edits = true, []repo.Edit{{Path: from, Was: was}, {Path: to, Data: ch.file}}
		return
	}
	ch.edits = []repo.Edit{{Path: to, Data: ch.file, Was: []byte{}}, {Path: from, Was: was}}
}

// checkFreeFor refuses a name for a secret called old, "" for a new one, that is
// taken, or that differs only in case from any but old, in the work tree or in HEAD.
func (st *workTreeStore) checkFreeFor(w *writer, old, name string) error {
	taken, err := w.taken()
	if err != nil {
		return err
	}
	known, err := st.committed(w.ctx)
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		if err := st.checkDir(w.env, known); err != nil {
			return err
		}
	}
	if slices.Contains(taken, name) {
		return serve.ErrTaken
	}
	taken = slices.DeleteFunc(taken, func(n string) bool { return n == old })
	if len(taken) >= versions.MaxSecrets {
		return &serve.InvalidError{Reason: fmt.Sprintf("%s holds %d secrets, which is the limit", w.env, len(taken))}
	}
	if err := w.checkNames(taken, []string{name}); err != nil {
		return fmt.Errorf("%w: %w", serve.ErrTaken, err)
	}
	for other := range known.versions {
		if other != old && other != name && strings.EqualFold(other, name) {
			return w.uncommitted(storeDir + "/" + w.dir + "/" + versions.FilePath(w.env, other))
		}
	}
	return nil
}

// amend puts what a request has into the file of secret name, and returns the value
// that it gets, if any.
func (w *writer) amend(f *versions.SecretFile, name string, c serve.Change) (value seal.Secret, err error) {
	if c.Description != nil {
		if err := spelling.CheckText(*c.Description, versions.MaxAbout); err != nil {
			return value, &serve.InvalidError{Reason: "description: " + err.Error()}
		}
		f.About = *c.Description
	}
	if c.Expires != nil {
		if *c.Expires != "" && versions.CheckDate(*c.Expires) != nil {
			return value, &serve.InvalidError{Reason: "expires wants a date like 2027-01-31"}
		}
		f.Expires = *c.Expires
	}
	if c.Optional != nil {
		f.Optional = *c.Optional
	}
	switch {
	case c.Value != nil && c.Generate != "":
		return value, &serve.InvalidError{Reason: "a value and a recipe to generate one exclude each other"}
	case c.Value != nil && c.Value.Len() == 0:
		return value, &serve.InvalidError{Reason: "the value is empty: without one the secret is declared blank"}
	case c.Value != nil:
		value = *c.Value
	case c.Generate == "":
		return value, nil
	default:
		if value, err = seal.Random(c.Generate); err != nil {
			return value, err
		}
	}
	f.Generate = c.Generate
	f.Value, err = w.seal(name, value)
	return value, err
}

// messageOf is the message of an update's commit.
func messageOf(c serve.Change, from, to, env string) string {
	switch {
	case from != to:
		return "secrets: rename " + from + " to " + to + " in " + env
	case c.Generate != "":
		return "secrets: generate " + to + " in " + env
	case c.Value != nil:
		return "secrets: set " + to + " in " + env
	}
	return "secrets: describe " + to + " in " + env
}
