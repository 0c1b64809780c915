package cmd

import (
	"context"
	"errors"
	"io"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// laterVersion looks for a version of the key that the pin or commit does not have yet
// and that decrypts a payload: in the newest pin, at HEAD, in the work tree, as they are
// here. It returns its number, 0 for none, and where it is, as --at takes it. It is there
// to say what to do: it tells nothing, asks nothing, and what goes wrong is no more than
// that nothing was found. What decrypts is given up at once.
func (k *cryptKey) laterVersion(ctx context.Context, payload []byte) (number uint32, at string) {
	if k.asked.bundle != "" {
		return 0, ""
	}
	env := *k.Env
	env.Stdin, env.Stdout, env.Stderr, env.StdinTTY = nil, io.Discard, io.Discard, false
	silent := *k.cli
	silent.Env, silent.offline, silent.noInput = &env, true, true
	s, err := silent.open(ctx, look)
	if err != nil {
		return 0, ""
	}
	defer s.Close()
	for _, at := range []string{"pin", "HEAD", workTreeAt} {
		source, err := s.sourceAt(at, k.Environment)
		if err != nil || s.id != k.Note.ID {
			continue
		}
		if n := k.decryptsIn(source, payload); n > 0 {
			return n, at
		}
	}
	return 0, ""
}

// workTreeAt is the work tree, as --at takes it.
const workTreeAt = "worktree"

func (s *session) sourceAt(at, env string) (*versions.Source, error) {
	switch at {
	case "HEAD":
		source, _, err := s.commit(at)
		return source, err
	case workTreeAt:
		return s.head, nil // in a bare repository HEAD, which was asked before
	}
	l, _, err := s.localLedger(env)
	if err != nil || l == nil {
		return nil, errors.Join(err, versions.ErrNotFound)
	}
	source, _, err := s.pinned(l, env, versions.Selector{Kind: versions.AtPin}, 0)
	return source, err
}

// decryptsIn returns the version of the key in another set that decrypts a payload, if
// it came after those of k, else 0.
func (k *cryptKey) decryptsIn(source *versions.Source, payload []byte) uint32 {
	f, err := source.File(k.Environment, k.name)
	if err != nil || len(f.Versions) == 0 || f.Versions[len(f.Versions)-1].Number <= k.key.Newest() {
		return 0
	}
	later, err := k.openIn(source, f)
	if err != nil {
		return 0
	}
	_, number, err := later.Decrypt(nil, payload)
	if err != nil || number <= k.key.Newest() {
		return 0
	}
	return number
}

func (k *cryptKey) openIn(source *versions.Source, f *versions.SecretFile) (*seal.NamedKey, error) {
	set := &versions.Set{Source: source, Environment: k.Environment, Keys: k.Keys}
	return set.OpenKey(k.name, f)
}

// warnUncommitted says so when the version that encrypts is in the work tree alone: with
// it all that it encrypted would be lost.
func (k *cryptKey) warnUncommitted(ctx context.Context) {
	if !k.fixed() && !k.committed(ctx) {
		k.warn("version %d of key %q is not committed: without it, what it encrypts is lost\n  try:  %s", k.key.Newest(), k.name, k.gitCommit())
	}
}

// committed reports whether HEAD has the version that encrypts.
func (k *cryptKey) committed(ctx context.Context) bool {
	r, err := k.openRepo(ctx)
	if err != nil {
		return false
	}
	defer r.Close()
	commit, _, err := r.Head(ctx)
	if err != nil {
		return false
	}
	tree, err := r.FS(ctx, commit, storeDir+"/"+k.view.app)
	if err != nil {
		return false
	}
	head := &versions.Source{FS: tree, What: atHead}
	f, err := head.File(k.Environment, k.name)
	if err != nil {
		return false
	}
	if slices.Contains(f.Versions, k.file.Versions[len(k.file.Versions)-1]) {
		return true
	}
	// Sealed anew, as rekey does, it is the same key still.
	there, err := k.openIn(head, f)
	if err != nil {
		return false
	}
	payload, err := k.key.Encrypt(nil, nil)
	if err == nil {
		_, _, err = there.Decrypt(nil, payload)
	}
	return err == nil
}
