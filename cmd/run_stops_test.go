//go:build unix

package cmd

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pinseal/seal"
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

// When the program does not start with a newer pin, it starts again with the one before.
func TestStartsAgainWithThePinBefore(t *testing.T) {
	began := filepath.Join(t.TempDir(), "began")
	in, gate, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var said strings.Builder
	c := &cli{Env: &Env{Stdin: in, Stdout: io.Discard, Stderr: &said, Environ: []string{"PATH=/bin:/usr/bin"}}}
	s := &supervisor{cli: c, o: runOptions{mask: maskNever}, argv: []string{"sh", "-c", `echo "$A" >>"$1"; exec cat`, "sh", began}}
	s.stops = &stops{signals: make(chan os.Signal, 1)}
	values := func(text string) []versions.Value {
		return []versions.Value{{Name: "A", Secret: seal.NewSecret([]byte(text))}}
	}
	w := &watcher{supervisor: s, pin: &versions.Pin{Number: 1}, values: values("one")}
	first, err := w.before()
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.again(first)
	if err != nil {
		t.Fatal(err)
	}
	for { // until it is the program, and not a shell that may not have begun
		if text, _ := os.ReadFile(began); len(text) > 0 {
			break
		}
	}
	ended := make(chan ending, 1)
	go func() {
		code, err := p.wait(t.Context())
		ended <- ending{code, err}
	}()
	n := &successor{&given{env: []string{"PATH=/bin", "BIG=" + strings.Repeat("x", 16<<20)}}, &versions.Pin{Number: 2}, values("two")}
	p, err = w.replace(t.Context(), p, ended, n)
	if err != nil {
		t.Fatal(err)
	}
	gate.Close()
	if code, err := p.wait(t.Context()); code != 0 || err != nil || w.pin.Number != 1 {
		t.Errorf("exit code %d, %v, pin %d", code, err, w.pin.Number)
	}
	if text, err := os.ReadFile(began); err != nil || string(text) != "one\none\n" {
		t.Errorf("%q, %v", text, err)
	}
	if !strings.Contains(said.String(), "warning: the program does not start with pin 2, and starts again with pin 1: ") {
		t.Errorf("%s", &said)
	}
}
