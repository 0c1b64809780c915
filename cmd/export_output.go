package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// fileMode is the value of a flag that wants the permissions of a file, in octal.
type fileMode fs.FileMode

// Set implements pflag.Value.
func (m *fileMode) Set(s string) error {
	bits, err := strconv.ParseUint(s, 8, 32)
	if err != nil || bits > 0o777 {
		return errors.New("is not a mode from 0 to 0777")
	}
	*m = fileMode(bits)
	return nil
}

// String implements pflag.Value.
func (m *fileMode) String() string { return fmt.Sprintf("%04o", uint32(*m)) }

// Type implements pflag.Value.
func (m *fileMode) Type() string { return "mode" }

// writeOutput writes a file that commands make for their user. A plain file is
// replaced, whole or not at all, for its mode and its other names would stay; a
// link is refused, for it may point anywhere; a pipe or device is written to.
func writeOutput(file string, data []byte, mode fs.FileMode) error {
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
		return usage([]string{"… -o - > FILE"}, "is a symlink")
	case info.IsDir():
		return usage(nil, "is a directory")
	default:
		err = writeTo(file, data)
	}
	if err != nil {
		return errors.New(writeReason(err))
	}
	return nil
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
