package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
)

// Edit is what Apply does to one file.
type Edit struct {
	Path string // slash path below the WorkTree
	Data []byte // the new content; nil removes the file
	Was  []byte // what the file must hold before, when not nil
}

// syncsAtOnce bounds the files and directories that Apply syncs at a time: a
// disk takes that many in little more than the time of one.
const syncsAtOnce = 16

// change is an Edit on its way.
type change struct {
	Edit
	mode fs.FileMode // permission bits of the new file; 0 leaves them to the umask

	old     []byte // what was there before; nil for nothing
	oldMode fs.FileMode

	dir  *level // where Data waits for its rename
	temp string // its name there; "" when there is none
}

// Apply makes all edits, in order, or none. Data is written like WriteFile does,
// an empty file included; nil Data removes the file, if there is one, and the
// directories that became empty. What stands in a file's place must be a file of
// at most MaxBlob bytes or nothing, for removing too, since it may have to be put
// back: anything else is *OddEntryError or *TooLargeError. Two edits of one path
// are an error.
//
// Where an Edit says what the file was, another content, or no file, is
// ErrChanged; it is compared again right before the file is replaced.
//
// All new files are written and synced before the first takes its place. Until
// then the end of ctx stops it; afterwards nothing but an error does. On any
// error what was done is put back, last edit first, with its permission bits; the
// error names the paths where that failed. Memory holds the old and the new
// content of all files.
//
// A kill leaves a first part of the edits done, each file whole, and may leave
// temporary files. So does a crash of the machine where the file system keeps
// renames in order.
func (w *WorkTree) Apply(ctx context.Context, edits []Edit) error {
	changes, err := w.look(ctx, edits)
	if err != nil {
		return err
	}
	made, err := w.missing(changes)
	if err != nil {
		return err
	}
	err = spread(len(changes), func(i int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return w.stage(changes[i])
	})
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	done := 0
	for err == nil && done < len(changes) {
		if err = w.place(changes[done]); err == nil {
			done++
		}
	}
	if err == nil {
		err = w.settle(changes)
	}
	if err == nil {
		return nil
	}
	return errors.Join(err, w.undo(changes, done, made))
}

// look checks the edits and reads what is in their places. Removals of what is
// absent are left out.
func (w *WorkTree) look(ctx context.Context, edits []Edit) ([]*change, error) {
	changes := make([]*change, len(edits))
	seen := make(map[string]bool, len(edits))
	for i, e := range edits {
		if seen[e.Path] {
			return nil, &fs.PathError{Op: "write", Path: w.where(e.Path), Err: errors.New("two edits of one file")}
		}
		seen[e.Path] = true
		changes[i] = &change{Edit: e}
	}
	err := spread(len(changes), func(i int) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c := changes[i]
		data, fi, err := w.read(c.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return w.unchanged(c, nil)
		}
		if err == nil {
			err = w.unchanged(c, data)
		}
		if err != nil {
			return err
		}
		c.old, c.oldMode = data, fi.Mode()
		return nil
	})
	return slices.DeleteFunc(changes, func(c *change) bool { return c.Data == nil && c.old == nil }), err
}

// unchanged compares a file with what the edit was made from.
func (w *WorkTree) unchanged(c *change, data []byte) error {
	if c.Was != nil && !bytes.Equal(c.Was, data) {
		return fmt.Errorf("%q: %w", w.where(c.Path), ErrChanged)
	}
	return nil
}

// missing returns the directories that new files need and that are not there,
// slash paths below top, each after the one it is in.
func (w *WorkTree) missing(changes []*change) (dirs []string, err error) {
	seen := make(map[string]bool)
	for _, c := range changes {
		if c.Data == nil {
			continue
		}
		above := len(dirs)
		for p := path.Dir(w.where(c.Path)); p != "." && !seen[p]; p = path.Dir(p) {
			seen[p] = true
			if _, err := w.level(p, false); err == nil {
				break
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			dirs = append(dirs, p)
		}
		slices.Reverse(dirs[above:])
	}
	return dirs, nil
}

// stage writes the new content beside the file, in a directory made for it if it
// has to be.
func (w *WorkTree) stage(c *change) (err error) {
	if c.Data != nil {
		c.dir, c.temp, err = w.beside(c.Path, c.Data, c.mode)
	}
	return err
}

// place removes the file or puts what was staged in its place, after checking
// every component again.
func (w *WorkTree) place(c *change) error {
	if c.Was != nil {
		data, _, err := w.read(c.Path)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err == nil {
			err = w.unchanged(c, data)
		}
		if err != nil {
			return err
		}
	}
	if c.Data == nil {
		if err := w.unlink(c.Path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	l, base, err := w.parent("write", c.Path, false)
	if err != nil {
		return err
	}
	full := w.where(c.Path)
	if l != c.dir && !os.SameFile(l.info, c.dir.info) {
		return &OddEntryError{Path: path.Dir(full), Kind: "changed while it was written to"}
	}
	if fi, err := l.root.Lstat(base); err == nil && !fi.Mode().IsRegular() {
		return &OddEntryError{Path: full, Kind: kindOfInfo(fi)}
	}
	if err := l.root.Rename(c.temp, base); err != nil {
		return pathError("write", full, err)
	}
	c.temp = ""
	return nil
}

// settle removes the directories that became empty and syncs those touched.
func (w *WorkTree) settle(changes []*change) error {
	emptier := make(map[string]bool)
	for _, c := range changes {
		dir := path.Dir(c.Path)
		emptier[dir] = emptier[dir] || c.Data == nil
	}
	touched := make([]string, 0, len(emptier))
	for dir, less := range emptier {
		if less {
			touched = append(touched, w.prune(dir))
		} else {
			touched = append(touched, w.where(dir))
		}
	}
	return w.syncDirs(touched)
}

func (w *WorkTree) syncDirs(paths []string) error {
	slices.Sort(paths)
	paths = slices.Compact(paths)
	return spread(len(paths), func(i int) error { return w.syncDir(paths[i]) })
}

// undo puts back the first done changes, last first, and removes the temporary
// files of the others and the directories that were made. It goes on after an
// error.
func (w *WorkTree) undo(changes []*change, done int, made []string) error {
	for _, c := range changes[done:] {
		c.discard()
	}
	back := make([]*change, done)
	touched := make([]string, done)
	for i, c := range changes[:done] {
		back[done-1-i] = &change{Edit: Edit{Path: c.Path, Data: c.old}, mode: c.oldMode}
		touched[i] = path.Dir(w.where(c.Path))
	}
	errs := make([]error, done)
	_ = spread(done, func(i int) error { // the error of each is kept
		errs[i] = w.stage(back[i])
		return nil
	})
	for i, c := range back {
		if errs[i] == nil {
			errs[i] = w.place(c)
		}
		if errs[i] != nil {
			c.discard()
			errs[i] = fmt.Errorf("%q was changed and could not be put back: %w", w.where(c.Path), errs[i])
		}
	}
	for _, p := range slices.Backward(made) {
		w.rmdir(p)
	}
	return errors.Join(errors.Join(errs...), w.syncDirs(touched))
}

// discard removes what was staged and not placed.
func (c *change) discard() {
	if c.temp != "" {
		_ = c.dir.root.Remove(c.temp)
		c.temp = ""
	}
}

// spread calls do for 0 to n-1, several at a time in strides, and returns the
// error of the lowest. Each stride stops at its first error, so that one is
// always found.
func spread(n int, do func(int) error) error {
	workers := min(n, syncsAtOnce)
	errs := make([]error, n)
	var group sync.WaitGroup
	for first := range workers {
		group.Go(func() {
			for i := first; i < n; i += workers {
				if errs[i] = do(i); errs[i] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
