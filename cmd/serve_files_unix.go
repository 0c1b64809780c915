//go:build unix

package cmd

import (
	"io/fs"
	"os"
	"syscall"
)

// Flags for opening a file: nobody is waited for at the other end of a pipe, and a link
// is not followed.
const (
	openAtOnce = syscall.O_NONBLOCK
	openNoLink = syscall.O_NOFOLLOW
)

// oursOrRoots reports whether nobody else can give a file other rights.
func oursOrRoots(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
}

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }
