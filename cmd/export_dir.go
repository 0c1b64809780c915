package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"pinseal/seal"
)

// tempPrefix begins the name of a file that is not finished.
const tempPrefix = ".tmp-"

// exportDir writes one file per secret.
func (c *cli) exportDir(ctx context.Context, v *view, o exportOptions, pairs []plainPair) error {
	dir := filepath.Clean(c.path(o.dir))
	err := writeDir(ctx, dir, pairs, fs.FileMode(o.mode), o.replace)
	if errors.Is(err, errNotEmpty) {
		err = usage([]string{"pinseal export --dir " + quoteShell(o.dir) + " --replace …     if that is an older export"}, "%s", err)
	}
	if err != nil {
		return fmt.Errorf("directory %q: %w", o.dir, err)
	}
	c.say("Wrote %s of %s, in plain text, to files in %s", count(len(pairs), "value"), v.Environment, quoteShell(o.dir))
	c.warnPlaintextDir(ctx, dir, pairs)
	return nil
}

// errNotEmpty says that a directory holds what may be an older export.
var errNotEmpty = errors.New("is not empty")

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
	var written []string
	defer func() {
		if err == nil {
			return
		}
		for _, name := range written {
			root.Remove(name)
		}
		if made {
			os.Remove(dir)
		}
	}()
	old, err := olderExport(root, replace)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := ctx.Err(); err != nil {
			return err
		}
		written = append(written, tempPrefix+p.name)
		if err := writeNew(root, tempPrefix+p.name, p.value.Reveal(), mode); err != nil {
			return errors.New(writeReason(err))
		}
	}
	stale := make(map[string]bool, len(old))
	for _, name := range old {
		stale[name] = true
	}
	for i, p := range pairs {
		if err := root.Rename(tempPrefix+p.name, p.name); err != nil {
			return errors.New(writeReason(err))
		}
		if !stale[p.name] {
			written[i] = p.name
		}
		delete(stale, p.name)
	}
	for name := range stale {
		if err := root.Remove(name); err != nil {
			return errors.New(reasonOf(err))
		}
	}
	return nil
}

// makeExportDir makes the directory when it is not there, for those who may read its files.
func makeExportDir(dir string, mode fs.FileMode) (made bool, err error) {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err = os.Mkdir(dir, 0o700); err == nil {
			err = os.Chmod(dir, 0o700|mode&0o044|mode&0o044>>2)
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

// olderExport lists the files of the export that is in a directory, without what a
// killed one left, which it removes. What is not ours is refused, with replace too: our
// files have the name of a secret and nobody may write them.
func olderExport(root *os.Root, replace bool) (names []string, err error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, asUsage(errors.New(reasonOf(err)))
	}
	var unfinished []string
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return nil, errors.New(reasonOf(err))
		}
		name, temp := strings.CutPrefix(entry.Name(), tempPrefix)
		readOnly := info.Mode().Perm()&0o222 == 0
		switch {
		case !info.Mode().IsRegular() || seal.CheckSecretName(name) != nil || !temp && !readOnly:
			return nil, usage(nil, "holds %q, which is no file of an older export: it must be empty, or not exist", entry.Name())
		case temp:
			unfinished = append(unfinished, entry.Name())
		default:
			names = append(names, name)
		}
	}
	if len(entries) > 0 && !replace {
		return nil, errNotEmpty
	}
	for _, name := range unfinished {
		if err := root.Remove(name); err != nil {
			return nil, errors.New(reasonOf(err))
		}
	}
	if runtime.GOOS == "windows" { // which replaces no file that cannot be written
		for _, name := range names {
			if err := root.Chmod(name, 0o600); err != nil {
				return nil, errors.New(reasonOf(err))
			}
		}
	}
	return names, nil
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
