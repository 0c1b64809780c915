package cmd

import (
	"os"
	"os/signal"
	"syscall"
)

// secondEnd catches what ends a server that was told to end before, and would leave its
// socket behind. The first signal is the context's, and counted here.
type secondEnd struct {
	signals chan os.Signal
	stop    chan struct{} // closed by release
}

func catchSecondEnd() *secondEnd {
	e := &secondEnd{make(chan os.Signal, 2), make(chan struct{})}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(sig) {
			signal.Notify(e.signals, sig)
		}
	}
	return e
}

// then calls do at the second signal. A third one ends the process as it is.
func (e *secondEnd) then(do func()) {
	go func() {
		for range 2 {
			select {
			case <-e.signals:
			case <-e.stop:
				return
			}
		}
		do()
		signal.Stop(e.signals)
	}()
}

// release gives the signals back. Call it once.
func (e *secondEnd) release() {
	signal.Stop(e.signals)
	close(e.stop)
}
