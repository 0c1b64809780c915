//go:build unix

package repo

import (
	"os/exec"
	"syscall"
)

// lead makes a child the leader of a session, and so of a process group, which its
// helpers are in. One that would ask at the terminal finds none, and does not stop.
func lead(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// endGroup asks all of a group to end.
func endGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
