//go:build unix

package repo

import (
	"os/exec"
	"syscall"
)

// lead makes a child the leader of a process group, which its helpers are in.
func lead(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup asks all of a group to end.
func endGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
