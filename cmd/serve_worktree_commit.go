package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

// commitTime bounds a commit with its hooks: who asked for it waits.
const commitTime = 25 * time.Second

// notCommitted says that a change was taken back. It is a state that a person has to
// sort out: a hook that refuses, no identity in git's configuration, a locked index.
type notCommitted struct{ err error }

func (e *notCommitted) Error() string { return "not committed, and so not changed: " + e.err.Error() }

func (e *notCommitted) Unwrap() error { return e.err }

// Is makes it a conflict.
func (e *notCommitted) Is(target error) bool { return target == versions.ErrConflict }

// change makes one change a commit, one writer at a time. plan looks at the work tree
// and says what to do.
func (st *workTreeStore) change(ctx context.Context, plan func(*writer, *view) (*fileChange, error)) (versions.Info, error) {
	select {
	case st.turn <- struct{}{}:
		defer func() { <-st.turn }()
	case <-ctx.Done():
		return versions.Info{}, context.Cause(ctx)
	}
	v, err := st.now(ctx)
	if err != nil {
		return versions.Info{}, err
	}
	s := st.session(ctx)
	s.note = v.Note
	w, err := s.write(v.Environment)
	if err != nil {
		return versions.Info{}, err
	}
	ch, err := plan(w, v)
	if err == nil && len(ch.edits) > 0 {
		err = st.commit(w, ch)
	}
	switch {
	case err != nil && ch != nil && ch.name != "": // for the audit
		return versions.Info{ID: versions.SecretID(w.id, w.env, ch.name), Name: ch.name}, err
	case err != nil || ch.file == nil:
		return versions.Info{}, err
	}
	f, err := versions.ParseSecretFile(ch.file)
	if err != nil {
		return versions.Info{}, err
	}
	info := infoOf(w.id, w.env, ch.name, f, ch.file)
	if known, err := st.committed(context.WithoutCancel(ctx)); err == nil { // else it is done all the same
		known.date(&info)
	}
	return info, nil
}

// commit writes the files and commits them, or puts them back.
func (st *workTreeStore) commit(w *writer, ch *fileChange) error {
	dir := storeDir + "/" + w.dir + "/"
	var paths []string
	files := map[string][]byte{}
	for _, e := range ch.edits {
		paths = append(paths, dir+e.Path)
		_, name, _ := secretAt(dir + e.Path)
		files[name] = e.Data
	}
	if err := st.checkSettled(w, ch, paths); err != nil {
		return err
	}
	if err := w.files.Apply(w.ctx, ch.edits); err != nil {
		return err
	}
	// From here on it is all or nothing, whether somebody still waits or not.
	ctx, cancel := context.WithTimeout(st.life, commitTime)
	defer cancel()
	made, err := w.repo.CommitPaths(ctx, paths, ch.message)
	if made == "" {
		return st.takeBack(w, ch, paths, err)
	}
	if err != nil {
		st.start.warn("%s is committed, and git had trouble afterwards: %s", made, err)
	}
	st.move(context.WithoutCancel(ctx), made, files)
	return nil
}

// checkSettled wants the files as HEAD has them, in the index and the work tree, and
// the app note too, which says what is sealed to: nothing that somebody is at work on
// gets into a commit, or under a change of ours.
func (st *workTreeStore) checkSettled(w *writer, ch *fileChange, paths []string) error {
	if op := w.repo.Operation(); op != "" {
		return hint(fmt.Errorf("a %s is under way: %w", op, versions.ErrConflict), w.git(w.top)+" "+op+" --continue", w.git(w.top)+" "+op+" --abort")
	}
	note := storeDir + "/" + w.dir + "/" + versions.NoteName
	found, err := w.repo.Uncommitted(w.ctx, append([]string{note}, paths...))
	if err != nil {
		return err
	}
	for _, u := range found {
		if u.Unmerged {
			return &versions.UnmergedError{Paths: []string{u.Path}}
		}
		return w.uncommitted(u.Path)
	}
	known, err := st.committed(w.ctx)
	if err != nil {
		return err
	}
	for p, was := range ch.before {
		_, name, _ := secretAt(storeDir + "/" + w.dir + "/" + p)
		is, there := known.versions[name]
		if there != (was != nil) || there && is != fileVersion(was) { // the index may be told not to look
			return w.uncommitted(storeDir + "/" + w.dir + "/" + p)
		}
	}
	return nil
}

func (w *writer) uncommitted(p string) error {
	return hint(fmt.Errorf("%q is not as HEAD has it: %w", p, versions.ErrConflict), w.gitFor("add", p)+" && "+w.git(w.top)+" commit", w.gitFor("checkout HEAD", p))
}

// takeBack puts the files back where nobody has changed them since, and says why.
func (st *workTreeStore) takeBack(w *writer, ch *fileChange, paths []string, why error) error {
	ctx := context.WithoutCancel(w.ctx)
	var back []repo.Edit
	for _, e := range slices.Backward(ch.edits) {
		is := e.Data
		if is == nil && !ch.folds {
			is = []byte{} // nothing
		}
		back = append(back, repo.Edit{Path: e.Path, Data: ch.before[e.Path], Was: is})
	}
	if err := w.files.Apply(ctx, back); err != nil {
		return errors.Join(why, fmt.Errorf("the files could not be put back: %w", err))
	}
	return &notCommitted{st.ignored(ctx, w, paths, why)}
}

// ignored adds to what git said which rule it was that hides a file from it.
func (st *workTreeStore) ignored(ctx context.Context, w *writer, paths []string, why error) error {
	var failed *repo.GitError
	if !errors.As(why, &failed) || !strings.Contains(failed.Stderr, "ignored by") {
		return why
	}
	rules, err := w.repo.Ignored(ctx, paths)
	if err != nil || len(rules) == 0 {
		return why
	}
	r := rules[0]
	return hint(fmt.Errorf("git ignores %q, by %q line %d: %q", r.Path, r.Source, r.Line, r.Pattern),
		"echo '!/"+storeDir+"/' >> "+quoteShell(w.fromHere(w.repo.Top(), ".gitignore"))+"     or take that rule out")
}
