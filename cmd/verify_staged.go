package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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
	if err != nil || r.Operation() != "merge" {
		return parents, err
	}
	// A line for each side of an octopus; as a revision it is the first alone.
	sides, err := os.ReadFile(filepath.Join(r.GitDir(), "MERGE_HEAD"))
	for side := range strings.FieldsSeq(string(sides)) {
		merged, err := r.Resolve(ctx, side)
		if err != nil {
			return nil, err
		}
		parents = append(parents, merged)
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
		undone, undoErr := undoes(ctx, r, app, parent)
		if undoErr != nil {
			return nil, undoErr
		}
		if err = noteTry(err, p); undone {
			err = hint(err, append(slices.Clone(hints(err)), "git reset --soft HEAD~1 && git commit      only if the newest commit was never pushed")...)
		}
		faults = append(faults, versions.Fault{Path: p, App: app.Name, Err: err})
	}
	return faults, nil
}

// undoes reports whether an app note goes on from what was before the newest commit,
// which alone made the other one: as when that commit is amended.
func undoes(ctx context.Context, r *repo.Repo, app *versions.VerifiedApp, head repo.Hash) (bool, error) {
	commit, err := r.Commit(ctx, head)
	if err != nil || len(commit.Parents) != 1 || r.Operation() != "" {
		return false, err
	}
	notes, err := notesAt(ctx, r, commit.Parents[0])
	if errors.Is(err, repo.ErrMissing) {
		return false, nil // a shallow clone ends here
	}
	was := notes[app.Name]
	return was != nil && versions.CheckNote(was, app.Note, "", "", false) == nil, err
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
