package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pinseal/repo"
)

func newTestDemo(t *testing.T) (*demo, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	c := &cli{Env: &Env{Environ: []string{"PATH=" + os.Getenv("PATH"), "PINSEAL_APP=none", "HOME=/nonexistent"}, Stdout: out, Stderr: out, Now: time.Now}}
	top := t.TempDir()
	return &demo{ctx: t.Context(), c: c, git: "git", top: top, dir: top, out: out}, out
}

// A demo that cannot fail shows nothing.
func TestDemoNoticesWhatGoesWrong(t *testing.T) {
	tests := []struct {
		name string
		step step
		ok   bool
	}{
		{"as expected", step{args: []string{"version"}}, true},
		{"refused as expected", step{args: []string{"get", "A"}, code: exitNotFound}, true},
		{"fails", step{args: []string{"get", "A"}}, false},
		{"fails otherwise", step{args: []string{"get", "A"}, code: exitNotAuthentic}, false},
		{"should have failed", step{args: []string{"version"}, code: exitNotAuthentic}, false},
		{"another value", step{args: []string{"version"}, want: "x"}, false},
	}
	for _, test := range tests {
		d, _ := newTestDemo(t)
		err := d.pinseal(test.step)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil && exitCode(err) != exitFailed {
			t.Errorf("%s: exit code %d, want 1", test.name, exitCode(err))
		}
	}
	d, _ := newTestDemo(t)
	if err := d.sh("no-such-command"); err == nil || exitCode(err) != exitFailed {
		t.Errorf("git that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.ctx = ctx
	if err := d.pinseal(step{args: []string{"version"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted demo goes on: %v", err)
	}
}

// The host's step must not be able to find git, or it would prove nothing.
func TestDemoHostHasNoGit(t *testing.T) {
	d, _ := newTestDemo(t)
	if err := d.sh("init", "-q"); err != nil {
		t.Fatal(err)
	}
	d.host = true
	r, err := repo.Open(t.Context(), d.dir, repo.Options{Env: d.environ()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Config(t.Context()); err == nil {
		t.Error("git was found on the host")
	}
}

func TestDemoEnvironment(t *testing.T) {
	d, _ := newTestDemo(t)
	for _, kv := range d.environ() {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PINSEAL_") {
			t.Errorf("the demo inherits %s", name)
		}
		if (name == "HOME" || strings.HasPrefix(name, "XDG_")) && !strings.HasPrefix(value, d.top) {
			t.Errorf("%s is not in the throw-away directory", kv)
		}
	}
}

func TestFlipBit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	before := []byte("kind: secret\nvalue: s1.1.AAECAwQFBgc\n")
	if err := os.WriteFile(file, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := flipBit(file); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(file)
	if err != nil || string(after) != "kind: secret\nvalue: s1.1.AAECAwUFBgc\n" {
		t.Errorf("%q, %v", after, err)
	}
	if err := os.WriteFile(file, []byte("kind: secret\nvalue: blank\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if flipBit(file) == nil {
		t.Error("a blank was flipped")
	}
}
