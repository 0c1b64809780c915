package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// stops notes the signals that ask this process to end, in place of dying of them:
// between two programs there is none to pass them on to, and files to remove.
type stops struct {
	signals chan os.Signal
	pipe    chan os.Signal // never read: a pipe that nobody reads is an error of writing
}

// catchStops begins, until end. What is ignored stays so, for the programs that are
// started.
func catchStops() *stops {
	s := &stops{signals: make(chan os.Signal, 8), pipe: make(chan os.Signal, 1)}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(s.signals, sig)
		}
	}
	if !signal.Ignored(syscall.SIGPIPE) {
		signal.Notify(s.pipe, syscall.SIGPIPE)
	}
	return s
}

// end leaves the signals to what they do by default.
func (s *stops) end() {
	signal.Stop(s.signals)
	signal.Stop(s.pipe)
}

// came returns how to end for the signals since it was asked last, nil when none came:
// for SIGTERM, if that was among them, else for the first.
func (s *stops) came() (end error) {
	for {
		select {
		case sig := <-s.signals:
			number, ok := sig.(syscall.Signal)
			if !ok {
				return fmt.Errorf("signal %s", sig)
			}
			if end == nil || number == syscall.SIGTERM {
				end = &exitError{128 + int(number)}
			}
		default:
			return end
		}
	}
}

// isTerm reports whether an end that came has, is one for SIGTERM: who sends it means
// the run as well as the program. Others a program may catch, and live on.
func isTerm(end error) bool {
	exit, ok := errors.AsType[*exitError](end)
	return ok && exit.code == 128+int(syscall.SIGTERM)
}
