//go:build unix

package child

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// findTerminal returns the first stream that is a terminal. Without one it opens our
// controlling terminal, if our group has it: what asks for a password asks there,
// whatever its streams are. Else it returns nil. One that is opened is ours to close.
func findTerminal(stdin io.Reader, stdout, stderr io.Writer) (terminal *os.File, opened bool) {
	for _, stream := range []any{stdin, stdout, stderr} {
		if f, ok := stream.(*os.File); ok && f != nil && term.IsTerminal(int(f.Fd())) {
			return f, false
		}
	}
	// A shell without job control starts what is to be in the background with SIGINT
	// ignored, and in the group of the terminal all the same.
	if signal.Ignored(syscall.SIGINT) {
		return nil, false
	}
	controlling, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, false
	}
	if !inForeground(controlling) {
		controlling.Close()
		return nil, false
	}
	return controlling, true
}

// setGroup gives the program a process group of its own without a terminal.
func setGroup(cmd *exec.Cmd, terminal *os.File) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: terminal == nil}
}

// notify starts to catch what send sends on. What was ignored when we started
// stays so, for the program inherits it.
func notify(signals chan<- os.Signal, terminal *os.File) {
	all := []os.Signal{
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT,
	}
	if terminal == nil {
		all = append(all, syscall.SIGTSTP)
	}
	for _, sig := range all {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
}

// deliver signals the program, or its group without a terminal, and wakes what is to
// end of it: what is stopped would not. Failure means that it has just ended.
func deliver(cmd *exec.Cmd, terminal *os.File, number syscall.Signal) {
	numbers := []syscall.Signal{number}
	if ends(number) {
		numbers = append(numbers, syscall.SIGCONT)
	}
	for _, number := range numbers {
		if terminal != nil {
			_ = cmd.Process.Signal(number)
		} else {
			_ = syscall.Kill(-cmd.Process.Pid, number)
		}
	}
}

// send sends one signal on.
func send(cmd *exec.Cmd, terminal *os.File, sig os.Signal) {
	number := sig.(syscall.Signal)
	if terminal != nil {
		switch number {
		case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH, syscall.SIGCONT:
			if inForeground(terminal) {
				return // the program got its own, as one of the group
			}
		}
	}
	deliver(cmd, terminal, number)
	if terminal == nil && number == syscall.SIGTSTP {
		// Caught, so it did not stop us. SIGSTOP does even where no shell
		// would wake us again, which is what the sender asked for.
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
}

// inForeground reports whether we are in the group that gets the terminal's
// own signals.
func inForeground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// stop asks the program to end.
func stop(cmd *exec.Cmd, terminal *os.File) { deliver(cmd, terminal, syscall.SIGTERM) }

// ends reports whether sig, sent to us, means to end rather than to inform.
func ends(sig os.Signal) bool {
	switch sig {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return true
	}
	return false
}

// nobodyReads reports whether a write failed for want of a reader.
func nobodyReads(err error) bool { return errors.Is(err, syscall.EPIPE) }

// exitCode returns the code a shell would: 128+N for signal N.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
