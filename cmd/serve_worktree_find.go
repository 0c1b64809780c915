package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"pinseal/seal"
	"pinseal/versions"
)

// Find implements [serve.Writer].
func (st *workTreeStore) Find(ctx context.Context, ref string) (versions.Info, error) {
	v, err := st.now(ctx)
	if err != nil {
		return versions.Info{}, err
	}
	return st.find(ctx, v, ref)
}

// find looks a secret up by its name or, where there is none of that name, its id.
func (st *workTreeStore) find(ctx context.Context, v *view, ref string) (versions.Info, error) {
	if seal.CheckSecretName(ref) == nil {
		info, err := v.Info(ref)
		if !errors.Is(err, versions.ErrNotFound) {
			return info, err
		}
	}
	names, err := v.Source.Names(v.Environment)
	if err != nil {
		return versions.Info{}, err
	}
	for _, name := range names {
		if versions.SecretID(st.start.id, v.Environment, name) == ref {
			return v.Info(name)
		}
	}
	if len(names) == 0 {
		if err := st.checkAway(ctx, v, ref); err != nil {
			return versions.Info{}, err
		}
	}
	return versions.Info{}, &versions.NotFoundError{What: "secret", In: v.Environment} // ref may be anything
}

// checkAway refuses to say that there is no such secret where HEAD has one and its
// directory is not in the work tree.
func (st *workTreeStore) checkAway(ctx context.Context, v *view, ref string) error {
	known, err := st.committed(ctx)
	if err != nil {
		return err
	}
	for name := range known.versions {
		if name == ref || versions.SecretID(st.start.id, v.Environment, name) == ref {
			return st.checkDir(v.Environment, known)
		}
	}
	return nil
}

// checkDir wants the directory of the environment to be there where HEAD has secrets in
// it: a sparse checkout leaves it out, and somebody may have moved it.
func (st *workTreeStore) checkDir(env string, known *knownFiles) error {
	if _, err := st.start.files.Stat(env); len(known.versions) == 0 || !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	p := storeDir + "/" + st.start.dir + "/" + env
	return hint(fmt.Errorf("%q is in HEAD and not in the work tree: %w", p, versions.ErrConflict),
		st.start.gitFor("checkout HEAD", p), "git sparse-checkout add "+quoteShell(p))
}

// warnUncommitted says what a request to change would be refused for. A kill between
// the writing of a file and its commit leaves one.
func (st *workTreeStore) warnUncommitted() error {
	s, env := st.start, st.asked.env
	if op := s.repo.Operation(); op != "" {
		s.warn("a %s is under way: nothing can be changed before it ends\n  try:  git %s --continue     or --abort", op, op)
	}
	dir := storeDir + "/" + s.dir + "/"
	found, err := s.repo.Uncommitted(s.ctx, []string{dir + versions.NoteName, dir + env})
	if err != nil {
		return err
	}
	var paths []string
	for _, u := range found {
		if _, _, secret := secretAt(u.Path); secret || !strings.HasPrefix(u.Path, dir+env+"/") {
			paths = append(paths, oneLine(u.Path))
		}
	}
	if len(paths) > 0 {
		s.warn("not committed, and so not to be changed over HTTP: %s\n  try:  %s", strings.Join(paths, ", "), s.gitCommit())
	}
	return nil
}
