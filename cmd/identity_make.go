package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"pinseal/repo"
	"pinseal/seal"
)

// makeIdentity writes a new identity where the lookup ends. It never replaces a
// file, and never writes below the top of r, where the next git add would find
// it.
func (c *cli) makeIdentity(r *repo.Repo) (string, error) {
	file, err := c.defaultIdentity()
	if err != nil {
		return "", err
	}
	inside, err := isBelow(r.Top(), file)
	if err != nil {
		return "", err
	}
	if inside {
		return "", usage([]string{"XDG_CONFIG_HOME=DIR pinseal …      a directory outside of it", "pinseal --identity FILE …           if you have one"},
			"your identity would be made at %q, which is in the work tree: it must never be committed", file)
	}
	data, _, err := seal.NewIdentity()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	return file, writePrivate(file, data)
}

// isBelow reports whether a file, which need not be there, is or would be
// below a directory, by whatever names and links the two are reached.
func isBelow(dir, file string) (bool, error) {
	top, err := os.Stat(dir)
	if err != nil {
		return false, err
	}
	at, err := filepath.EvalSymlinks(file)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(file) != file {
		file = filepath.Dir(file)
		at, err = filepath.EvalSymlinks(file)
	}
	for err == nil {
		var info fs.FileInfo
		if info, err = os.Stat(at); err == nil && os.SameFile(info, top) {
			return true, nil
		}
		if filepath.Dir(at) == at {
			break
		}
		at = filepath.Dir(at)
	}
	return false, err
}

// writePrivate creates a file that only its owner may read. It fails when there
// is one, and makes no directory.
func writePrivate(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
