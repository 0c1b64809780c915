//go:build unix

package cmd

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports whether only the owner may read a file.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }

// ofRoot reports whether a file is root's, and we are not.
func ofRoot(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == 0 && os.Geteuid() != 0
}
