package cmd

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// checkStaged checks without a key what a commit of the index would put below
// .pinseal: that it is authentic, and that no app note goes back. It does nothing
// when nothing below .pinseal is staged; of a merge, which may leave out what the
// other side did, it still looks at the notes. Nothing is asked of ledgers, nor of
// a set that is authentic. Errors: *faultsError; of git.
func (c *cli) checkStaged(ctx context.Context, r *repo.Repo, staged []repo.FileChange) error {
	ours := slices.ContainsFunc(staged, func(f repo.FileChange) bool { return inStoreDir(f.Path) })
	if !ours && r.Operation() != "merge" {
		return nil
	}
	index, err := r.IndexFS(ctx, storeDir)
	if unmerged := (*repo.UnmergedError)(nil); errors.As(err, &unmerged) {
		err = &versions.UnmergedError{Paths: unmerged.Paths}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // all of it goes
	}
	if err != nil {
		return err
	}
	o := versions.VerifyOptions{What: "index", Structure: true}
	if !ours {
		o.Only = isNotePath
	}
	found, err := versions.VerifyStore(ctx, index, o)
	if err != nil {
		return err
	}
	var faults []versions.Fault
	if ours {
		faults = allFaults(found)
	}
	parents, err := stagedOn(ctx, r)
	if err != nil {
		return err
	}
	for _, commit := range parents {
		more, err := stagedNotes(ctx, r, found.Apps, commit)
		if err != nil {
			return err
		}
		faults = append(faults, more...)
	}
	return c.faultsError(ctx, "staged: ", faults)
}

// inStoreDir reports whether a path from the top is .pinseal or below it.
func inStoreDir(p string) bool { return p == storeDir || strings.HasPrefix(p, storeDir+"/") }

// isNotePath reports whether a path is an app note's.
func isNotePath(p string) bool { return path.Base(p) == versions.NoteName }

// stagedOn lists what a commit of the index goes on from: HEAD, and in a merge what
// is merged.
func stagedOn(ctx context.Context, r *repo.Repo) ([]repo.Hash, error) {
	head, _, err := r.Head(ctx)
	if errors.Is(err, repo.ErrNoCommits) {
		return nil, nil
	}
	parents := []repo.Hash{head}
	if err == nil && r.Operation() == "merge" {
		var merged repo.Hash
		if merged, err = r.Resolve(ctx, "MERGE_HEAD"); err == nil {
			parents = append(parents, merged)
		}
	}
	return parents, err
}

// stagedNotes holds the app notes in the index to those of a parent. One of a
// parent that does not verify says nothing.
func stagedNotes(ctx context.Context, r *repo.Repo, apps []*versions.VerifiedApp, parent repo.Hash) (faults []versions.Fault, err error) {
	from := "commit " + string(shortHash(parent))
	notes, err := notesAt(ctx, r, parent)
	if err != nil {
		return nil, err
	}
	for _, app := range apps {
		p := path.Join(storeDir, app.Name, versions.NoteName)
		was := notes[app.Name]
		if was == nil || app.Note == nil {
			continue
		}
		err := versions.CheckNote(was, app.Note, from, "the index", false)
		if err == nil || r.Operation() != "" && settled(was, app.Note) {
			continue
		}
		faults = append(faults, versions.Fault{Path: p, App: app.Name, Err: noteTry(err, p)})
	}
	return faults, nil
}

// settled reports whether a note can be what resolve made of was and another side:
// it may have dropped a key of one of them, never one that admits.
func settled(was, now *seal.Note) bool {
	if was.ID != now.ID || now.Version <= was.Version {
		return false
	}
	return !slices.ContainsFunc(was.Slots, func(e seal.Entry) bool {
		kept, ok := now.Entry(e.Slot, e.Generation)
		return e.Slot == seal.Admin && (!ok || !slices.Equal(kept.Key, e.Key))
	})
}

// noteTry says how a note that does not go on from another comes to do so.
func noteTry(err error, p string) error {
	if errors.As(err, new(*versions.DivergedNoteError)) {
		return hint(err, "git merge BRANCH && pinseal resolve      with the branch that has the other change")
	}
	return hint(err, "git log -p -- "+quoteShell(p), "git merge BRANCH && pinseal resolve      on the branch that has the newer note")
}

// notesAt returns the app notes of a commit, by directory, those that verify.
func notesAt(ctx context.Context, r *repo.Repo, commit repo.Hash) (map[string]*seal.Note, error) {
	notes := map[string]*seal.Note{}
	store, err := r.FS(ctx, commit, storeDir)
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*repo.OddEntryError)) {
		return notes, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := store.Names(".")
	for _, name := range names {
		sub, subErr := fs.Sub(store, name)
		if subErr != nil {
			continue
		}
		signed, readErr := (&versions.Source{FS: sub}).Note()
		if readErr != nil {
			continue
		}
		if note, noteErr := seal.ParseNote(signed); noteErr == nil {
			notes[name] = note
		}
	}
	return notes, err
}
