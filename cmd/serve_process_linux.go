package cmd

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// hardenProcess keeps the values of a process that holds them for long out of core
// dumps and from debuggers of the same user. A stderr that nobody reads any more is an
// audit that cannot be written, not the end.
func (c *cli) hardenProcess() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // to ignore it would go on in git
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		c.warn("core dumps cannot be turned off: %s", err)
	}
	c.keepOut()
}
