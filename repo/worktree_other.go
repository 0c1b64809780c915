//go:build !unix

package repo

import "os"

const openFlags = 0

// syncDir does nothing: directories cannot be synced here.
func syncDir(*os.Root) error { return nil }
