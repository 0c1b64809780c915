package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// fileMode is the value of a flag that wants the permissions of a file, in octal.
type fileMode fs.FileMode

// noMode is what was no mode. The command refuses it with all the others that it does
// not take, in its own words.
const noMode = ^fileMode(0)

// Set implements pflag.Value.
func (m *fileMode) Set(s string) error {
	bits, err := strconv.ParseUint(s, 8, 32)
	if *m = fileMode(bits); err != nil || bits > 0o777 {
		*m = noMode
	}
	return nil
}

// String implements pflag.Value.
func (m *fileMode) String() string { return fmt.Sprintf("%04o", uint32(*m)) }

// Type implements pflag.Value.
func (m *fileMode) Type() string { return "mode" }

// writeOutput writes a file, as the user names it, that commands make for their user. A
// plain file is replaced, whole or not at all, for its mode and its other names would
// stay; a link is refused, for it may point anywhere; a pipe or device is written to,
// until a signal ends that with context.Canceled.
func (c *cli) writeOutput(file string, data []byte, mode fs.FileMode) error {
	file = c.path(file)
	if err := checkOutput(file); err != nil {
		return err
	}
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode().IsRegular():
		err = replaceFileMode(file, data, mode)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return asUsage(errors.New(writeReason(err)))
		}
	case err != nil:
		return asUsage(errors.New(reasonOf(err)))
	case info.Mode()&fs.ModeSymlink != 0:
		return usage([]string{"-o - > FILE"}, "is a symlink")
	case info.IsDir():
		return usage(nil, "is a directory")
	default:
		_, err = orDone(c.done, func() ([]byte, error) { return nil, writeTo(file, data) })
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return errors.New(writeReason(err))
	}
	return err
}

// writeTo writes to a pipe or device, which it does not make.
func writeTo(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// checkOutput refuses a file or directory for output among what is git's or ours: in a
// git directory, or below .git or .pinseal at the top of a work tree. Links to it are
// followed.
func checkOutput(file string) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return nil // nothing can be written there
	}
	at := filepath.Join(dir, filepath.Base(file))
	for at != filepath.Dir(at) {
		top, name := filepath.Dir(at), strings.ToLower(filepath.Base(at))
		switch {
		case name == storeDir && (isThere(top, ".git") || isThere(at, "default")), name == ".git" && isThere(at):
			return usage(nil, "is in %s of a repository: output has no place there", name)
		case isThere(at, "HEAD") && isThere(at, "refs") && isThere(at, "objects"):
			return usage(nil, "is in a git directory: output has no place there")
		}
		at = top
	}
	return nil
}

func isThere(parts ...string) bool {
	_, err := os.Lstat(filepath.Join(parts...))
	return err == nil
}
