package cmd

import "io/fs"

// There is nothing to wait for, and access lists say whose a file is.
const (
	openAtOnce = 0
	openNoLink = 0
)

func oursOrRoots(fs.FileInfo) bool { return true }

func closeOnExec(int) {}
