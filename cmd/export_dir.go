package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tempPrefix begins the name of a file that is not finished.
const tempPrefix = ".tmp-"

// exportDir writes one file per secret.
func (c *cli) exportDir(ctx context.Context, v *view, o exportOptions, pairs []plainPair) error {
	dir := filepath.Clean(c.path(o.dir))
	err := checkOutput(dir)
	if err == nil {
		err = writeDir(ctx, dir, pairs, fs.FileMode(o.mode), o.replace)
	}
	if errors.Is(err, errOlderExport) {
		err = usage([]string{"pinseal export" + o.typed.but() + " --replace"}, "%s", err)
	}
	if err != nil {
		return fmt.Errorf("directory %q: %w", o.dir, err)
	}
	c.say("Wrote %s of %s, in plain text, to files in %s", count(len(pairs), "value"), v.Environment, quoteShell(o.dir))
	c.warnOpenDir(o.dir, fs.FileMode(o.mode))
	if len(pairs) > 0 {
		c.warnPlaintext(ctx, o.dir, pairNames(pairs)...)
	}
	return nil
}

// warnOpenDir says when a directory that was there lets others do more than its files
// do. Its mode stays: who made it may have meant it.
func (c *cli) warnOpenDir(dir string, mode fs.FileMode) {
	info, err := os.Stat(c.path(dir))
	if err != nil || !mayChmod(info) {
		return
	}
	more, may := info.Mode().Perm()&0o077&^exportDirMode(mode), "list"
	if more&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		may = "list and replace"
	}
	if more != 0 {
		c.warn("others can %s the files in %q\n  try:  chmod %o %s", may, dir, exportDirMode(mode), quoteShell(dir))
	}
}

// pairNames lists the names of pairs.
func pairNames(pairs []plainPair) []string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.name
	}
	return names
}

// errOlderExport says that a directory holds an older export and nothing else.
var errOlderExport = errors.New("holds an older export")

// writeDir writes every value to a file of its name in a directory that is empty, or
// not there, or, with replace, holds an older export. No file has its name before all
// are written; on an error none stays that was not there.
func writeDir(ctx context.Context, dir string, pairs []plainPair, mode fs.FileMode, replace bool) (err error) {
	made, err := makeExportDir(dir, mode)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return errors.New(reasonOf(err))
	}
	defer root.Close()
	old, err := olderExport(root, replace)
	if err != nil {
		return err
	}
	w := dirWriter{root: root, old: old}
	if err = w.write(ctx, pairs, mode); err == nil {
		err = w.place(pairNames(pairs))
	}
	if err != nil {
		w.undo()
		if made {
			os.Remove(dir)
		}
	}
	return err
}

// dirWriter writes files into a directory that holds nothing but an older export. The
// manifest names all that may be there at any moment: whatever ends the writing, the
// next export finds its way.
type dirWriter struct {
	root    *os.Root
	old     oldExport
	written []string // files that were not there
}

// write writes every value, to files that are not finished.
func (w *dirWriter) write(ctx context.Context, pairs []plainPair, mode fs.FileMode) error {
	if err := writeManifest(w.root, slices.Concat(w.old.listed, pairNames(pairs))); err != nil {
		return err
	}
	for _, p := range pairs {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.written = append(w.written, tempPrefix+p.name)
		if err := writeNew(w.root, tempPrefix+p.name, p.value.Reveal(), mode); err != nil {
			return errors.New(writeReason(err))
		}
	}
	return nil
}

// place gives the files their names, and deletes those of the older export that have
// not been replaced.
func (w *dirWriter) place(names []string) error {
	stale := make(map[string]bool, len(w.old.there))
	for _, name := range w.old.there {
		stale[name] = true
	}
	for i, name := range names {
		if err := w.root.Rename(tempPrefix+name, name); err != nil {
			return errors.New(writeReason(err))
		}
		if !stale[name] {
			w.written[i] = name
		}
		delete(stale, name)
	}
	for name := range stale {
		if err := w.root.Remove(name); err != nil {
			return errors.New(reasonOf(err))
		}
	}
	return writeManifest(w.root, names)
}

// undo takes away what was not there, as far as it can.
func (w *dirWriter) undo() {
	for _, name := range w.written {
		w.root.Remove(name)
	}
	if w.old.found {
		writeManifest(w.root, w.old.listed)
	} else {
		w.root.Remove(exportManifest)
	}
}

// exportDirMode is the mode of a directory for those who may read files of a mode.
func exportDirMode(mode fs.FileMode) fs.FileMode { return 0o700 | mode&0o044 | mode&0o044>>2 }

// makeExportDir makes the directory when it is not there, for those who may read its files.
func makeExportDir(dir string, mode fs.FileMode) (made bool, err error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err = os.Mkdir(dir, 0o700); err == nil {
			err = os.Chmod(dir, exportDirMode(mode))
		}
		if err != nil {
			return false, asUsage(errors.New(reasonOf(err)))
		}
		return true, nil
	case err != nil:
		return false, asUsage(errors.New(reasonOf(err)))
	case info.Mode()&fs.ModeSymlink != 0:
		return false, usage(nil, "is a symlink")
	case !info.IsDir():
		return false, usage(nil, "is not a directory")
	}
	return false, nil
}

// oldExport is the export that is in a directory.
type oldExport struct {
	found         bool     // there is a manifest
	listed, there []string // the names in it, sorted; and those that are files
}

// olderExport finds the export that is in a directory, without what a killed one left,
// which it removes. What its manifest does not name is refused, with replace too.
func olderExport(root *os.Root, replace bool) (old oldExport, err error) {
	if old.listed, old.found, err = readManifest(root); err != nil {
		return oldExport{}, err
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return oldExport{}, asUsage(errors.New(reasonOf(err)))
	}
	var unfinished []string
	for _, entry := range entries {
		name, temp := strings.CutPrefix(entry.Name(), tempPrefix)
		_, listed := slices.BinarySearch(old.listed, name)
		switch {
		case !listed && name != exportManifest || !entry.Type().IsRegular():
			return oldExport{}, usage(nil, "holds %q, which is no file of an older export: it must be empty, or not exist", entry.Name())
		case temp:
			unfinished = append(unfinished, entry.Name())
		case listed:
			old.there = append(old.there, name)
		}
	}
	if old.found && !replace {
		return oldExport{}, errOlderExport
	}
	for _, name := range unfinished {
		if err := root.Remove(name); err != nil {
			return oldExport{}, errors.New(reasonOf(err))
		}
	}
	for _, name := range old.there {
		makeReplaceable(root, name)
	}
	return old, nil
}

// writeNew writes a file that is not there.
func writeNew(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	return errors.Join(err, f.Close())
}
