package repo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LocalConfig returns the bytes of the repository's own configuration file, which
// its linked worktrees share.
func (r *Repo) LocalConfig() ([]byte, error) {
	return os.ReadFile(filepath.Join(r.loc.commonDir, "config"))
}

// ReplaceLocalConfig puts data in the place of old, the bytes that LocalConfig
// returned, under the lock that git takes; the file keeps its mode. Git itself
// cannot take a setting out again without a trace: a last line gets its newline,
// an empty section goes. It is ErrChanged when the file is not old any more, or
// when the lock is held.
func (r *Repo) ReplaceLocalConfig(old, data []byte) (err error) {
	// As git does: a link stays one.
	file, err := filepath.EvalSymlinks(filepath.Join(r.loc.commonDir, "config"))
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	lock := file + ".lock"
	f, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%q is there, so another process writes the configuration: %w", lock, ErrChanged)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(lock)
		}
	}()
	now, err := os.ReadFile(file)
	if err == nil && !bytes.Equal(now, old) {
		err = fmt.Errorf("%q: %w", file, ErrChanged)
	}
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(lock, file); err != nil {
		return err
	}
	r.config.Lock()
	r.config.c = nil
	r.config.Unlock()
	return nil
}

// QuoteConfig makes a text a value of a configuration file, on one line.
func QuoteConfig(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}
