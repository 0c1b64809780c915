package cmd

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"pinseal/repo"
)

// fileStep is one change of many that are made all or none.
type fileStep struct{ do, undo func() error }

// carryOut does the steps in order. When one fails, those before it are undone.
func carryOut(steps []fileStep) error {
	for i, s := range steps {
		err := s.do()
		if err == nil {
			continue
		}
		for _, done := range backwards(steps[:i]) {
			err = errors.Join(err, done.undo())
		}
		return err
	}
	return nil
}

func backwards(steps []fileStep) []fileStep {
	back := make([]fileStep, len(steps))
	for i, s := range steps {
		back[len(steps)-1-i] = s
	}
	return back
}

// makeDir makes one directory.
func makeDir(dir string) fileStep {
	return fileStep{func() error { return os.Mkdir(dir, 0o777) }, func() error { return os.Remove(dir) }}
}

// writeScript puts an executable file in the place of old, a file that was read
// before, or of nothing when that is nil.
func writeScript(file, text string, old []byte) fileStep {
	undo := func() error { return os.Remove(file) }
	if old != nil {
		undo = func() error { return swapFile(file, old, 0o777) }
	}
	return fileStep{func() error {
		if err := stillIs(file, old); err != nil {
			return err
		}
		return swapFile(file, []byte(text), 0o777)
	}, undo}
}

// rewrite puts data in the place of old, of which the mode stays.
func rewrite(file string, old, data []byte) fileStep {
	put := func(from, to []byte) error {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		if err := stillIs(file, from); err != nil {
			return err
		}
		if err := swapFile(file, to, info.Mode().Perm()); err != nil {
			return err
		}
		return os.Chmod(file, info.Mode().Perm())
	}
	return fileStep{func() error { return put(old, data) }, func() error { return put(data, old) }}
}

// removeScript removes a file of ours that was read before.
func removeScript(file string, old []byte) fileStep {
	return fileStep{func() error {
		if err := stillIs(file, old); err != nil {
			return err
		}
		return os.Remove(file)
	}, func() error { return swapFile(file, old, 0o777) }}
}

// stillIs refuses a file that is not what it was when it was read: old, or nil
// when there was none.
func stillIs(file string, old []byte) error {
	now, err := os.ReadFile(file)
	switch {
	case old == nil && errors.Is(err, fs.ErrNotExist), old != nil && err == nil && bytes.Equal(now, old):
		return nil
	}
	return errors.Join(fmt.Errorf("%q: %w", file, repo.ErrChanged), err)
}

// swapFile writes a file beside and renames it. Of mode the umask takes away.
func swapFile(file string, data []byte, mode fs.FileMode) (err error) {
	temp := file + ".tmp-" + rand.Text()[:8]
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// maxHook is how much of a hook, or of the file of a program that rules hooks, is
// read, in bytes.
const maxHook = 1 << 20

// readHead reads the first maxHook bytes of a file.
func readHead(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxHook))
}
