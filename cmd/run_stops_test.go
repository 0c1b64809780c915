//go:build unix

package cmd

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"pinseal/versions"
)

// A signal that comes while there is no program ends the run, and none starts.
func TestSignalBetweenPrograms(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	s := &supervisor{cli: &cli{Env: &Env{Stdout: io.Discard, Stderr: io.Discard}}, o: runOptions{mask: maskNever}, argv: []string{"/bin/sh", "-c", `: >"` + started + `"`}}
	s.stops = &stops{signals: make(chan os.Signal, 1)}
	w := &watcher{supervisor: s, pin: &versions.Pin{Number: 1}}
	n := &successor{given: &given{}, pin: &versions.Pin{Number: 2}}

	s.stops.signals <- syscall.SIGHUP
	var exit *exitError
	if p, err := w.again(n); p != nil || !errors.As(err, &exit) || exit.code != 129 {
		t.Errorf("%v, %v, want exit code 129", p, err)
	}
	if _, err := os.Lstat(started); err == nil {
		t.Error("the program has run")
	}
	p, err := w.again(n)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := p.wait(t.Context()); code != 0 || err != nil || w.pin.Number != 2 {
		t.Errorf("exit code %d, %v, pin %d", code, err, w.pin.Number)
	}
	if _, err := os.Lstat(started); err != nil {
		t.Error("the program has not run")
	}
}
