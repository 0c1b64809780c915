//go:build windows

package cmd

import "io/fs"

// mayChmod is false where modes do not say who may do what.
func mayChmod(fs.FileInfo) bool { return false }
