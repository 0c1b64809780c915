//go:build windows

package cmd

import "io/fs"

// private cannot be told from the mode bits here: access lists decide, and the
// user's profile directory is private by default.
func private(fs.FileInfo) bool { return true }

func ofRoot(fs.FileInfo) bool { return false }
