package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"pinseal/repo"
	"pinseal/versions"
)

// commitTime bounds a commit with its hooks, and the wait for others: who asked for it
// waits.
const commitTime = 25 * time.Second

// enter waits for its turn, in this process and among all that serve this work tree, to
// look at what is there and to change it. A hook may run any command but one that asks
// a server like this to write.
func (st *workTreeStore) enter(ctx context.Context) (leave func(), err error) {
	wait, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	select {
	case st.turn <- struct{}{}:
	case <-wait.Done():
		return nil, st.busy(ctx)
	}
	unlock, err := repo.LockFileFor(wait, filepath.Join(st.start.repo.GitDir(), "pinseal-write.lock"))
	if err != nil {
		<-st.turn
		if errors.Is(err, repo.ErrLocked) {
			err = st.busy(ctx)
		}
		return nil, err
	}
	return func() {
		unlock()
		<-st.turn
	}, nil
}

func (st *workTreeStore) busy(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("others have been writing for %s: %w", commitTime, versions.ErrConflict)
}

// change makes one change a commit, one writer at a time. plan looks at the work tree
// and says what to do.
func (st *workTreeStore) change(ctx context.Context, plan func(*writer, *view) (*fileChange, error)) (versions.Info, error) {
	leave, err := st.enter(ctx)
	if err != nil {
		return versions.Info{}, err
	}
	defer leave()
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
		err = ch.mask(v, st.commit(w, v, ch))
	}
	switch {
	case err != nil && ch != nil && ch.was != "": // for the audit
		return versions.Info{ID: versions.SecretID(w.id, w.env, ch.was), Name: ch.was}, err
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
func (st *workTreeStore) commit(w *writer, v *view, ch *fileChange) error {
	dir := storeDir + "/" + w.dir + "/"
	var paths []string
	byPath, byName := map[string][]byte{}, map[string][]byte{}
	for _, e := range ch.edits {
		paths = append(paths, dir+e.Path)
		_, name, _ := secretAt(dir + e.Path)
		byPath[dir+e.Path], byName[name] = e.Data, e.Data
	}
	if err := st.checkSettled(w, ch, paths); err != nil {
		return err
	}
	if err := w.edit(w.ctx, ch.edits); err != nil {
		return err
	}
	// From here on it is all or nothing, whether somebody still waits or not.
	ctx, cancel := context.WithTimeout(st.life, commitTime)
	defer cancel()
	made, err := w.repo.CommitPaths(ctx, byPath, ch.message)
	if stands := (*repo.StandsError)(nil); errors.As(err, &stands) {
		return err // and so do the files
	}
	if made == "" {
		return st.takeBack(w, ch, paths, err)
	}
	if err != nil {
		st.start.warn("%s is committed, and git had trouble afterwards: %s", made, ch.mask(v, err))
	}
	st.move(context.WithoutCancel(ctx), made, byName)
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
	if len(found) > 0 {
		if found[0].Unmerged {
			return &versions.UnmergedError{Paths: []string{found[0].Path}}
		}
		return w.uncommitted(found[0].Path)
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
