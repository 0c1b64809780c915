//go:build !linux

package cmd

// hardenProcess does what the system knows to keep values from others.
func (c *cli) hardenProcess() {}
