package cmd

import (
	"context"
	"errors"
	"io"
	"slices"

	"pinseal/seal"
	"pinseal/versions"
)

// laterVersion is what a look for a later version of a key came to.
type laterVersion struct {
	looked bool     // there was where to look
	number uint32   // of the version, 0 for none
	at     string   // where it is, as --at takes it
	try    []string // where none was found, how more may come here
}

// laterVersion looks for a version of the key that the set does not have yet and that
// decrypts a payload: in the newest pin, at HEAD, in the work tree, as they are here. It
// is there to say what to do: it tells nothing, asks nothing, and what goes wrong is no
// more than that nothing was found. What decrypts is given up at once.
func (k *cryptKey) laterVersion(ctx context.Context, payload []byte) (later laterVersion) {
	s := k.silent(ctx)
	if s == nil {
		return later
	}
	defer s.Close()
	later.looked = true
	for _, at := range []string{"pin", "HEAD", workTreeAt} {
		source, err := s.sourceAt(at, k.Environment)
		if err != nil || s.id != k.Note.ID {
			continue
		}
		if n := k.decryptsIn(s, source, payload); n > 0 {
			later.number, later.at = n, at
			return later
		}
	}
	later.try = s.fetchHints()
	return later
}

// silent opens the repository of the key's set again, to look at what else is there. It
// is nil where there is none, as for a bundle. Close it.
func (k *cryptKey) silent(ctx context.Context) *session {
	if k.asked.bundle != "" {
		return nil
	}
	env := *k.Env
	env.Stdin, env.Stdout, env.Stderr, env.StdinTTY = nil, io.Discard, io.Discard, false
	silent := *k.cli
	silent.Env, silent.offline, silent.noInput = &env, true, true
	s, err := silent.open(ctx, look)
	if err != nil {
		return nil
	}
	return s
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
func (k *cryptKey) decryptsIn(s *session, source *versions.Source, payload []byte) uint32 {
	f, err := source.File(k.Environment, k.name)
	if err != nil || len(f.Versions) == 0 || f.Versions[len(f.Versions)-1].Number <= k.key.Newest() {
		return 0
	}
	later, err := k.openIn(s, source, f)
	if err != nil {
		return 0
	}
	_, number, err := later.Decrypt(nil, payload)
	if err != nil || number <= k.key.Newest() {
		return 0
	}
	return number
}

// openIn opens the key in another set, with the keys at hand and, where s is not nil, with
// those that are wrapped in the other set alone.
func (k *cryptKey) openIn(s *session, source *versions.Source, f *versions.SecretFile) (*seal.NamedKey, error) {
	set := &versions.Set{Source: source, Environment: k.Environment, Keys: k.Keys}
	key, err := set.OpenKey(k.name, f)
	if s == nil || !errors.Is(err, seal.ErrNoKey) {
		return key, err
	}
	if set.Keys = s.silentKeyring(source, s.head); set.Keys == nil {
		return nil, err
	}
	return set.OpenKey(k.name, f)
}

// warnAhead says so when the version that encrypts is in the work tree alone: with it all
// that it encrypted would be lost; or when releases, which read pins, do not have it yet.
func (k *cryptKey) warnAhead(ctx context.Context) {
	if k.Pin != nil {
		return
	}
	if !k.fixed() && !k.committed(ctx) {
		k.warn("version %d of key %q is not committed: without it, what it encrypts is lost\n  try:  %s", k.key.Newest(), k.name, k.gitCommit())
		return
	}
	s := k.silent(ctx)
	if s == nil {
		return
	}
	defer s.Close()
	if pin := s.newestPin(k.Environment); pin != nil && !k.isIn(s, pin) {
		k.warn("version %d of key %q is in no pin of %s yet: releases cannot decrypt what it encrypts\n  try:  %s",
			k.key.Newest(), k.name, k.Environment, k.here("pinseal publish "+k.Environment))
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
	return err == nil && k.isIn(nil, &versions.Source{FS: tree, What: atHead})
}

// isIn reports whether another set has the version that encrypts; s as for openIn.
func (k *cryptKey) isIn(s *session, source *versions.Source) bool {
	f, err := source.File(k.Environment, k.name)
	if err != nil {
		return false
	}
	if slices.Contains(f.Versions, k.file.Versions[len(k.file.Versions)-1]) {
		return true
	}
	// Sealed anew, as rekey does, it is the same key still.
	there, err := k.openIn(s, source, f)
	if err != nil {
		return false
	}
	payload, err := k.key.Encrypt(nil, nil)
	if err == nil {
		_, _, err = there.Decrypt(nil, payload)
	}
	return err == nil
}
