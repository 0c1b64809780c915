//go:build unix

package cmd_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestServeHangup holds that SIGHUP ends nothing, and where the audit goes without a
// file.
func TestServeHangup(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	c := w.command(dir, "serve", "-e", "production", "--at", "pin", "--socket", filepath.Join(w.socketDir(), "s"), "--audit", "-")
	out, err := os.Create(w.path("out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c.Stdout = out
	s := w.serveBy(c)
	s.get("/v1/secrets/DATABASE_URL", 200)
	for range 3 {
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		s.get("/v1/secrets/DATABASE_URL", 200)
	}
	s.isAt("fixed", "pin:1")
	s.end(syscall.SIGTERM)
	if got := w.read(w.path("out")); bytes.Count(got, []byte(`"event":"read","name":"DATABASE_URL"`)) != 4 || bytes.Count(got, []byte("\n")) != 4 {
		t.Errorf("%s", got)
	}
	if strings.Contains(s.said.String(), `"event"`) {
		t.Error(s.said)
	}
}

// TestServeEndsTwice holds that a second signal ends at once what the first one lets
// finish, with nothing left behind.
func TestServeEndsTwice(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	run := w.socketDir()
	s := w.serve(dir, "-e", "dev", "--socket", filepath.Join(run, "s"), "--write")
	// A request that does not come to its end.
	c, err := net.Dial("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("POST /v1/secrets HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil { // it is read
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until nobody else can connect
		c, err := net.Dial("unix", s.socket)
		if err != nil {
			break
		}
		c.Close()
	}
	s.end(syscall.SIGTERM)
	if got, _ := io.ReadAll(c); bytes.Contains(got, []byte("HTTP/1.1 400")) {
		t.Error("the request was waited for")
	}
	if names := dirNames(t, run); len(names) > 0 {
		t.Errorf("%q are left", names)
	}
}

// TestServeTokenFiles holds what a token is read from.
func TestServeTokenFiles(t *testing.T) {
	slow(t)
	w := newWorld(t)
	dir, _ := w.servedApp()
	if err := syscall.Mkfifo(w.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.write(w.path("theirs"), []byte("0123456789abcdef-token\n"))
	if err := os.Chmod(w.path("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{"pipe": "is no plain file", ".": "is no plain file"}
	if os.Getuid() == 0 {
		if err := os.Chown(w.path("theirs"), 4242, 4242); err != nil {
			t.Fatal(err)
		}
		cases["theirs"] = "is another user's"
	}
	for name, want := range cases {
		r := w.run(dir, "", "serve", "-e", "production", "--at", "pin", "--listen", "127.0.0.1:0", "--token-file", w.path(name))
		if r.code == 0 || !strings.Contains(r.stderr, want) || strings.Contains(r.stderr, "Serving") {
			t.Errorf("%s: exit code %d, want %q\n%s", name, r.code, want, r.stderr)
		}
	}
}
