package child

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"golang.org/x/sys/windows"
)

// findTerminal returns nil: the console sends its events to all of its
// programs, whatever their streams are.
func findTerminal(io.Reader, io.Writer, io.Writer) (*os.File, bool) { return nil, false }

func setGroup(*exec.Cmd, *os.File) {}

// notify catches console interrupts, so that they end the program, not us.
func notify(signals chan<- os.Signal, _ *os.File) { signal.Notify(signals, os.Interrupt) }

// send does nothing: the program got the console's event itself.
func send(*exec.Cmd, *os.File, os.Signal) {}

// stop ends the program; Windows has no way to ask.
func stop(cmd *exec.Cmd, _ *os.File) { _ = cmd.Process.Kill() }

func ends(os.Signal) bool { return true }

// nobodyReads reports whether a write failed for want of a reader.
func nobodyReads(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}

// exitCode returns the program's exit code.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }
