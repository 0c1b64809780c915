package cmd

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A pipe that nobody writes to does not outlast a signal.
func TestReadFileEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.Command("mkfifo", file).CombinedOutput(); err != nil {
		t.Skipf("no mkfifo: %v %s", err, out)
	}
	done := make(chan struct{})
	close(done)
	silent, end := io.Pipe()
	defer end.Close()
	c := &cli{Env: &Env{Dir: t.TempDir(), Stdin: silent}, done: done}
	n := &needs{byName: map[string]*need{}}
	for what, read := range map[string]func() error{
		"readInput":       func() error { _, err := c.readInput(file, 10); return err },
		"stdin":           func() error { _, err := c.readInput("-", 10); return err },
		"readIdentity":    func() error { _, err := c.readIdentity(file); return err },
		"check example":   func() error { return c.needsOfExample(n, file) },
		"check of a list": func() error { return c.needsOfList(n, file) },
	} {
		if err := read(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What others write into a pipe is read.
func TestReadFilePipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.Command("mkfifo", file).CombinedOutput(); err != nil {
		t.Skipf("no mkfifo: %v %s", err, out)
	}
	writer := exec.Command("sh", "-c", "echo A >"+quoteShell(file))
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	c := &cli{Env: &Env{Dir: t.TempDir(), Stdin: strings.NewReader("")}, done: make(chan struct{})}
	data, err := c.readInput(file, 10)
	if string(data) != "A\n" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if err := writer.Wait(); err != nil {
		t.Error(err)
	}
}
