package cmd

import "golang.org/x/sys/unix"

// keepOut keeps debuggers of the same user out of this process. Nor can they read the
// environment that it was started with, which nothing erases: an identity may be in it.
func (c *cli) keepOut() {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		c.warn("debuggers cannot be kept out: %s", err)
	}
}
