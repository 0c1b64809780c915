//go:build unix

package cmd

import (
	"io/fs"
	"os"
	"syscall"
)

// mayChmod reports whether the mode of a file is ours to change.
func mayChmod(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
