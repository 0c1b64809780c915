//go:build unix

package repo

import (
	"errors"
	"os"
	"syscall"
)

// openFlags keep an open from blocking should the file become a FIFO.
const openFlags = syscall.O_NONBLOCK

// syncDir makes a rename or removal in a directory durable.
func syncDir(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // some file systems cannot
	}
	return errors.Join(err, d.Close())
}
