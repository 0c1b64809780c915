package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readFile is readCapped of what may be a pipe that nobody writes to: a signal ends
// it, with context.Canceled.
func (c *cli) readFile(file string, max int) ([]byte, error) {
	return orDone(c.done, func() ([]byte, error) { return readCapped(file, max) })
}

// readCapped reads a file of at most max bytes. Pipes and devices, whose size is
// not known before, are read no further than that.
func readCapped(file string, max int) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("is a directory")
	}
	if info.Size() > int64(max) {
		return nil, fmt.Errorf("is larger than %d bytes", max)
	}
	return readAtMost(f, max)
}

// readAtMost reads to the end, which must come within max bytes.
func readAtMost(r io.Reader, max int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(max)+1))
	if err == nil && len(data) > max {
		err = fmt.Errorf("is larger than %d bytes", max)
	}
	return data, err
}

// writeReason is reasonOf for a file that is replaced.
func writeReason(err error) string {
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err.Error()
	}
	return reasonOf(err)
}

// reasonOf leaves out the operation and the path that os puts into its errors.
func reasonOf(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
