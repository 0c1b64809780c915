package cmd

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions"
)

// notesAt returns the app notes of a commit, by directory, those that verify. Of
// what is not there, or is not ours, there is none. What cannot be read, or needs
// a newer pinseal, is an error: a note that went unseen would be as good as gone.
func notesAt(ctx context.Context, r *repo.Repo, commit repo.Hash) (map[string]*seal.Note, error) {
	notes := map[string]*seal.Note{}
	store, err := r.FS(ctx, commit, storeDir)
	if err != nil {
		return notes, unlessAbsent(err)
	}
	names, err := store.Names(".")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if seal.CheckAppName(name) != nil {
			continue
		}
		sub, err := fs.Sub(store, name)
		if err != nil {
			return nil, err
		}
		signed, err := (&versions.Source{FS: sub}).Note()
		if err != nil {
			if err = unlessAbsent(err); err != nil {
				return nil, err
			}
			continue
		}
		note, err := verifiedNote(signed)
		if err != nil {
			return nil, err
		}
		if note != nil {
			notes[name] = note
		}
	}
	return notes, nil
}

// verifiedNote is a note, nil when it does not verify. The error is that it needs
// a newer pinseal.
func verifiedNote(signed []byte) (*seal.Note, error) {
	note, err := seal.ParseNote(signed)
	if needs := (*seal.NeedsError)(nil); errors.As(err, &needs) {
		return nil, needs
	}
	return note, nil
}

// unlessAbsent is nil for what says that a note is not there, or that what is
// there is no note, and err for all else: an object that is missing or corrupt is
// no note that is not there.
func unlessAbsent(err error) error {
	if auth := (*versions.AuthError)(nil); errors.As(err, &auth) && auth.Err != nil {
		err = auth.Err // of a ledger
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, versions.ErrNotFound) || errors.As(err, new(*versions.UnmergedError)) ||
		errors.As(err, new(*versions.StructureError)) || errors.As(err, new(*repo.OddEntryError)) {
		return nil
	}
	return err
}

// lastNotes returns the app notes that the history of a commit had last, by app:
// the first that verifies in any directory, newest commit first. It is for what a
// commit itself does not have any more; one process. Errors as of notesAt.
func lastNotes(ctx context.Context, r *repo.Repo, commit repo.Hash) (map[seal.AppID]*seal.Note, error) {
	last, read := map[seal.AppID]*seal.Note{}, map[repo.Hash]bool{}
	for change, err := range r.EveryChange(ctx, commit, storeDir) {
		if err != nil {
			return nil, err
		}
		for _, f := range change.Files {
			if noteDir(f.Path) == "" {
				continue
			}
			for _, h := range append([]repo.Hash{f.New, f.Old}, f.More...) {
				if h == "" || read[h] {
					continue
				}
				read[h] = true
				_, signed, err := r.Object(ctx, h, versions.MaxNote)
				if errors.As(err, new(*repo.TooLargeError)) {
					continue
				}
				if err != nil {
					return nil, err
				}
				note, err := verifiedNote(signed)
				if err != nil {
					return nil, err
				}
				if note != nil && last[note.ID] == nil {
					last[note.ID] = note
				}
			}
		}
	}
	return last, nil
}

// noteDir is the directory of the app that a path is the note of, "" for another
// file.
func noteDir(p string) string {
	below, ok := strings.CutPrefix(p, storeDir+"/")
	dir, file, _ := strings.Cut(below, "/")
	if !ok || file != versions.NoteName {
		return ""
	}
	return dir
}
