package versions

import (
	"context"
	"slices"

	"pinseal/repo"
	"pinseal/seal"
)

// CommonNote is the newest app note that both sides of a merge have had: what each
// has changed is told against it. Git's own base can be older, as after a squash or
// a cherry-pick, or where somebody has put an old note on a branch of an older
// commit: against that one a member who was removed since would look added.
//
// p is the note's path from the top of the tree, ours and theirs are the commits,
// "" for none, and theirNote is their note. It returns nil when there is none, and
// when there are two of one version, for then nobody can tell which each began
// with; clear is false then. Notes that do not verify, or are of another app, do
// not count.
func CommonNote(ctx context.Context, r *repo.Repo, p string, ours, theirs repo.Hash, theirNote *seal.Note) (common *seal.Note, clear bool, err error) {
	had, err := notesOf(ctx, r, p, ours)
	if err != nil {
		return nil, false, err
	}
	also, err := notesOf(ctx, r, p, theirs)
	if err != nil {
		return nil, false, err
	}
	also[r.NewDraft().Blob(theirNote.Signed())] = true
	clear = true
	for blob := range had {
		if !also[blob] {
			continue
		}
		_, signed, err := r.Object(ctx, blob, MaxNote)
		if skip, err := passOver(err); skip || err != nil {
			if err != nil {
				return nil, false, err
			}
			continue
		}
		id, version, _ := claimsIn(signed)
		if id != theirNote.ID.String() || common != nil && version < common.Version {
			continue
		}
		n, err := ParseAppNote(NoteCandidate{Signed: signed, From: "history"})
		if err != nil || n.ID != theirNote.ID {
			continue
		}
		switch {
		case common == nil || n.Version > common.Version:
			common, clear = n, true
		case n.Hash() != common.Hash():
			clear = false
		}
	}
	if !clear {
		common = nil
	}
	return common, clear, nil
}

// notesOf lists the contents that a note has had in the history of a commit.
func notesOf(ctx context.Context, r *repo.Repo, p string, tip repo.Hash) (map[repo.Hash]bool, error) {
	blobs := map[repo.Hash]bool{}
	if tip == "" {
		return blobs, nil
	}
	for c, err := range r.EveryChange(ctx, tip, p) {
		if err != nil {
			return nil, err
		}
		for _, f := range c.Files {
			for _, blob := range slices.Concat([]repo.Hash{f.New, f.Old}, f.More) {
				if blob != "" {
					blobs[blob] = true
				}
			}
		}
	}
	return blobs, nil
}
